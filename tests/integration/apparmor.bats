load helpers

# Two profiles of this test's own: one that writes no file called secret, one that runs nothing else.
setup() {
	common_setup
	requires apparmor
	P=hulltest-$$-$BATS_SUITE_TEST_NUMBER
	profiles | apparmor_parser --replace --skip-cache
	config --arg p "$P" '.process.apparmorProfile = $p'
}

teardown() {
	[[ -z ${P:-} ]] || profiles | apparmor_parser --remove
	common_teardown
}

profiles() {
	cat <<- EOT
	profile $P flags=(attach_disconnected, mediate_deleted) {
		/** rwmlkix,
		capability,
		network,
		signal,
		unix,
		ptrace,
		deny /**/secret w,
	}
	profile $P-strict flags=(attach_disconnected, mediate_deleted) {
		/** rwmlkix,
		capability,
		signal,
		deny /**/secret rw,
	}
	EOT
}

@test "apparmor: the profile of the program, which denies what it says (P-34)" {
	ok_container 'cat /proc/self/attr/current; echo x > /tmp/open; (echo x > /tmp/secret) 2> /dev/null || echo denied; cat /tmp/open'
	equal "$output" "$P (enforce)
denied
x"
}

@test "apparmor: with no_new_privs and without it (P-34)" {
	for nnp in true false; do
		config --argjson n "$nnp" '.process.noNewPrivileges = $n'
		ok_container 'cat /proc/self/attr/apparmor/current; cat /proc/1/attr/current'
		equal "$output" "$P (enforce)
$P (enforce)"
	done
}

@test "apparmor: no profile, or an empty one, is unconfined" {
	ok_container 'del(.process.apparmorProfile)' 'cat /proc/self/attr/current'
	equal "$output" unconfined
	ok_container '.process.apparmorProfile = ""' 'cat /proc/self/attr/current'
	equal "$output" unconfined
	ok_container '.process.apparmorProfile = "unconfined"' 'cat /proc/self/attr/current'
	equal "$output" unconfined
}

@test "apparmor: a profile that is not loaded fails create and says so (P-34)" {
	config '.process.apparmorProfile = "hulltest-nosuch"'
	create_refused web "process.apparmorProfile: the profile 'hulltest-nosuch' is not loaded"
	config 'del(.process.apparmorProfile)'
	args sleep 1000
	start_it web
	fails 255 hull exec --apparmor hulltest-nosuch web true
	has "$line" "the profile 'hulltest-nosuch' is not loaded"
	matches "$line" '`/proc/[a-z0-9-].+/attr.*/exec`' # Podman's pattern
}

@test "apparmor: exec gets the container's, --apparmor another, --process its own (P-34)" {
	args sleep 1000
	start_it web
	run -0 hull exec web cat /proc/self/attr/current
	equal "$output" "$P (enforce)"
	run -0 hull exec --apparmor "$P-strict" web sh -c 'cat /proc/self/attr/current; echo x > /tmp/secret || echo denied'
	has "$output" "$P-strict (enforce)"
	has "$output" denied
	# A process object without a profile is as confined as the container.
	jq -n '{"cwd": "/", "args": ["/bin/cat", "/proc/self/attr/current"], "env": ["PATH=/bin"]}' > "$T/p.json"
	run -0 hull exec --process "$T/p.json" web
	equal "$output" "$P (enforce)"
	jq --arg p "$P-strict" '.apparmorProfile = $p | .noNewPrivileges = true' "$T/p.json" > "$T/q.json"
	run -0 hull exec --process "$T/q.json" web
	equal "$output" "$P-strict (enforce)"
}

@test "apparmor: with masked and read-only /proc, sysctls, a user namespace and seccomp (P-34)" {
	config '.linux.maskedPaths += ["/proc/self/attr", "/proc/thread-self", "/proc/1"] | .linux.readonlyPaths += ["/proc/sys"]
		| .linux.sysctl = {"kernel.msgmax": "4711"}
		| .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getppid"], "action": "SCMP_ACT_ERRNO"}]}'
	script 'cat /proc/sys/kernel/msgmax; exec sleep 1000'
	start_it web
	wait_for 5 grep -q 4711 "$OUT"
	equal "$(cat "/proc/$(pid_of web)/attr/current")" "$P (enforce)"
	hull delete --force web
	chmod 711 "$BUNDLE" "$T"
	ok_container '.linux.maskedPaths = [] | .linux.namespaces += [{"type": "user"}] | .process.user = {"uid": 7, "gid": 7}
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 1000}] | .linux.gidMappings = .linux.uidMappings' \
		'cat /proc/self/attr/current'
	equal "$output" "$P (enforce)"
}

@test "apparmor: what a config puts over /proc takes no label: it is refused (P-34)" {
	# As in CVE-2019-16884 and CVE-2019-19921: a volume at /proc, or at the attributes.
	mkdir -p "$T/proc/self/attr/apparmor" "$T/proc/thread-self/attr/apparmor"
	touch "$T/proc/self/attr/apparmor/exec" "$T/proc/thread-self/attr/apparmor/exec"
	config --arg d "$T/proc" '.linux.maskedPaths = [] | .linux.readonlyPaths = []
		| .mounts[0] = {"destination": "/proc", "type": "bind", "source": $d, "options": ["bind"]}'
	create_refused web /proc
	config '.mounts[0] = {"destination": "/proc", "type": "proc", "source": "proc"} | .mounts += [{"destination": "/proc/self/attr", "type": "tmpfs"}]'
	create_refused web /proc/self/attr
	[[ -z $(find "$T/proc" -type f -size +0) ]]
}

@test "apparmor: in an image without /proc, and in one that has made it a symlink (P-34)" {
	config 'del(.mounts[] | select(.destination == "/proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	rmdir "$ROOTFS/proc"
	ln -s /tmp "$ROOTFS/proc"
	mkdir -p "$ROOTFS/tmp/self/attr/apparmor"
	touch "$ROOTFS/tmp/self/attr/apparmor/exec"
	args sleep 1000
	start_it web
	equal "$(cat "/proc/$(pid_of web)/attr/current")" "$P (enforce)"
	[[ ! -s $ROOTFS/tmp/self/attr/apparmor/exec ]]
	beside "$HULL" --root "$ROOT" exec --pid-file "$T/pid" web sleep 1000
	wait_for 5 test -s "$T/pid"
	equal "$(cat "/proc/$(cat "$T/pid")/attr/current")" "$P (enforce)"
	kill "$(cat "$T/pid")"
	beside_status
}
