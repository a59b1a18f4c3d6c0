# containerd's own client: each row under runc and under hull, named by the option --runc-binary.
load helpers
load daemons

setup_file() {
	start_containerd
	import_image
}

run_ctr() { # [OPTION...] IMAGE ID COMMAND...
	ctr run --rm --runc-binary "$RUNTIME" "$@"
}

# A container that sleeps.
start_ctr() { # ID [OPTION...]
	local id=$1

	shift
	ctr run --detach --runc-binary "$RUNTIME" "$@" "$IMAGE" "$id" sleep 1000
}

task_status() { # ID
	ctr task ls | awk -v id="$1" '$1 == id { print $3 }'
}

task_pid() { # ID
	ctr task ls | awk -v id="$1" '$1 == id { print $2 }'
}

has_status() { # ID STATUS
	[ "$(task_status "$1")" = "$2" ]
}

end_ctr() { # ID
	ctr task rm --force "$1" > /dev/null 2>&1
	ctr container rm "$1"
}

# As a user at a terminal types it.
at_terminal() { # ctr's ARGUMENTS
	timeout 60 script -qec "ctr --address $CONTAINERD_SOCKET $*" /dev/null | tr -d '\r' |
		sed 's/\^@//g; /resize pty/d'
	echo "status ${PIPESTATUS[0]}"
}

@test "containerd: run gives the program's output and exit status (C1)" {
	c1() {
		status run_ctr "$IMAGE" t sh -c 'echo out; exit 5'
		{ run_ctr "$IMAGE" t sh -c 'echo out; echo err >&2' > /dev/null; } 2>&1
		status run_ctr "$IMAGE" t sh -c 'exec sh -c "kill -9 \$PPID"; exit 6'
		status run_ctr --env A=b --user 1000 --hostname guest2 --cwd /tmp "$IMAGE" t \
			sh -c 'echo $A $(id -u) $(hostname) $(pwd)'
	}
	row c1 <<-EOF
		out
		status 5
		err
		status 0
		b 1000 guest2 /tmp
		status 0
	EOF
}

@test "containerd: run says why a program cannot be executed (C1)" {
	# The shim takes the reason from the runtime's log.
	unable() {
		matching 'OCI runtime create failed|exec: "[^:]*"|executable file not found in \$PATH' \
			run_ctr "$IMAGE" t nosuch
		matching 'exec: "[^:]*"|permission denied' run_ctr "$IMAGE" t /bin/noexec
		matching 'exec: "[^:]*"|is a directory' run_ctr "$IMAGE" t /etc
	}
	row unable <<-'EOF'
		OCI runtime create failed
		exec: "nosuch"
		executable file not found in $PATH
		status 1
		exec: "/bin/noexec"
		permission denied
		status 1
		exec: "/etc"
		is a directory
		status 1
	EOF
}

@test "containerd: a detached container has a status, processes and metrics (C2)" {
	c2() {
		start_ctr t
		task_status t
		[ "$(ctr task ps t | awk 'NR == 2 { print $1 }')" = "$(task_pid t)" ] && echo "ps: its pid"
		ctr task ps t | wc -l
		ctr task metrics --format json t | jq -c '[.pids.current, .memory.usage > 0, .memory.usage_limit]'
		end_ctr t
	}
	row c2 <<-EOF
		RUNNING
		ps: its pid
		2
		[1,true,18446744073709551615]
	EOF
}

@test "containerd: exec gives the exit status, and says what it cannot execute (C3)" {
	c3() {
		start_ctr t
		status ctr task exec --exec-id e1 t sh -c 'echo x; exit 3'
		echo in | status ctr task exec --exec-id e2 t cat
		status ctr task exec --exec-id e3 --user 1000 --cwd /tmp t sh -c 'echo $(id -u) $(pwd)'
		matching 'OCI runtime exec failed|executable file not found in \$PATH' \
			ctr task exec --exec-id e4 t nosuch
		matching '/nope|no such file or directory' ctr task exec --exec-id e5 --cwd /nope t pwd
		status ctr task exec --exec-id e6 t sh -c 'kill -9 $$'
		# The names of what failed are free again.
		status ctr task exec --exec-id e4 t echo again
		end_ctr t
	}
	row c3 <<-'EOF'
		x
		status 3
		in
		status 0
		1000 /tmp
		status 0
		OCI runtime exec failed
		executable file not found in $PATH
		status 1
		/nope
		no such file or directory
		status 1
		status 137
		again
		status 0
	EOF
}

