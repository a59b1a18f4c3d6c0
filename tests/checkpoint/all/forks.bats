# A container that forks all the time: each dump of it succeeds, or leaves it as it was.
load ../helpers

@test "forks: two hundred dumps of a container that forks all the time" {
	local i n=0

	# shellcheck disable=SC2016
	args /bin/sh -c 'i=0; while :; do /bin/true; (:); i=$((i + 1)); echo $i > /data/n; done & while :; do sh -c "/bin/true & wait"; done & wait'
	apart run -d --bundle "$BUNDLE" web
	wait_for 20 test -s "$HOSTED/n"
	for ((i = 0; i < ${HULL_TEST_DUMPS:-200}; i++)); do
		save web --leave-running || {
			n=$((n + 1))
			echo "dump $i: $(cat "$T/log")"
			grep Error "$T/work/dump.log"
		}
		is_status web running
		rm -rf "$IMAGES" "$T/work"
	done
	equal "$n" 0
}
