# Options of docker run that become config.json: security, mounts, limits.
load helpers
load daemons

setup_file() {
	docker_by_cgroupfs
}

@test "docker: capabilities, no-new-privileges, privileged" {
	caps() {
		run_docker bb grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status
		run_docker --cap-drop all --cap-add NET_ADMIN bb grep ^CapEff: /proc/self/status
		run_docker --user 1000 --cap-add NET_ADMIN bb grep -E '^(CapEff|CapPrm|CapBnd):' /proc/self/status
		run_docker --security-opt no-new-privileges bb grep ^NoNewPrivs: /proc/self/status
		run_docker --privileged bb sh -c 'grep -E "^(CapEff|Seccomp):" /proc/self/status
			cat /proc/self/attr/current; test -b /dev/ubda && mkdir /sys/fs/cgroup/x && rmdir /sys/fs/cgroup/x && echo all'
	}
	row caps <<-EOF
		CapEff:	00000000a80425fb
		CapBnd:	00000000a80425fb
		NoNewPrivs:	0
		Seccomp:	2
		CapEff:	0000000000001000
		CapPrm:	0000000000000000
		CapEff:	0000000000000000
		CapBnd:	00000000a80435fb
		NoNewPrivs:	1
		CapEff:	000001ffffffffff
		Seccomp:	0
		unconfined
		all
	EOF
}

@test "docker: seccomp and AppArmor profiles" {
	profiles() {
		status run_docker bb unshare -U true
		status run_docker --security-opt seccomp=unconfined --security-opt apparmor=unconfined bb \
			sh -c 'unshare -U true; cat /proc/self/attr/current'
		echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO",
			"errnoRet": 95}]}' > "$T/seccomp.json"
		status run_docker --security-opt "seccomp=$T/seccomp.json" bb mkdir /x
		run_docker bb cat /proc/self/attr/current
		# The capability and the filter would let it pass: AppArmor's default profile does not.
		status run_docker --cap-add SYS_ADMIN --security-opt seccomp=unconfined bb mount -t tmpfs t /tmp
		status run_docker --cap-add SYS_ADMIN --security-opt apparmor=unconfined bb mount -t tmpfs t /tmp
	}
	row profiles <<-EOF
		unshare: unshare(0x10000000): Operation not permitted
		status 1
		unconfined
		status 0
		mkdir: can't create directory '/x': Operation not supported
		status 1
		docker-default (enforce)
		mount: mounting t on /tmp failed: Permission denied
		status 255
		status 0
	EOF
}

@test "docker: a read-only root, tmpfs, volumes, and mounts read-only to the last (D12)" {
	mounts() {
		local show="awk '\$5 ~ /^\\/m/ { print \$5, substr(\$6, 1, 2) }' /proc/self/mountinfo"

		mkdir -p "$T/a/b"
		mount -t tmpfs t "$T/a/b"
		run_docker --read-only bb touch /x
		run_docker --tmpfs /t:size=1m,mode=700 bb sh -c 'stat -c %a /t; df -k /t | awk "NR == 2 { print \$2 }"'
		run_docker --mount "type=bind,src=$T/a,dst=/m" bb sh -c "$show"
		run_docker --mount "type=bind,src=$T/a,dst=/m,readonly,bind-recursive=readonly,bind-propagation=rprivate" bb \
			sh -c "$show; touch /m/b/x"
		run_docker --mount "type=bind,src=$T/a,dst=/m,readonly,bind-recursive=writable" bb sh -c "$show"
		run_docker --mount "type=bind,src=$T/a,dst=/m,bind-recursive=disabled" bb sh -c "$show"
		run_docker -v "vol-$RUNTIME_NAME:/etc" bb cat /etc/group
		docker volume rm "vol-$RUNTIME_NAME" > /dev/null
		umount "$T/a/b"
	}
	row mounts <<-EOF
		touch: /x: Read-only file system
		700
		1024
		/m rw
		/m/b rw
		/m ro
		/m/b ro
		touch: /m/b/x: Read-only file system
		/m ro
		/m/b rw
		/m rw
		root:x:0:
		user:x:1000:
	EOF
}

@test "docker: ulimits, sysctls, devices, shm, init, a changed OOM score" {
	others() {
		run_docker --ulimit nofile=77:88 bb sh -c 'ulimit -n; ulimit -Hn'
		run_docker --sysctl kernel.shm_rmid_forced=1 bb cat /proc/sys/kernel/shm_rmid_forced
		run_docker --device /dev/fuse:/dev/f:r bb sh -c 'stat -c "%F %t %T" /dev/f; : < /dev/f && echo reads; : > /dev/f' 2>&1
		run_docker --shm-size 2m bb sh -c 'df -k /dev/shm | awk "NR == 2 { print \$2 }"'
		run_docker --init bb cat /proc/1/comm
		run_docker --oom-score-adj 500 bb cat /proc/self/oom_score_adj
		run_docker --hostname guest2 --domainname example --add-host there:10.0.0.1 bb sh -c 'hostname; grep there /etc/hosts'
		run_docker --annotation org.example.a=b --label c=d --stop-signal INT bb true && echo annotated
	}
	row others <<-EOF
		77
		88
		1
		character special file a e5
		reads
		sh: line 0: can't create /dev/f: Operation not permitted
		2048
		docker-init
		500
		guest2
		10.0.0.1	there
		annotated
	EOF
}
