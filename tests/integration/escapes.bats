load helpers

# A canary outside the root file system: nothing of it may change.
canary() {
	C=$T/canary
	mkdir -p "$C/dir"
	echo canary > "$C/file"
	echo canary > "$C/dir/file"
	chmod 700 "$C/dir"
	SEEN=$(snapshot)
}

snapshot() {
	find "$C" -printf '%p %y %m %U:%G %s %T@ %l\n' | sort
	cat "$C/file" "$C/dir/file"
}

unharmed() {
	equal "$(snapshot)" "$SEEN"
}

# Create and run: whether it works or is refused, the canary is as before.
try_it() {
	args sleep 1000
	status=0
	hull create web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || status=$?
	if [[ $status -eq 0 ]]; then
		hull start web || :
		hull delete --force web
	else
		one_line
		no_trace web
	fi
	unharmed
}

@test "escapes: /proc, /sys, /dev, /dev/pts, /run as symlinks to a host directory (CVE-2023-27561, CVE-2025-52565)" {
	canary
	for d in proc sys dev run tmp etc; do
		mv "$ROOTFS/$d" "$ROOTFS/was-$d"
		ln -s "$C/dir" "$ROOTFS/$d"
		try_it
		rm "$ROOTFS/$d"
		mv "$ROOTFS/was-$d" "$ROOTFS/$d"
	done
}

@test "escapes: the same with symlinks that climb" {
	canary
	for d in proc sys dev; do
		mv "$ROOTFS/$d" "$ROOTFS/was-$d"
		ln -s "../../../../../../../../../..$C/dir" "$ROOTFS/$d"
		try_it
		rm "$ROOTFS/$d"
		mv "$ROOTFS/was-$d" "$ROOTFS/$d"
	done
}

@test "escapes: proc and sysfs never go to the target of a symlink in the image" {
	mkdir "$ROOTFS/elsewhere"
	for d in proc sys; do
		rmdir "$ROOTFS/$d"
		ln -s elsewhere "$ROOTFS/$d"
		create_refused web "/$d"
		rm "$ROOTFS/$d"
		mkdir "$ROOTFS/$d"
	done
}

@test "escapes: without a /dev mount, nodes of the image are symlinks to host files (CVE-2025-31133, CVE-2026-41579)" {
	canary
	config '.mounts |= map(select(.destination | startswith("/dev") | not))'
	for n in null zero full random urandom tty ptmx console fd stdin stdout stderr shm pts core; do
		rm -rf "${ROOTFS:?}/dev"
		mkdir "$ROOTFS/dev"
		ln -s "$C/file" "$ROOTFS/dev/$n"
		try_it
		rm "$ROOTFS/dev/$n"
		ln -s "$C/dir" "$ROOTFS/dev/$n"
		try_it
	done
}

@test "escapes: a masked path cannot be unmasked by an image's /dev/null" {
	canary
	echo secret > "$ROOTFS/secret"
	config '.mounts |= map(select(.destination | startswith("/dev") | not)) | .linux.maskedPaths = ["/secret"]'
	rm -rf "${ROOTFS:?}/dev"
	mkdir "$ROOTFS/dev"
	ln -s "$C/file" "$ROOTFS/dev/null"
	script 'cat /secret; echo overwritten > /secret; true'
	run hull run web
	hasnt "$output" canary
	hasnt "$output" secret$'\n'
	unharmed
	rm "$ROOTFS/dev/null"
	echo x > "$ROOTFS/dev/null"
	run hull run web
	[[ $status -ne 0 ]] || equal "$output" ""
}

@test "escapes: masked and read-only paths that are symlinks out" {
	canary
	ln -s "$C/file" "$ROOTFS/m1"
	ln -s "$C/dir" "$ROOTFS/m2"
	config '.linux.maskedPaths += ["/m1", "/m2"] | .linux.readonlyPaths += ["/m1", "/m2"]'
	try_it
}

@test "escapes: mount targets through symlinks with .." {
	canary
	ln -s / "$ROOTFS/slash"
	ln -s "$C" "$ROOTFS/abs"
	ln -s ../../../../../../../../.. "$ROOTFS/rel"
	for d in /slash/x /abs/dir /abs/file/x /rel/x /rel/../../../x "/rel$C/dir" "/abs/new/dir"; do
		config --arg d "$d" '.mounts |= map(select(.source != "evil")) | .mounts += [{"destination": $d, "type": "tmpfs", "source": "evil"}]'
		try_it
	done
}

