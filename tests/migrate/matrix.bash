# Shared by kill.bats and all/kill.bats: a migration that stands still at a moment (hull-fault stops there),
# one of its processes is killed, and exactly one copy lives afterwards, with all of its memory.
#
#   moment   "migrate:commit-sent": where hull-fault stops itself
#   who      source, target      hull at either end
#            source-criu, target-criu
#            filler, guard       of the target: who fills memory in, and who looks after that one
#
# shellcheck shell=bash disable=SC2034,SC2154

kill_setup_file() {
	helpers_setup_file
	export FAULT
	FAULT=$(dirname "$HULL")/hull-fault
	[[ -x $FAULT ]] || skip "needs hull-fault: make hull-fault"
}

setup_file() {
	kill_setup_file
}

# children PID WORD: those whose command line has that word.
children() {
	pgrep -P "$1" -f -- "$2" || :
}

# pid_of WHO: nothing if there is none now.
pid_of() {
	local source target filler criu='^criu: |swrk'

	source=$(cat "$T/beside.pid")
	target=$(children "$source" migrate-receive)
	case $1 in
	source) echo "$source" ;;
	target) echo "$target" ;;
	source-criu) children "$source" "$criu" ;;
	target-criu) [[ -z $target ]] || children "$target" "$criu" ;;
	filler) [[ -z $target ]] || pgrep -P "$target" -x hull-filler || : ;;
	guard)
		filler=$([[ -z $target ]] || pgrep -P "$target" -x hull-filler) || return 0
		[[ -z $filler ]] || pgrep -P "$filler" -x hull-guard || :
		;;
	esac
}

# Which of them has stopped itself.
stopped_one() {
	local who pid

	for who in source target filler; do
		pid=$(pid_of "$who")
		[[ -z $pid ]] || ! grep -qs '^State:.T' "/proc/$pid/status" || {
			echo "$pid"
			return 0
		}
	done
	return 1
}

is_there() {
	stopped=$(stopped_one)
}

# at_moment MOMENT [options]: a migration that stands still there; $stopped is who does.
at_moment() {
	local words moment=$1

	shift
	migration "$@"
	words[0]=$FAULT
	beside env HULL_FAULT="$moment=stop" "${words[@]}" "local:$T/there"
	wait_for 60 is_there || {
		echo "nobody came to $moment: $(cat "$ERR")"
		return 1
	}
}

go_on() {
	kill -CONT "$stopped" 2> /dev/null || :
	wait_for 60 test -s "$T/beside.rc"
	# What the other end does then.
	wait_for 60 has_ended
}

# settled: --recover, where anything is left to be settled, then one of both lives, with all of its memory.
settled() {
	if [[ -e $ROOT/here/migrate.json ]]; then
		migration --recover
		quietly "${words[@]}" "local:$T/there" || {
			echo "recover: $(cat "$ERR"); $(states)"
			return 1
		}
		cat "$ERR"
	fi
	if [[ -e $ROOT/here ]]; then
		lives_here
	else
		lives_there
	fi
}

# killed MOMENT WHO... [-- options]: each of these, where it is there at that moment.
killed() {
	local moment=$1 who pid pids whos=()

	shift
	while [[ $# -gt 0 && $1 != -- ]]; do
		whos+=("$1")
		shift
	done
	[[ $# -eq 0 ]] || shift
	KILLED=1
	for who in "${whos[@]}"; do
		[[ -e $ROOT/here ]] || {
			hull delete --force there
			up 8 4
		}
		at_moment "$moment" "$@"
		# CRIU is more than one, while it restores.
		mapfile -t pids < <(pid_of "$who")
		pid=${pids[*]}
		[[ -z $pid ]] || kill -9 "${pids[@]}"
		go_on
		# No ||, which would have bash go on after what fails in it.
		echo "at $moment, $who is ${pid:-not there}: $(cat "$T/beside.rc" "$ERR")"
		settled
		[[ -z $pid ]] || count=$((count + 1))
	done
}
