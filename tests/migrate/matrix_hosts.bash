# The matrix of kills between two hosts, by real ssh: `load helpers`, `load hosts`, `load matrix`, then this.
# shellcheck shell=bash disable=SC2034,SC2154

setup_file() {
	kill_setup_file
	hosts_up
}

# So that a cut is noticed before the test's patience ends.
SSH="ssh -T -o ConnectTimeout=2 -o ServerAliveInterval=1 -o ServerAliveCountMax=3"

to_there() {
	migration --ssh-command "$SSH" "$@"
}

stands_still() {
	printf '#!/bin/sh\nHULL_FAULT=%q exec %q "$@"\n' "$1=stop" "$FAULT" > "$T/faulty"
	chmod 755 "$T/faulty"
	to_there --target-hull "$T/faulty" "${@:2}"
	words[2]=$FAULT
	words=("${words[@]:0:2}" env HULL_FAULT="$1=stop" "${words[@]:2}")
}

# Who enters the host waits for it.
source_pid() {
	pgrep -P "$(cat "$T/beside.pid")" || :
}

there_pid() { # [options of pgrep] PATTERN
	pgrep --ns "$(cat "$HOSTS/B/init")" --nslist pid -f "$@" || :
}

# It is older than whom it has started; not the shell that sshd has started.
target_pid() {
	there_pid -o -- '^[^ ]*hull[^ ]* .*migrate-receive$'
}

sshd_pid() {
	there_pid -- '^sshd: root'
}

# cut MOMENT [options]: the link is cut then. It goes on here or stands still until it can be asked about, and
# exactly one copy lives then.
cut() {
	KILLED=1
	is_up
	at_moment "$@"
	unplug B
	kill -CONT "$stopped" "$(cat "$T/beside.pid")"
	wait_for 120 test -s "$T/beside.rc"
	echo "at $1, the link was cut: $(cat "$T/beside.rc" "$ERR")"
	differ "$(cat "$T/beside.rc")" 0
	if [[ -e $ROOT/here/migrate.json ]]; then
		equal "$(status_of here)" paused
		! recover
		has "$(cat "$ERR")" "stays frozen"
		equal "$(status_of here)" paused
		link_up
		wait_for 180 recover
	else
		equal "$(status_of here)" running
		goes_on
		link_up
	fi
	wait_for 180 has_ended
	settled
	equal "$lives" "${EXPECTED:-$lives}"
}
