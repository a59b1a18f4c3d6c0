load helpers

@test "concurrency: of many creates of one id exactly one wins" {
	args sleep 1000
	for ((round = 0; round < $(rounds 5 1); round++)); do
		pids=()
		for i in {1..8}; do
			bundle "b$round-$i"
			args sleep 1000
			"$HULL" --root "$ROOT" create web < /dev/null > "$T/o$i" 2> "$T/e$i" 3>&- 4>&- &
			pids+=($!)
		done
		won=0
		for i in {1..8}; do
			if wait "${pids[i - 1]}"; then
				won=$((won + 1))
			else
				matches "$(cat "$T/e$i")" 'already exists|being created|is (in use|locked)'
			fi
		done
		equal "$won" 1
		equal "$(status_of web)" created
		hull start web
		equal "$(status_of web)" running
		hull delete --force web
		[[ -z $(find "$CGROOT/$CG" -mindepth 1 -type d) ]]
	done
}

@test "concurrency: twenty runs at once" {
	pids=()
	for i in {1..20}; do
		bundle "b$i"
		script "exit $i"
		"$HULL" --root "$ROOT" run "c$i" < /dev/null > "$T/o$i" 2> "$T/e$i" 3>&- 4>&- &
		pids+=($!)
	done
	for i in {1..20}; do
		rc=0
		wait "${pids[i - 1]}" || rc=$?
		equal "$i: $rc $(cat "$T/e$i")" "$i: $i "
	done
	[[ -z $(hull list -q) ]]
}

@test "concurrency: of many starts exactly one wins, the program runs once" {
	script 'echo x >> /ran; sleep 1000'
	create web
	pids=()
	for i in {1..8}; do
		"$HULL" --root "$ROOT" start web < /dev/null > "$T/o$i" 2> "$T/e$i" 3>&- 4>&- &
		pids+=($!)
	done
	won=0
	for i in {1..8}; do
		wait "${pids[i - 1]}" && won=$((won + 1))
	done
	equal "$won" 1
	wait_for 5 test -s "$ROOTFS/ran"
	equal "$(wc -l < "$ROOTFS/ran")" 1
}

@test "concurrency: many deletes at once all succeed or say that it is gone" {
	args sleep 1000
	start_it web
	pids=()
	for i in {1..8}; do
		"$HULL" --root "$ROOT" delete --force web < /dev/null > "$T/o$i" 2> "$T/e$i" 3>&- 4>&- &
		pids+=($!)
	done
	for i in {1..8}; do
		wait "${pids[i - 1]}"
	done
	no_trace web
}

@test "concurrency: state and list never fail or show nonsense while containers come and go" {
	args sleep 1000
	for ((i = 0; i < $(rounds 25 5); i++)); do
		"$HULL" --root "$ROOT" create web < /dev/null > /dev/null 2>&1 3>&- 4>&-
		"$HULL" --root "$ROOT" start web
		"$HULL" --root "$ROOT" delete --force web
	done &
	worker=$! WORKER=$!
	while kill -0 $worker 2> /dev/null; do
		run --separate-stderr hull state web
		if [[ $status -eq 0 ]]; then
			matches "$(jq -r .status <<< "$output")" '^(creating|created|running|stopped)$'
		else
			matches "$stderr" 'does not exist'
		fi
		run hull list --format json
		[[ $status -eq 0 || $output == *nosuch* || $output == *"No such file"* ]]
	done
	wait $worker
	WORKER=
}

teardown() {
	[[ -z ${WORKER:-} ]] || kill "$WORKER" 2> /dev/null || :
	common_teardown
}

@test "concurrency: exec while the container is being deleted is an error or a status, never a hang" {
	for _ in 1 2 3 4 5; do
		sleeper web
		timeout 20 "$HULL" --root "$ROOT" exec web true < /dev/null > /dev/null 2>&1 3>&- 4>&- &
		e=$!
		hull delete --force web
		rc=0
		wait $e || rc=$?
		[[ $rc -ne 124 ]]
	done
}
