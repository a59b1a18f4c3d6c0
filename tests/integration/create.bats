load helpers

@test "create: makes everything but does not run the program (Y-02, O-08)" {
	script 'touch /ran; sleep 1000'
	create web
	equal "$(status_of web)" created
	pid=$(pid_of web)
	[[ -d /proc/$pid ]]
	run ! [ -e "$ROOTFS/ran" ]
	differ "$(stat -Lc %d:%i "/proc/$pid/exe")" "$(stat -c %d:%i "$ROOTFS/bin/busybox")"
	hull start web
	wait_for 5 test -e "$ROOTFS/ran"
}

@test "create: prints nothing when it succeeds" {
	create web
	[[ ! -s $OUT && ! -s $ERR ]]
}

@test "create: is in the container's cgroup and namespaces when it returns" {
	create web
	pid=$(pid_of web)
	grep -qx "0::/$CG/bundle" "/proc/$pid/cgroup"
	for ns in mnt pid net ipc uts cgroup; do
		differ "$(readlink "/proc/$pid/ns/$ns")" "$(readlink /proc/self/ns/$ns)"
	done
	equal "$(readlink "/proc/$pid/ns/user")" "$(readlink /proc/self/ns/user)"
}

@test "create: keeps its state from others: 0711 directory, 0600 state.json, 0700 root" {
	umask 0
	create web
	equal "$(stat -c %a "$ROOT")" 700
	equal "$(stat -c %a "$ROOT/web")" 711
	equal "$(stat -c %a "$ROOT/web/state.json")" 600
	jq -e . "$ROOT/web/state.json" > /dev/null
}

@test "create: leaves no process but the container's own, and not as hull's child" {
	create web
	pid=$(pid_of web)
	equal "$(marked_pids)" "$pid"
	parent=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")
	run ! grep -q hull "/proc/$parent/comm"
}

@test "create: hands its stdio to the program untouched (J-03)" {
	script 'read line; echo "got $line"; echo oops >&2'
	echo hello > "$T/in"
	hull create web < "$T/in" > "$T/o" 2> "$T/e" 3>&- 4>&-
	hull start web
	wait_for 5 is_status web stopped
	equal "$(cat "$T/o")" "got hello"
	equal "$(cat "$T/e")" "oops"
}

# Not the host's, whose mount the container would hold, and which a checkpoint could not save.
@test "create: of streams on /dev/null the program gets the container's own" {
	local pid fd mount

	hull create web < /dev/null > "$T/o" 2> /dev/null 3>&- 4>&-
	pid=$(pid_of web)
	wait_for 5 is_status web created
	for fd in 0 2; do
		equal "$(stat -L -c %t:%T "/proc/$pid/fd/$fd")" 1:3
		mount=$(awk '/^mnt_id:/ { print $2 }' "/proc/$pid/fdinfo/$fd")
		equal "$(awk -v m="$mount" '$1 == m { print $5 }' "/proc/$pid/mountinfo")" /dev
	done
	equal "$(readlink "/proc/$pid/fd/1")" "$T/o"
}

@test "create: later edits of config.json change nothing (B-20)" {
	script 'echo first; hostname'
	create web
	script 'echo second'
	config '.hostname = "other"'
	hull start web
	wait_for 5 is_status web stopped
	equal "$(cat "$OUT")" "first
hulltest"
}

@test "create: refuses an id in use and leaves its container unharmed (O-04, O-05)" {
	sleeper web
	before=$(hull state web)
	bundle other
	refused hull create web
	has "$line" "container with given ID already exists"
	equal "$(hull state web)" "$before"
	[[ ! -e $CGROOT/$CG/other ]]
}

@test "create: an id may be used again after delete (O-21)" {
	create web
	hull delete --force web
	create web
	equal "$(status_of web)" created
}

@test "create: takes ids of all legal characters" {
	id='a-Z_0.9+x'
	create "$id"
	equal "$(hull state "$id" | jq -r .id)" "$id"
}

@test "create: finds the bundle by --bundle, -b, -b=, --bundle= and -bundle" {
	cd /
	quietly hull create --bundle "$BUNDLE" c1
	hull delete --force c1
	quietly hull create -b "$BUNDLE" c2
	hull delete --force c2
	quietly hull create -b="$BUNDLE" c3
	hull delete --force c3
	quietly hull create --bundle="$BUNDLE" c4
	hull delete --force c4
	quietly hull create -bundle "$BUNDLE" c5
	equal "$(hull state c5 | jq -r .bundle)" "$BUNDLE"
}

