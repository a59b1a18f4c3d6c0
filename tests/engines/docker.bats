# The life of Docker's containers, with the cgroupfs driver: each row with --runtime=runc and with --runtime=hull.
load helpers
load daemons

setup_file() {
	docker_by_cgroupfs
}

@test "docker: run gives the program's output and exit status (D1)" {
	d1() {
		status run_docker bb sh -c 'echo out; exit 7'
		{ run_docker bb sh -c 'echo out; echo err >&2' > /dev/null; } 2>&1
		status run_docker --init bb sh -c 'exec sh -c "kill -9 \$\$"'
		status run_docker --env A=b --user user --hostname guest2 --workdir /new/dir --group-add 77 bb \
			sh -c 'echo $A $(id -u) $(id -G) $(hostname) $(pwd)'
	}
	row d1 <<-EOF
		out
		status 7
		err
		status 137
		b 1000 1000 77 guest2 /new/dir
		status 0
	EOF
}

@test "docker: a detached container, and programs executed in it (D2)" {
	d2() {
		start_docker cont bb sleep 1000
		inspect .State.Status cont
		status docker exec cont sh -c 'echo o; exit 3'
		echo in | status docker exec -i cont cat
		docker exec -u user -w /tmp -e A=b cont sh -c 'echo $(id -u) $(pwd) $A'
		docker exec -d cont sh -c 'echo detached > /file'
		until_true docker exec cont grep detached /file && echo "detached"
		status docker exec cont sh -c 'kill -9 $$'
		docker exec cont grep -E '^(CapEff|Seccomp):' /proc/self/status
		docker exec --privileged cont grep -E '^(CapEff|Seccomp):' /proc/self/status
		docker exec cont cat /proc/self/attr/current
		docker rm -f cont
		matching 'No such container' docker exec cont true
	}
	row d2 <<-EOF
		running
		o
		status 3
		in
		status 0
		1000 /tmp b
		detached
		status 137
		CapEff:	00000000a80425fb
		Seccomp:	2
		CapEff:	000001ffffffffff
		Seccomp:	2
		docker-default (enforce)
		cont
		No such container
		status 1
	EOF
}

@test "docker: top, stats, pause and unpause (D4)" {
	d4() {
		start_docker cont bb sleep 1000
		docker top cont -o pid,args | awk '{ $1 = ""; print }' | sed 's/^ //' | tail -n 1
		[ "$(docker top cont -o pid | tail -n 1)" = "$(inspect .State.Pid cont)" ] && echo "its pid"
		docker stats --no-stream --format '{{.Name}} {{.PIDs}}' cont
		status docker pause cont
		inspect .State.Status cont
		cat "$(cgroup_of cont)/cgroup.freeze"
		matching 'is already paused' docker pause cont
		matching 'is paused, unpause the container before exec' docker exec cont true
		status docker unpause cont
		inspect .State.Status cont
		docker rm -f cont
	}
	row d4 <<-EOF
		sleep 1000
		its pid
		cont 1
		cont
		status 0
		paused
		1
		is already paused
		status 1
		is paused, unpause the container before exec
		status 1
		cont
		status 0
		running
		cont
	EOF
}

@test "docker: update of a running container's limits (D4)" {
	update() {
		start_docker cont --memory 32m --cpus 1 bb sleep 1000
		(cd "$(cgroup_of cont)" && grep . memory.max memory.swap.max cpu.max pids.max)
		quietly docker update --cpu-shares 512 --memory 64m --memory-swap 128m --memory-reservation 16m \
			--pids-limit 99 --cpus 0.5 cont && echo updated
		(cd "$(cgroup_of cont)" && grep . memory.max memory.swap.max memory.low cpu.max cpu.weight pids.max)
		quietly docker update --pids-limit -1 --cpus 0.1 cont && echo updated
		(cd "$(cgroup_of cont)" && grep . memory.max cpu.max pids.max)
		matching 'exec of /bin/true|Minimum memory limit|6MB' docker update --memory 1m cont
		docker rm -f cont
	}
	row update <<-EOF
		memory.max:33554432
		memory.swap.max:33554432
		cpu.max:100000 100000
		pids.max:max
		updated
		memory.max:67108864
		memory.swap.max:67108864
		memory.low:16777216
		cpu.max:50000 100000
		cpu.weight:59
		pids.max:99
		updated
		memory.max:67108864
		cpu.max:10000 100000
		pids.max:max
		Minimum memory limit
		6MB
		status 1
		cont
	EOF
}

