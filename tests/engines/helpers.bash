# For tests with real engines, in the guest. A row is a function that prints what a user of the engine
# would see; it is run with the engine's usual runtime first and then with hull, and both have to
# print what the test expects:
#
#   @test "podman: run gives the program's exit status (P1)" {
#           p1() { status podman run --rm "$IMAGE" sh -c 'exit 7'; }
#           row p1 <<-EOF
#                   status 7
#           EOF
#   }
#
# In a row, RUNTIME is the path of the runtime and RUNTIME_NAME its name. Where the usual runtime does
# something else, the test says so, with what it prints:  PEER_PRINTS='...' row p1 <<EOF. Each runtime gets
# an empty directory, $T. What runtimes leave is looked after by `nothing_left` of daemons.bash and podman.bash.

HULL=${HULL:?the hull to test}
: "${PEER:=/usr/sbin/runc}"

# Waits until a command succeeds: 60 seconds and not one round more.
until_true() {
	local end=$((SECONDS + 60))

	until "$@" > /dev/null 2>&1; do
		if [ $SECONDS -ge $end ]; then
			echo "waited 60 s for: $*"
			return 1
		fi
		sleep 0.1
	done
}

# Its output, as it is, and its exit status.
status() {
	local rc=0

	"$@" 2>&1 || rc=$?
	echo "status $rc"
}

# Only its exit status, and those lines of its output that match.
matching() { # EXTENDED-REGEX COMMAND...
	local regex=$1 rc=0 out

	shift
	out=$("$@" 2>&1) || rc=$?
	grep -oE -- "$regex" <<< "$out" || echo "no match for $regex in: $out"
	echo "status $rc"
}

quietly() {
	"$@" > /dev/null 2>&1
}

# A root file system of busybox, its shape as the engines' checklist has it.
make_rootfs() { # DIRECTORY
	local r=$1 name

	mkdir -p "$r"/{bin,etc,proc,sys,dev,tmp,root,run,srv,var/tmp}
	cp "$(command -v busybox)" "$r/bin/busybox"
	for name in $(busybox --list); do
		[ "$name" = busybox ] || ln -s busybox "$r/bin/$name"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n' > "$r/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\n' > "$r/etc/group"
	printf data > "$r/bin/noexec"
	printf '#!/no/interp\n' > "$r/bin/badinterp"
	chmod 755 "$r/bin/badinterp"
	chmod 1777 "$r/tmp" "$r/var/tmp"
}

# A tar of one, made once in a guest; the directory stays, too.
ROOTFS=/var/tmp/rootfs
ROOTFS_TAR=$ROOTFS.tar
rootfs_tar() {
	[ ! -e "$ROOTFS_TAR" ] || return 0
	make_rootfs "$ROOTFS"
	tar -C "$ROOTFS" -cf "$ROOTFS_TAR" .
}

run_row() { # RUNTIME FUNCTION
	RUNTIME=$1 RUNTIME_NAME=$(basename "$1")
	T=$BATS_TEST_TMPDIR/$RUNTIME_NAME
	rm -rf "$T"
	mkdir -p "$T"
	(set +e; "$2"; true) 2>&1
}

# An engine that is late on a loaded machine says nothing about hull: its usual runtime has a second try, hull has not.
peer_row() { # FUNCTION EXPECTED
	local peer

	for _ in 1 2; do
		peer=$(run_row "$PEER" "$1")
		[ "$peer" != "$2" ] || return 0
	done
	printf '%s printed:\n%s\nexpected:\n%s\n' "$PEER" "$peer" "$2"
	return 1
}

row() { # FUNCTION; what is expected on stdin
	local expected hull

	expected=$(cat)
	[ -n "${HULL_TEST_NO_PEER-}" ] || peer_row "$1" "${PEER_PRINTS-$expected}" || return 1
	hull=$(run_row "$HULL" "$1")
	if [ "$hull" != "$expected" ]; then
		printf 'hull printed:\n%s\nexpected:\n%s\n' "$hull" "$expected"
		return 1
	fi
}
