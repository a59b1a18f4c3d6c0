load ../integration/helpers

# The systemd cgroup manager, with the guest's real systemd. Only create and run are told of it; all
# other commands have to know by themselves.

# The unit of the test's container, and its cgroup.
setup() {
	common_setup
	UNIT=$CG-web.scope
	UCG=$CGROOT/system.slice/$UNIT
	config --arg p "system.slice:$CG:web" '.linux.cgroupsPath = $p'
}

# Nothing of a test is known to systemd after it; what it removes by itself may take it a moment.
teardown() {
	local rc=0

	common_teardown || rc=1
	wait_for 60 no_units || {
		systemctl list-units --all --no-legend "$CG*"
		rc=1
	}
	return $rc
}

no_units() {
	[[ -z $(systemctl list-units --all --no-legend "$CG*") && -z $(find "$CGROOT" -name "$CG*") ]]
}

screate() {
	local id=$1

	shift
	quietly hull --systemd-cgroup create --bundle "$BUNDLE" "$@" "$id" || {
		echo "create $id: $(cat "$ERR")"
		return 1
	}
}

prop() { # NAME [UNIT]
	systemctl show --value -p "$1" "${2:-$UNIT}"
}

gone() {
	[[ $(prop LoadState "$1") == not-found ]]
}

# systemd has an answer for any slice: the question is whether there is one.
no_slice() {
	[[ $(prop ActiveState "$1.slice") == inactive && ! -e $CGROOT/$1.slice ]]
}

failed_unit() {
	[[ $(prop ActiveState) == failed ]]
}

has_bus() {
	as_user systemctl --user is-active -q basic.target 2> /dev/null
}

# The unprivileged user's own systemd. Where his processes are: in it, or elsewhere.
user_manager() {
	systemctl start user@1000.service
	wait_for 60 has_bus
	LAB=$(mktemp -d /var/tmp/lab.XXXXXX)
	cp -a "$STORE/rootfs" "$LAB/rootfs"
	chown -R lab:lab "$LAB"
	chmod 755 "$LAB"
	as_user "$HULL" spec --rootless --bundle "$LAB"
	jq '.process.terminal = false | .process.args = ["sleep", "1000"] | .root.readonly = false' \
		"$LAB/config.json" > "$LAB/config.new"
	chown lab "$LAB/config.new"
	mv "$LAB/config.new" "$LAB/config.json"
}

# In the first mount namespace, where his runtime directory is.
as_user() {
	nsenter -t 1 -m setpriv --reuid=1000 --regid=1000 --init-groups env -i PATH="$PATH" HOME=/home/lab \
		XDG_RUNTIME_DIR=/run/user/1000 "$@"
}

@test "systemd: a container is in a scope of its own, with its limits (V-21, C-01)" {
	local pid

	args sleep 1000
	config '.linux.resources = {memory: {limit: 67108864, reservation: 33554432}, pids: {limit: 33},
		cpu: {shares: 512, quota: 50000, period: 100000}, unified: {"memory.high": "50331648"}}'
	screate web
	pid=$(pid_of web)
	equal "$(grep ^0: "/proc/$pid/cgroup")" "0::/system.slice/$UNIT"
	equal "$(prop ActiveState)" active
	equal "$(prop Delegate)" yes
	equal "$(prop DefaultDependencies)" no
	equal "$(prop Slice)" system.slice
	equal "$(prop MemoryMax) $(prop MemoryLow) $(prop MemoryHigh) $(prop TasksMax)" "67108864 33554432 50331648 33"
	equal "$(prop CPUWeight) $(prop CPUQuotaPerSecUSec)" "59 500ms"
	equal "$(cat "$UCG"/{memory.max,memory.low,memory.high,pids.max,cpu.weight,cpu.max} | tr '\n' ' ')" \
		"67108864 33554432 50331648 33 59 50000 100000 "
	hull start web
	hull delete -f web
	gone "$UNIT"
	[[ ! -e $UCG ]]
}

@test "systemd: later commands find the cgroup without being told" {
	screate web
	hull delete web
	sleeper_in_scope
	equal "$(hull state web | jq -r .status)" running
	has "$(hull ps web)" "$(pid_of web)"
	run -0 hull exec web cat /proc/self/cgroup
	equal "$output" "0::/"
	run -0 hull exec web sh -c 'echo $$; grep -c . /proc/self/cgroup'
	equal "$(hull events --stats web | jq -r .data.pids.current)" "$(cat "$UCG/pids.current")"
	hull pause web
	equal "$(cat "$UCG/cgroup.freeze")" 1
	equal "$(hull state web | jq -r .status)" paused
	# systemd looks at its units again: they stay as they are
	systemctl daemon-reload
	equal "$(hull state web | jq -r .status)" paused
	hull resume web
	hull kill --all web KILL
	wait_for 60 stopped web
	hull delete web
}