@test "docker: kill, stop, start, restart, rm (D4)" {
	d4b() {
		start_docker cont bb sh -c 'trap "echo usr1" USR1; echo ready; while :; do sleep 0.1; done'
		until_true sh -c "DOCKER_HOST=$DOCKER_HOST docker logs cont | grep ready"
		status docker kill -s USR1 cont
		until_true sh -c "DOCKER_HOST=$DOCKER_HOST docker logs cont | grep usr1" && echo "got it"
		status docker stop -t 1 cont
		inspect '.State.Status}} {{.State.ExitCode' cont
		matching 'is not running' docker kill cont
		status docker stop cont
		status docker start cont
		inspect .State.Status cont
		status docker restart -t 0 cont
		inspect .State.Status cont
		matching 'container is running: stop the container before removing' docker rm cont
		status docker kill cont
		until_true says .State.Status cont exited
		inspect .State.ExitCode cont
		status docker rm cont
	}
	row d4b <<-EOF
		cont
		status 0
		got it
		cont
		status 0
		exited 137
		is not running
		status 1
		cont
		status 0
		cont
		status 0
		running
		cont
		status 0
		running
		container is running: stop the container before removing
		status 1
		cont
		status 0
		137
		cont
		status 0
	EOF
}

@test "docker: terminals, standard input that ends, attach (D5)" {
	d5() {
		status run_docker -t bb tty | tr -d '\r'
		echo abc | status run_docker -i bb cat
		status run_docker bb cat
		timeout 60 script -qec "DOCKER_HOST=$DOCKER_HOST docker run --rm -it --network none --runtime $RUNTIME_NAME bb \
			sh -c 'stty rows 33 cols 44; stty size; exit 5'" /dev/null | tr -d '\r' | sed 's/\^@//g'
		echo "status ${PIPESTATUS[0]}"
		start_docker cont -i bb sh -c 'read -r word; echo "got $word"; exit 4'
		# What it says after its input has ended can be lost between attach and the daemon, with any
		# runtime: the log has it.
		echo word | docker attach cont > /dev/null
		echo "status $?"
		docker logs cont
		inspect .State.ExitCode cont
		docker rm cont
		start_docker cont -t bb sleep 1000
		docker exec -t cont sh -c 'tty; test -c /dev/console && echo console' | tr -d '\r'
		docker rm -f cont
	}
	row d5 <<-EOF
		/dev/pts/0
		status 0
		abc
		status 0
		status 0
		33 44
		status 5
		status 4
		got word
		4
		cont
		/dev/pts/1
		console
		cont
	EOF
}

@test "docker: the host's pid namespace; all that is left in it ends with the container (D6)" {
	d6() {
		run_docker --pid host bb sh -c '[ "$(cat /proc/1/comm)" = systemd ] && echo "the host"'
		start_docker cont --pid host bb sh -c 'sleep 4242 & exec sleep 4243'
		until_true pgrep -f '^sleep 4242$'
		status docker kill cont
		until_true says .State.Status cont exited
		until_true ended "$(pgrep -f '^sleep 4242$')" && echo "its child ended"
		docker rm cont
	}
	row d6 <<-EOF
		the host
		cont
		status 0
		its child ended
		cont
	EOF
}