@test "escapes: a bind file target that is a symlink out is not created or overwritten outside" {
	canary
	echo data > "$T/src"
	ln -s "$C/file" "$ROOTFS/f1"
	ln -s "$C/newfile" "$ROOTFS/f2"
	for d in /f1 /f2; do
		config --arg d "$d" --arg s "$T/src" '.mounts |= map(select(.source != $s)) | .mounts += [{"destination": $d, "source": $s, "options": ["bind"]}]'
		try_it
	done
	[[ ! -e $C/newfile ]]
}

@test "escapes: a device path through a symlink" {
	canary
	ln -s "$C/dir" "$ROOTFS/d"
	config '.linux.devices = [{"path": "/d/node", "type": "c", "major": 1, "minor": 3}]'
	try_it
	ln -s "$C/newnode" "$ROOTFS/n"
	config '.linux.devices = [{"path": "/n", "type": "c", "major": 1, "minor": 3}]'
	try_it
	[[ ! -e $C/newnode && ! -e $C/dir/node ]]
}

@test "escapes: tmpcopyup of a symlink out copies nothing of the host" {
	canary
	ln -s "$C/dir" "$ROOTFS/copy"
	config '.mounts += [{"destination": "/copy", "type": "tmpfs", "source": "t", "options": ["tmpcopyup"]}]'
	in_container 'find / -xdev -name file 2> /dev/null | xargs cat 2> /dev/null; true'
	hasnt "$output" canary
	unharmed
}

@test "escapes: cwd in descriptors leaked by the caller (CVE-2024-21626)" {
	for fd in 3 4 5 6 7 8 9 10 11 12 13 14 15 16 20 30; do
		config --arg c "/proc/self/fd/$fd" '.process.cwd = $c'
		script 'echo escaped; ls; cd ..; ls'
		run "$PROBE" leak 30 / "$HULL" --root "$ROOT" run web
		[[ $status -ne 0 ]]
		hasnt "$output" escaped
		no_trace web
	done
}

@test "escapes: cwd in descriptors of the runtime itself" {
	for fd in 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		config --arg c "/proc/self/fd/$fd/../../.." '.process.cwd = $c'
		script 'echo escaped; ls'
		run hull run web
		[[ $status -ne 0 ]]
		hasnt "$output" escaped
	done
}

@test "escapes: cwd a symlink of the image to a descriptor, in exec too" {
	for fd in 3 4 5 6 7 8 9 10 12 15; do
		ln -s "/proc/self/fd/$fd" "$ROOTFS/cwd$fd"
	done
	sleeper web
	for fd in 3 4 5 6 7 8 9 10 12 15; do
		for c in "/cwd$fd" "/proc/self/fd/$fd" "/proc/self/fd/$fd/../.."; do
			run "$PROBE" leak 20 / "$HULL" --root "$ROOT" exec --cwd "$c" web sh -c 'echo escaped; ls'
			[[ $status -ne 0 ]] || {
				echo "$c: $output"
				return 1
			}
			hasnt "$output" escaped
		done
	done
}

@test "escapes: the binary cannot be had through /proc/self/exe as entrypoint (CVE-2019-5736)" {
	sum=$(sha256sum < "$HULL")
	args /proc/self/exe --version
	run hull run web
	args /proc/self/exe run --bundle / x
	run hull run web
	printf '#!/proc/self/exe\n' > "$ROOTFS/script"
	chmod 755 "$ROOTFS/script"
	args /script
	run hull run web
	equal "$(sha256sum < "$HULL")" "$sum"
}

@test "escapes: a container cannot write to the binary while exec goes on (CVE-2019-5736)" {
	cp "$HULL" "$T/hull"
	sum=$(sha256sum < "$T/hull")
	config '.process.capabilities |= with_entries(.value += ["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH"])'
	script 'echo up; while :; do for p in /proc/[0-9]*; do
			case $p in /proc/1 | /proc/$$) continue ;; esac
			(echo evil > $p/exe) 2> /dev/null && echo "wrote $p" >> /wrote
		done; done'
	start_it web
	wait_for 5 grep -q up "$OUT"
	for ((i = 0; i < $(rounds 30 10); i++)); do
		"$T/hull" --root "$ROOT" exec web true < /dev/null || :
	done
	equal "$(sha256sum < "$T/hull")" "$sum"
}

