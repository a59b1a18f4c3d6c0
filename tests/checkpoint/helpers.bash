# Shared by the tests of checkpoint and restore. The base is tests/integration/helpers.bash; here a
# container's program is workload.c, which sets up state and says whether it is as it was.
#
#   CRIU      the CRIU under hull: HULL_CRIU, or the one that tests/criu/prepare fetches
#   IMAGES    where images go; $T/work has CRIU's logs
#   HOSTED    the container's /data, as the host sees it

# shellcheck disable=SC2016,SC2034,SC2154
load "$(dirname "${BASH_SOURCE[0]}")/../integration/helpers"

setup_file() {
	checkpoint_setup_file
}

checkpoint_setup_file() {
	common_setup_file
	export CRIU
	CRIU=$("$HERE/../criu/prepare")/criu || return 1
	(
		flock 9
		[[ -e $STORE/rootfs/bin/workload ]] && exit 0
		"${CC:-cc}" -static -O1 -o "$STORE/workload" "$SRC"/tests/checkpoint/workload*.c \
			&& mv "$STORE/workload" "$STORE/rootfs/bin/workload"
	) 9> "$BATS_RUN_TMPDIR/store.lock"
}

setup() {
	common_setup
	checkpoint_setup
}

checkpoint_setup() {
	IMAGES=$T/images
	HOSTED=$ROOTFS/data
}

hull() {
	"$HULL" --criu "$CRIU" --root "$ROOT" "$@"
}

# Why something of hull failed: its error, and CRIU's.
why() {
	cat "$T/log" 2> /dev/null
	grep -h Error "$T/work"/*.log 2> /dev/null | tail -n 20
	return 1
}

# apart COMMAND...: like quietly, but the streams are /dev/null; errors are in $T/log.
apart() {
	local status=0

	: > "$T/log"
	"$HULL" --log "$T/log" --criu "$CRIU" --root "$ROOT" "$@" < /dev/null > /dev/null 2>&1 3>&- 4>&- \
		|| status=$?
	[[ $status -eq 0 ]] || why
}

# work PIECE...: what the container runs.
work() {
	args /bin/workload "$@"
}

# up ID [options]: the container runs, and all pieces stand.
up() {
	rm -f "$HOSTED/result"
	apart run -d --bundle "$BUNDLE" "${@:2}" "$1" && ready
}

ready() {
	wait_for 60 test -e "$HOSTED/result"
	equal "$(cat "$HOSTED/result")" ready
}

# checked ID: all is as it was.
checked() {
	rm -f "$HOSTED/result"
	hull kill "$1" USR1
	wait_for 60 test -e "$HOSTED/result" || {
		echo "no answer: $(hull state "$1")"
		return 1
	}
	equal "$(cat "$HOSTED/result")" ok
}

# save ID [options]; back ID [options]: restored from there, detached.
save() {
	apart checkpoint --image-path "$IMAGES" --work-path "$T/work" "${@:2}" "$1"
}

back() {
	apart restore -d --bundle "$BUNDLE" --image-path "$IMAGES" --work-path "$T/work" "${@:2}" "$1"
}

# survives PIECE... [-- options of both]: the container web, saved and restored, is as it was.
survives() {
	local pieces=()

	while [[ $# -gt 0 && $1 != -- ]]; do
		pieces+=("$1")
		shift
	done
	[[ $# -eq 0 ]] || shift
	work "${pieces[@]}"
	up web
	checked web
	save web "$@"
	is_gone web
	back web "$@"
	checked web
}

# Nothing runs, and hull knows nothing of it.
is_gone() {
	[[ ! -e $ROOT/$1 ]] || {
		echo "state left: $(ls -la "$ROOT/$1")"
		return 1
	}
	wait_for 5 no_marked_pids
}

# refused_log COMMAND...: it fails with 1; the message is in $line. (A command that would succeed starts a
# container: its streams are no pipes.)
refused_ckpt() {
	status=0
	hull "$@" < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || status=$?
	[[ $status -eq 1 ]] || {
		echo "status $status, not 1; output: $(cat "$OUT"); stderr: $(cat "$ERR")"
		return 1
	}
	line=$(cat "$ERR")
	has "$line" "hull: "
}