@test "docker: another container's namespaces, and the host's (D6)" {
	joined() {
		local pid

		start_docker cont --ipc shareable bb sleep 1000
		pid=$(inspect .State.Pid cont)
		for what in pid ipc; do
			[ "$(run_docker --$what container:cont bb readlink /proc/self/ns/$what)" = \
				"$(readlink "/proc/$pid/ns/$what")" ] && echo "$what: the same"
		done
		[ "$(docker run --rm --network container:cont --runtime "$RUNTIME_NAME" bb readlink /proc/self/ns/net 2> /dev/null)" = \
			"$(readlink "/proc/$pid/ns/net")" ] && echo "net: the same"
		for what in ipc uts; do
			[ "$(run_docker --$what host bb readlink /proc/self/ns/$what)" = \
				"$(readlink "/proc/self/ns/$what")" ] && echo "$what: the host's"
		done
		run_docker bb cat /proc/self/cgroup
		run_docker --cgroupns host bb sed -E 's,[0-9a-f]{64},ID,' /proc/self/cgroup
		docker rm -f cont
	}
	row joined <<-EOF
		pid: the same
		ipc: the same
		net: the same
		ipc: the host's
		uts: the host's
		0::/
		0::/docker/ID
		cont
	EOF
}

@test "docker: memory that ran out is told (D11)" {
	d11() {
		# The shim begins to watch for it only after the runtime's start.
		docker run --name cont --network none --memory 20m --memory-swap 20m --runtime "$RUNTIME_NAME" bb \
			sh -c 'sleep 3; x=$(head -c 60000000 /dev/zero | tr "\0" x); echo done'
		echo "status $?"
		until_true says .State.OOMKilled cont true
		inspect '.State.OOMKilled}} {{.State.ExitCode' cont
		docker rm cont
		start_docker cont --memory 20m --memory-swap 20m bb sleep 1000
		status docker exec cont sh -c 'x=$(head -c 60000000 /dev/zero | tr "\0" x); echo done'
		inspect .State.Status cont
		docker rm -f cont
	}
	row d11 <<-EOF
		status 137
		true 137
		cont
		status 137
		running
		cont
	EOF
}

@test "docker: health checks and restart policies" {
	policies() {
		start_docker cont --health-cmd 'test -e /well' --health-interval 1s --health-retries 1 bb sleep 1000
		until_true says .State.Health.Status cont unhealthy && echo unhealthy
		docker exec cont touch /well
		until_true says .State.Health.Status cont healthy && echo healthy
		docker rm -f cont
		start_docker cont --restart on-failure:2 bb sh -c 'echo again; exit 9'
		until_true says '.State.Status}} {{.RestartCount' cont 'exited 2'
		docker logs cont
		inspect .State.ExitCode cont
		docker rm cont
	}
	row policies <<-EOF
		unhealthy
		healthy
		cont
		again
		again
		again
		9
		cont
	EOF
}

@test "docker: cp, diff, commit, logs, wait, events" {
	others() {
		local since id

		since=$(date +%s)
		start_docker cont bb sh -c 'echo out; while [ ! -e /end ]; do sleep 0.1; done; exit 3'
		echo copied > "$T/file"
		id=$(inspect .Id cont) # another row's container of this name may have ended in this second
		quietly docker cp "$T/file" cont:/file
		docker exec cont cat /file
		docker cp -q cont:/file - | tar -xO
		docker diff cont
		docker exec cont touch /end
		docker wait cont
		docker logs cont
		docker commit cont "changed-$RUNTIME_NAME" | cut -c1-7
		run_docker "changed-$RUNTIME_NAME" cat /file
		docker rm cont
		docker events --since "$since" --until "$(($(date +%s) + 1))" --filter "container=$id" --format '{{.Action}}' |
			grep -E '^(create|start|die|commit|destroy)$'
	}
	row others <<-EOF
		copied
		copied
		A /file
		3
		out
		sha256:
		copied
		cont
		create
		start
		die
		commit
		destroy
	EOF
}