sleeper_in_scope() {
	script 'trap "exit 0" TERM; echo up; while :; do sleep 1000 & wait; done'
	screate web
	hull start web
	wait_for 60 grep -q up "$OUT"
}

stopped() {
	[[ $(hull state "$1" | jq -r .status) == stopped ]]
}

@test "systemd: without a cgroupsPath it is hull-ID.scope in system.slice (C-04)" {
	config 'del(.linux.cgroupsPath)'
	args cat /proc/self/cgroup
	config '.linux.namespaces -= [{"type": "cgroup"}]'
	run -0 hull --cgroup-manager=systemd run "$CG"
	has "$output" "0::/system.slice/hull-$CG.scope"
	gone "hull-$CG.scope"
}

@test "systemd: slices below slices" {
	local s=${CG//-/}

	args sleep 1000
	config --arg p "$s-b-c.slice:x:$CG" '.linux.cgroupsPath = $p'
	screate web
	equal "$(grep ^0: "/proc/$(pid_of web)/cgroup")" "0::/$s.slice/$s-b.slice/$s-b-c.slice/x-$CG.scope"
	hull delete -f web
	gone "x-$CG.scope"
	# systemd keeps slices that it made for a unit
	systemctl stop "$s.slice"
	wait_for 60 no_slice "$s"
}

@test "systemd: a name that ends in .slice is a slice with the container in it" {
	local s=${CG//-/}

	args sleep 1000
	config --arg p "system.slice::$s.slice" '.linux.cgroupsPath = $p | .linux.resources = {pids: {limit: 20}}'
	screate web
	equal "$(grep ^0: "/proc/$(pid_of web)/cgroup")" "0::/$s.slice"
	equal "$(prop TasksMax "$s.slice") $(cat "$CGROOT/$s.slice/pids.max")" "20 20"
	hull delete -f web
	wait_for 60 no_slice "$s"
	# One that is there already is used, and stays (C-07); but for itself alone (C-08).
	systemctl start "$s.slice"
	screate web
	equal "$(grep ^0: "/proc/$(pid_of web)/cgroup")" "0::/$s.slice"
	equal "$(cat "$CGROOT/$s.slice/pids.max")" 20
	hull delete -f web
	equal "$(prop ActiveState "$s.slice")" active
	systemd-run -q --unit="$CG-other" --slice="$s.slice" sleep 1000
	refused hull --systemd-cgroup create web
	has "$line" "container's cgroup is not empty"
	equal "$(prop ActiveState "$CG-other.service")" active
	systemctl stop "$CG-other.service" "$s.slice"
	wait_for 60 no_slice "$s"
}

@test "systemd: limits survive a daemon-reload, also those of an update" {
	args sleep 1000
	config '.linux.resources = {memory: {limit: 67108864}, pids: {limit: 33}, cpu: {shares: 512, quota: 33300, period: 100000}}'
	screate web
	systemctl daemon-reload
	# systemd keeps the quota in whole percents, up (docs/systemd.md)
	equal "$(cat "$UCG"/{memory.max,pids.max,cpu.weight,cpu.max} | tr '\n' ' ')" "67108864 33 59 34000 100000 "
	hull update --memory 32M --pids-limit 44 --cpu-share 1024 --cpu-quota 25000 web
	equal "$(cat "$UCG"/{memory.max,pids.max,cpu.weight,cpu.max} | tr '\n' ' ')" "33554432 44 100 25000 100000 "
	systemctl daemon-reload
	equal "$(cat "$UCG"/{memory.max,pids.max,cpu.weight,cpu.max} | tr '\n' ' ')" "33554432 44 100 25000 100000 "
	# a period alone keeps the quota, for systemd too
	hull update --cpu-period 50000 web
	systemctl daemon-reload
	equal "$(cat "$UCG/cpu.max")" "25000 50000"
	hull update --memory -1 --cpu-quota -1 web
	systemctl daemon-reload
	equal "$(cat "$UCG"/{memory.max,cpu.max} | tr '\n' ' ')" "max max 100000 "
	equal "$(prop MemoryMax) $(prop CPUQuotaPerSecUSec)" "infinity infinity"
	# what is refused changes nothing
	refused hull update --memory 16M --pids-limit 50 --cpu-burst 1000 --cpu-quota 500 web
	systemctl daemon-reload
	equal "$(cat "$UCG"/{memory.max,pids.max} | tr '\n' ' ')" "max 44 "
}

@test "systemd: device rules survive a daemon-reload" {
	script 'mknod /full c 1 7; mknod /kmsg c 1 11; mknod /zero c 1 5; echo up
		while :; do read -r x < /tmp/ask || continue; { head -c1 /zero > /dev/null && echo zero; head -c1 /kmsg > /dev/null && echo kmsg
		head -c1 /full > /dev/null && echo full; echo end; } 2> /dev/null; done'
	config '.linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 1, minor: 7, access: "r"},
		{allow: false, type: "c", major: 1, minor: 5, access: "r"}]
		| .process.capabilities.bounding += ["CAP_MKNOD"] | .process.capabilities.effective += ["CAP_MKNOD"]
		| .process.capabilities.permitted += ["CAP_MKNOD"]'
	mkfifo "$ROOTFS/tmp/ask"
	screate web
	hull start web
	wait_for 60 grep -q up "$OUT"
	equal "$(prop DevicePolicy)" strict
	has "$(prop DeviceAllow)" "/dev/char/1:7 r"
	for _ in before after; do
		: > "$OUT"
		echo now > "$ROOTFS/tmp/ask"
		wait_for 60 grep -q end "$OUT"
		# zero is denied by name, which only hull's program knows; kmsg by both
		equal "$(tr -d '\0' < "$OUT" | tr '\n' ' ')" "full end "
		systemctl daemon-reload
	done
}

@test "systemd: annotations are properties of the unit" {
	args sleep 1000
	config '.annotations = {"org.systemd.property.KillSignal": "15", "org.systemd.property.TimeoutStopUSec": "uint64 10000000",
		"org.systemd.property.After": "[\u0027dbus.service\u0027]", "org.systemd.property.CollectMode": "\u0027inactive\u0027",
		"org.systemd.property.Description": "\"it is mine\""}'
	screate web
	equal "$(prop KillSignal) $(prop TimeoutStopUSec) $(prop CollectMode) $(prop Description)" "15 10s inactive it is mine"
	has "$(prop After)" dbus.service
	hull delete web
	config '.annotations = {"org.systemd.property.TimeoutStopSec": "1.5"}'
	screate web
	equal "$(prop TimeoutStopUSec)" 1.500000s
}