binary() {
	stat -c '%d:%i %s %f %y %z' "$HULL"
	sha256sum < "$HULL"
}

# reopener: a container that keeps every /proc/PID/exe it can open, and writes to it as soon as
# nobody executes it any more; CAP_SYS_PTRACE lets it open all of them. All is done by a hull of this
# test's own.
reopener() {
	cp "$HULL" "$T/hull"
	HULL=$T/hull
	BINARY=$(binary)
	# The kernel executes hull for it, with no more privilege than the program's.
	printf '#!/proc/self/exe list\n' > "$ROOTFS/script"
	chmod 755 "$ROOTFS/script"
	config '.process.capabilities |= with_entries(.value += ["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE"])'
	args probe reopen
	start_it web
	wait_for 5 grep -q up "$OUT"
	SAW=$OUT OUT=$T/out2 ERR=$T/err2
}

# kept_out: it had the binary in its hands, tried, and it was read-only (EROFS, 30).
kept_out() {
	wait_for 5 grep -qx '! 30' "$SAW" || {
		echo "not once: $(cat "$SAW")"
		return 1
	}
	run ! grep wrote "$SAW"
	equal "$(binary)" "$BINARY"
}

@test "escapes: a binary that the entry point of exec executes, and the container keeps, is never written (CVE-2019-5736)" {
	reopener
	for ((i = 0; i < $(rounds 20 5); i++)); do
		hull exec web /script < /dev/null > /dev/null 2>&1 || :
	done
	kept_out
}

@test "escapes: nor one that run executes so, in a pid namespace that both have (CVE-2019-5736)" {
	reopener
	pid=$(pid_of web)
	bundle second
	cp "$T/bundle/rootfs/script" "$ROOTFS/script"
	config --arg p "/proc/$pid/ns/pid" '(.linux.namespaces[] | select(.type == "pid")).path = $p'
	args /script
	for ((i = 0; i < $(rounds 10 3); i++)); do
		hull run second < /dev/null > /dev/null 2>&1 || :
	done
	kept_out
}

@test "escapes: nor one of a process that waits or joins, before it executes anything (CVE-2019-5736)" {
	reopener
	for ((i = 0; i < $(rounds 20 5); i++)); do
		hull exec web probe clock monotonic < /dev/null > /dev/null
	done
	kept_out
	hull delete --force web
	OUT=$SAW
	start_it web
	wait_for 5 grep -q up "$OUT"
	SAW=$OUT OUT=$T/out3
	pid=$(pid_of web)
	bundle second
	config --arg p "/proc/$pid/ns/pid" '(.linux.namespaces[] | select(.type == "pid")).path = $p'
	create second
	wait_for 5 grep -q held "$SAW"
	hull delete --force second
	kept_out
}

@test "escapes: the waiting process's executable cannot be written" {
	cp "$HULL" "$T/hull"
	sum=$(sha256sum < "$T/hull")
	"$T/hull" --root "$ROOT" create web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&-
	pid=$(pid_of web)
	run bash -c "echo evil > /proc/$pid/exe"
	[[ $status -ne 0 ]]
	equal "$(sha256sum < "$T/hull")" "$sum"
}

# spy: a container that looks at the descriptors and the environment of all others it sees.
spy() {
	script 'echo up; while :; do for p in /proc/[0-9]*; do
			case $p in /proc/1) continue ;; esac
			ls -l $p/fd 2> /dev/null | grep -e hull -e /sys/fs/cgroup >> /found
			tr "\0" "\n" < $p/environ 2> /dev/null | grep HOSTSECRET >> /found
		done; done'
	start_it web
	wait_for 5 grep -q up "$OUT"
	export HOSTSECRET=1
	for ((i = 0; i < $(rounds 60 10); i++)); do
		hull exec web true < /dev/null
	done
	[[ ! -s $ROOTFS/found ]] || {
		sort "$ROOTFS/found" | uniq -c
		return 1
	}
}

