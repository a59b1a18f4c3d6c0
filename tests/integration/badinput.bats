load helpers

@test "badinput: no config.json (B-01)" {
	rm config.json
	create_refused web config.json
}

@test "badinput: a bundle that does not exist" {
	refused hull create --bundle "$T/nosuch" web
	has "$line" "$T/nosuch"
	no_trace web
}

@test "badinput: an empty config.json" {
	: > config.json
	create_refused web config.json
}

@test "badinput: a truncated one, at many places" {
	cp config.json whole.json
	size=$(stat -c %s whole.json)
	for at in 1 2 17 100 $((size / 3)) $((size / 2)) $((size - 2)); do
		head -c "$at" whole.json > config.json
		create_refused web config.json:
	done
}

@test "badinput: text after the end" {
	echo '{}' >> config.json
	create_refused web config.json:
}

@test "badinput: not JSON (B-02)" {
	for t in '{]' 'hello' '[]' '"text"' 'null' '1' '{"a":}' "{'a': 1}" '{"a": 1,}'; do
		echo "$t" > config.json
		create_refused web config.json
	done
}

@test "badinput: a position is named by line and column" {
	printf '{\n  "ociVersion": "1.0.2",\n  "process": oops\n}\n' > config.json
	create_refused web config.json:3:
}

@test "badinput: 20 MiB" {
	head -c 20971520 /dev/zero | tr '\0' ' ' > big
	cat big >> config.json
	start=$SECONDS
	create_refused web config.json
	((SECONDS - start < 5))
}

@test "badinput: 1000 levels deep" {
	{
		printf '{"ociVersion": "1.0.2", "x": '
		printf '[%.0s' {1..1000}
		printf ']%.0s' {1..1000}
		echo '}'
	} > config.json
	create_refused web config.json
}

@test "badinput: bytes that are no UTF-8" {
	printf '{"ociVersion": "1.0.2", "hostname": "a\xff\xfeb"}' > config.json
	create_refused web config.json
	printf '{"ociVersion": "1.0.2", "hostname": "\xed\xa0\x80"}' > config.json
	create_refused web config.json
}

@test "badinput: NUL in strings" {
	config '.process.args = ["/bin/echo", "a\u0000b"]'
	create_refused web config.json:1: 'process.args[1]: NUL'
	config '.process.args = ["/bin/echo"] | .root.path = "root\u0000fs"'
	create_refused web config.json:1: 'root.path: NUL'
	config '.root.path = "rootfs" | .annotations = {"a": "b\u0000c"}'
	create_refused web config.json:1: 'annotations.a: NUL'
	config '.annotations = {"a\u0000b": "c"}'
	create_refused web config.json:1: 'annotations: NUL'
	config 'del(.annotations) | .unknown = {"x": ["a\u0000"]}'
	create_refused web config.json:1: 'unknown.x[0]: NUL'
}

@test "badinput: files that are none do not hold hull up" {
	mv config.json "$T/config.json"
	mkfifo "$T/fifo"
	for f in "$T/fifo" /dev/zero /dev/tty "$T"; do
		rm -f config.json
		ln -s "$f" config.json
		refused timeout 10 "$HULL" --root "$ROOT" create web
		has "$line" config.json
		no_trace web
	done
	rm config.json
	cp "$T/config.json" config.json
	refused timeout 10 "$HULL" --root "$ROOT" create --config "$T/fifo" web
	has "$line" "'$T/fifo' is not a regular file"
	args sleep 1000
	start_it web
	for f in "$T/fifo" /dev/zero; do
		fails 255 timeout 10 "$HULL" --root "$ROOT" exec --process "$f" web
		has "$line" "'$f' is not a regular file"
		refused timeout 10 "$HULL" --root "$ROOT" update --resources "$f" web
		has "$line" "'$f' is not a regular file"
	done
	# A shell's pipe is fine.
	hull exec --process <(sleep 0.1; jq -c '.process | .args = ["touch", "/ran"]' config.json) web
	[[ -e $ROOTFS/ran ]]
}

@test "badinput: a fifo in place of a state file does not hold hull up" {
	create web
	mv "$ROOT/web/state.json" "$T/state.json"
	mkfifo "$ROOT/web/state.json"
	for c in state start kill ps; do
		run timeout 10 "$HULL" --root "$ROOT" $c web
		[[ $status -eq 1 || $status -eq 255 ]]
		has "$output" "not a regular file"
	done
	run timeout 10 "$HULL" --root "$ROOT" list
	[[ $status -ne 124 ]]
	rm "$ROOT/web/state.json"
	mv "$T/state.json" "$ROOT/web/state.json"
}

@test "badinput: members of the wrong type, named by their path (B-10)" {
	cp config.json good.json
	while read -r path value; do
		jq -c "$path = $value" good.json > config.json
		create_refused web "${path#.}"
	done <<- 'LIST'
		.process.args "sh"
		.process.args[0] 5
		.process.cwd []
		.process.env {}
		.process.user "root"
		.process.terminal "yes"
		.process.rlimits[0].soft "many"
		.process.capabilities ["CAP_KILL"]
		.root "rootfs"
		.root.readonly 1
		.hostname 7
		.mounts {}
		.mounts[1].options "ro"
		.mounts[1].destination null
		.linux []
		.linux.namespaces "pid"
		.linux.maskedPaths [1]
		.linux.resources []
		.annotations [1]
		.hooks []
		.ociVersion 1.0
		LIST
}

