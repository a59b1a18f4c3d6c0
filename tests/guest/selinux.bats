load ../integration/helpers

# Only in the guest, with the policy of selinux.te: see the script selinux.
BOX=host_u:host_r:box_t:s0:c1
WEB=host_u:host_r:web_t:s0:c1

setup() {
	common_setup
	equal "$(cat /sys/fs/selinux/enforce) $(tr -d '\0' < /proc/self/attr/current)" "1 host_u:host_r:host_t:s0"
	# Files that a container makes have the type of their directory, and may be written.
	config --arg l "$BOX" '.process.selinuxLabel = $l'
}

show='tr -d "\0" < /proc/self/attr/current; echo'

@test "selinux: the label of the program, for which the policy holds (P-35)" {
	echo x > "$ROOTFS/data/secret"
	chcon host_u:host_r:secret_t:s0 "$ROOTFS/data/secret"
	echo x > "$ROOTFS/data/open"
	ok_container "$show; echo y > /data/open; (echo y > /data/secret) 2> /dev/null || echo denied; cat /data/secret"
	equal "$output" "$BOX
denied
x"
	ok_container 'del(.process.selinuxLabel)' "$show; echo y > /data/secret"
	equal "$output" host_u:host_r:host_t:s0
}

@test "selinux: with no_new_privs and without it (P-35)" {
	for nnp in true false; do
		config --argjson n "$nnp" '.process.noNewPrivileges = $n'
		ok_container "$show"
		equal "$output" "$BOX"
	done
}

@test "selinux: a label that the policy does not know fails create (P-35)" {
	config '.process.selinuxLabel = "host_u:host_r:nosuch_t:s0"'
	create_refused web "process.selinuxLabel 'host_u:host_r:nosuch_t:s0'" EINVAL
	matches "$line" '`/proc/[a-z0-9-].+/attr.*/exec`' # Podman's pattern
	config '.process.selinuxLabel = "nonsense"'
	create_refused web "process.selinuxLabel 'nonsense'"
}

@test "selinux: a transition that the policy forbids runs nothing (P-35)" {
	config '.process.selinuxLabel = "host_u:host_r:lost_t:s0"'
	script 'echo ran'
	run hull run web
	differ "$status" 0
	matches "$output" "EACCES|EPERM"
	hasnt "$output" ran
}

@test "selinux: exec gets the container's, --process-label another, --process its own (P-35)" {
	args sleep 1000
	start_it web
	run -0 hull exec web sh -c "$show"
	equal "$output" "$BOX"
	run -0 hull exec --process-label "$WEB" web sh -c "$show"
	equal "$output" "$WEB"
	jq -n --arg s "$show" '{"cwd": "/", "args": ["/bin/sh", "-c", $s], "env": ["PATH=/bin"]}' > "$T/p.json"
	run -0 hull exec --process "$T/p.json" web
	equal "$output" "$BOX"
	jq --arg l "$WEB" '.selinuxLabel = $l' "$T/p.json" > "$T/q.json"
	run -0 hull exec --process "$T/q.json" web
	equal "$output" "$WEB"
	fails 255 hull exec --process-label nonsense web true
	has "$line" "process.selinuxLabel 'nonsense'"
}

@test "selinux: the session keyring has the label, so that the program may use it (P-35)" {
	ok_container "probe syscall $(nr keyctl) 0 -3 0" # KEYCTL_GET_KEYRING_ID: the session's, which is searched
	matches "$output" "^= [1-9]"
	ok_container '.process.noNewPrivileges = false' "probe syscall $(nr keyctl) 0 -3 0"
	matches "$output" "^= [1-9]"
}

@test "selinux: with masked /proc, a user namespace and another user (P-35)" {
	chmod 711 "$BUNDLE" "$T"
	config '.linux.maskedPaths += ["/proc/thread-self"] | .linux.namespaces += [{"type": "user"}] | .process.user = {"uid": 7, "gid": 7}
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 1000}] | .linux.gidMappings = .linux.uidMappings'
	args sleep 1000
	start_it web
	equal "$(tr -d '\0' < "/proc/$(pid_of web)/attr/current")" "$BOX"
}
