# What cannot be: it is said what and why, a failed checkpoint leaves the container running, a failed restore
# leaves nothing.
load helpers

# runs_on: the container web after a failed checkpoint.
runs_on() {
	is_status web running
	has "$(cat "$CGROOT/$CG/bundle/cgroup.events")" "frozen 0"
	checked web
}

checkpoint_refused() { # [option...]
	refused_ckpt checkpoint --image-path "$IMAGES" --work-path "$T/work" "$@" web
}

restore_refused() { # [option...]
	refused_ckpt restore -d --image-path "$IMAGES" --work-path "$T/work" "$@" web
}

# A CRIU that says it has this version, and can do nothing else.
pretender() { # MAJOR MINOR, as octal digits
	cat > "$T/criu" <<-END
		#!/bin/bash
		[[ \$1 == swrk ]] || exit 1
		# One packet: bash would write it in two, as it has the code of a line's end in it.
		printf '\\010\\012\\020\\001\\122\\004\\010\\00$1\\020\\0$2' \\
			| dd bs=10 iflag=fullblock status=none >&"\$2"
		exec sleep 5
	END
	chmod 755 "$T/criu"
	CRIU=$T/criu
}

@test "errors: no CRIU: --criu and PATH are named, nothing is frozen" {
	work mem:1
	up web
	CRIU=$T/none
	checkpoint_refused
	has "$line" "$T/none"
	[[ ! -e $IMAGES ]]
	status=0
	PATH=$T "$HULL" --root "$ROOT" checkpoint --image-path "$IMAGES" web > "$OUT" 2> "$ERR" || status=$?
	equal "$status" 1
	matches "$(cat "$ERR")" 'criu.*PATH|PATH.*criu'
	runs_on
}

@test "errors: CRIU is found in PATH" {
	work mem:1
	up web
	PATH=$(dirname "$CRIU"):$PATH "$HULL" --root "$ROOT" checkpoint --image-path "$IMAGES" web \
		< /dev/null > /dev/null 2> "$ERR" 3>&- 4>&-
	is_gone web
	[[ -e $IMAGES/dump.log ]]
}

@test "errors: a program that is no CRIU" {
	local program

	work mem:1
	up web
	for program in /bin/true /bin/cat /bin/sh; do
		CRIU=$program
		checkpoint_refused
		has "$line" "$program"
		runs_on
	done
}

@test "errors: a CRIU that is too old is named with its version" {
	work mem:1
	up web
	pretender 3 13
	checkpoint_refused
	has "$line" 3.11
	runs_on
}

@test "errors: a CRIU that cannot dump sockets on this kernel" {
	local major minor _

	IFS=.- read -r major minor _ < <(uname -r)
	((major > 6 || (major == 6 && minor >= 16))) || skip "needs a kernel from 6.16 on"
	work mem:1
	up web
	pretender 4 01
	checkpoint_refused
	has "$line" 4.1
	has "$(cat "$ERR")" 4.2
	runs_on
}

@test "errors: --pre-dump on a kernel that does not track memory, before anything is written" {
	zcat /proc/config.gz 2> /dev/null | grep -q '^CONFIG_MEM_SOFT_DIRTY=y' && skip "needs a kernel without soft-dirty pages"
	work mem:1
	up web
	checkpoint_refused --pre-dump
	has "$line" --pre-dump
	has "$line" CONFIG_MEM_SOFT_DIRTY
	[[ ! -e $T/work/dump.log ]]
	runs_on
}

@test "errors: a container that is not there, is only created, has stopped" {
	refused_ckpt checkpoint --image-path "$IMAGES" nobody
	has "$line" nobody
	work mem:1
	create web
	checkpoint_refused
	has "$line" created
	hull start web
	hull kill web KILL
	wait_for 20 is_status web stopped
	checkpoint_refused
	has "$line" stopped
}

@test "errors: images cannot be written" {
	work mem:8
	up web
	mkdir "$T/ro"
	mount -t tmpfs -o ro hulltest "$T/ro"
	IMAGES=$T/ro/images checkpoint_refused
	has "$line" "$T/ro/images"
	umount "$T/ro"
	runs_on
}

@test "errors: the disk is full" {
	work mem:8
	up web
	mkdir "$IMAGES"
	mount -t tmpfs -o size=512k hulltest "$IMAGES"
	checkpoint_refused
	umount "$IMAGES"
	runs_on
	save web
	back web
	checked web
}

@test "errors: what CRIU cannot dump is named: userfaultfd, io_uring" {
	local thing

	for thing in userfaultfd uring; do
		work mem:1 $thing
		up web || {
			has "$(cat "$HOSTED/result")" "not permitted"
			hull delete --force web
			continue
		}
		checkpoint_refused
		has "$line" "$thing"
		runs_on
		hull delete --force web
	done
}

@test "errors: a child that stays in vfork(2): it is named, and the container runs on" {
	work vforks:0
	up web
	checkpoint_refused
	has "$line" "has the memory of its parent, which waits in vfork(2); hint: CRIU cannot dump it before"
	is_status web running
	equal "$(cat "$CGROOT/$CG/bundle/cgroup.freeze")" 0
	hull pause web
	checkpoint_refused
	has "$line" "waits in vfork(2)"
	is_status web paused
	hull resume web
}