@test "badinput: numbers out of range (B-12)" {
	for f in '.process.user.uid = 4294967296' '.process.user.gid = -1' '.process.oomScoreAdj = 99999999999' \
		'.process.rlimits[0].soft = 18446744073709551616' '.process.rlimits[0].soft = -1' '.process.rlimits[0].soft = 1e3'; do
		# jq would round: write the number by hand
		cp config.json c.bak
		path=${f%% =*}
		num=${f##*= }
		jq -c "$path = \"@N@\"" c.bak | sed "s/\"@N@\"/$num/" > config.json
		create_refused web process
		cp c.bak config.json
	done
}

@test "badinput: a member twice (B-03)" {
	sed -i 's/^{/{"hostname": "first",/' config.json
	create_refused web hostname
}

@test "badinput: annotations that are no strings or have an empty key (A-01, A-02)" {
	config '.annotations = {"a": 1}'
	create_refused web annotations
	config '.annotations = {"": "x"}'
	create_refused web annotations
}

@test "badinput: config.json that is a directory" {
	rm config.json
	mkdir config.json
	create_refused web config.json
}

@test "badinput: ids (O-04)" {
	for id in a/b ../x .. . '' 'a b' 'a:b' $'a\nb' 'ä' /etc 'a*' '~' "$(printf 'x%.0s' {1..5000})"; do
		refused hull create --bundle "$BUNDLE" -- "$id"
		has "${line,,}" id
		no_trace web
		[[ -z $(ls -A "$ROOT" 2> /dev/null) ]]
		[[ $id == */* || $id == .. || -z $id ]] || continue
		for verb in state start kill delete pause resume ps; do
			run hull $verb -- "$id"
			[[ $status -eq 1 ]]
		done
	done
}

@test "badinput: an id that begins with a dash is no option" {
	run --separate-stderr hull create --bundle "$BUNDLE" -x
	[[ $status -eq 1 ]]
	no_trace -x
}

@test "badinput: every command on an unknown id says that it does not exist" {
	for verb in state start kill delete pause resume ps "exec" update "events --stats"; do
		tail=()
		[[ $verb == exec ]] && tail=(true)
		want=1
		[[ $verb == exec ]] && want=255
		# shellcheck disable=SC2086
		fails $want hull $verb nosuch "${tail[@]}"
		has "$line" "does not exist"
	done
}

@test "badinput: a state root that cannot be written" {
	: > "$T/file"
	refused "$HULL" --root "$T/file/x" create --bundle "$BUNDLE" web
	cgroup_gone
	refused "$HULL" --root "$T/file" create --bundle "$BUNDLE" web
	cgroup_gone
	refused "$HULL" --root /proc/hull create --bundle "$BUNDLE" web
	cgroup_gone
}

@test "badinput: a read-only state root" {
	mkdir "$T/ro"
	mount -t tmpfs -o ro state "$T/ro"
	status=0
	"$HULL" --root "$T/ro" create --bundle "$BUNDLE" web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || status=$?
	umount "$T/ro"
	[[ $status -eq 1 ]]
	one_line
	matches "$line" 'read-only file system'
	cgroup_gone
}

@test "badinput: a full disk while writing state" {
	mkdir "$T/full"
	mount -t tmpfs -o size=16k state "$T/full"
	for free in 0 4096 8192; do
		rm -f "$T/full/fill"
		head -c $((16384 - free)) /dev/zero > "$T/full/fill" 2> /dev/null || :
		config --arg x "$(head -c 12000 /dev/zero | tr '\0' x)" '.annotations = {"big": $x}'
		status=0
		"$HULL" --root "$T/full" create --bundle "$BUNDLE" web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || status=$?
		left=$(ls "$T/full")
		[[ $status -eq 1 && $left == fill ]] || break
		one_line || break
		matches "$line" 'no space left' || break
	done
	umount "$T/full"
	cat "$ERR"
	equal "$status $left" "1 fill"
	matches "$line" 'no space left'
	cgroup_gone
	wait_for 2 no_marked_pids
}

@test "badinput: no inodes for the state" {
	mkdir "$T/full"
	mount -t tmpfs -o nr_inodes=3 state "$T/full"
	status=0
	"$HULL" --root "$T/full" create --bundle "$BUNDLE" web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || status=$?
	left=$(ls "$T/full")
	umount "$T/full"
	equal "$status $left" "1 "
	one_line
	cgroup_gone
}

@test "badinput: too few descriptors and processes are errors, not hangs" {
	for n in 4 8 12 16; do
		status=0
		(ulimit -n $n; exec timeout 20 "$HULL" --root "$ROOT" create --bundle "$BUNDLE" web) < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || status=$?
		if [[ $status -ne 0 ]]; then
			[[ $status -eq 1 || $status -eq 127 ]]
			no_trace web
		else
			hull delete --force web
		fi
	done
}

@test "badinput: a root of another kind leaves the good container alone" {
	sleeper good
	bundle bad
	config '.root.path = "config.json"'
	refused hull create bad
	equal "$(status_of good)" running
	hull delete --force good
}
