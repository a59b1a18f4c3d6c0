# Podman: pods, Kubernetes YAML, health checks, networks, readiness, systemd inside, and its API.
load helpers
load podman

setup_file() {
	podman_setup
	podman image exists localhost/pause || printf 'FROM %s\nENTRYPOINT ["sleep", "1000"]\nSTOPSIGNAL SIGKILL\n' "$IMAGE" |
		quietly podman build -q -t localhost/pause --network none -
	printf '[engine]\ninfra_image = "localhost/pause"\n' > /etc/containers/containers.conf.d/61-pods.conf
}

teardown_file() {
	rm -f /etc/containers/containers.conf.d/61-pods.conf
}

PODS=y

# Are these two containers in one namespace?
same() { # TYPE
	[ "$(pod exec a readlink /proc/self/ns/"$1")" = "$(pod exec b readlink /proc/self/ns/"$1")" ] && echo "same $1" || echo "own $1"
}

@test "podman: a pod's containers share its namespaces and limits; pause, stop, start, rm of pods (P20)" {
	p20() {
		quietly pod pod create --name p --share net,uts,ipc --net none --hostname podhost --memory 64m --cpus .5
		quietly pod run -d --pod p --name a --stop-signal KILL "$IMAGE" sleep 1000
		quietly pod run -d --pod p --name b --stop-signal KILL "$IMAGE" sleep 1000
		pod exec b hostname
		same net
		same uts
		same ipc
		same pid
		podman pod ps --format '{{.Name}} {{.Status}} {{.NumberOfContainers}}'
		cat /sys/fs/cgroup"$(podman pod inspect p --format '{{.CgroupPath}}')"/{memory.max,cpu.max}
		quietly pod pod pause p
		about_pod Paused
		quietly pod pod unpause p
		about_pod Up
		quietly pod pod stop p
		about_pod Exited
		quietly pod pod start p
		about_pod Up
		pod exec a hostname
		quietly pod pod rm -f -t 0 p
		podman ps -aq | wc -l
	}
	about_pod() {
		podman ps -a --filter pod=p --format '{{.Status}}' | cut -d' ' -f1 | sort | uniq -c | xargs
	}
	podman_row p20 <<-'EOF'
		podhost
		same net
		same uts
		same ipc
		own pid
		p Running 3
		67108864
		50000 100000
		3 Paused
		3 Up
		3 Exited
		3 Up
		podhost
		0
	EOF
}

@test "podman: a pod can share its pid namespace; the namespaces of another container" {
	shared_pid() {
		quietly pod pod create --name p --share pid --net none
		quietly pod run -d --pod p --name a "$IMAGE" sleep 1234
		pod run --rm --pod p "$IMAGE" sh -c 'ps -o args | grep -c "^sleep"'
		keep --pid private "$IMAGE" sleep 1000
		pod run --rm --net container:c --pid container:c --ipc container:c "$IMAGE" ps -o args | grep '^sleep'
	}
	podman_row shared_pid <<-'EOF'
		2
		sleep 1000
	EOF
}

@test "podman: kube play and down" {
	kube() {
		cat > "$T/pod.yaml" <<-EOF2
			apiVersion: v1
			kind: Pod
			metadata: {name: kp}
			spec:
			  hostNetwork: true
			  terminationGracePeriodSeconds: 0
			  containers:
			  - name: a
			    image: "$IMAGE"
			    command: ["sh", "-c", "echo said \$X; sleep 1000"]
			    env: [{name: X, value: y}]
			    resources: {limits: {memory: 64Mi, cpu: 500m}}
			    securityContext: {readOnlyRootFilesystem: true, runAsUser: 1000, capabilities: {drop: [ALL]}}
			    volumeMounts: [{name: e, mountPath: /e}]
			  volumes: [{name: e, emptyDir: {}}]
		EOF2
		quietly pod kube play "$T/pod.yaml"
		podman logs kp-a
		pod exec kp-a sh -c 'id -u; touch /x; cat /sys/fs/cgroup/memory.max; grep CapBnd /proc/self/status' 2>&1
		quietly pod kube down "$T/pod.yaml"
		podman ps -aq | wc -l
	}
	podman_row kube <<-'EOF'
		said y
		1000
		touch: /x: Read-only file system
		67108864
		CapBnd:	0000000000000000
		0
	EOF
}

@test "podman: health checks, and what follows a failed one" {
	health() {
		keep --health-cmd 'test -e /tmp/ok' --health-interval disable --health-retries 1 "$IMAGE" sleep 1000
		status pod healthcheck run c
		pod exec c touch /tmp/ok
		status pod healthcheck run c
		about '{{.State.Health.Status}}'
		pod rm -f -t 0 c
		keep --health-cmd false --health-interval disable --health-on-failure kill --health-retries 1 "$IMAGE" sleep 1000
		quietly pod healthcheck run c
		# shellcheck disable=SC2317 # called by until_true
		killed() { [ "$(about '{{.State.Status}} {{.State.ExitCode}}')" = 'exited 137' ]; }
		until_true killed && echo killed
	}
	podman_row health <<-'EOF'
		unhealthy
		status 1
		status 0
		healthy
		c
		killed
	EOF
}