@test "escapes: the container sees neither descriptors nor environment of exec (CVE-2016-9962)" {
	spy
}

@test "escapes: nor does one with CAP_SYS_PTRACE in its user namespace (CVE-2016-9962)" {
	requires userns
	config '.process.capabilities |= with_entries(.value += ["CAP_SYS_PTRACE"]) | .linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]'
	chown 100000:100000 "$ROOTFS"
	: > "$ROOTFS/found"
	chown 100000:100000 "$ROOTFS/found"
	spy
}

@test "escapes: paths of 64 KiB and with NUL are refused whole (CVE-2021-43784)" {
	long=/$(head -c 70000 /dev/zero | tr '\0' a)
	config '.process.args = ["true"]'
	jq -c --rawfile l <(printf %s "$long") '.mounts += [{"destination": $l, "type": "tmpfs", "source": "t"}]' config.json > new && cp config.json old && mv new config.json
	create_refused web
	jq -c --rawfile l <(printf %s "$long") '.mounts += [{"destination": "/x", "source": $l, "options": ["bind"]}]' old > config.json
	create_refused web
	jq -c --rawfile l <(printf %s "$long") '(.linux.namespaces[] | select(.type == "ipc")).path = $l' old > config.json
	create_refused web
	jq -c '(.linux.namespaces[] | select(.type == "ipc")).path = "/proc/self/ns/ipc\u0000x"' old > config.json
	create_refused web
}

