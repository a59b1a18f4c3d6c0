# Each step of checkpoint and restore fails, or hull is killed there. hull-fault is hull with fault points.
load helpers

setup_file() {
	checkpoint_setup_file
	export FAULT
	FAULT=$(dirname "$HULL")/hull-fault
	[[ -x $FAULT ]] || skip "needs hull-fault: make hull-fault"
}

faulty() { # FAULT COMMAND...
	local fault=$1

	shift
	status=0
	HULL_FAULT=$fault timeout 60 "$FAULT" --criu "$CRIU" --root "$ROOT" "$@" < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- \
		|| status=$?
}

# The steps that COMMAND went through.
steps_of() { # KIND COMMAND...
	local kind=$1

	shift
	rm -f "$T/log"
	"$FAULT" --debug --log "$T/log" --criu "$CRIU" --root "$ROOT" "$@" < /dev/null > /dev/null 2>&1 3>&- 4>&-
	sed -n "s/.*msg=\"$kind: \([^\"]*\) ([0-9.]* us)\".*/\1/p" "$T/log" | sort -u > "$T/steps"
}

@test "faults: checkpoint: when a step fails the container runs on" {
	local step n=0

	work mem:1
	up web
	steps_of checkpoint checkpoint --image-path "$IMAGES" --work-path "$T/work" --leave-running web
	while read -r step; do
		n=$((n + 1))
		faulty "checkpoint:$step" checkpoint --image-path "$IMAGES" --work-path "$T/work" web
		equal "$status $(grep -c "injected fault at 'checkpoint:$step'" "$ERR")" "1 1"
		is_status web running
		checked web
	done < "$T/steps"
	((n >= 5))
}

@test "faults: checkpoint: when hull is killed at a step, the container can be resumed" {
	local step

	work mem:1
	up web
	steps_of checkpoint checkpoint --image-path "$IMAGES" --work-path "$T/work" --leave-running web
	while read -r step; do
		faulty "checkpoint:$step=kill" checkpoint --image-path "$IMAGES" --work-path "$T/work" web
		equal "$status" 137
		[[ $(status_of web) == running ]] || hull resume web
		checked web
	done < "$T/steps"
}

@test "faults: restore: when a step fails nothing is left; then it succeeds" {
	local step n=0

	work mem:1
	up web
	save web
	steps_of restore restore -d --image-path "$IMAGES" --work-path "$T/work" web
	checked web
	hull delete --force web
	while read -r step; do
		n=$((n + 1))
		faulty "restore:$step" restore -d --image-path "$IMAGES" --work-path "$T/work" web
		equal "$status $(grep -c "injected fault at 'restore:$step'" "$ERR")" "1 1"
		no_trace web
	done < "$T/steps"
	((n >= 10))
	back web
	checked web
}

@test "faults: restore: when hull is killed at a step, delete --force removes what is left" {
	local step

	work mem:1
	up web
	save web
	steps_of restore restore -d --image-path "$IMAGES" --work-path "$T/work" web
	hull delete --force web
	while read -r step; do
		faulty "restore:$step=kill" restore -d --image-path "$IMAGES" --work-path "$T/work" web
		equal "$status" 137
		hull delete --force web
		no_trace web || {
			echo "killed at $step"
			return 1
		}
	done < "$T/steps"
}