@test "systemd: a property that systemd refuses is the error, and nothing is left" {
	args sleep 1000
	config '.annotations = {"org.systemd.property.NoSuchThing": "15"}'
	refused hull --systemd-cgroup create web
	has "$line" "systemd unit '$UNIT'"
	has "$line" NoSuchThing
	config '.annotations = {"org.systemd.property.MemoryMax": "true"}'
	refused hull --systemd-cgroup create web
	gone "$UNIT"
}

@test "systemd: a unit of that name which runs is an error, and goes on" {
	args sleep 1000
	screate web
	refused hull --systemd-cgroup create two
	has "$line" "linux.cgroupsPath: systemd has a unit '$UNIT' already"
	equal "$(prop ActiveState)" active
	[[ -d /proc/$(pid_of web) && ! -e $ROOT/two ]]
}

@test "systemd: a unit of that name which failed earlier does not stand in the way" {
	systemd-run -q --unit="$UNIT" --scope -p RuntimeMaxSec=1 -p CollectMode=inactive sleep 1000 || :
	wait_for 60 failed_unit
	args sleep 1000
	screate web
	equal "$(prop ActiveState)" active
}

@test "systemd: when the container has ended by itself, delete leaves nothing" {
	args true
	screate web
	hull start web
	wait_for 60 stopped web
	wait_for 60 gone "$UNIT"
	hull delete web
	run -1 hull state web
}

@test "systemd: delete --force after hull was killed in the middle of create" {
	local pid

	args sleep 1000
	printf '#!/bin/sh\nkill -9 $PPID\n' > "$T/hook"
	chmod 755 "$T/hook"
	config --arg h "$T/hook" '.hooks.createRuntime = [{path: $h}]'
	run quietly hull --systemd-cgroup create web
	[[ $status -eq 137 ]]
	equal "$(jq -r .unit "$ROOT/web/state.json")" "$UNIT"
	hull delete --force web
	gone "$UNIT"
}

