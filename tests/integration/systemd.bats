load helpers

# What needs no systemd: buses that are none. tests/guest/systemd.bats has the real one.

setup() {
	common_setup
	config '.linux.cgroupsPath = "system.slice:hulltest:web"'
	args true
	export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$T/bus
}

teardown() {
	[[ -z ${BUS:-} ]] || kill "$BUS" 2> /dev/null || :
	common_teardown
}

# A bus that answers each connection with TEXT (of Python) and then says no more.
fake_bus() {
	python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1] + ".new")
s.listen(8)
import os
os.rename(sys.argv[1] + ".new", sys.argv[1])
kept = []
while True:
    c, _ = s.accept()
    c.sendall(eval(sys.argv[2]))
    kept.append(c)
' "$T/bus" "$1" 3>&- 4>&- &
	BUS=$!
	wait_for 60 test -S "$T/bus"
}

took_at_most() {
	[[ $((SECONDS - BEGAN)) -le $1 ]] || {
		echo "took $((SECONDS - BEGAN)) s"
		return 1
	}
}

@test "systemd: without a bus, the error names it" {
	refused hull --systemd-cgroup create web
	has "$line" "connect to the bus '$T/bus'"
	[[ ! -e $ROOT/web ]]
}

@test "systemd: a bus that never answers is an error within ten seconds" {
	fake_bus 'b""'
	BEGAN=$SECONDS
	refused hull --systemd-cgroup create web
	has "$line" "no answer from the bus '$T/bus'"
	took_at_most 10
	[[ ! -e $ROOT/web ]]
}

@test "systemd: a bus that lets us in and says no more, too" {
	fake_bus 'b"DATA\r\nOK 0123\r\n"'
	BEGAN=$SECONDS
	refused hull --systemd-cgroup create web
	has "$line" "no answer from the bus"
	took_at_most 10
}

@test "systemd: a bus that refuses us, or speaks something else" {
	fake_bus 'b"REJECTED EXTERNAL\r\n"'
	refused hull --systemd-cgroup create web
	has "$line" "refuses us: REJECTED EXTERNAL"
	kill "$BUS"
	rm "$T/bus"
	fake_bus 'b"DATA\r\nOK 0\r\nHTTP/1.1 400 Bad Request\r\n\r\n"'
	refused hull --systemd-cgroup create web
	has "$line" "read a message from the bus"
	kill "$BUS"
	rm "$T/bus"
	fake_bus 'b"x" * 5000'
	refused hull --systemd-cgroup create web
	has "$line" "sends no D-Bus"
}

@test "systemd: a cgroupsPath that names no unit is refused (C-05)" {
	config '.linux.cgroupsPath = "/machine/web"'
	refused hull --systemd-cgroup create web
	has "$line" "linux.cgroupsPath: expected 'slice:prefix:name'"
	config '.linux.cgroupsPath = "a.slice:b:c" | .annotations = {"org.systemd.property.KillSignal": "fifteen"}'
	refused hull --cgroup-manager systemd create web
	has "$line" "annotations.org.systemd.property.KillSignal: 'fifteen' is no value"
}

@test "systemd: --cgroup-manager wins over --systemd-cgroup" {
	run -0 hull --systemd-cgroup --cgroup-manager disabled run web
	run -0 hull --cgroup-manager=disabled --systemd-cgroup run web
}

@test "systemd: disabled: no cgroup, and commands that need one say so" {
	script 'trap "exit 0" TERM; echo up; while :; do sleep 1000 & wait; done'
	config '.linux.resources = {"pids": {"limit": 5}}'
	quietly hull --cgroup-manager disabled --debug --log "$T/log" create --bundle "$BUNDLE" web
	grep -q "linux.resources: no limits" "$T/log"
	equal "$(grep ^0: "/proc/$(pid_of web)/cgroup")" "$(grep ^0: /proc/self/cgroup)"
	hull start web
	wait_for 60 grep -q up "$OUT"
	refused hull pause web
	has "$line" "no cgroup"
	refused hull update --pids-limit 4 web
	has "$line" "no cgroup"
	has "$(hull ps web)" "$(pid_of web)"
	run -0 hull exec web true
	hull kill --all web KILL
	wait_for 60 is_stopped
	hull delete web
}

is_stopped() {
	[[ $(hull state web | jq -r .status) == stopped ]]
}
