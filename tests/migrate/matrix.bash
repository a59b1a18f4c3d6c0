# Shared by kill.bats and all/kill.bats: a migration that stands still at a moment (hull-fault stops there),
# one of its processes is killed, and exactly one copy lives afterwards, with all of its memory.
#
#   moment   "migrate:commit-sent": where hull-fault stops itself
#   who      source, target      hull at either end
#            source-criu, target-criu, and of the latter only the one that hull has started: first-criu
#            filler, guard       of the target: who fills memory in, and who looks after that one
#            ssh, sshd           between hosts: ssh at the source, its sshd at the target
#            there, back         of a connection that the caller made: who carries its bytes
#            a+b                 both at once
#
# UP is what `up` is told of the container. matrix_hosts.bash has two hosts in the place of one, matrix_fd.bash
# a connection that is there already.
#
# shellcheck shell=bash disable=SC2034,SC2154

UP=(8 4)

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

# to_there [options]: the words of a migration, with its destination.
to_there() {
	migration "$@"
	words+=("local:$T/there")
}

# stands_still MOMENT [options]: of one that stands still there, at either end.
stands_still() {
	to_there "${@:2}"
	words[0]=$FAULT
	words=(env HULL_FAULT="$1=stop" "${words[@]}")
}

source_pid() {
	cat "$T/beside.pid"
}

target_pid() {
	children "$(source_pid)" migrate-receive
}

# pid_of WHO: nothing if there is none now.
pid_of() {
	local source target filler criu='^criu: |swrk'

	if [[ $1 == *+* ]]; then
		pid_of "${1%%+*}"
		pid_of "${1#*+}"
		return
	fi
	source=$(source_pid)
	target=$(target_pid)
	case $1 in
	source) echo "$source" ;;
	target) echo "$target" ;;
	ssh) pgrep -P "$source" -x ssh || : ;;
	sshd) sshd_pid ;;
	there | back) relay_pid "$1" ;;
	source-criu) children "$source" "$criu" ;;
	first-criu) [[ -z $target ]] || pgrep -o -P "$target" -f -- "$criu" || : ;;
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

# is_up: the container is here, where it may have been left.
is_up() {
	[[ ! -e $ROOT/here ]] || return 0
	far delete --force there
	up "${UP[@]}"
}

# at_moment MOMENT [options]: a migration that stands still there; $stopped is who does.
at_moment() {
	local words

	stands_still "$@"
	beside "${words[@]}"
	wait_for 60 is_there || {
		echo "nobody came to $1: $(cat "$ERR")"
		return 1
	}
}

go_on() {
	# Who only waits for the source stands still with it.
	kill -CONT "$stopped" "$(cat "$T/beside.pid")" 2> /dev/null || :
	wait_for 60 test -s "$T/beside.rc"
	# What the other end does then.
	wait_for 60 has_ended
}

recover() {
	local words

	to_there --recover
	quietly "${words[@]}" || {
		echo "recover: $(cat "$ERR"); $(states)"
		return 1
	}
	cat "$ERR"
}

# settled: --recover, where anything is left to be settled, then one of both lives, with all of its memory:
# $lives says which.
settled() {
	[[ ! -e $ROOT/here/migrate.json ]] || recover
	if [[ -e $ROOT/here ]]; then
		lives=here
	else
		lives=there
	fi
	"lives_$lives"
}

# killed MOMENT WHO... [-- options]: each of these, where it is there at that moment. With EXPECTED, here or there,
# that copy has to live.
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
		is_up
		at_moment "$moment" "$@"
		# CRIU is more than one, while it restores; some of it may have ended by now.
		mapfile -t pids < <(pid_of "$who")
		pid=${pids[*]}
		# Nobody of them sees another one's end.
		((${#pids[@]} < 2)) || kill -STOP "${pids[@]}" 2> /dev/null || :
		[[ -z $pid ]] || kill -9 "${pids[@]}" 2> /dev/null || :
		go_on
		# No ||, which would have bash go on after what fails in it.
		echo "at $moment, $who is ${pid:-not there}: $(cat "$T/beside.rc" "$ERR")"
		settled
		[[ -z $pid ]] || equal "$lives" "${EXPECTED:-$lives}"
		[[ -z $pid ]] || count=$((count + 1))
	done
}

# at_each LEAST MOMENT... -- WHO... [-- options]: at least so many were there to be killed.
at_each() {
	local moments=() moment least=$1

	shift
	while [[ $1 != -- ]]; do
		moments+=("$1")
		shift
	done
	shift
	count=0
	for moment in "${moments[@]}"; do
		killed "$moment" "$@"
	done
	echo "$count were killed"
	((count >= least))
}

# slowly_filled MS [options]: a migration whose memory takes that long at least to fill in, by hull-fault.
slowly_filled() {
	local ms=$1

	shift
	migration --json "$@"
	words[0]=$FAULT
	quietly env HULL_FAULT=filler:step=slow HULL_FAULT_NUMBER=quiet=5000 "${words[@]}" "local:$T/there" || {
		cat "$ERR"
		return 1
	}
	lives_there
	jq -e ".fillMs > $ms" "$OUT"
	# It is told how much is in, and that grows.
	jq -es 'map(select(.phase == "filling").memoryBytes) | length > 2 and .[-1] > .[0] and . == sort' "$ERR"
}

# lied_to KIND...: a migration to a target that lies (tests/migrate/liar); what hull says is in $line.
lied_to() {
	words=("$FAULT" --criu "$CRIU" --root "$ROOT" migrate "${options[@]}"
		--ssh-command "$SRC/tests/migrate/liar $* --" here "nowhere:$T/there")
	status=0
	quietly env HULL_FAULT_NUMBER=quiet=2000 "${words[@]}" || status=$?
	line=$(cat "$ERR")
	equal "$status" 1
}