@test "systemd: run.oci.systemd.subgroup is a cgroup below the scope" {
	args sleep 1000
	config '.annotations["run.oci.systemd.subgroup"] = "container" | .linux.resources = {memory: {limit: 67108864}}'
	screate web
	hull start web
	equal "$(grep ^0: "/proc/$(pid_of web)/cgroup")" "0::/system.slice/$UNIT/container"
	equal "$(cat "$UCG/memory.max" "$UCG/container/memory.max" | tr '\n' ' ')" "67108864 67108864 "
	run -0 hull exec web sleep 0
	hull update --memory 32M web
	systemctl daemon-reload
	equal "$(cat "$UCG/memory.max" "$UCG/container/memory.max" | tr '\n' ' ')" "33554432 33554432 "
	hull pause web
	equal "$(cat "$UCG/container/cgroup.freeze")" 1
	hull delete -f web
	config '.annotations["run.oci.systemd.subgroup"] = "../x"'
	refused hull --systemd-cgroup create web
	has "$line" run.oci.systemd.subgroup
}

@test "systemd: run.oci.delegate-cgroup within a scope" {
	args sleep 1000
	config '.annotations["run.oci.delegate-cgroup"] = "a/b" | .process.user = {"uid": 1000, "gid": 1000}
		| .linux.resources = {memory: {limit: 67108864}}'
	screate web
	hull start web
	equal "$(grep ^0: "/proc/$(pid_of web)/cgroup")" "0::/system.slice/$UNIT/a/b"
	equal "$(stat -c %u "$UCG" "$UCG/a/b" | tr '\n' ' ')" "0 1000 "
	equal "$(cat "$UCG/memory.max" "$UCG/a/b/memory.max" | tr '\n' ' ')" "67108864 max "
	run -0 hull exec web sh -c 'cat /proc/self/cgroup'
	equal "$output" "0::/"
	# both at once
	hull delete -f web
	config '.annotations["run.oci.systemd.subgroup"] = "c"'
	screate web
	equal "$(grep ^0: "/proc/$(pid_of web)/cgroup")" "0::/system.slice/$UNIT/c/a/b"
}

@test "systemd: in a user namespace, and the cgroup is mounted without a cgroup namespace" {
	chmod 711 "$BUNDLE" "$T"
	config '.linux.namespaces = [{"type": "pid"}, {"type": "mount"}, {"type": "user"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
	args sh -c 'grep -c "" /sys/fs/cgroup/cgroup.procs; cat /proc/self/cgroup'
	run -0 hull --systemd-cgroup run web
	equal "$output" "$(printf '%s\n' "${output%%$'\n'*}" "0::/system.slice/$UNIT")"
}

@test "systemd: the user's own manager" {
	user_manager
	as_user systemd-run --user -q --scope "$HULL" --systemd-cgroup create --bundle "$LAB" "$CG" < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || cat "$ERR"
	as_user "$HULL" state "$CG" | jq -e '.status == "created"'
	as_user systemctl --user is-active "hull-$CG.scope"
	has "$(cat "/proc/$(as_user "$HULL" state "$CG" | jq .pid)/cgroup")" "user@1000.service/user.slice/hull-$CG.scope"
	as_user "$HULL" start "$CG"
	as_user systemd-run --user -q --scope "$HULL" update --pids-limit 55 "$CG"
	equal "$(as_user systemctl --user show --value -p TasksMax "hull-$CG.scope")" 55
	run -0 as_user systemd-run --user -q --scope "$HULL" exec "$CG" cat /proc/self/cgroup
	has "$output" "0::/"
	as_user "$HULL" delete -f "$CG"
	equal "$(as_user systemctl --user show --value -p LoadState "hull-$CG.scope")" not-found
	rm -rf "$LAB"
}

@test "systemd: the user's own manager, asked from outside of it" {
	user_manager
	as_user "$HULL" --systemd-cgroup create --bundle "$LAB" "$CG" < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || cat "$ERR"
	has "$(cat "/proc/$(as_user "$HULL" state "$CG" | jq .pid)/cgroup")" "user@1000.service/user.slice/hull-$CG.scope"
	as_user "$HULL" start "$CG"
	as_user "$HULL" delete -f "$CG"
	equal "$(as_user systemctl --user show --value -p LoadState "hull-$CG.scope")" not-found
	rm -rf "$LAB"
}

@test "systemd: a bus that hangs is an error within ten seconds, and leaves nothing" {
	local bus

	bus=$(systemctl show --value -p MainPID dbus.service)
	args sleep 1000
	kill -STOP "$bus"
	SECONDS=0
	status=0
	quietly hull --systemd-cgroup create web || status=$?
	took=$SECONDS
	kill -CONT "$bus"
	equal "$status" 1
	has "$(cat "$ERR")" "no answer from the bus"
	[[ $took -le 10 ]]
	[[ ! -e $ROOT/web ]]
	# what was queued meanwhile finds no process
	wait_for 60 gone "$UNIT"
	screate web
}
