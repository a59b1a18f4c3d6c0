# The matrix of kills by a connection that is there already: `load helpers`, `load matrix`, then this. Two
# processes carry its bytes, `there` and `back`.
# shellcheck shell=bash disable=SC2034,SC2154

# A program that has its words run with such a connection. No bundle can be said: it is the one of the same name
# over there.
setup_fd() {
	cat > "$T/by_fd" <<-END
		#!/bin/bash
		cd "$T/wires" && rm -f ./* && mkfifo a b c d || exit
		peer='mount --bind "$T/there" "$T/here" && exec "\$@"'
		(setsid unshare -m sh -c "\$peer" sh "\${HULL_PEER:-$HULL}" --root "$FAR" --criu "$CRIU" migrate-receive \\
			< b > c 2> "$T/receive" & echo "\$!" > peer)
		(setsid cat < a > b & echo "\$!" > there)
		(setsid cat < c > d & echo "\$!" > back)
		exec "\$@" 6> a 5< d
	END
	chmod 755 "$T/by_fd"
	mkdir "$T/wires"
}

to_there() {
	words=("$T/by_fd" "$HULL" --criu "$CRIU" --root "$ROOT" migrate --name there "$@" here "fd:5,6")
}

stands_still() {
	to_there "${@:2}"
	words[1]=$FAULT
	words=(env HULL_FAULT="$1=stop" HULL_PEER="$FAULT" "${words[@]}")
}

relay_pid() {
	local pid

	pid=$(cat "$T/wires/$1")
	[[ ! -e /proc/$pid ]] || echo "$pid"
}

target_pid() {
	relay_pid peer
}
