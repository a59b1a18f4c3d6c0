#!/usr/bin/env bats
# hull migrate with the files of the container: root file system, volumes.
load helpers

# The container's files are its own, and the target has none.
setup() {
	migrate_setup
	TREE=$STORE/tree
	(
		flock 9
		[[ -e $TREE ]] || {
			"${CC:-cc}" -static -O1 -o "$TREE.new" "$SRC/tests/migrate/tree.c" && mv "$TREE.new" "$TREE"
		}
	) 9> "$BATS_RUN_TMPDIR/store.lock"
	rm -r "$T/here/rootfs" "$T/there/rootfs"
	cp -a "$STORE/rootfs" "$T/here/rootfs"
	cp "$TREE" "$T/here/rootfs/bin/tree"
	mkdir "$T/here/rootfs/work"
	# What is there when the container is complete, and before it goes on.
	cat > "$T/look" <<- END
		#!/bin/sh
		[ ! -d "$T/there/rootfs" ] || "$TREE" list "$T/there/rootfs" > "$T/arrived"
		[ ! -d "$T/volume" ] || "$TREE" list "$T/volume" > "$T/arrived.volume"
	END
	chmod +x "$T/look"
	BUNDLE=$T/there
	config --arg look "$T/look" '.hooks.createRuntime = [{path: $look}]'
}

teardown() {
	delete_all || :
	! mountpoint -q "$T/here/rootfs" || umount "$T/here/rootfs"
	cd /
	rmdir "$ROOT/@migrate" 2> /dev/null || :
	common_teardown
}

writable() {
	local name

	for name in there here; do
		BUNDLE=$T/$name
		config '.root.readonly = false'
		args "$@"
	done
	apart run -d --bundle "$T/here" here
}

# What arrived is what the source has: it ended without another step.
arrived_as_it_was() {
	"$TREE" list "$T/here/rootfs" > "$T/was"
	diff "$T/was" "$T/arrived"
}

@test "migrate: --rootfs copy brings one of every kind as it is" {
	"$TREE" make "$T/here/rootfs/work"
	writable /bin/mover 4 1
	goes_on
	migrate --json --rootfs copy
	lives_there
	[[ $(wc -l < "$T/arrived") -gt 20 ]]
	arrived_as_it_was
	[[ $(stat -c %b "$T/there/rootfs/work/hole") -eq 0 ]]
	jq -e '.fileBytes > 1048576 and .fileBytes < 1000000000 and .filesMs <= .downtimeMs and .lastFileBytes < .fileBytes' "$OUT"
}

@test "migrate: --rootfs copy: files that are made, changed, renamed, removed and mapped meanwhile" {
	writable /bin/tree churn /work 200
	goes_on
	migrate --json --rootfs copy
	goes_on
	lives_there
	arrived_as_it_was
}

@test "migrate: --rootfs copy makes the bundle" {
	rm -r "$T/there"
	BUNDLE=$T/here
	config --arg look "$T/look" '.process.args = ["/bin/mover", "4", "1"] | del(.linux.cgroupsPath)
		| .hooks.createRuntime = [{path: $look}]'
	apart run -d --bundle "$T/here" here && goes_on
	migrate --rootfs copy
	equal "$(far state there | jq -r .status)" running
	goes_on
	arrived_as_it_was
	cmp "$T/here/config.json" "$T/there/config.json"
}

# Another host: what it has mounted is its own.
other_host() {
	cat > "$T/ssh" <<- END
		#!/bin/sh
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HULL_TEST_MARK="$MARK" \
			unshare -m sh -ec '$1; exec sh -c "\$1"' sh "\$2"
	END
	chmod 755 "$T/ssh"
	TO=far.example:$T/there
}

# As migrate, to the other host.
migrate_far() {
	local words

	migration --ssh-command "$T/ssh" --target-hull "$HULL" "$@"
	quietly "${words[@]}" "$TO" || {
		echo "migrate: $(cat "$ERR")"
		return 1
	}
}