@test "podman: a bridge with names, and another container's network" {
	bridge() {
		quietly podman network create n --subnet 10.99.0.0/24
		quietly pod run -d --name c --net n:ip=10.99.0.5 "$IMAGE" sh -c 'echo served > /tmp/i; exec httpd -f -p 80 -h /tmp'
		fetch() { pod run --rm --net n "$IMAGE" wget -T 5 -qO- c/i; }
		until_true fetch
		fetch
		pod run --rm --net container:c "$IMAGE" ip -4 -o addr show eth0 | grep -o '10[0-9./]*' | head -n 1
		pod rm -f -t 0 c
		podman network rm n
	}
	podman_row bridge <<-'EOF'
		served
		10.99.0.5/24
		c
		n
	EOF
}

# A unit of Type=notify is active when the container says so, not before.
@test "podman: readiness reaches systemd from the container and from conmon; cgroups=split (P16, P18)" {
	# shellcheck disable=SC2317 # called by until_true
	gone() {
		quietly pod rm -f -t 0 c
		! podman container exists c
	}
	p18() {
		unit=notify-$RUNTIME_NAME
		systemd-run -q --no-block --unit "$unit" -p Type=notify -p NotifyAccess=all podman --runtime "$RUNTIME_NAME" run --name c --rm \
			--net none --sdnotify=container "$IMAGE" sh -c 'echo $NOTIFY_SOCKET; test -S $NOTIFY_SOCKET && echo socket; exec sleep 1000'
		until_true logged socket
		podman logs c
		systemctl show -P ActiveState "$unit"
		until_true gone
		systemctl stop "$unit"
		systemd-run -q --no-block --unit "$unit-2" -p Type=notify -p NotifyAccess=all podman --runtime "$RUNTIME_NAME" run --name c --rm \
			--net none --sdnotify=conmon "$IMAGE" sh -c 'echo "socket <$NOTIFY_SOCKET>"; exec sleep 1000'
		until_true systemctl is-active "$unit-2"
		podman logs c
		until_true gone
		systemctl stop "$unit-2"
		systemd-run -q --wait --pipe --unit "$unit-3" -p Delegate=yes podman --runtime "$RUNTIME_NAME" run --rm --net none \
			--cgroups=split --cgroupns=host "$IMAGE" cat /proc/self/cgroup | sed -E "s/$unit/UNIT/; s/[0-9a-f]{64}/ID/"
	}
	podman_row p18 <<-'EOF'
		/run/notify/notify.sock
		socket
		activating
		socket <>
		0::/system.slice/UNIT-3.service/libpod-payload-ID
	EOF
}

@test "podman: --systemd=always gives what a systemd inside wants (P19)" {
	p19() {
		keep --systemd=always "$IMAGE" sleep 1000
		pod exec c sh -c 'stat -f -c %T /run /run/lock /tmp /var/log/journal; stat -c %a /run /run/lock /tmp; tr "\0" "\n" < /proc/1/environ | grep -c container_uuid'
		pod exec c sh -c 'mkdir /sys/fs/cgroup/init.scope && echo 1 > /sys/fs/cgroup/init.scope/cgroup.procs && cat /proc/1/cgroup'
		about '{{.Config.StopSignal}}'
	}
	podman_row p19 <<-'EOF'
		tmpfs
		tmpfs
		tmpfs
		tmpfs
		755
		1777
		1777
		1
		0::/init.scope
		SIGRTMIN+3
	EOF
}

@test "podman: through the API: run, exec, what fails, build" {
	api() {
		pod system service -t 0 "unix://$T/api.sock" > /dev/null 2>&1 &
		service=$!
		until_true test -S "$T/api.sock"
		remote() { timeout 60 podman --remote --url "unix://$T/api.sock" "$@"; }
		status remote run --rm --net none "$IMAGE" sh -c 'echo api; exit 6'
		quietly remote run -d --net none --name c "$IMAGE" sleep 1000
		status remote exec c sh -c 'echo executed; exit 2'
		remote exec c nosuch > /dev/null 2>&1
		echo "status $?"
		remote inspect c --format '{{.OCIRuntime}}' | sed "s/$RUNTIME_NAME/RUNTIME/"
		quietly remote rm -f -t 0 c
		pgrep -x conmon | xargs -r kill -KILL # those of the execs would keep the status for five minutes
		kill $service
		wait $service 2> /dev/null
		printf 'FROM %s\nRUN echo built > /b\nUSER 1000\nRUN id -u\n' "$IMAGE" > "$T/Containerfile"
		pod build --runtime "$RUNTIME" --no-cache --network none -t localhost/built -f "$T/Containerfile" "$T" 2>&1 | grep '^1000'
		once localhost/built cat /b
		quietly podman rmi localhost/built
	}
	podman_row api <<-'EOF'
		api
		status 6
		executed
		status 2
		status 127
		RUNTIME
		1000
		built
	EOF
}
