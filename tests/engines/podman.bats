# Podman as root with the cgroupfs manager: life of a container, limits, security, devices, user namespaces.
load helpers
load podman

setup_file() {
	podman_setup
}

# ---- life --------------------------------------------------------------------------------------

@test "podman: run gives the program's output and exit status (P1)" {
	p1() {
		status once "$IMAGE" sh -c 'echo out; exit 7'
		echo word | status once -i "$IMAGE" wc -c
	}
	podman_row p1 <<-'EOF'
		out
		status 7
		5
		status 0
	EOF
}

@test "podman: a container is up, exec has its status, input, user, directory, environment (P2 to P4)" {
	p2() {
		keep "$IMAGE" sleep 1000
		podman ps --format '{{.Names}} {{.State}} {{.Command}}'
		status pod exec c sh -c 'exit 3'
		pod exec -i c cat <<< hello
		pod exec --user 1000 --workdir /tmp --env A=b c sh -c 'id -u; pwd; echo $A'
		quietly pod exec -d c sh -c 'echo x > /tmp/f'
		until_true pod exec c test -s /tmp/f
		pod exec --privileged c grep CapEff /proc/self/status
		pod exec c grep CapEff /proc/self/status
	}
	podman_row p2 <<-'EOF'
		c running sleep 1000
		status 3
		hello
		1000
		/tmp
		b
		CapEff:	000001ffffffffff
		CapEff:	00000000800405fb
	EOF
}

@test "podman: terminals of run, exec and attach (P5, P10)" {
	p5() {
		once -t "$IMAGE" sh -c 'tty; test -c /dev/console && test -t 0 && echo console' | tr -d '\r'
		keep -t "$IMAGE" sh -c 'tty; sleep 1000'
		pod exec -t c tty | tr -d '\r'
		until_true logged pts
		podman logs c | tr -d '\r'
	}
	podman_row p5 <<-'EOF'
		/dev/pts/0
		console
		/dev/pts/1
		/dev/pts/0
	EOF
}

@test "podman: pause, unpause, top, stats, logs, cp, commit (P11)" {
	p11() {
		keep "$IMAGE" sh -c 'echo first line; sleep 1000'
		quietly pod pause c
		about '{{.State.Status}}'
		status pod exec c true | grep -o 'status.*'
		quietly pod unpause c
		about '{{.State.Status}}'
		pod top c pid args | tr -s ' ' | sed 's, *$,,'
		pod stats --no-stream --format '{{.Name}} {{.PIDs}}' c
		podman logs c
		pod cp /etc/hostname c:/tmp/copied
		pod exec c cat /tmp/copied
		quietly pod commit c localhost/committed
		once localhost/committed cat /tmp/copied
		quietly podman rmi localhost/committed
	}
	podman_row p11 <<-'EOF'
		paused
		status 255
		running
		PID COMMAND
		1 sleep 1000
		c 1
		first line
		guest
		guest
	EOF
}

@test "podman: kill, stop, start, restart, wait, rm (P12)" {
	p12() {
		keep "$IMAGE" sh -c 'trap "echo usr1" USR1; trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done'
		until_true logged ready
		pod kill -s USR1 c
		until_true logged usr1
		pod stop -t 30 c
		about '{{.State.Status}} {{.State.ExitCode}}'
		quietly pod start c
		quietly pod restart -t 0 c
		about '{{.State.Status}}'
		pod kill c
		pod wait c
		pod rm -f -t 0 c
		keep "$IMAGE" sleep 1000
		quietly pod stop -t 0 c
		about '{{.State.Status}} {{.State.ExitCode}}'
	}
	podman_row p12 <<-'EOF'
		c
		c
		exited 9
		running
		c
		137
		c
		exited 137
	EOF
}

@test "podman: attach, start --attach, restart policies" {
	attach() {
		keep -i "$IMAGE" sh -c 'read x; echo got $x; exit 4'
		echo hello | pod attach c | grep got
		pod wait c
		pod rm c
		quietly pod create --name c --net none "$IMAGE" sh -c 'echo again; exit 9'
		status pod start -a c
		pod rm c
		keep --restart on-failure:2 "$IMAGE" sh -c 'echo x; exit 3'
		# shellcheck disable=SC2317 # called by until_true
		restarted() { [ "$(about '{{.RestartCount}} {{.State.Status}}')" = '2 exited' ]; }
		until_true restarted
		podman logs c
	}
	podman_row attach <<-'EOF'
		got hello
		4
		c
		again
		status 9
		c
		x
		x
		x
	EOF
}