with_volume() {
	local name

	mkdir -p "$T/volume" "$T/other"
	for name in there here; do
		BUNDLE=$T/$name
		config --arg data "$T/volume" '.mounts += [{destination: "/srv/my volume", type: "bind", source: $data,
			options: ["rbind", "rw"]}]'
	done
}

@test "migrate: --volume copies what is mounted there, and follows what becomes of it" {
	with_volume
	"$TREE" make "$T/volume"
	other_host "mount --bind '$T/other' '$T/volume'"
	writable /bin/tree churn "/srv/my volume" 100
	goes_on
	migrate_far --rootfs copy --volume "/srv/my volume/"
	goes_on
	lives_there
	arrived_as_it_was
	"$TREE" list "$T/volume" > "$T/was"
	diff "$T/was" "$T/arrived.volume"
	[[ $(wc -l < "$T/was") -gt 30 ]]
}

@test "migrate: --volume and --rootfs that cannot be are refused before anything is touched" {
	local words

	with_volume
	writable /bin/mover 1 1
	goes_on
	migrate_refused --rootfs whole
	migrate_refused --volume /nowhere
	has "$line" "no bind mount on '/nowhere'"
	migrate_refused --rootfs upper
	has "$line" "is no overlay"
	touch "$T/volume/x"
	mkdir -p "$T/there/rootfs/x"
	migrate_refused --rootfs copy --volume "/srv/my volume,/data"
	has "$line" "'$T/there/rootfs', where files are to be copied to, is not empty"
	has "$line" "'$T/volume', where files are to be copied to, is not empty"
	has "$line" "'$HOSTED', where files are to be copied to, is not empty"
	rm -r "$T/there/rootfs"
	echo here > "$T/there/rootfs"
	migrate_refused --rootfs copy
	has "$line" "is no directory"
	equal "$(cat "$T/there/rootfs")" here
	lives_here
}

@test "migrate: --rootfs copy into a file system without room says so" {
	mkdir "$T/there/rootfs"
	other_host "mount -t tmpfs -o size=64k,nr_inodes=20 tmpfs '$T/there/rootfs'"
	writable /bin/mover 1 1
	goes_on
	migrate_refused --ssh-command "$T/ssh" --target-hull "$HULL" --rootfs copy
	has "$line" "0 MiB are free for '$T/there/rootfs'"
	has "$line" "inodes are free for"
	lives_here
}

@test "migrate: of files that came for nothing nothing is left" {
	writable /bin/mover 16 4
	goes_on
	# When all is there.
	cp "$T/look" "$T/looks"
	echo 'exit 1' >> "$T/look"
	migrate_refused --rootfs copy
	[[ -s $T/arrived ]]
	lives_here
	[[ ! -e $T/there/rootfs && -e $T/there/config.json ]]
	# A directory that was there stays.
	mkdir "$T/there/rootfs"
	migrate_refused --rootfs copy
	equal "$(ls -A "$T/there/rootfs")" ""
	lives_here
	# A receiver that was killed while they came: the next one finds what it has made.
	rmdir "$T/there/rootfs"
	migration --rootfs copy --bandwidth 1M --compress none
	beside "${words[@]}" "local:$T/there"
	wait_for 60 compgen -G "$T/there/rootfs/.hull-migrate-*/*" > /dev/null
	touch "$T/there/rootfs/somebody's"
	kill -9 "$(pgrep -P "$(cat "$T/beside.pid")" -f migrate-receive)"
	beside_status > /dev/null
	wait_for 60 has_ended
	compgen -G "$T/there/rootfs/.hull-migrate-*"
	KILLED=1
	lives_here
	equal "$(ls -A "$T/there/rootfs")" "somebody's"
	rm -r "$T/there/rootfs"
	mv "$T/looks" "$T/look"
	migrate --rootfs copy
	lives_there
	arrived_as_it_was
}

