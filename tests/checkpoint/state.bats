# What a process has, before and after. Each piece is set up and checked by workload.c.
load helpers

@test "state: memory: private, huge, read-only, locked, of no access, of the heap" {
	survives mem:32
}

@test "state: memory that is being written" {
	survives dirty:16
}

@test "state: shared memory: anonymous, memfd, of a file, of System V with semaphores and messages" {
	survives shared memfd mapped sysv
}

@test "state: pages of hugetlbfs" {
	local free

	free=$(awk '/^HugePages_Free/ { n = $2 } /^Hugepagesize/ { if ($2 == 2048) k = n } END { print k + 0 }' /proc/meminfo)
	[[ $free -ge 2 ]] || skip "needs two free huge pages of 2 MiB"
	survives hugetlb
}

@test "state: pipes and fifos with what waits in them" {
	survives pipes
}

@test "state: unix sockets of every type, listening ones and what waits in them" {
	survives unix
}

@test "state: epoll, eventfd, timerfd, signalfd, inotify" {
	survives events inotify
}

@test "state: tcp sockets that listen, udp and netlink sockets" {
	survives listen udp netlink
}

@test "state: tcp connections, unread and half closed ones, with --tcp-established" {
	survives listen tcp -- --tcp-established
}

@test "state: tcp connections are closed with --tcp-close, the listening ones stay" {
	work listen tcp-closed
	up web
	save web --tcp-established
	back web --tcp-close
	checked web
}

@test "state: a tcp connection without --tcp-established: the dump fails, says so, and it runs on" {
	work listen tcp
	up web
	refused_ckpt checkpoint --image-path "$IMAGES" --work-path "$T/work" web
	has "$line" established
	is_status web running
	checked web
}

@test "state: files: offsets, copies of descriptors, O_APPEND, O_PATH, directories, renamed ones" {
	survives files
}

@test "state: unlinked files, open and mapped" {
	survives ghost
	[[ ! -e $HOSTED/ghost ]]
}

@test "state: a file whose name is gone and that has another, with --link-remap" {
	work remap
	up web
	save web --link-remap
	back web
	checked web
	equal "$(find "$HOSTED" -name 'link_remap*')" ""
}

@test "state: a file whose name is gone and that has another, without: it is named, and it runs on" {
	work remap
	up web
	refused_ckpt checkpoint --image-path "$IMAGES" --work-path "$T/work" web
	has "$line" /data/dropped
	checked web
}

@test "state: file locks of three kinds, with --file-locks" {
	survives locks -- --file-locks
}

@test "state: file locks without --file-locks: the dump fails, says so, and it runs on" {
	work locks
	up web
	refused_ckpt checkpoint --image-path "$IMAGES" --work-path "$T/work" web
	has "$line" lock
	checked web
}

@test "state: what is in a tmpfs" {
	survives tmpfs
}

@test "state: two hundred threads" {
	survives threads:200
}

@test "state: ten processes, groups of them, setsid" {
	survives processes:10
}

@test "state: fifty processes" {
	survives processes:50
}

# CRIU would wait 10 s for a parent that cannot stop while its child is held.
@test "state: a process that is in vfork(2) half of the time" {
	survives vforks:20
}

@test "state: zombies and a stopped process" {
	survives zombies stopped
}

@test "state: pending and blocked signals, handlers, timers" {
	survives signals timers
}

@test "state: limits, capabilities, umask, niceness, a seccomp filter of its own" {
	config '.process.user.umask = 7 | .process.oomScoreAdj = 300
		| .process.capabilities.ambient = ["CAP_KILL"] | .process.capabilities.inheritable = ["CAP_KILL"]'
	survives seccomp attributes
}

@test "state: the container's own seccomp filter" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["getpgid"], action: "SCMP_ACT_ERRNO", errnoRet: 77}]}'
	survives mem:1 attributes
	equal "$(awk '/^Seccomp:/ { print $2 }' "/proc/$(pid_of web)/status")" 2
	equal "$(awk '/^Seccomp_filters:/ { print $2 }' "/proc/$(pid_of web)/status")" 1
}

@test "state: no clock goes back" {
	survives clocks
}

@test "state: all at once" {
	survives mem:8 dirty shared memfd mapped sysv pipes unix events listen tcp udp files ghost locks tmpfs \
		threads:20 processes:10 zombies stopped signals timers seccomp attributes clocks -- \
		--tcp-established --file-locks
}

@test "state: an ordinary user with groups" {
	requires userns
	config '.process.user = {uid: 1000, gid: 1000, additionalGids: [5, 2000]}
		| .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
	chmod 777 "$HOSTED"
	survives seccomp attributes files mem:1
	equal "$(awk '/^Uid/ { print $2 }' "/proc/$(pid_of web)/status")" 101000
}

@test "state: descriptors of processes, the working directory and umask" {
	survives pidfd place
}

@test "state: leases of files, with --file-locks" {
	survives lease -- --file-locks
}

@test "state: tcp connections that nobody has accepted are refused by name, or left out by --tcp-skip-in-flight" {
	work backlog
	up web
	refused_ckpt checkpoint --image-path "$IMAGES" --work-path "$T/work" --tcp-established web
	has "$(cat "$ERR")" tcp-skip-in-flight
	is_status web running
	checked web
	save web --tcp-established --tcp-skip-in-flight
	back web --tcp-established
	checked web
}

@test "state: what is in /dev/shm" {
	config '.mounts |= (map(select(.destination | IN("/dev/shm") | not))
		+ [{destination: "/dev/shm", type: "tmpfs", source: "shm", options: ["nosuid", "size=1m"]}])'
	work mem:1
	up web
	hull exec web sh -c 'echo kept > /dev/shm/file'
	save web
	back web
	equal "$(hull exec web cat /dev/shm/file)" kept
	checked web
}