@test "podman: descriptors are preserved, with holes, for run and exec; LISTEN_FDS (P13, P14)" {
	p13() {
		echo three > "$T/3"
		echo nine > "$T/9"
		once --preserve-fds 1 "$IMAGE" sh -c 'cat <&3; ls /proc/self/fd | xargs' 3< "$T/3"
		once --preserve-fd=9,40 "$IMAGE" sh -c 'cat <&9; cat <&40' 9< "$T/9" 40< "$T/3"
		(
			export LISTEN_PID=$BASHPID LISTEN_FDS=1
			once "$IMAGE" sh -c 'echo $LISTEN_FDS $LISTEN_PID; cat <&3' 3< "$T/3"
		)
		keep "$IMAGE" sleep 1000
		pod exec --preserve-fds 1 c sh -c 'cat <&3' 3< "$T/3"
		pod exec --preserve-fd=9 c sh -c 'cat <&9' 9< "$T/9"
	}
	podman_row p13 <<-'EOF'
		three
		0 1 2 3 4
		nine
		three
		1 1
		three
		three
		nine
	EOF
}

# ---- cgroups -----------------------------------------------------------------------------------

@test "podman: cgroups=disabled stays where Podman is, cgroup parents are made, /sys/fs/cgroup (P15)" {
	p15() {
		[ "$(once --cgroups=disabled --cgroupns=host "$IMAGE" cat /proc/self/cgroup)" = "$(cat /proc/self/cgroup)" ] && echo same
		once --cgroup-parent /rows --cgroupns=host "$IMAGE" cat /proc/self/cgroup | sed -E 's/[0-9a-f]{64}/ID/'
		once "$IMAGE" sh -c 'cat /proc/self/cgroup; mkdir /sys/fs/cgroup/y' 2>&1
		once --security-opt unmask=/sys/fs/cgroup "$IMAGE" sh -c 'mkdir /sys/fs/cgroup/y && echo made; rmdir /sys/fs/cgroup/y'
	}
	podman_row p15 <<-'EOF'
		same
		0::/rows/libpod-ID
		0::/
		mkdir: can't create directory '/sys/fs/cgroup/y': Read-only file system
		made
	EOF
}

@test "podman: limits, and update of a running container (P22)" {
	p22() {
		once --memory 64m --memory-swap 64m --memory-reservation 32m --cpus .5 --cpu-shares 512 --pids-limit 50 \
			--device-read-bps /dev/ubda:1mb --cgroup-conf memory.high=10000000 \
			"$IMAGE" sh -c 'cd /sys/fs/cgroup; cat memory.max memory.swap.max memory.low cpu.max pids.max memory.high; cut -d" " -f2 io.max'
		keep "$IMAGE" sleep 1000
		quietly pod update --cpus .25 --memory 48m --pids-limit 20 c
		pod exec c sh -c 'cd /sys/fs/cgroup; cat cpu.max memory.max pids.max'
		about '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}'
	}
	podman_row p22 <<-'EOF'
		67108864
		0
		33554432
		50000 100000
		50
		9998336
		rbps=1048576
		25000 100000
		50331648
		20
		50331648 20
	EOF
}

@test "podman: OOM is seen by Podman, in run and later (P24)" {
	p24() {
		status pod run --net none --name c -m 20m --memory-swap 20m "$IMAGE" tail /dev/zero
		about '{{.State.OOMKilled}} {{.State.ExitCode}}'
	}
	podman_row p24 <<-'EOF'
		status 137
		true 137
	EOF
}

@test "podman: ulimits, sysctls, host name, groups, umask, score, personality, time limit" {
	process() {
		once --ulimit nofile=100:200 --ulimit core=0 "$IMAGE" sh -c 'ulimit -n; ulimit -Hn; ulimit -c'
		once --sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=1234 "$IMAGE" cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax
		once --hostname foo "$IMAGE" sh -c 'hostname; cat /etc/hostname'
		once --uts host "$IMAGE" hostname
		once --umask 077 --group-add 1234 --user 1000:1000 "$IMAGE" sh -c 'umask; id'
		once --oom-score-adj 500 --personality LINUX32 "$IMAGE" cat /proc/self/oom_score_adj /proc/self/personality
		once --unsetenv PATH --env X=1 "$IMAGE" /bin/sh -c 'echo $X ${HOME} $container'
		status once --timeout 1 "$IMAGE" sleep 100
	}
	podman_row process <<-'EOF'
		100
		200
		0
		1
		1234
		foo
		foo
		guest
		0077
		uid=1000(user) gid=1000(user) groups=1000(user),1234
		500
		00000008
		1 /root podman
		status 255
	EOF
}

