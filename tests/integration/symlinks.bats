load helpers

# Each path that hull itself touches in an image, as a symlink of every shape, against a canary
# outside. Either hull refuses, with one line and nothing left, or what it makes is inside.

PATHS="/proc /sys /dev /dev/null /dev/pts /dev/ptmx /dev/console /dev/shm /run /etc /etc/mtab /etc/passwd"
SHAPES="abs-dir abs-file rel-dir rel-file dots dots-deep dangling dangling-rel dangling-deep self loop chain inside trailing magic-root magic-fd"
FEWER="abs-dir abs-file rel-dir dots-deep dangling loop chain magic-root"
# HULL_TEST_ALL=1 (make check-race) has all of them everywhere.
[[ -z ${HULL_TEST_ALL:-} ]] || FEWER=$SHAPES

setup() {
	common_setup
	CANARY=$T/canary
	MINI=$T/mini
	small_image
	CONF=$(< "$BUNDLE/config.json")
}

teardown() {
	rm -rf "$MINI"
	common_teardown
}

# The fewest files that run: it is copied for each case.
small_image() {
	mkdir -p "$MINI"/{bin,dev,etc,proc,sys,run,tmp}
	ln "$STORE/rootfs/bin/busybox" "$MINI/bin/busybox"
	ln -s busybox "$MINI/bin/true"
	ln -s /loop2 "$MINI/loop"
	ln -s /loop "$MINI/loop2"
	ln -s chain2 "$MINI/chain1"
	ln -s "$CANARY/link" "$MINI/chain2"
	echo root:x:0:0:root:/root:/bin/sh > "$MINI/etc/passwd"
}

# Everything in it is open to all, so that nothing but hull protects it.
new_canary() {
	rm -rf "$CANARY"
	mkdir -p "$CANARY/dir/sub"
	echo precious > "$CANARY/file"
	echo precious > "$CANARY/dir/file"
	ln -s file "$CANARY/link"
	chmod 666 "$CANARY/file" "$CANARY/dir/file"
	chmod 777 "$CANARY" "$CANARY/dir" "$CANARY/dir/sub"
	SEEN=$(canary)
}

# Names, kinds, modes, owners, sizes, both times, number of links, targets, contents.
canary() {
	exec "$PROBE" tree "$CANARY"
}

# shape NAME: what the symlink says.
shape() {
	local up=../../../../../../../../../..

	case $1 in
	abs-dir) echo "$CANARY/dir" ;;
	abs-file) echo "$CANARY/file" ;;
	rel-dir) echo "$up$CANARY/dir" ;;
	rel-file) echo "$up$CANARY/file" ;;
	dots) echo "/bin/../..$CANARY/dir" ;;
	dots-deep) echo "./tmp/../../$up/$CANARY/./dir/../file" ;;
	dangling) echo "$CANARY/new" ;;
	dangling-rel) echo "$up$CANARY/new" ;;
	dangling-deep) echo "$CANARY/a/b/c" ;;
	self) echo "${2##*/}" ;;
	loop) echo /loop ;;
	chain) echo /chain1 ;;
	inside) echo /tmp ;;
	trailing) echo "$CANARY/dir/" ;;
	magic-root) echo "/proc/1/root$CANARY/dir" ;;
	magic-fd) echo /proc/self/fd/3 ;;
	esac
}

# image PATH SHAPE: a fresh image in which PATH is such a symlink.
image() {
	rm -rf "$ROOTFS"
	cp -al "$MINI" "$ROOTFS"
	[[ ! -e $ROOTFS$1 ]] || rm -r "${ROOTFS:?}$1"
	ln -s "$(shape "$2" "$1")" "$ROOTFS$1"
}

