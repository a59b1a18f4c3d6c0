# Docker and containerd with systemd's cgroup driver, which is Docker's own choice here; Docker also with a bridge and a
# user namespace for all containers.
load helpers
load daemons

# Without address translation, which the guest's kernel does not have.
setup_file() {
	modprobe -a bridge veth
	start_containerd
	start_dockerd --ip-masq=false --userland-proxy=false --userns-remap lab --exec-opt native.cgroupdriver=systemd
	import_docker
	import_image
}

teardown_file() {
	stop_daemons
	ip link delete docker0 2> /dev/null || :
}

@test "docker: containers in scopes of systemd, with limits" {
	scopes() {
		local id scope

		quietly start_docker cont --userns host --memory 64m --cpus 0.5 --pids-limit 99 bb sleep 1000
		id=$(inspect .Id cont)
		scope=docker-$id.scope
		sed "s/$id/ID/" "/proc/$(inspect .State.Pid cont)/cgroup"
		systemctl is-active "$scope"
		systemctl show -p Slice,MemoryMax,TasksMax,CPUQuotaPerSecUSec,Delegate "$scope" | sort
		quietly docker update --memory 32m --memory-swap 32m --cpus 0.25 --pids-limit 77 cont && echo updated
		systemctl show -p MemoryMax,TasksMax,CPUQuotaPerSecUSec "$scope" | sort
		(cd "/sys/fs/cgroup/system.slice/$scope" && grep . memory.max cpu.max pids.max)
		systemctl daemon-reload
		docker exec cont sh -c 'echo > /dev/null && cat /proc/self/cgroup'
		docker restart -t 0 cont
		systemctl is-active "$scope"
		quietly docker pause cont
		inspect .State.Status cont
		quietly docker unpause cont
		docker rm -f cont
		systemctl is-active "$scope"
		systemctl list-units --all --no-legend 'docker-*.scope'
	}
	row scopes <<-EOF
		0::/system.slice/docker-ID.scope
		active
		CPUQuotaPerSecUSec=500ms
		Delegate=yes
		MemoryMax=67108864
		Slice=system.slice
		TasksMax=99
		updated
		CPUQuotaPerSecUSec=250ms
		MemoryMax=33554432
		TasksMax=77
		memory.max:33554432
		cpu.max:25000 100000
		pids.max:77
		0::/
		cont
		active
		paused
		cont
		inactive
	EOF
}

@test "docker: a user namespace for all containers" {
	remapped() {
		run_docker bb sh -c 'echo $(cat /proc/self/uid_map); id -u; stat -c %u /bin/busybox; touch /x && stat -c %u /x'
		quietly start_docker cont bb sleep 1000
		awk '/^Uid/ { print $2 }' "/proc/$(inspect .State.Pid cont)/status"
		status docker exec cont sh -c 'id -u; cat /proc/self/attr/current'
		docker exec -t cont sh -c 'tty; echo > /dev/tty; stat -c %u $(tty)' | tr -d '\r'
		run_docker --user 1000 bb id -u
		docker rm -f cont
	}
	row remapped <<-EOF
		0 100000 65536
		0
		0
		0
		100000
		0
		docker-default (enforce)
		status 0
		/dev/pts/0

		0
		1000
		cont
	EOF
}

@test "docker: two containers on a bridge reach each other, a third joins a network (D14)" {
	bridge() {
		docker run -d --name cont --runtime "$RUNTIME_NAME" bb sh -c 'echo hello | nc -l -p 80; exec sleep 1000' > /dev/null 2>&1
		docker exec cont cat /sys/class/net/eth0/operstate
		address=$(docker inspect -f '{{.NetworkSettings.Networks.bridge.IPAddress}}' cont)
		until_true grep -q ':0050 ' "/proc/$(inspect .State.Pid cont)/net/tcp6" "/proc/$(inspect .State.Pid cont)/net/tcp"
		docker run --rm --runtime "$RUNTIME_NAME" bb nc -w 5 "$address" 80 2> /dev/null
		docker run --rm --network container:cont --runtime "$RUNTIME_NAME" bb ip -o -4 addr show eth0 2> /dev/null |
			grep -c "$address"
		docker rm -f cont
		ip -o link | grep -c veth || :
	}
	row bridge <<-EOF
		up
		hello
		1
		cont
		0
	EOF
}

@test "containerd: a container in a scope of systemd (C10)" {
	c10() {
		ctr run --detach --runc-binary "$RUNTIME" --runc-systemd-cgroup --cgroup machine.slice:ctr:t \
			--memory-limit 33554432 "$IMAGE" t sleep 1000
		cat "/proc/$(ctr task ls | awk '$1 == "t" { print $2 }')/cgroup"
		systemctl show -p Slice,MemoryMax,ActiveState ctr-t.scope | sort
		ctr task exec --exec-id e t cat /proc/self/cgroup
		ctr task pause t && ctr task ls | awk '$1 == "t" { print $3 }' && ctr task resume t
		ctr task rm --force t > /dev/null 2>&1
		ctr container rm t
		systemctl show -p ActiveState ctr-t.scope
	}
	row c10 <<-EOF
		0::/machine.slice/ctr-t.scope
		ActiveState=active
		MemoryMax=33554432
		Slice=machine.slice
		0::/machine.slice/ctr-t.scope
		PAUSED
		ActiveState=inactive
	EOF
}
