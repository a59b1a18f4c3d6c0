#!/usr/bin/env bats
# hull migrate: whatever ends at whatever moment, exactly one copy lives afterwards, with all of its memory.
load helpers

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

# The receiver, which is the source's child.
receiver() {
	pgrep -P "$(cat "$T/beside.pid")" -f migrate-receive
}

# interrupted MILLISECONDS WHO: a migration, of which WHO is killed after so long.
interrupted() {
	local words pid

	migration
	beside "${words[@]}" "local:$T/there"
	sleep "$(($1 / 1000)).$(printf %03d $(($1 % 1000)))"
	pid=$("$2") || :
	[[ -z $pid ]] || kill -9 "$pid" 2> /dev/null || :
	beside_status > /dev/null
	# What the other end does then.
	wait_for 60 has_ended
}

source_() {
	cat "$T/beside.pid"
}

# settled: --recover, where anything is left to be settled, then one of both lives, with all of its memory.
settled() {
	if [[ -e $ROOT/here/migrate.json ]]; then
		migration --recover
		quietly "${words[@]}" "local:$T/there" || {
			echo "recover: $(cat "$ERR"); $(states)"
			return 1
		}
	fi
	if [[ -e $ROOT/here ]]; then
		lives_here
	else
		lives_there
	fi
}

# killed_at N WHO
killed_at() {
	local ms

	KILLED=1
	up 32 10
	for ms in $(moments "$1"); do
		up 32 10
		interrupted "$ms" "$2"
		settled || {
			echo "after $ms ms"
			return 1
		}
		hull delete --force here 2> /dev/null || hull delete --force there
	done
}

@test "migrate: the target is killed at any moment" {
	killed_at 5 receiver
}

@test "migrate: the source is killed at any moment" {
	killed_at 5 source_
}