@test "escapes: what is longer than a path, or than 64 KiB, or has a NUL is refused by its name (CVE-2021-43784)" {
	cp config.json base.json
	for n in 4096 70000; do
		printf '/%*s' $((n - 1)) '' | tr ' ' a > "$T/long"
		while IFS='|' read -r filter text; do
			jq -c --rawfile l "$T/long" "$filter" base.json > config.json
			create_refused web "$text"
			# Told so that it can be read.
			[[ ${#line} -lt 3000 ]]
		done <<- 'LIST'
			.root.path = $l|root.path '/aaa
			.process.cwd = $l|working directory '/aaa
			.process.args = [$l]|exec: "/aaa
			.mounts += [{destination: "/x", source: $l, options: ["bind"]}]|bind source '/aaa
			.mounts += [{destination: $l, type: "tmpfs", source: "t"}]|mount 'tmpfs' on '/aaa
			.mounts += [{destination: "/x", type: "tmpfs", source: "t", options: [$l]}]|mounts[7]
			.linux.namespaces[2].path = $l|ipc namespace '/aaa
			.linux.cgroupsPath = $l|linux.cgroupsPath: '/aaa
			.linux.devices = [{path: $l, type: "c", major: 1, minor: 3}]|device '/aaa
			.linux.sysctl = {("net." + $l[1:]): "1"}|linux.sysctl: 'net.aaa
			.linux.sysctl = {"net.ipv4.ip_default_ttl": $l}|sysctl 'net/ipv4/ip_default_ttl'
			.process.selinuxLabel = $l|process.selinuxLabel
			.hooks.createRuntime = [{path: "/bin/true"}, {path: $l}]|createRuntime hook #1: execute '/aaa
			.hooks.createContainer = [{path: $l}]|createContainer hook #0: execute '/aaa
			LIST
	done
	while IFS='|' read -r filter text; do
		jq -c "$filter" base.json > config.json
		create_refused web "config.json:1:" "$text: NUL"
	done <<- 'LIST'
		.mounts += [{destination: "/x", source: "/etc\u0000x", options: ["bind"]}]|mounts[7].source
		.mounts += [{destination: "/x\u0000y", type: "tmpfs"}]|mounts[7].destination
		.linux.namespaces[2].path = "/proc/self/ns/ipc\u0000x"|linux.namespaces[2].path
		.linux.uidMappings = [{"host\u0000ID": 0}]|linux.uidMappings[0]
		.linux.sysctl = {"net.ipv4.ip_default_ttl": "77\u0000"}|linux.sysctl.net.ipv4.ip_default_ttl
		.hooks.poststop = [{path: "/bin/true\u0000x"}]|hooks.poststop[0].path
		LIST
}

@test "escapes: more id mappings than the kernel takes, and longer text, are refused (CVE-2021-43784)" {
	cp config.json base.json
	wide='{containerID: 0, hostID: 100000, size: 65536}'
	for n in 341 5000; do
		many="range($n) | {containerID: ., hostID: (4000000000 + .), size: 1}"
		jq -c ".linux.namespaces += [{type: \"user\"}] | .linux.uidMappings = [$many] | .linux.gidMappings = [$wide]" base.json > config.json
		create_refused web "linux.uidMappings: $n entries"
		jq -c ".linux.namespaces += [{type: \"user\"}] | .linux.gidMappings = [$many] | .linux.uidMappings = [$wide]" base.json > config.json
		create_refused web "linux.gidMappings: $n entries"
		jq -c ".mounts += [{destination: \"/x\", source: \"/tmp\", options: [\"bind\", \"idmap\"], uidMappings: [$many], gidMappings: [$wide]}]" \
			base.json > config.json
		create_refused web "mounts[7].uidMappings: $n entries"
	done
}

@test "escapes: an annotation of 70 KB is whole for a hook, and holds up none that does not read it (CVE-2021-43784)" {
	printf '%70000s' '' | tr ' ' a > "$T/long"
	config --rawfile l "$T/long" --arg t "$T" '.annotations.long = $l
		| .hooks.createRuntime = [{path: "/bin/true", timeout: 20}, {path: "/bin/sh", args: ["sh", "-c", "cat > \($t)/state"]}]'
	args sleep 1000
	create web
	equal "$(jq -r .annotations.long "$T/state")" "$(< "$T/long")"
	equal "$(hull state web | jq -r .annotations.long)" "$(< "$T/long")"
}

@test "escapes: a mount target exchanged by another container while it is created (CVE-2021-30465)" {
	requires python
	canary
	mkdir -p "$T/shared/real/sub" "$T/shared"
	ln -s "$C/dir" "$T/shared/link"
	cat > "$T/swap.py" <<- 'PY'
		import ctypes, sys
		libc = ctypes.CDLL(None)
		a, b = (p.encode() for p in sys.argv[1:3])
		while True:
		    libc.renameat2(-100, a, -100, b, 2)
		PY
	python3 "$T/swap.py" "$T/shared/real" "$T/shared/link" 3>&- 4>&- &
	swapper=$!
	config --arg s "$T/shared" '.mounts += [{"destination": "/shared", "source": $s, "options": ["rbind"]},
		{"destination": "/shared/real/sub/new", "type": "tmpfs", "source": "x"}]'
	args true
	for ((i = 0; i < $(rounds 100 15); i++)); do
		timeout 20 "$HULL" --root "$ROOT" run web < /dev/null > /dev/null 2>&1 3>&- 4>&- || :
	done
	kill $swapper
	wait $swapper || :
	[[ ! -e $C/dir/sub && ! -e $C/dir/new ]]
	run ! grep " $C" /proc/self/mountinfo
	rm -rf "$ROOT/web"
}

@test "escapes: sysctls are not written into an image's fake /proc (CVE-2019-19921, CVE-2025-52881)" {
	canary
	mkdir -p "$T/fake/sys/net/ipv4"
	echo 0 > "$T/fake/sys/net/ipv4/ip_forward"
	config --arg s "$T/fake" '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .linux.maskedPaths = [] | .linux.readonlyPaths = []
		| .mounts = ([.mounts[] | select(.destination != "/proc")])'
	rmdir "$ROOTFS/proc"
	cp -a "$T/fake" "$ROOTFS/proc"
	args true
	run hull run web
	equal "$(cat "$ROOTFS/proc/sys/net/ipv4/ip_forward")" 0
}

@test "escapes: a passwd that is a fifo or device does not hang create" {
	rm "$ROOTFS/etc/passwd"
	mkfifo "$ROOTFS/etc/passwd"
	script 'echo $HOME'
	run timeout 20 "$HULL" --root "$ROOT" run web
	equal "$output" /
}

@test "escapes: an image's program that is a fifo does not hang create" {
	mkfifo "$ROOTFS/prog"
	chmod 755 "$ROOTFS/prog"
	args /prog
	status=0
	timeout 20 "$HULL" --root "$ROOT" run web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || status=$?
	[[ $status -eq 1 ]]
	one_line
}
