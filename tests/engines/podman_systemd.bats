# Podman as root with the systemd manager: each container is a scope of machine.slice, called libpod-ID.scope.
load helpers
load podman

setup_file() {
	podman_setup
	podman_config systemd
}

teardown_file() {
	podman_config cgroupfs
}

scope() { # of the container c
	echo "libpod-$(about '{{.Id}}').scope"
}

property() { # NAME... of the scope
	for name; do
		systemctl show -P "$name" "$(scope)"
	done | xargs
}

# Of the scope's own cgroup: crun makes one more below it.
files() { # NAME...
	for name; do
		cat "/sys/fs/cgroup/machine.slice/$(scope)/$name"
	done | xargs
}

without_ids() {
	sed -E 's/[0-9a-f]{64}/ID/; s,\.scope/container$,.scope,'
}

no_units() {
	[ -z "$(systemctl list-units --all --plain --no-legend 'libpod-*')" ]
}

# And systemd has forgotten all of it.
systemd_row() { # FUNCTION; what is expected on stdin
	scope_body=$1
	# shellcheck disable=SC2317 # called by podman_row
	unloaded() {
		"$scope_body"
		podman_clean
		until_true no_units || systemctl list-units --all --plain --no-legend 'libpod-*'
	}
	podman_row unloaded
}

@test "podman, systemd: run, and exec, are in the container's scope; so with a slice of one's own (P15)" {
	in_scope() {
		once --cgroupns host "$IMAGE" cat /proc/self/cgroup | without_ids
		once --cgroupns host --cgroup-parent rows-one.slice "$IMAGE" cat /proc/self/cgroup | without_ids
		once "$IMAGE" sh -c 'cat /proc/self/cgroup; exit 7'
		keep --cgroupns host "$IMAGE" sleep 1000
		property ActiveState Delegate Slice
		pod exec c cat /proc/self/cgroup | without_ids
		status pod exec c sh -c 'exit 3'
	}
	systemd_row in_scope <<-'EOF'
		0::/machine.slice/libpod-ID.scope
		0::/rows.slice/rows-one.slice/libpod-ID.scope
		0::/
		active yes machine.slice
		0::/machine.slice/libpod-ID.scope
		status 3
	EOF
}

@test "podman, systemd: limits are the scope's properties and in its files; update; a reload keeps them (P22)" {
	limits() {
		keep --memory 64m --memory-swap 64m --memory-reservation 32m --cpus .5 --pids-limit 50 "$IMAGE" sleep 1000
		property MemoryMax MemorySwapMax MemoryLow CPUQuotaPerSecUSec TasksMax
		files memory.max memory.swap.max memory.low cpu.max pids.max
		quietly pod update --cpus .25 --memory 48m --pids-limit 20 c
		systemctl daemon-reload
		property MemoryMax CPUQuotaPerSecUSec TasksMax
		files memory.max cpu.max pids.max
		pod stats --no-stream --format '{{.PIDs}}' c
	}
	# crun writes swap and memory together where swap alone is meant.
	PEER_PRINTS='67108864 67108864 33554432 500ms 50
67108864 67108864 33554432 50000 100000 50
50331648 250ms 20
50331648 25000 100000 20
1' systemd_row limits <<-'EOF'
		67108864 0 33554432 500ms 50
		67108864 0 33554432 50000 100000 50
		50331648 250ms 20
		50331648 25000 100000 20
		1
	EOF
}

@test "podman, systemd: pause, stop, start, restart; nothing is left failed (P11, P12)" {
	life() {
		keep "$IMAGE" sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done'
		until_true logged ready
		quietly pod pause c
		about '{{.State.Status}}'
		systemctl daemon-reload
		about '{{.State.Status}}'
		quietly pod unpause c
		pod stop -t 30 c
		about '{{.State.Status}} {{.State.ExitCode}}'
		until_true no_units && echo 'no unit'
		quietly pod start c
		quietly pod restart -t 0 c
		property ActiveState
		pod kill c
		pod wait c
		pod rm c
	}
	systemd_row life <<-'EOF'
		paused
		paused
		c
		exited 9
		no unit
		active
		c
		137
		c
	EOF
}

@test "podman, systemd: who stops the scope stops the container" {
	stopped() {
		keep "$IMAGE" sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done'
		until_true logged ready
		systemctl stop "$(scope)"
		pod wait c
		about '{{.State.Status}}'
	}
	systemd_row stopped <<-'EOF'
		9
		exited
	EOF
}

@test "podman, systemd: a reload keeps the rules for devices (P21)" {
	rules() {
		keep --cap-add mknod --device-cgroup-rule 'c 10:229 rw' "$IMAGE" sh -c 'mknod /allowed c 10 229; mknod /denied c 1 11; sleep 1000'
		until_true pod exec c test -e /denied
		for _ in before after; do
			matching '^open|not permitted' pod exec c sh -c ': <> /allowed && echo open; : < /denied'
			systemctl daemon-reload
		done
	}
	systemd_row rules <<-'EOF'
		open
		not permitted
		status 1
		open
		not permitted
		status 1
	EOF
}
