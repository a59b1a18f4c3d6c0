# What a target says when it is asked about a migration that was cut off (migrate --recover).
# shellcheck shell=bash disable=SC2154
load ../integration/helpers

ID=dead000102030405060708090a0b0cff

# ask [TYPE]...: prints the number of the phase (checkpoint/journal.h) that hull migrate-receive
# answers to HELLO and QUERY; then sends messages of these types.
ask() {
	timeout 60 python3 - "$HULL" "$ROOT" "$ID" "$@" <<-'EOF'
		import struct, subprocess, sys
		hull, root, id, *more = sys.argv[1:]
		frame = lambda kind, meta, body=b"": struct.pack("<BBHII", kind, 0, len(meta), len(body), len(body)) + meta + body
		about = bytes.fromhex(id) + b"\0"
		hello = b"hullmig\n" + struct.pack("<HHHHQ", 1, 1, 0, 12, 0)
		out = frame(1, hello, b"x") + frame(19, about) + b"".join(frame(int(t), about) for t in more)
		said = subprocess.run([hull, "--root", root, "migrate-receive"], input=out, stdout=subprocess.PIPE).stdout
		kind, _, meta, length, _ = struct.unpack_from("<BBHII", said)
		assert kind == 1, said
		said = said[12 + meta + length:]
		assert said[:4] == struct.pack("<BBH", 20, 0, 17) and said[12:28] == bytes.fromhex(id), said
		print(said[28])
	EOF
}

journal() { # PHASE [FIELDS]
	DIR=$ROOT/@migrate/$ID
	mkdir -p "$DIR"
	echo "{\"version\":1,\"migration\":\"$ID\",\"role\":\"target\",\"peer\":\"a\",\"phase\":\"$1\",${2:-}\"started\":\"2026-11-22T15:00:00Z\"}" \
		>"$DIR/migrate.json"
}

phase() {
	jq -r .phase "$DIR/migrate.json"
}

@test "query: of one that nobody works on any more nothing can come" {
	equal "$(ask)" 0
	for p in receiving restored; do
		journal $p
		equal "$(ask)" 10
		equal "$(phase)" aborted
		equal "$(ask)" 10
	done
	rm -r "$ROOT/@migrate"
}

# of NAME PID START: the fields of a journal that say which container it is about.
of() {
	echo "\"container\":\"$1\",\"pid\":$2,\"startTime\":$3,"
}

@test "query: what was committed and has nobody to make it whole is ended, and lost" {
	local pid start

	args sleep 1000
	hull run -d web
	pid=$(hull state web | jq .pid)
	start=$(jq .starttime "$ROOT/web/state.json")
	# Another one of that name, and one that is gone.
	journal committed "$(of web "$pid" $((start + 1)))"
	equal "$(ask)" 11
	equal "$(phase)" lost
	equal "$(ask)" 11
	equal "$(hull state web | jq -r .status)" running
	journal committed "$(of other "$pid" "$start")"
	equal "$(ask)" 11
	equal "$(hull state web | jq -r .status)" running
	# While somebody works on it nothing happens to it.
	journal committed "$(of web "$pid" "$start")"
	exec 9<"$DIR"
	flock 9
	equal "$(ask)" 8
	exec 9<&-
	equal "$(hull state web | jq -r .status)" running
	equal "$(ask)" 11
	equal "$(phase)" lost
	[ ! -e "$ROOT/web" ]
	# Who started it may not have waited for it.
	[[ ! -e /proc/$pid || $(< "/proc/$pid/stat") == *") Z "* ]]
	rm -r "$ROOT/@migrate"
}

@test "query: what runs stays so" {
	journal running
	equal "$(ask)" 9
	equal "$(phase)" running
	rm -r "$ROOT/@migrate"
}

@test "query: one that somebody works on is left to him" {
	journal restored
	exec 9<"$DIR"
	flock 9
	equal "$(ask)" 7
	equal "$(phase)" restored
	exec 9<&-
	equal "$(ask)" 10
	rm -r "$ROOT/@migrate"
}

@test "query: the journal goes when the source has heard" {
	journal running
	equal "$(ask 18)" 9
	[ ! -e "$DIR" ]
	rmdir "$ROOT/@migrate"
}