@test "migrate: what somebody else has put among files that came for nothing stays" {
	local hook=$T/look to=$T/there/rootfs

	mkdir -p "$T/here/rootfs/work/deep/er"
	touch "$T/here/rootfs/work/"{replaced,same,deep/er/came}
	writable /bin/mover 1 1
	goes_on
	# When all is in its place. What is made in the place of another file may get its number.
	cat >> "$hook" <<- END
		cd "$to" && mkdir others && touch others/f top work/deep/beside || exit 1
		rm work/same && touch work/same && touch work/new && mv work/new work/replaced
		echo edited > work/deep/er/came
		exit 1
	END
	migrate_refused --rootfs copy
	lives_here
	has "$line" "'$to' keeps what did not come with the container: '"
	has "$line" "' and more"
	equal "$(cd "$to" && find . | LC_ALL=C sort | xargs)" \
		". ./others ./others/f ./top ./work ./work/deep ./work/deep/beside ./work/replaced ./work/same"
	rm -r "${to:?}"/*
	# Of a receiver that was killed then the next one knows; nobody listens to sockets that CRIU has made.
	cat > "$hook" <<- END
		#!/bin/sh
		cd "$to/work/deep" || exit 1
		python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('socket')"
		[ -S socket ] && touch "$T/was there"
		kill -9 \$PPID
	END
	migrate_refused --rootfs copy
	KILLED=1
	[[ -e "$T/was there" ]]
	lives_here
	equal "$(ls -A "$to")" ""
}

overlay() {
	mkdir -p "$T/$1.upper" "$T/$1.work" "$T/$1/rootfs"
	echo "mount -t overlay -o 'lowerdir=$T/lower,upperdir=$T/$1.upper,workdir=$T/$1.work' overlay '$T/$1/rootfs'"
}

@test "migrate: --rootfs upper brings what was changed of an overlay" {
	local i

	mv "$T/here/rootfs" "$T/lower"
	mkdir -p "$T/lower/work/d" "$T/lower/opaque/below"
	for ((i = 0; i < 100; i++)); do
		echo "$i" > "$T/lower/work/f$i"
		echo "$i" > "$T/lower/work/d/f$i"
	done
	touch "$T/lower/gone" "$T/lower/opaque/"{gone,below/gone}
	eval "$(overlay here)"
	rm -r "$T/here/rootfs/gone" "$T/here/rootfs/opaque"
	mkdir "$T/here/rootfs/opaque"
	touch "$T/here/rootfs/opaque/new"
	other_host "$(overlay there)"
	writable /bin/tree churn /work 100
	goes_on
	migrate_far --json --rootfs upper
	goes_on
	lives_there
	"$TREE" list "$T/here/rootfs" > "$T/was"
	diff "$T/was" "$T/arrived"
	# What nobody changed did not go.
	[[ ! -e $T/there.upper/bin && -e $T/there.upper/work ]]
	[[ -c $T/there.upper/gone ]]
}

@test "migrate: --rootfs upper that came to nothing says that the layer there is used" {
	mv "$T/here/rootfs" "$T/lower"
	eval "$(overlay here)"
	echo changed > "$T/here/rootfs/work/f"
	other_host "$(overlay there)"
	echo 'exit 1' >> "$T/look"
	writable /bin/mover 1 1
	goes_on
	migrate_refused --ssh-command "$T/ssh" --target-hull "$HULL" --rootfs upper
	has "$line" "the upper layer of '$T/there/rootfs' keeps what came: mount it with a new one"
	lives_here
	equal "$(cat "$T/there.upper/work/f")" changed
}

@test "migrate: --rootfs upper wants an overlay there whose upper layer is empty" {
	mv "$T/here/rootfs" "$T/lower"
	eval "$(overlay here)"
	other_host "$(overlay there)"
	touch "$T/there.upper/x"
	writable /bin/mover 1 1
	goes_on
	migrate_refused --ssh-command "$T/ssh" --target-hull "$HULL" --rootfs upper
	has "$line" "the upper layer of '$T/there/rootfs' is not empty"
	other_host true
	migrate_refused --ssh-command "$T/ssh" --target-hull "$HULL" --rootfs upper
	has "$line" "'$T/there/rootfs' is no overlay"
	lives_here
}
