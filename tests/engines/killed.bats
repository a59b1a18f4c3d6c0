# Shims and daemons that are killed in the middle of something: what the engine's own commands clean up afterwards, with
# nothing of the runtime left over.
load helpers
load daemons

setup_file() {
	docker_by_cgroupfs --live-restore
	import_image
}

task_pid() { # ID
	ctr task ls | awk -v id="$1" '$1 == id { print $2 }'
}

shim_of() { # ID
	pgrep -f "containerd-shim-runc-v2 .*-id $1 "
}

no_task() { # ID
	[ -z "$(task_pid "$1")" ]
}

ctr_gone() { # ID: by the commands of the engine
	ctr task rm --force "$1" > /dev/null 2>&1 || :
	ctr container rm "$1" > /dev/null 2>&1 || :
	! ctr container ls -q | grep -qx "$1"
}

@test "containerd: the shim of a running container is killed (C13)" {
	c13() {
		local init

		ctr run --detach --runc-binary "$RUNTIME" "$IMAGE" t sleep 1000
		init=$(task_pid t)
		kill -KILL "$(shim_of t)"
		until_true ended "$init" && echo "init ended"
		until_true no_task t && echo "no task"
		until_true ctr_gone t && echo "no container"
	}
	row c13 <<-EOF
		init ended
		no task
		no container
	EOF
}

# A container whose create waits in a hook, and then lasts for ever.
in_create() { # HOOK; runs "$@" in the background
	local hook=$1

	make_rootfs "$T/rootfs"
	"$RUNTIME" spec -b "$T"
	printf '#!/bin/sh\necho > %s/waits\nexec sleep 4244\n' "$T" > "$T/hook"
	chmod 755 "$T/hook"
	jq --arg h "$T/hook" --arg r "$T/rootfs" --arg k "$hook" '.process.terminal = false | .process.args = ["sleep", "1000"] |
		.root.path = $r | .hooks[$k] = [{path: $h}]' "$T/config.json" > "$T/slow.json"
	ctr run --detach --runc-binary "$RUNTIME" --config "$T/slow.json" t > /dev/null 2>&1 3>&- &
	until_true test -e "$T/waits"
}

@test "containerd: the shim is killed in the middle of create (C13)" {
	create() {
		in_create createRuntime
		kill -KILL "$(shim_of t)"
		wait
		pgrep -f '^sleep 4244$' | xargs -r kill
		until_true ctr_gone t && echo "no container"
	}
	row create <<-EOF
		no container
	EOF
}

@test "containerd: the shim is killed in the middle of an exec" {
	exec_killed() {
		ctr run --detach --runc-binary "$RUNTIME" "$IMAGE" t sleep 1000
		ctr task exec --exec-id e t sleep 4245 > /dev/null 2>&1 3>&- &
		until_true pgrep -f '^sleep 4245$'
		kill -KILL "$(shim_of t)"
		until_true ended "$(pgrep -f '^sleep 4245$')" && echo "exec ended"
		wait
		until_true ctr_gone t && echo "no container"
	}
	row exec_killed <<-EOF
		exec ended
		no container
	EOF
}

@test "containerd: the daemon is killed in the middle of a create" {
	daemon_killed() {
		in_create createRuntime
		stop_daemon containerd KILL
		wait
		# hull's hook has ended with it; runc's has not.
		pgrep -f '^sleep 4244$' | xargs -r kill
		start_containerd
		until_true docker info
		until_true ctr_gone t && echo "no container"
		# The shim of a create that nobody waits for any more.
		pgrep -f 'containerd-shim-runc-v2 .*-id t ' | xargs -r kill -KILL
	}
	row daemon_killed <<-EOF
		no container
	EOF
}

@test "containerd: the daemon is killed while containers run, and takes them up again" {
	taken_up() {
		local init

		ctr run --detach --runc-binary "$RUNTIME" "$IMAGE" t sleep 1000
		init=$(task_pid t)
		stop_daemon containerd KILL
		start_containerd
		until_true docker info
		[ "$(task_pid t)" = "$init" ] && echo "the same"
		status ctr task exec --exec-id e t echo runs
		until_true ctr_gone t && echo "no container"
	}
	row taken_up <<-EOF
		the same
		runs
		status 0
		no container
	EOF
}

docker_gone() {
	docker ps -aq | xargs -r env DOCKER_HOST="$DOCKER_HOST" docker rm -f > /dev/null 2>&1
	[ -z "$(docker ps -aq)" ]
}

again() { # dockerd with the options of before
	start_dockerd --bridge none --exec-opt native.cgroupdriver=cgroupfs --live-restore
}

@test "docker: live-restore: dockerd is killed, and finds its containers running (D10)" {
	d10() {
		local pid

		start_docker cont bb sleep 1000
		pid=$(inspect .State.Pid cont)
		stop_daemon dockerd KILL
		kill -0 "$pid" && echo "it lives"
		again
		[ "$(inspect .State.Pid cont)" = "$pid" ] && echo "the same"
		status docker exec cont echo runs
		status docker stop -t 0 cont
		inspect .State.ExitCode cont
		docker rm cont
	}
	row d10 <<-EOF
		it lives
		the same
		runs
		status 0
		cont
		status 0
		137
		cont
	EOF
}

@test "docker: dockerd is killed in the middle of runs and of an exec" {
	middle() {
		start_docker cont bb sleep 1000
		docker exec cont sleep 4246 > /dev/null 2>&1 3>&- &
		for n in 1 2 3 4; do
			docker run -d --network none --runtime "$RUNTIME_NAME" bb sleep 1000 > /dev/null 2>&1 3>&- &
		done
		until_true pgrep -f 'containerd-shim-runc-v2 .*-namespace moby' && sleep 0.7
		stop_daemon dockerd KILL
		wait
		again
		until_true docker_gone && echo "no container"
		# A create that dockerd had not heard the end of is a container that only containerd knows.
		for n in $(ctr -n moby task ls -q); do
			ctr -n moby task rm --force "$n" > /dev/null 2>&1
		done
		for n in $(ctr -n moby container ls -q); do
			ctr -n moby container rm "$n" > /dev/null 2>&1
		done
		until_true ended "$(pgrep -f '^sleep 4246$')" && echo "exec ended"
		# So does a root that it had mounted and not written down; no runtime knows of it.
		findmnt -rn -o TARGET | grep "^$DAEMONS/docker/overlay2/.*/merged$" | xargs -r umount
	}
	row middle <<-EOF
		no container
		exec ended
	EOF
}
