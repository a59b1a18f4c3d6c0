load helpers

# Another container shares a volume with the one that is made, and exchanges names in it as fast as
# it can (CVE-2021-30465, CVE-2024-45310). HULL_TEST_RACE_ROUNDS: how many creates for all
# tests here together; make check-race has 1000.
ROUNDS=${HULL_TEST_RACE_ROUNDS:-$(rounds 112 28)}

setup() {
	common_setup
	CANARY=$T/canary
	mkdir -p "$CANARY/dir/sub/deep"
	echo precious > "$CANARY/file"
	echo precious > "$CANARY/null"
	chmod -R 777 "$CANARY"
	SEEN=$("$PROBE" tree "$CANARY")
	# What is exchanged inside a directory is never one that is exchanged itself: the attacker
	# would follow its own symlink.
	mkdir -p "$ROOTFS"/v/{real,other}/sub/deep
	echo text > "$ROOTFS/v/real/file"
	echo text > "$ROOTFS/v/other/file"
	ln -s "$CANARY/dir" "$ROOTFS/v/link"
	RACER=
}

teardown() {
	[[ -z $RACER ]] || { kill "$RACER" && wait "$RACER"; } 2> /dev/null || :
	common_teardown
}

# attack A B [C D]...: names in the image that are exchanged.
attack() {
	nice -n 5 "$PROBE" exchange "${@/#/$ROOTFS}" 3>&- 4>&- &
	RACER=$!
}

clean() {
	[[ ! -e $ROOT/web && ! -d $CGROOT/$CG && $("$PROBE" tree "$CANARY") == "$SEEN" ]] || return 1
	[[ $status -eq 0 ]] || { [[ $status -eq 1 ]] && one_line; }
}

# race N: that many creates of the current bundle. Each works, or fails with one line; nothing
# is left of it and nothing outside has changed.
race() {
	local i good=0

	args /bin/true
	for ((i = 0; i < $1; i++)); do
		status=0
		timeout 20 "$HULL" --root "$ROOT" run web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || status=$?
		if ! clean; then
			echo "round $i: status $status: $(cat "$OUT" "$ERR")"
			diff <(echo "$SEEN") <("$PROBE" tree "$CANARY")
			return 1
		fi
		good=$((good + (status == 0)))
	done
	echo "$good of $1 creates worked" >&3
	kill -0 "$RACER"
	run ! grep -e " $CANARY" -e "$ROOTFS/v" /proc/self/mountinfo
}

@test "racing: mount targets against a directory that is a symlink now and then (CVE-2021-30465)" {
	config '.mounts += [{destination: "/v/real", type: "tmpfs", source: "x"},
		{destination: "/v/real/sub", type: "tmpfs", source: "x"}]'
	attack /v/real /v/link
	race $((ROUNDS / 8))
}

@test "racing: missing parents of mount targets (CVE-2024-45310)" {
	config '.mounts += [{destination: "/v/real/a/b/c", type: "tmpfs", source: "x"},
		{destination: "/v/real/sub/d/e", source: "/etc/hostname", options: ["bind"]},
		{destination: "/v/real/sub/deep/../f", type: "tmpfs", source: "x"}]'
	attack /v/real /v/link
	race $((ROUNDS / 8))
}

@test "racing: a file and a symlink as the target of a bind" {
	ln -s "$CANARY/file" "$ROOTFS/v/filelink"
	config '.mounts += [{destination: "/v/other/file", source: "/etc/hostname", options: ["bind"]},
		{destination: "/v/real/file", source: "/etc/hostname", options: ["bind"]}]'
	attack /v/other/file /v/filelink /v/real /v/link
	race $((ROUNDS / 8))
}

@test "racing: /dev, and the nodes and links that are made in it (CVE-2026-41579)" {
	config '.mounts |= map(select(.destination | startswith("/dev") | not))'
	ln -s "$CANARY/dir" "$ROOTFS/devlink"
	attack /dev /devlink
	race $((ROUNDS / 8))
}

@test "racing: /dev/null under the masks (CVE-2025-31133)" {
	config '.mounts |= map(select(.destination | startswith("/dev") | not)) | .linux.maskedPaths += ["/v/real/file", "/v/real/sub"]'
	mknod "$ROOTFS/dev/null" c 1 3
	ln -s "$CANARY/null" "$ROOTFS/dev/nulllink"
	attack /dev/null /dev/nulllink /v/real /v/link
	race $((ROUNDS / 8))
}

@test "racing: masked and read-only paths" {
	config '.linux.maskedPaths += ["/v/real/sub", "/v/real/file"] | .linux.readonlyPaths += ["/v/real", "/v/real/sub/deep"]'
	attack /v/real /v/link
	race $((ROUNDS / 8))
}

@test "racing: devices and the working directory" {
	config '.linux.devices = [{path: "/v/real/sub/n", type: "c", major: 1, minor: 3}, {path: "/v/real/new/n", type: "p"}]
		| .process.cwd = "/v/real/w/x"'
	attack /v/real /v/link
	race $((ROUNDS / 8))
}

@test "racing: what tmpcopyup copies" {
	mkfifo "$ROOTFS/v/fifo"
	ln -s "$CANARY/file" "$ROOTFS/v/filelink"
	config '.mounts += [{destination: "/v", type: "tmpfs", source: "x", options: ["tmpcopyup"]}]'
	attack /v/other/file /v/fifo /v/other/sub /v/filelink /v/real /v/link
	race $((ROUNDS / 8))
	config '.mounts[-1].destination = "/v/real"'
	race $((ROUNDS / 16))
}