@test "errors: a seccomp filter with an agent" {
	mkdir "$T/agent"
	env -u HULL_TEST_MARK timeout 110 "$PROBE" agent "$T/agent.sock" "$T/agent" 3>&- 4>&- < /dev/null > /dev/null 2>&1 &
	AGENT=$!
	disown
	wait_for 20 test -e "$T/agent/ready"
	config --arg s "$T/agent.sock" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $s,
		syscalls: [{names: ["getpgid"], action: "SCMP_ACT_NOTIFY"}]}'
	work mem:1
	up web
	checkpoint_refused
	has "$line" linux.seccomp.listenerPath
	[[ ! -e $IMAGES ]]
	runs_on
	hull delete --force web
	kill $AGENT
}

# A unix socket whose other end is outside.
logging() {
	mkdir -p "$T/sock"
	env -u HULL_TEST_MARK "$PROBE" dgram "$T/sock/log" "$T/logged" < /dev/null > /dev/null 2>&1 3>&- 4>&- &
	LOGGER=$!
	wait_for 20 test -S "$T/sock/log"
	# It is connected again by the name that its owner gave it.
	config --arg d "$T/sock" '.mounts += [{destination: $d, type: "bind", source: $d, options: ["bind"]}]'
	HOSTED=$T/sock
	work -d "$T/sock" logger
	up web
	checked web
}

@test "errors: a unix socket to the outside needs --ext-unix-sk" {
	# CRIU finds only those of the same network namespace.
	config '.linux.namespaces |= map(select(.type != "network")) | .mounts |= map(select(.destination != "/sys"))'
	logging
	checkpoint_refused
	has "$line" ext-unix-sk
	runs_on
	save web --ext-unix-sk
	back web --ext-unix-sk
	checked web
	equal "$(sort "$T/logged" | uniq -c | awk '{ print $1, $2 }')" "3 checked"
	kill $LOGGER
}

@test "errors: a unix socket to the outside of the network namespace is said to be one" {
	logging
	checkpoint_refused --ext-unix-sk
	has "$line" "outside of the network namespace"
	runs_on
	kill $LOGGER
}

@test "errors: restore: no images, an empty directory" {
	work mem:1
	restore_refused
	has "$line" "$IMAGES"
	no_trace web
	mkdir "$IMAGES"
	restore_refused
	no_trace web
}

@test "errors: restore: an id that is taken" {
	work mem:1
	up web
	save web --leave-running
	restore_refused
	has "$line" web
	runs_on
}

@test "errors: restore: images that were cut off" {
	local file size name

	work mem:1
	up web
	save web
	for name in inventory pstree core-1 mm-1 pagemap-1 files fdinfo-2; do
		file=$IMAGES/$name.img
		[[ -s $file ]] || continue
		cp "$file" "$T/whole"
		size=$(stat -c %s "$file")
		truncate -s $((size / 2)) "$file"
		restore_refused || {
			echo "$name.img cut to $((size / 2)) bytes"
			return 1
		}
		no_trace web
		cp "$T/whole" "$file"
	done
	back web
	checked web
}

@test "errors: restore: what is beside CRIU's images is not trusted" {
	local text

	work mem:1
	up web
	save web
	for text in '' '{' '[]' '["a"]' '["a","b","c","d"]' '[1,2,3]' '{"a":1}' '[["a"],"b","c"]' 'null'; do
		printf %s "$text" > "$IMAGES/descriptors.json"
		restore_refused
		has "$line" descriptors.json
		no_trace web
	done
}

@test "errors: restore: a bundle that is not there, has no config.json, or another root" {
	work mem:1
	up web
	save web
	restore_refused --bundle "$T/none"
	has "$line" "$T/none"
	mkdir -p "$T/empty"
	restore_refused --bundle "$T/empty"
	has "$line" config.json
	rm "$ROOTFS/bin/workload"
	restore_refused
	has "$line" bin/workload
	no_trace web
}

@test "errors: restore: a log directory that cannot be made" {
	work mem:1
	up web
	save web
	: > "$T/file"
	refused_ckpt restore -d --image-path "$IMAGES" --work-path "$T/file/x" web
	has "$line" "$T/file/x"
	no_trace web
}

# CRIU 4.2 would wait for the rest for ever.
@test "errors: images whose pages are cut short, or whose page map is damaged" {
	local pages map

	work mem:4
	up web
	save web
	pages=$(find "$IMAGES" -name "pages-*.img" -size +4096k)
	cp -r "$IMAGES" "$T/whole"
	truncate -s -4096 "$pages"
	restore_refused
	has "$line" "cut short"
	has "$line" pagemap-
	: > "$pages"
	restore_refused
	has "$line" "cut short: 0 of "
	rm "$pages"
	restore_refused
	has "$line" "$(basename "$pages")"
	cp "$T/whole"/pages-*.img "$IMAGES"
	map=$(find "$IMAGES" -name "pagemap-*.img" -print -quit)
	truncate -s -1 "$map"
	restore_refused
	has "$line" "$(basename "$map")"
	has "$line" damaged
	cp "$T/whole"/pagemap-*.img "$IMAGES"
	# An earlier dump into this directory had a process more, and a page more in what is another's now.
	cp "$map" "$IMAGES/pagemap-4000.img"
	printf '\7\0\0\0\10\200\40\20\1\40\4' >> "$IMAGES/pagemap-4000.img"
	back web
	checked web
}