# all LEAST SHAPES [PREFIX...]: `hull run` of each path and shape. LEAST percent have to succeed.
all() {
	local path shape n=0 good=0 least=$1 shapes=$2

	shift 2
	args /bin/true
	for path in $PATHS; do
		for shape in $shapes; do
			image "$path" "$shape"
			[[ -z ${OWNER:-} ]] || chown -R "$OWNER" "$ROOTFS/proc" "$ROOTFS/dev" "$ROOTFS" 2> /dev/null || :
			status=0
			"$@" "$HULL" --root "$ROOT" run web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || status=$?
			if [[ $(canary) != "$SEEN" || -e $ROOT/web || -d $CGROOT/$CG ]] \
				|| { [[ $status -ne 0 && $# -eq 0 ]] && ! one_line; }; then
				echo "$path as $shape: status $status: $(cat "$OUT" "$ERR")"
				diff <(echo "$SEEN") <(canary)
				return 1
			fi
			n=$((n + 1)) good=$((good + (status == 0)))
		done
	done
	# A loop in which nothing ever ran would prove nothing.
	((good * 100 >= least * n)) || {
		echo "only $good of $n ran"
		return 1
	}
}

@test "symlinks: with a tmpfs on /dev (CVE-2023-27561, CVE-2023-28642, CVE-2026-41579)" {
	new_canary
	all 50 "$SHAPES"
}

@test "symlinks: with the image's own /dev (CVE-2025-31133, CVE-2026-41579)" {
	config '.mounts |= map(select(.destination | startswith("/dev") | not))'
	new_canary
	all 40 "$FEWER"
}

@test "symlinks: with masked paths below all of them, and read-only ones (L-03, L-07)" {
	config '.linux.maskedPaths += ["/run", "/etc/mtab", "/dev/null", "/etc/passwd", "/dev/shm"]
		| .linux.readonlyPaths += ["/etc", "/etc/mtab", "/run", "/dev"]'
	new_canary
	all 40 "$FEWER"
}

@test "symlinks: with a terminal (CVE-2025-52565)" {
	config '.process.terminal = true'
	new_canary
	all 40 "$FEWER" "$PROBE" pty 24 80
}

@test "symlinks: with a terminal and the image's own /dev but for devpts" {
	config '.process.terminal = true | .mounts |= map(select(.destination == "/dev/pts" or (.destination | startswith("/dev") | not)))'
	new_canary
	all 40 "$FEWER" "$PROBE" pty 24 80
}

@test "symlinks: in a user namespace" {
	requires userns
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chmod 755 "$T" "$BATS_RUN_TMPDIR"
	OWNER=100000:100000
	new_canary
	all 40 "$FEWER"
}

@test "symlinks: as mount targets of every kind, devices and the working directory (CVE-2021-30465, CVE-2024-45310)" {
	local kind shape n=0

	echo data > "$T/source"
	mkdir "$T/sourcedir"
	new_canary
	args /bin/true
	base=$(< "$BUNDLE/config.json")
	for shape in $FEWER dangling-deep magic-fd; do
		for kind in tmpfs tmpfs-below bind-file bind-dir bind-below copyup device cwd readonly mqueue; do
			image /t "$shape"
			echo "$base" | jq -c --arg s "$T/source" --arg d "$T/sourcedir" --arg kind "$kind" '
				if $kind == "tmpfs" then .mounts += [{destination: "/t", type: "tmpfs", source: "x"}]
				elif $kind == "tmpfs-below" then .mounts += [{destination: "/t/a/b", type: "tmpfs", source: "x"}]
				elif $kind == "bind-file" then .mounts += [{destination: "/t", source: $s, options: ["bind"]}]
				elif $kind == "bind-dir" then .mounts += [{destination: "/t", source: $d, options: ["rbind", "ro"]}]
				elif $kind == "bind-below" then .mounts += [{destination: "/t/a/../b/c", source: $s, options: ["bind"]}]
				elif $kind == "copyup" then .mounts += [{destination: "/t", type: "tmpfs", source: "x", options: ["tmpcopyup"]}]
				elif $kind == "device" then .linux.devices = [{path: "/t/null", type: "c", major: 1, minor: 3}]
				elif $kind == "cwd" then .process.cwd = "/t/w"
				elif $kind == "readonly" then .linux.readonlyPaths += ["/t"] | .linux.maskedPaths += ["/t/sub"]
				else .mounts += [{destination: "/t", type: "mqueue", source: "x"}] end' > "$BUNDLE/config.json"
			status=0
			hull run web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || status=$?
			if [[ $(canary) != "$SEEN" || -s $T/source && $(< "$T/source") != data || -e $ROOT/web || -d $CGROOT/$CG ]]; then
				echo "$kind as $shape: status $status: $(cat "$OUT" "$ERR")"
				return 1
			fi
			[[ $status -eq 0 ]] || one_line
			n=$((n + (status == 0)))
		done
	done
	((n > 40))
}