@test "containerd: pause and resume, each refused the second time (C4)" {
	c4() {
		start_ctr t
		status ctr task pause t
		task_status t
		status ctr task pause t
		status ctr task exec --exec-id e t true
		status ctr task resume t
		task_status t
		status ctr task resume t
		status ctr task exec --exec-id f t echo runs
		end_ctr t
	}
	row c4 <<-EOF
		status 0
		PAUSED
		ctr: cannot pause a paused container
		status 1
		ctr: cannot exec in a paused state
		status 1
		status 0
		RUNNING
		ctr: cannot resume a running process
		status 1
		runs
		status 0
	EOF
}

@test "containerd: kill, and killed again: process already finished (C5)" {
	c5() {
		ctr run --detach --runc-binary "$RUNTIME" "$IMAGE" t \
			sh -c 'trap "echo > /usr1" USR1; while :; do sleep 0.1; done'
		until_true ctr task exec --exec-id e t grep -q 'SigCgt:.*2..$' /proc/1/status
		status ctr task kill -s USR1 t
		until_true ctr task exec --exec-id "e$RANDOM" t test -e /usr1 && echo "got USR1"
		status ctr task kill -a -s KILL t
		until_true has_status t STOPPED
		status ctr task kill -s KILL t
		status ctr task kill -s TERM t
		status ctr task kill -a -s KILL t
		end_ctr t
	}
	row c5 <<-EOF
		status 0
		got USR1
		status 0
		ctr: process already finished: not found
		status 1
		ctr: process already finished: not found
		status 1
		status 0
	EOF
}

@test "containerd: deleted, and deleted again (C6)" {
	c6() {
		start_ctr t
		matching 'must be stopped before deletion: running' ctr task rm t | tail -n 2
		ctr task kill -s KILL t
		until_true has_status t STOPPED
		matching 'exit code 137' ctr task rm t | sed -n 1p
		matching 'no running task found' ctr task rm t | tail -n 2
		status ctr container rm t
		matching 'in namespace "default": not found' ctr container rm t | tail -n 2
		engine_litter
	}
	row c6 <<-EOF
		must be stopped before deletion: running
		status 1
		exit code 137
		no running task found
		status 1
		status 0
		in namespace "default": not found
		status 1
	EOF
}

@test "containerd: a terminal for run and exec (C7)" {
	c7() {
		at_terminal "run --rm -t --runc-binary $RUNTIME $IMAGE t sh -c 'tty; test -t 0 && test -t 2 && exit 4'"
		start_ctr t
		at_terminal "task exec -t --exec-id e t sh -c 'tty; exit 5'"
		end_ctr t
	}
	row c7 <<-EOF
		/dev/pts/0
		status 4
		/dev/pts/0
		status 5
	EOF
}

@test "containerd: what a container leaves in a shared pid namespace ends with it (C8)" {
	c8() {
		start_ctr t
		ctr run --detach --runc-binary "$RUNTIME" --with-ns "pid:/proc/$(task_pid t)/ns/pid" "$IMAGE" u \
			sh -c 'sleep 4242 > /dev/null 2>&1 < /dev/null & exit 9'
		until_true has_status u STOPPED
		matching 'exit code [0-9]*' ctr task rm u | sed -n 1p
		ctr container rm u
		until_true ended "$(pgrep -f '^sleep 4242$')" && echo "its child ended"
		task_status t
		end_ctr t
	}
	row c8 <<-EOF
		exit code 9
		its child ended
		RUNNING
	EOF
}

@test "containerd: the shim reads hull's features (C11)" {
	c11() {
		ctr plugins inspect-runtime --runc-binary "$RUNTIME" |
			jq -c '.Options, (.Features | [(.mountOptions | index("rro") > 0),
				(.linux.namespaces | index("user") > 0), .linux.mountExtensions.idmap.enabled,
				.linux.cgroup.v2, .linux.seccomp.enabled, .linux.apparmor.enabled])' | sed "s|$RUNTIME|BINARY|"
	}
	row c11 <<-EOF
		{"binary_name":"BINARY"}
		[true,true,true,true,true,true]
	EOF
}

