# hull migrate: over masked directories lies an empty file system, which hull makes anew in the place of CRIU.
load helpers

# A directory of either root file system is masked, beside those of the default configuration.
hide() {
	local name

	for name in there here; do
		mkdir "$T/$name/rootfs/hide" "$T/$name/rootfs/elsewhere"
		echo secret > "$T/$name/rootfs/hide/file"
		BUNDLE=$T/$name config '.linux.maskedPaths += ["/hide"] | .process.capabilities[] += ["CAP_SYS_ADMIN"]'
	done
}

# seen NAME: its mounts but for what has another name over there, and how many file systems they are.
seen() {
	awk '$5 != "/" && $5 != "/data" {
		line = $5 " " $6
		for (i = 7; $i != "-"; i++);
		print line, $(i + 1), $(i + 3)
		if (!devices[$3]++)
			n++
	} END { print n }' "/proc/$(pid_of "$1")/mountinfo" | sort
}

# hidden NAME: what is masked is empty, and nobody can put anything there.
hidden() {
	local dir

	for dir in /hide /sys/firmware; do
		equal "$(hull exec "$1" ls -A "$dir")" "" || return
		has "$(hull exec "$1" touch "$dir/x" 2>&1 || :)" "Read-only file system" || return
	done
}

# moved [FROM TO]: by hull's log, in $T/log.
moved() {
	quietly "$HULL" --debug --log "$T/log" --criu "$CRIU" --root "$ROOT" migrate --target-root "$ROOT" \
		--target-criu "$CRIU" --name "${2:-there}" "${1:-here}" "local:$T/${2:-there}" || {
		cat "$ERR"
		return 1
	}
}

@test "migrate: masked directories are masked over there, too, and CRIU is spared them" {
	hide
	up 4 1
	seen here > "$T/before"
	moved
	lives_there
	seen there | diff "$T/before" -
	hidden there
	has "$(< "$T/log")" "the mount '/hide' is external"
	has "$(< "$T/log")" "the mount '/sys/firmware' is external"
	# And back, by the same way.
	: > "$T/log"
	moved there here
	lives_here
	seen here | diff "$T/before" -
	hidden here
	has "$(< "$T/log")" "the mount '/hide' is external"
}

@test "migrate: images for other runtimes have masked directories; so they have after a migration" {
	hide
	up 4 1
	moved
	lives_there
	seen there > "$T/before"
	: > "$T/log"
	hull --debug --log "$T/log" checkpoint --image-path "$T/images" there
	hasnt "$(< "$T/log")" "the mount '/hide' is external"
	apart restore --detach --bundle "$T/there" --image-path "$T/images" there
	goes_on
	seen there | diff "$T/before" -
	hidden there
}

# What is no mask of hull's is CRIU's.
@test "migrate: what the container has mounted over a mask, or made of it, comes along" {
	local what name

	hide
	for what in 'mount -t tmpfs x /hide && echo kept > /hide/file' \
		'mount -o bind /hide /elsewhere' 'mount -o remount,rw,bind /hide'; do
		rm -f "$HOSTED"/*
		for name in there here; do
			BUNDLE=$T/$name script "set -e; $what; exec /bin/mover 4 1"
		done
		apart run -d --bundle "$T/here" here
		goes_on
		seen here > "$T/before"
		: > "$T/log"
		moved
		lives_there
		hasnt "$(< "$T/log")" "the mount '/hide' is external"
		seen there | diff "$T/before" -
		case $what in
		*kept*) equal "$(hull exec there cat /hide/file)" kept ;;
		*) equal "$(hull exec there ls -A /hide)" "" ;;
		esac
		hull delete --force there
	done
}