@test "create: takes the bundle of the current directory by default" {
	quietly hull create web
	equal "$(hull state web | jq -r .bundle)" "$BUNDLE"
}

@test "create: takes options after the id is not needed but before it in any order" {
	cd /
	quietly hull create --pid-file "$T/pid" --no-new-keyring --bundle "$BUNDLE" --no-pivot web
	equal "$(cat "$T/pid")" "$(pid_of web)"
}

@test "create: accepts --detach and --no-subreaper of engines in silence (J-11)" {
	quietly hull create --detach --no-subreaper web
	[[ ! -s $ERR ]]
}

@test "create: reads a relative root.path from the bundle, not the working directory (R-02, J-02)" {
	args cat /canary
	echo here > "$ROOTFS/canary"
	cd /
	run -0 hull run --bundle "$BUNDLE" web
	equal "$output" here
}

@test "create: takes an absolute root.path outside the bundle (B-05)" {
	mv "$ROOTFS" "$T/elsewhere"
	config --arg r "$T/elsewhere" '.root.path = $r'
	args cat /etc/group
	run -0 hull run web
	equal "${lines[0]}" "root:x:0:"
}

@test "create: ignores unknown members at every depth (B-09)" {
	config '.unknown = "x" | .linux.unknown = {"a": [1, null]} | .process.unknown = [1] | .mounts[0].unknown = true
		| .process.user.unknown = 1.5e3 | .root.unknown = null'
	args echo fine
	run -0 --separate-stderr hull run web
	equal "$output" fine
	equal "$stderr" ""
}

@test "create: ignores objects of other platforms and commandLine (B-19, P-12)" {
	config '.zos = {} | .windows = {"layerFolders": ["x"]} | .solaris = {} | .freebsd = {} | .process.commandLine = "x"'
	args echo fine
	run -0 hull run web
	equal "$output" fine
}

@test "create: the order of members carries no meaning (B-04)" {
	jq -S -c . config.json > c && mv c config.json
	args echo fine
	run -0 hull run web
	equal "$output" fine
}

@test "create: accepts every 1.x version up to its own and SemVer tags (B-07, B-08)" {
	max=$(hull features | jq -r .ociVersionMax)
	args true
	for v in 1.0.0 1.0.2-dev 1.0.2 1.1.0-rc.3 1.1.0+dev 1.2.1 "$max"; do
		config --arg v "$v" '.ociVersion = $v'
		run -0 hull run web
	done
}

@test "create: refuses a version that it cannot serve (B-06, B-07)" {
	for v in invalid 2.0.0 1 1.0 "" 0.9.0; do
		config --arg v "$v" '.ociVersion = $v'
		create_refused web ociVersion
	done
	config 'del(.ociVersion)'
	create_refused web ociVersion
}

@test "create: works with hardly any environment" {
	env -i "$HULL" --root "$ROOT" create web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&-
	equal "$(status_of web)" created
	env -i XDG_RUNTIME_DIR= "$HULL" --root "$ROOT" delete --force web
}

@test "create: sends a pidfd to --pidfd-socket (J-11)" {
	"$PROBE" recvfd "$T/s" "$T" 3>&- 4>&- &
	wait_for 5 test -e "$T/ready"
	create web --pidfd-socket "$T/s"
	wait_for 5 test -e "$T/pid"
	equal "$(cat "$T/pid")" "$(pid_of web)"
}

@test "create: without process makes a container that cannot be started (P-01, O-12)" {
	config 'del(.process)'
	create web
	equal "$(status_of web)" created
	refused hull start web
	has "$line" process
	equal "$(status_of web)" created
}

@test "create: fails when the program does not exist, and says so as runc does (P-11)" {
	args nosuch
	create_refused web 'exec: "nosuch": executable file not found in $PATH'
}

@test "create: without linux there is no mount namespace to put the root into, which is refused (L-20)" {
	config 'del(.linux) | del(.hostname) | .mounts = []'
	create_refused web 'a mount namespace is required'
	config '.linux = {}'
	create_refused web 'a mount namespace is required'
}

@test "create: two at once of different ids do not disturb each other" {
	args sleep 1000
	create a
	bundle b2
	args sleep 1000
	create b
	hull start a
	hull start b
	equal "$(status_of a)" running
	equal "$(status_of b)" running
	hull delete --force a
	equal "$(status_of b)" running
}