@test "podman: info has the runtime's version; log drivers none, passthrough and journald (P26)" {
	p26() {
		pod info --format '{{.Host.OCIRuntime.Name}}: {{.Host.OCIRuntime.Version}}' | head -n 1 |
			sed -E "s/$RUNTIME_NAME/RUNTIME/g; s/ [0-9][^ ]*$/ VERSION/"
		for driver in none passthrough journald; do
			once --log-driver "$driver" "$IMAGE" echo "$driver"
		done
		pod run --net none --name c --log-driver none "$IMAGE" echo unseen
		podman logs c 2>&1 | grep -o 'cannot retrieve logs\|none'  | head -n 1
	}
	podman_row p26 <<-'EOF'
		RUNTIME: RUNTIME version VERSION
		none
		passthrough
		journald
		unseen
		none
	EOF
}

# ---- user namespaces ------------------------------------------------------------------------------

@test "podman: user namespaces map the image and idmapped volumes (P17)" {
	p17() {
		once --uidmap 0:100000:1000 --gidmap 0:100000:1000 "$IMAGE" sh -c 'cat /proc/self/uid_map; stat -c %u:%g /bin/busybox' | tr -s ' '
		mkdir -p "$T/v"
		echo hi > "$T/v/f"
		once --uidmap 0:100000:1000 --gidmap 0:100000:1000 -v "$T/v:/v:idmap" "$IMAGE" sh -c 'stat -c %u:%g /v/f; echo x > /v/g'
		stat -c %u:%g "$T/v/g"
		once --uidmap 0:100000:1000 --gidmap 0:100000:1000 -v "$T/v:/v:idmap=uids=0-100005-10;gids=0-100006-10" "$IMAGE" stat -c %u:%g /v/f
		once --uidmap 0:100000:1000 --gidmap 0:100000:1000 -v "$T/v:/v:U" "$IMAGE" stat -c %u:%g /v/f
		stat -c %u:%g "$T/v/f"
		once --uidmap 0:100000:1000 --gidmap 0:100000:1000 --device /dev/fuse "$IMAGE" stat -c %t:%T /dev/fuse
	}
	podman_row p17 <<-'EOF'
		 0 100000 1000
		0:0
		0:0
		0:0
		5:6
		0:0
		100000:100000
		a:e5
	EOF
}

# ---- security --------------------------------------------------------------------------------------

@test "podman: --privileged has all capabilities and the host's devices (P21)" {
	privileged() {
		once --privileged "$IMAGE" sh -c 'grep -E "CapEff|Seccomp:" /proc/self/status; cat /proc/self/attr/current
			stat -c "%t:%T %a" /dev/kmsg /dev/ubda; mkdir /tmp/m; mount -t tmpfs x /tmp/m && echo mounted'
		[ "$(once --privileged "$IMAGE" ls /dev | wc -l)" -gt 50 ] && echo devices
	}
	podman_row privileged <<-'EOF'
		CapEff:	000001ffffffffff
		Seccomp:	0
		unconfined
		1:b 644
		62:0 600
		mounted
		devices
	EOF
}

@test "podman: capabilities, no-new-privileges, seccomp, AppArmor, mask, unmask, proc options (P21)" {
	security() {
		once --cap-drop all "$IMAGE" grep CapBnd /proc/self/status
		once --cap-drop all --cap-add net_bind_service --user 1000 "$IMAGE" grep -E 'Cap(Eff|Bnd|Amb)' /proc/self/status
		once --security-opt no-new-privileges "$IMAGE" grep NoNew /proc/self/status
		once "$IMAGE" sh -c 'grep Seccomp: /proc/self/status; cat /proc/self/attr/current' | sed 's/default-.* /default /'
		once --security-opt seccomp=unconfined --security-opt apparmor=unconfined "$IMAGE" sh -c 'grep Seccomp: /proc/self/status; cat /proc/self/attr/current'
		echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":38}]}' > "$T/seccomp"
		status once --security-opt seccomp="$T/seccomp" "$IMAGE" mkdir /tmp/x
		once --security-opt mask=/root:/etc/group "$IMAGE" sh -c 'ls -A /root | wc -l; wc -c < /etc/group'
		once --security-opt unmask=ALL "$IMAGE" sh -c 'grep -c " /proc/\(kcore\|keys\|sys\)" /proc/mounts'
		once --security-opt proc-opts=hidepid=2 "$IMAGE" sh -c 'grep "^proc /proc " /proc/mounts | grep -o "hidepid=[a-z]*"'
		once --security-opt label=disable "$IMAGE" echo unlabelled
	}
	podman_row security <<-'EOF'
		CapBnd:	0000000000000000
		CapEff:	0000000000000400
		CapBnd:	0000000000000400
		CapAmb:	0000000000000400
		NoNewPrivs:	1
		Seccomp:	2
		containers-default (enforce)
		Seccomp:	0
		unconfined
		mkdir: can't create directory '/tmp/x': Function not implemented
		status 1
		0
		0
		0
		hidepid=invisible
		unlabelled
	EOF
}

