# In the guest: an ordinary user with systemd, whose manager delegates cgroups (systemd.exec(5), Delegate=).

load ../engines/helpers

MANAGER=/user.slice/user-1000.slice/user@1000.service

as_lab() {
	setpriv --reuid 1000 --regid 1000 --init-groups env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/home/lab USER=lab \
		XDG_RUNTIME_DIR=/run/user/1000 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus HULL="$HULL" "$@"
}

# As the only process of a scope, and in a service; both are delegated.
in_scope() {
	as_lab systemd-run --user --scope --quiet -p Delegate=yes "$@"
}

in_service() {
	as_lab systemd-run --user --quiet --wait --pipe -p Delegate=yes -E HULL="$HULL" --working-directory="$BUNDLE" "$@" < /dev/null
}

has_bus() {
	as_lab busctl --user status
}

setup_file() {
	[ -d /run/systemd/system ] || skip "needs systemd"
	loginctl enable-linger lab
	until_true has_bus
}

setup() {
	BUNDLE=$BATS_TEST_TMPDIR/b
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR"
	mkdir -p "$BUNDLE"/rootfs/{bin,dev,etc,proc,sys,tmp}
	cp "$(command -v busybox)" "$BUNDLE/rootfs/bin/busybox"
	for name in sh cat cut id sleep mkdir ls echo; do
		ln -s busybox "$BUNDLE/rootfs/bin/$name"
	done
	chown -R lab:lab "$BUNDLE"
	cd "$BUNDLE" || return 1
	as_lab "$HULL" spec --rootless
	# Without a cgroup namespace a process sees where it is.
	config '.process.terminal = false | .linux.namespaces |= map(select(.type != "cgroup"))
		| .mounts |= map(select(.type != "cgroup"))'
}

teardown() {
	as_lab "$HULL" delete --force web
	[ -z "$(find /sys/fs/cgroup -type d -name hull)" ]
	[ -z "$(ls /run/user/1000/hull)" ]
}

config() {
	jq -c "$@" < config.json > config.new
	mv config.new config.json
}

script() {
	config --arg s "$1" '.process.args = ["sh", "-c", $s]'
}

limits() {
	config '.linux.resources = {"pids": {"limit": 50}, "memory": {"limit": 104857600}}'
}

SHOW='d=/sys/fs/cgroup$(cut -c4- /proc/self/cgroup); cat /proc/self/cgroup $d/pids.max $d/memory.max'

has() {
	[[ $1 == *"$2"* ]] || {
		printf 'no <%s> in:\n%s\n' "$2" "$1"
		return 1
	}
}

@test "rootless: limits apply in a scope and in a service of the user's manager" {
	limits
	script "$SHOW"
	for run in in_scope in_service; do
		output=$($run "$HULL" run web)
		[[ ${output//$'\n'/ } =~ ^0::$MANAGER/app.slice/run-[^/]*/hull/web\ 50\ 104857600$ ]] || {
			echo "$run: $output"
			return 1
		}
	done
}

@test "rootless: in a service with DelegateSubgroup= the container is beside it" {
	limits
	script "$SHOW"
	printf '%s\n' 'cat /proc/self/cgroup' '"$HULL" run web' 'cat /proc/self/cgroup' > "$BATS_TEST_TMPDIR/job"
	output=$(in_service -p DelegateSubgroup=main sh "$BATS_TEST_TMPDIR/job")
	[[ ${output//$'\n'/ } =~ ^0::($MANAGER/app.slice/run-[^/]*)/main\ 0::([^\ ]*)/hull/web\ 50\ 104857600\ 0:: ]]
	[ "${BASH_REMATCH[1]}" = "${BASH_REMATCH[2]}" ]
}

@test "rootless: a shell in the same cgroup is never moved: the error says what to do" {
	limits
	script "$SHOW"
	printf '%s\n' '"$HULL" run web 2>&1' 'cat /proc/self/cgroup' > "$BATS_TEST_TMPDIR/job"
	output=$(in_scope sh "$BATS_TEST_TMPDIR/job")
	has "$output" "linux.resources: cgroup '$MANAGER/app.slice/run-"
	has "$output" "other processes than hull live in it"
	has "$output" DelegateSubgroup=
	[[ ${output##*$'\n'} == 0::$MANAGER/app.slice/run-*.scope ]]
}

@test "rootless: without delegation a container runs without a cgroup, and limits are refused" {
	script 'cat /proc/self/cgroup'
	output=$(as_lab "$HULL" run web)
	[ "$output" = "$(cat /proc/self/cgroup)" ]
	limits
	rc=0
	output=$(as_lab "$HULL" run web 2>&1) || rc=$?
	[ $rc -eq 1 ]
	has "$output" "linux.resources: create cgroup"
	has "$output" "(EACCES)"
	has "$output" "systemd-run --user --scope -p Delegate=yes"
	[ ! -e /run/user/1000/hull/web ]
}

@test "rootless: all commands on a container with limits in a delegated cgroup" {
	limits
	config '.process.args = ["sleep", "1000"]'
	pid_file=/run/user/1000/hull-test.pid
	as_lab systemd-run --user --quiet --unit=hull-test -p Delegate=yes -p DelegateSubgroup=main -p Type=forking \
		-p PIDFile="$pid_file" --working-directory="$BUNDLE" "$HULL" run -d --pid-file "$pid_file" web
	pid=$(cat "$pid_file")
	cgroup=$MANAGER/app.slice/hull-test.service/hull/web
	[ "$(cat "/proc/$pid/cgroup")" = "0::$cgroup" ]
	[ "$(as_lab "$HULL" state web | jq -r '"\(.status) \(.pid)"')" = "running $pid" ]
	[ "$(as_lab "$HULL" list --format json | jq -r '.[] | "\(.id) \(.owner)"')" = "web lab" ]
	[ "$(as_lab "$HULL" ps --format json web | jq -c .)" = "[$pid]" ]
	as_lab "$HULL" update --pids-limit 77 web
	[ "$(cat "/sys/fs/cgroup$cgroup/pids.max")" = 77 ]
	[ "$(as_lab "$HULL" events --stats web | jq .data.pids.limit)" = 77 ]
	as_lab "$HULL" pause web
	[ "$(as_lab "$HULL" state web | jq -r .status)" = paused ]
	as_lab "$HULL" resume web
	# From where the user may not move processes to it, and from where it may.
	rc=0
	output=$(as_lab "$HULL" exec web id -u 2>&1) || rc=$?
	[ $rc -eq 255 ]
	has "$output" "(EACCES)"
	has "$output" "within what was delegated to the user"
	[ "$(as_lab systemd-run --user --scope --quiet "$HULL" exec web cat /proc/self/cgroup)" = "0::$cgroup" ]
	# root sees it, where it says
	[ "$("$HULL" --root /run/user/1000/hull list -q)" = web ]
	as_lab "$HULL" kill web KILL
	until_true sh -c "! kill -0 $pid"
	as_lab "$HULL" delete web
	until_true sh -c "[ ! -e /sys/fs/cgroup$cgroup ]"
	as_lab systemctl --user stop hull-test || :
}

@test "rootless: an OOM of the container is counted in its cgroup" {
	limits
	config '.linux.resources.memory = {"limit": 8388608, "swap": 8388608}'
	config '.process.args = ["busybox", "tail", "/dev/zero"]'
	rc=0
	in_scope "$HULL" run web > "$BATS_TEST_TMPDIR/out" 2>&1 || rc=$?
	[ $rc -eq 137 ]
}