@test "containerd: user namespace (C12)" {
	uidmap() {
		status run_ctr --uidmap 0:100000:1000 --gidmap 0:100000:1000 "$IMAGE" t \
			sh -c 'echo $(cat /proc/self/uid_map /proc/self/gid_map) $(stat -c "%u %g" /bin/busybox)'
		status run_ctr --remap-labels --uidmap 0:100000:1000 --gidmap 0:100000:1000 "$IMAGE" t \
			sh -c 'echo $(stat -c "%u %g" /bin/busybox); touch /x; stat -c "%u %g" /x'
	}
	row uidmap <<-EOF
		0 100000 1000 0 100000 1000 0 0
		status 0
		0 0
		0 0
		status 0
	EOF
}

@test "containerd: seccomp, AppArmor, capabilities, no new privileges (C12)" {
	security() {
		run_ctr "$IMAGE" t grep -E '^(Seccomp|NoNewPrivs):' /proc/self/status
		run_ctr --seccomp "$IMAGE" t sh -c 'grep ^Seccomp: /proc/self/status; unshare -U true'
		run_ctr --apparmor-default-profile tests-engines "$IMAGE" t cat /proc/self/attr/current
		run_ctr --allow-new-privs=false "$IMAGE" t grep NoNewPrivs /proc/self/status
		run_ctr --privileged "$IMAGE" t grep -E '^(CapEff|CapBnd)' /proc/self/status
		run_ctr --cap-add CAP_SYS_ADMIN --cap-drop CAP_CHOWN "$IMAGE" t grep CapEff /proc/self/status
	}
	row security <<-EOF
		NoNewPrivs:	1
		Seccomp:	0
		Seccomp:	2
		unshare: unshare(0x10000000): Operation not permitted
		tests-engines (enforce)
		NoNewPrivs:	0
		CapEff:	000001ffffffffff
		CapBnd:	000001ffffffffff
		CapEff:	00000000a82425fa
	EOF
}

@test "containerd: limits, mounts, devices, a read-only root (C12)" {
	limits() {
		ctr run --detach --runc-binary "$RUNTIME" --memory-limit 33554432 --cpus 0.5 --cpu-shares 512 \
			"$IMAGE" t sleep 1000
		cat /sys/fs/cgroup/default/t/{memory.max,cpu.max,cpu.weight}
		end_ctr t
		status run_ctr --read-only "$IMAGE" t touch /x
		mkdir -p "$T/bind" && echo there > "$T/bind/file"
		run_ctr --mount type=tmpfs,dst=/m,options=size=1m:nosuid --mount "type=bind,src=$T/bind,dst=/n,options=rbind:ro" \
			"$IMAGE" t sh -c "awk '\$5 == \"/m\" || \$5 == \"/n\" { print \$5, \$6 }' /proc/self/mountinfo | sort; cat /n/file"
		run_ctr --device /dev/fuse "$IMAGE" t stat -c "%F %t %T" /dev/fuse
		run_ctr --net-host "$IMAGE" t sh -c 'test -e /sys/class/net/lo && ls /proc/sys/net/ipv4/ip_forward'
	}
	row limits <<-EOF
		33554432
		50000 100000
		59
		touch: /x: Read-only file system
		status 1
		/m rw,nosuid,relatime
		/n ro,relatime
		there
		character special file a e5
		/proc/sys/net/ipv4/ip_forward
	EOF
}

@test "containerd: hooks and annotations of a bundle's own config (C12)" {
	config() {
		make_rootfs "$T/rootfs"
		"$RUNTIME" spec -b "$T"
		printf '#!/bin/sh\njq -r "\\"$1 \\\\(.id) \\\\(.status)\\"" >> %s/hooks\n' "$T" > "$T/hook"
		chmod 755 "$T/hook"
		jq --arg h "$T/hook" --arg r "$T/rootfs" '.process.terminal = false | .process.args = ["true"] | .root.path = $r |
			.hooks = {prestart: [{path: $h, args: [$h, "prestart"]}],
			createRuntime: [{path: $h, args: [$h, "createRuntime"]}],
			poststart: [{path: $h, args: [$h, "poststart"]}], poststop: [{path: $h, args: [$h, "poststop"]}]}' \
			"$T/config.json" > "$T/with-hooks.json"
		status ctr run --rm --runc-binary "$RUNTIME" --config "$T/with-hooks.json" t
		cat "$T/hooks"
	}
	# runc runs them after the program has begun, too, but says that it has not.
	PEER_PRINTS=$'status 0\nprestart t creating\ncreateRuntime t creating\npoststart t created\npoststop t stopped' \
		row config <<-EOF
		status 0
		prestart t creating
		createRuntime t creating
		poststart t running
		poststop t stopped
	EOF
}