# ---- files ------------------------------------------------------------------------------------------

@test "podman: read-only roots, tmpfs and /dev/shm (P21)" {
	readonly_root() {
		status once --read-only "$IMAGE" sh -c 'touch /tmp/x /run/x /dev/shm/x && echo ok; touch /x'
		status once --read-only --read-only-tmpfs=false "$IMAGE" sh -c 'touch /tmp/x'
		once --tmpfs /foo:size=1m,mode=700,noexec "$IMAGE" sh -c 'stat -c %a /foo; grep " /foo " /proc/mounts | cut -d" " -f4'
		once --user 1000 --tmpfs /new "$IMAGE" sh -c 'touch /new/x && stat -c "%a %u" /new'
		once --tmpfs /etc "$IMAGE" sh -c 'touch /etc/x && grep -c root: /etc/passwd'
		once --mount type=tmpfs,dst=/etc,notmpcopyup "$IMAGE" sh -c 'ls /etc | grep -c group'
		once --mount type=ramfs,dst=/h "$IMAGE" stat -f -c %T /h
		once --shm-size 2m --ipc private "$IMAGE" sh -c 'df /dev/shm | tail -n 1 | tr -s " " | cut -d" " -f2'
	}
	podman_row readonly_root <<-'EOF'
		ok
		touch: /x: Read-only file system
		status 1
		touch: /tmp/x: Read-only file system
		status 1
		700
		rw,nosuid,nodev,noexec,relatime,size=1024k,mode=700
		1777 0
		1
		0
		ramfs
		2048
	EOF
}

@test "podman: volumes and mounts with their options (P21)" {
	volumes() {
		mkdir -p "$T/v"
		echo hi > "$T/v/f"
		status once -v "$T/v:/v:ro,rshared" "$IMAGE" sh -c 'grep -o " /v .* shared" /proc/self/mountinfo | cut -d" " -f3 | cut -d, -f1; touch /v/x'
		once -v "$T/v:/v:O" "$IMAGE" sh -c 'touch /v/x; ls /v | xargs'
		ls "$T/v"
		once -v "$T/v:/v:z,nosuid,nodev" "$IMAGE" sh -c 'grep " /v " /proc/mounts | cut -d" " -f4 | cut -d, -f1-3'
		once -v named:/v "$IMAGE" touch /v/x
		once -v named:/v "$IMAGE" ls /v
		quietly podman volume rm named
		once --mount type=bind,src="$T/v/f",dst=/deep/er/f,ro "$IMAGE" cat /deep/er/f
		once --mount type=image,src="$IMAGE",dst=/image "$IMAGE" test -d /image/bin && echo image
		once --mount type=glob,src=/etc/host\*,dst=/globbed "$IMAGE" ls /globbed | grep hostname
		echo sekrit | quietly podman secret create s -
		once --secret s "$IMAGE" cat /run/secrets/s
		quietly podman secret rm s
		once --rootfs "$ROOTFS:O" sh -c 'touch /new && echo touched'
		[ ! -e "$ROOTFS/new" ] || echo new
	}
	podman_row volumes <<-'EOF'
		ro
		touch: /v/x: Read-only file system
		status 1
		f x
		f
		rw,nosuid,nodev
		x
		hi
		image
		hostname
		sekrit
		touched
	EOF
}

@test "podman: devices, whole directories of them, and rules (P21)" {
	devices() {
		status once --device /dev/zero:/dev/z:r "$IMAGE" sh -c 'stat -c "%t:%T %a" /dev/z; head -c 1 /dev/z | wc -c'
		status once --cap-add mknod --device-cgroup-rule 'c 10:229 rw' "$IMAGE" sh -c 'mknod /f c 10 229 && : <> /f && echo open'
		once --device /dev/fuse "$IMAGE" sh -c ': <> /dev/fuse && echo open'
		once --device /dev/net "$IMAGE" ls /dev/net
	}
	podman_row devices <<-'EOF'
		1:5 666
		1
		status 0
		open
		status 0
		open
		tun
	EOF
}
