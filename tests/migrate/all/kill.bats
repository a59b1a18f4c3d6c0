#!/usr/bin/env bats
# hull migrate: each of its processes is killed at each moment; and at moments that nobody has chosen.
# shellcheck disable=SC2034,SC2154
load ../helpers
load ../matrix

everybody=(source target source-criu target-criu first-criu filler guard)

matrix() { # LEAST MOMENT...
	at_each "$@" -- "${everybody[@]}"
}

@test "migrate: the kill matrix: while it runs" {
	matrix 8 migrate:begin receive:begin migrate:rounds migrate:dump
}

@test "migrate: the kill matrix: while it stands still" {
	matrix 12 checkpoint:look migrate:dumped "migrate:images sent" receive:received
}

@test "migrate: the kill matrix: before CRIU restores" {
	matrix 20 filler:begin restore:state restore:cgroup "restore:mount points"
}

@test "migrate: the kill matrix: while CRIU restores" {
	matrix 20 restore:begin restore:setup-namespaces restore:post-restore receive:restored
}

@test "migrate: the kill matrix: commit" {
	matrix 20 migrate:commit-sent receive:committed receive:resumed "restore:hand over"
}

@test "migrate: the kill matrix: while memory is filled in" {
	matrix 8 migrate:resumed receive:filling filler:filled receive:running
	# A target that dies now keeps a journal that nobody needs to ask about.
	killed migrate:committed source source-criu
}

@test "migrate: the kill matrix, memory copied after it stopped" {
	at_each 25 migrate:dump migrate:dumped "migrate:images sent" receive:received receive:restored migrate:commit-sent \
		receive:committed receive:resumed receive:filling receive:running -- source target source-criu target-criu \
		-- --mode stop
	killed migrate:committed source source-criu -- --mode stop
}

# later MODE...: memory comes after COMMIT. Before, it goes on here; afterwards, too, when who has the memory or who
# fills it in dies.
later() {
	UP=(8 40)
	EXPECTED=here at_each 18 migrate:dump migrate:dumped "migrate:images sent" receive:received restore:state \
		restore:post-restore receive:restored -- source target target-criu filler -- --mode "$@"
	EXPECTED=here at_each 8 migrate:commit-sent receive:committed receive:resumed "restore:hand over" -- source filler \
		-- --mode "$@"
	at_each 16 migrate:commit-sent receive:committed receive:resumed "restore:hand over" migrate:resumed receive:filling \
		-- target target-criu guard target+target-criu+filler+guard -- --mode "$@"
	EXPECTED=there at_each 1 receive:running -- source -- --mode "$@"
	at_each 2 filler:filled -- source filler -- --mode "$@"
}

@test "migrate: the kill matrix, all memory is copied after COMMIT" {
	later postcopy
}

@test "migrate: the kill matrix, what is dirty in the end is copied after COMMIT" {
	later hybrid --max-rounds 1
}

# moments N: a migration of what is up, and N times in milliseconds between its beginning and its end.
moments() {
	local total i

	migrate --json
	lives_there
	hull delete --force there
	total=$(jq '.totalMs | floor' "$OUT")
	for ((i = 1; i <= $1; i++)); do
		echo $((total * i / ($1 + 1)))
	done
}

# interrupted MILLISECONDS WHO: a migration, of which WHO is killed after so long.
interrupted() {
	local words pids

	to_there
	beside "${words[@]}"
	sleep "$(($1 / 1000)).$(printf %03d $(($1 % 1000)))"
	mapfile -t pids < <(pid_of "$2")
	[[ -z ${pids[*]} ]] || kill -9 "${pids[@]}" 2> /dev/null || :
	beside_status > /dev/null
	wait_for 60 has_ended
}

# killed_at N WHO
killed_at() {
	local ms

	KILLED=1
	up 32 10
	for ms in $(moments "$1"); do
		up 32 10
		interrupted "$ms" "$2"
		echo "after $ms ms:"
		settled
		hull delete --force here
		hull delete --force there
	done
}

@test "migrate: the target is killed at any moment" {
	killed_at 15 target
}

@test "migrate: the source is killed at any moment" {
	killed_at 15 source
}

@test "migrate: CRIU is killed at any moment" {
	killed_at 8 source-criu
	killed_at 8 target-criu
	killed_at 8 first-criu
}
