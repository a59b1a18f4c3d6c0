#!/usr/bin/env bats
# hull migrate: each mode, by each transport, with each load and compression.
load ../helpers
load ../hosts

# MiB/s written, and what may go over the link in a second: the last one is never done copying.
LOADS=("0" "20" "200" "100 --bandwidth 24M")
COMPRESSIONS=(none lz4 zstd)

# far: who has the container afterwards.
far() {
	on "$TARGET" hull "$@"
}

# by_fd: two pipes, which somebody has put between hull and hull migrate-receive.
by_fd() { # [options]
	mkfifo "$T/to" "$T/from"
	"$HOSTS/on" B hull migrate-receive < "$T/to" > "$T/from" 2> "$T/receive" 3>&- 4>&- &
	"$HOSTS/on" A hull migrate --json --name there "$@" here fd:5,6 6> "$T/to" 5< "$T/from" \
		> "$OUT" 2> "$ERR" < /dev/null 3>&- 4>&- || {
		cat "$ERR" "$T/receive"
		return 1
	}
	rm "$T/to" "$T/from"
}

by_local() {
	TO=local:$T/there migrate --json "$@"
}

by_ssh() {
	migrate --json "$@"
}

# The last line that is seen says which one failed.
one() { # MODE TRANSPORT COMPRESSION RATE [options]
	local mode=$1 transport=$2 compress=$3 rate=$4

	shift 4
	echo "# $mode, $transport, $compress, $rate MiB/s $*:"
	up 32 "$rate"
	"by_$transport" --mode "$mode" --compress "$compress" "$@"
	lives_there
	jq -c '[.totalMs, .downtimeMs, .rounds, .bytes]' "$OUT"
	far delete --force there
}

all_of() { # MODE TRANSPORT
	local load how words

	TARGET=B
	[[ $2 != local ]] || TARGET=A FAR=$ROOT
	# It says no bundle: the one of the same name over there.
	[[ $2 != fd ]] || on B mount --bind "$T/there" "$T/here"
	for load in "${LOADS[@]}"; do
		read -ra words <<< "$load"
		for how in "${COMPRESSIONS[@]}"; do
			one "$1" "$2" "$how" "${words[@]}"
		done
	done
	[[ $2 != fd ]] || on B umount "$T/here"
}

@test "matrix: stop and copy, to the same host" {
	all_of stop local
}

@test "matrix: stop and copy, by two pipes" {
	all_of stop fd
}

@test "matrix: stop and copy, by ssh" {
	all_of stop ssh
}

@test "matrix: pre-copy, to the same host" {
	all_of precopy local
}

@test "matrix: pre-copy, by two pipes" {
	all_of precopy fd
}

@test "matrix: pre-copy, by ssh" {
	all_of precopy ssh
}

@test "matrix: post-copy, to the same host" {
	all_of postcopy local
}

@test "matrix: post-copy, by two pipes" {
	all_of postcopy fd
}

@test "matrix: post-copy, by ssh" {
	all_of postcopy ssh
}

@test "matrix: hybrid, to the same host" {
	all_of hybrid local
}

@test "matrix: hybrid, by two pipes" {
	all_of hybrid fd
}

@test "matrix: hybrid, by ssh" {
	all_of hybrid ssh
}
