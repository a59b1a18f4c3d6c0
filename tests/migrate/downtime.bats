#!/usr/bin/env bats
# How long the container stands still, as somebody outside sees it, and as hull says.
load helpers

# The program that counts, and its observer: tests/bench/ticker.c.
counting() {
	local name

	for name in there here; do
		cp "$T/ticker" "$T/$name/rootfs/bin/ticker"
		BUNDLE=$T/$name args /bin/ticker run /data/count "$@"
	done
	apart run -d --bundle "$T/here" here && wait_for 60 counts
}

counts() {
	local was is

	[[ -s $HOSTED/count ]] || return 1
	was=$(od -An -tu8 -N8 "$HOSTED/count")
	sleep 0.05
	is=$(od -An -tu8 -N8 "$HOSTED/count")
	[[ $was -gt 0 && $was != "$is" ]]
}

# observed COMMAND...: the longest time in which nothing was counted meanwhile, in $gap.
observed() {
	local pid rc=0

	rm -f "$T/end"
	mkfifo "$T/end"
	"$T/ticker" watch "$HOSTED/count" < "$T/end" > "$T/gap" 3>&- 4>&- &
	pid=$!
	exec 7> "$T/end"
	sleep 0.1
	"$@" 7>&- || rc=$?
	wait_for 60 counts || rc=$?
	exec 7>&-
	wait "$pid"
	gap=$(cat "$T/gap")
	return $rc
}

@test "migrate: the downtime it says is the one that is seen from outside" {
	local gap apart="" _

	"${CC:-cc}" -static -O1 -o "$T/ticker" "$SRC/tests/bench/ticker.c"
	# The observer may have to wait for a processor: the best of three.
	for _ in 1 2 3; do
		counting 64 20
		observed migrate --json
		apart+=$(jq -c --argjson seen "$gap" '{seen: $seen, said: .downtimeMs}' "$OUT")
		far delete --force there
	done
	echo "$apart"
	jq -es 'any(.seen > 10 and (.said - .seen | fabs) <= ([.seen * 0.05, 10] | max))' <<< "$apart"
}

# in_tmpfs COMMAND...: with a /run in which CRIU keeps what it knows of the kernel.
in_tmpfs() {
	unshare -m --propagation private sh -c 'mount -t tmpfs tmpfs /run && exec "$@"' sh "$@"
}

# The usual state of a host; then CRIU has nothing to do with the network namespace.
@test "migrate: CRIU works in the container's network namespace, and a new one takes its place" {
	local words old

	script 'ifconfig lo 127.0.0.9; exec /bin/mover 2 1'
	config '.process.capabilities[] += ["CAP_NET_ADMIN"]'
	cp "$T/here/config.json" "$T/config"
	jq -c --arg cg "/$CG/there" '.linux.cgroupsPath = $cg' "$T/config" > "$T/there/config.json"
	apart run -d here && goes_on
	old=$(readlink "/proc/$(pid_of here)/ns/net")
	migration --json
	quietly in_tmpfs "$HULL" --debug --log "$T/debug" "${words[@]:1}" "local:$T/there" || { cat "$ERR"; false; }
	lives_there
	differ "$(readlink "/proc/$(pid_of there)/ns/net")" "$(readlink /proc/self/ns/net)"
	differ "$(readlink "/proc/$(pid_of there)/ns/net")" "$old"
	has "$(far exec there ifconfig lo)" 127.0.0.1
	has "$(cat "$T/debug")" "CRIU works in the container's network namespace"
}
