load helpers

# An image is somebody else's: each of its paths may be a symlink that leads out. Whatever hull does
# with such an image, the files outside stay as they were: either it refuses, or what it makes
# is inside. One test for each class of the published attacks on container runtimes.

setup() {
	common_setup
	CANARY=$T/canary
	mkdir -p "$CANARY/dir"
	echo precious > "$CANARY/file"
	echo precious > "$CANARY/dir/file"
	BEFORE=$(canary)
}

teardown() {
	equal "$(canary)" "$BEFORE"
	common_teardown
}

canary() {
	find "$CANARY" -printf '%P %y %m %U:%G %s %T@ %l\n' | sort
	cat "$CANARY/file" "$CANARY/dir/file"
}

# swap PATH TARGET: PATH of the image is a symlink to TARGET.
swap() {
	rm -rf "${ROOTFS:?}$1"
	mkdir -p "$(dirname "$ROOTFS$1")"
	ln -s "$2" "$ROOTFS$1"
}

no_dev_mounts='.mounts |= map(select(.destination | startswith("/dev") | not))'

@test "hostile: /proc as a symlink is refused, absolute, relative or inside (CVE-2023-28642)" {
	for target in "$CANARY/dir" "../../../../../../..$CANARY/dir" data; do
		swap /proc "$target"
		create_refused web "must be mounted on ordinary directory"
	done
}

@test "hostile: /sys as a symlink is refused (CVE-2023-27561)" {
	swap /sys "$CANARY/dir"
	create_refused web "must be mounted on ordinary directory"
}

@test "hostile: /dev as a symlink stays inside, with and without a tmpfs on it (CVE-2026-41579)" {
	swap /dev "$CANARY/dir"
	ok_container 'test -c /dev/null && test -L /dev/ptmx && echo made'
	equal "$output" made
	hull delete --force "c$BATS_TEST_NUMBER"
	ok_container "$no_dev_mounts" 'test -c /dev/null && test -L /dev/ptmx && echo made'
	equal "$output" made
}

@test "hostile: /dev/null as a symlink or a file is refused, and masks nothing (CVE-2025-31133)" {
	config "$no_dev_mounts"
	swap /dev/null "$CANARY/file"
	create_refused web /dev/null
	rm "$ROOTFS/dev/null"
	echo text > "$ROOTFS/dev/null"
	create_refused web /dev/null
}

@test "hostile: links of /dev that lead out are replaced, not followed (D-15, D-18)" {
	config "$no_dev_mounts"
	for name in ptmx fd stdin stdout stderr; do
		swap "/dev/$name" "$CANARY/file"
	done
	ok_container 'for n in ptmx fd stdin stdout stderr; do readlink /dev/$n; done'
	equal "$output" $'pts/ptmx\n/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2'
}

@test "hostile: /dev/console as a symlink is refused when there is a terminal (CVE-2025-52565)" {
	config '.process.terminal = true'
	config '.mounts |= map(select(.destination != "/dev"))'
	swap /dev/console "$CANARY/file"
	refused hull run web
	has "$line" /dev/console
}

@test "hostile: /dev/pts as a symlink, or without devpts, is refused when there is a terminal" {
	config '.process.terminal = true'
	config "$no_dev_mounts"
	swap /dev/pts "$CANARY/dir"
	refused hull run web
	has "$line" /dev/pts
	rm "$ROOTFS/dev/pts"
	mkdir "$ROOTFS/dev/pts"
	mknod "$ROOTFS/dev/pts/ptmx" c 5 2
	refused hull run web
	has "$line" devpts
}

@test "hostile: mount points behind symlinks are made inside (CVE-2021-30465, CVE-2024-45310)" {
	for target in "$CANARY" "../../../../../../..$CANARY"; do
		swap /link "$target"
		config '.mounts += [{destination: "/link/dir/new", type: "tmpfs", source: "tmpfs"},
			{destination: "/link/file", source: $src, options: ["bind"]}]' \
			--arg src "$BUNDLE/config.json"
		ok_container 'test -s /link/file && stat -f -c %T /link/dir/new'
		equal "$output" tmpfs
		hull delete --force "c$BATS_TEST_NUMBER"
	done
}

@test "hostile: a device behind a symlink is made inside (D-04)" {
	swap /link "$CANARY"
	config '.linux.devices = [{type: "c", path: "/link/file", major: 1, minor: 3}]'
	ok_container 'stat -c "%F %t:%T" /link/file'
	equal "$output" "character special file 1:3"
}

@test "hostile: a working directory behind a symlink is made inside (P-06)" {
	swap /link "$CANARY"
	config '.process.cwd = "/link/deep/er"'
	ok_container pwd
	[[ -d $ROOTFS$CANARY/deep/er ]]
}

@test "hostile: a working directory of a descriptor is refused (CVE-2024-21626)" {
	exec 7< /
	for n in {3..20} 30 40 50 63 64; do
		config '.process.cwd = "/proc/self/fd/'"$n"'"'
		create_refused web "working directory"
	done
	exec 7<&-
}

@test "hostile: exec refuses a working directory of a descriptor (CVE-2024-21626)" {
	sleeper web
	exec 7< /
	for n in {3..20} 30 40 50 63 64; do
		fails 255 hull exec --cwd "/proc/self/fd/$n" web true
	done
	exec 7<&-
}

@test "hostile: masked and read-only paths behind symlinks touch nothing outside" {
	swap /link "$CANARY"
	config '.linux.maskedPaths = ["/link/file", "/link/dir"] | .linux.readonlyPaths = ["/link"]'
	ok_container true
}

@test "hostile: nothing but procfs stays on /proc, whatever name it came by (CVE-2019-16884)" {
	swap /plink proc
	config '.mounts += [{destination: "/plink", source: $src, options: ["bind"]}]' --arg src "$CANARY/dir"
	create_refused web "not a proc file system"
	config '.mounts[-1].destination = "/plink/sys/kernel"'
	create_refused web "inside /proc"
	config '.mounts[-1].destination = "/plink/self/attr"'
	create_refused web "inside /proc"
}

# Files of the host that a write through a covered /proc would reach: the canary, and one of procfs.
PROC_FILE=/proc/$$/comm

@test "hostile: no part of /proc is covered, whatever leads there (CVE-2019-16884, CVE-2019-19921, CVE-2025-52881)" {
	swap /sysctls /proc/sys/net
	swap /attributes proc/self/attr
	comm=$(cat "$PROC_FILE")
	config '.linux.sysctl = {"net.ipv4.ip_default_ttl": "77"} | .linux.readonlyPaths = [] | .linux.maskedPaths = []'
	cp config.json base.json
	for at in /proc/sys/net/ipv4/ip_default_ttl /proc/sys/net/core/../ipv4/ip_default_ttl /sysctls/ipv4/ip_default_ttl \
		/proc/self/attr/exec /proc/self/attr/apparmor/exec /proc/thread-self/attr/current /proc/1/attr/keycreate /attributes/exec; do
		for source in "$CANARY/file" "$PROC_FILE"; do
			jq --arg d "$at" --arg s "$source" '.mounts += [{destination: $d, source: $s, options: ["bind"]}]' base.json > config.json
			create_refused web "$at"
		done
	done
	for at in /proc/sys /proc/sys/net /proc/./sys/net/ipv4 /sysctls/ipv4 /proc/self /proc/1 /proc/self/attr /proc/thread-self/attr /attributes; do
		jq --arg d "$at" '.mounts += [{destination: $d, type: "tmpfs", source: "x"}]' base.json > config.json
		create_refused web "$at"
		jq --arg d "$at" --arg s "$CANARY/dir" '.mounts += [{destination: $d, source: $s, options: ["rbind"]}]' base.json > config.json
		create_refused web "$at"
	done
	equal "$(cat "$PROC_FILE")" "$comm"
}

# true_ttl: the sysctl as it is in the container's network namespace, by the host's procfs.
true_ttl() {
	nsenter --net="/proc/$(pid_of web)/ns/net" cat /proc/sys/net/ipv4/ip_default_ttl
}

# really_set [jq options] FILTER: with a config changed so, the sysctl is set all the same.
really_set() {
	jq -c "$@" base.json > config.json
	create web
	equal "$(true_ttl)" 77
	hull delete --force web
}

@test "hostile: sysctls are the kernel's, whatever stands on /proc (L-11, CVE-2019-19921, CVE-2025-52881)" {
	mkdir -p "$CANARY/proc/sys/net/ipv4" "$T/covered" "$T/fake"
	echo 64 > "$CANARY/proc/sys/net/ipv4/ip_default_ttl"
	cp -a "$CANARY/proc" "$T/fake/proc"
	cp -al "$ROOTFS/bin" "$T/fake/bin"
	config '.linux.sysctl = {"net.ipv4.ip_default_ttl": "77"} | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	args sleep 1000
	cp config.json base.json
	# Procfs it is, but with something over /proc/sys; then with another file of procfs for the sysctl's.
	mount -t proc proc "$T/covered"
	mount --bind "$CANARY/proc/sys" "$T/covered/sys"
	BEFORE=$(canary)
	comm=$(cat "$PROC_FILE")
	for file in "$CANARY/proc/sys/net/ipv4/ip_default_ttl" "$PROC_FILE"; do
		mount --bind "$file" "$T/covered/sys/net/ipv4/ip_default_ttl"
		really_set --arg s "$T/covered" '.mounts[0] = {destination: "/proc", source: $s, options: ["rbind"]}'
		really_set --arg s "$T/covered" '.mounts |= [.[0], {destination: "/proc", source: $s, options: ["rbind"]}] + .[1:]'
	done
	umount -R "$T/covered"
	equal "$(cat "$PROC_FILE")" "$comm"
	# Another root over the first, procfs with it.
	really_set --arg s "$T/fake" '.mounts = [.mounts[0], {destination: "/", source: $s, options: ["bind"]}]'
	equal "$(cat "$T/fake/proc/sys/net/ipv4/ip_default_ttl")" 64
	# No procfs at all, and an image that plays one: with a file for the sysctl, or links that lead out.
	for part in '' /sys/net/ipv4/ip_default_ttl /sys/net /sys; do
		rm -rf "${ROOTFS:?}/proc"
		cp -a "$CANARY/proc" "$ROOTFS/proc"
		[[ -z $part ]] || swap "/proc$part" "$CANARY/proc$part"
		really_set '.mounts |= map(select(.destination != "/proc"))'
		[[ -n $part ]] || equal "$(cat "$ROOTFS/proc/sys/net/ipv4/ip_default_ttl")" 64
	done
}

@test "hostile: nor is anything written to what comes over a sysctl later, by a hook (CVE-2025-52881)" {
	config --arg r "$ROOTFS" --arg c "$CANARY/file" '.linux.sysctl = {"net.ipv4.ip_default_ttl": "77"}
		| .hooks.createContainer = [{path: "/bin/sh", args: ["sh", "-c", "mount --bind \($c) \($r)/proc/sys/net/ipv4/ip_default_ttl"],
			env: ["PATH=/bin:/sbin:/usr/bin:/usr/sbin"]}]'
	create_refused web net/ipv4/ip_default_ttl EXDEV
}

@test "hostile: a passwd file that is a fifo, a symlink or endless is no obstacle" {
	rm "$ROOTFS/etc/passwd"
	mkfifo "$ROOTFS/etc/passwd"
	ok_container 'echo $HOME'
	equal "$output" /
	hull delete --force "c$BATS_TEST_NUMBER"
	swap /etc/passwd "$CANARY/file"
	ok_container 'echo $HOME'
	equal "$output" /
	hull delete --force "c$BATS_TEST_NUMBER"
	swap /etc/passwd /dev/zero
	ok_container 'echo $HOME'
	equal "$output" /
}

@test "hostile: inheritable capabilities stay empty with exec --cap (CVE-2022-29162)" {
	sleeper web
	run hull exec --cap CAP_NET_RAW web grep CapInh /proc/self/status
	equal "$output" $'CapInh:\t0000000000000000'
}

@test "hostile: a keyring that another one made for this id is not joined, nor seen by others" {
	join=$(nr keyctl)
	request=$((join - 1)) # request_key(2)
	# A key that somebody put into a keyring of the name that this container's would have.
	"$PROBE" keyring _ses.web planted sleep 1000 3>&- 4>&- &
	planter=$!
	script "probe syscall $request @user @planted 0 0"
	run -0 hull run web
	kill "$planter"
	equal "$output" "! 126" # ENOKEY
	# The container's own, from outside: root of the host stands for root of another container.
	script "probe keyring unused mine true; probe syscall $join 0 -3 0; sleep 1000"
	start_it web
	wait_for 5 grep -q = "$OUT"
	ring=$(sed -n 's/^= //p' "$OUT")
	run ! grep "_ses.web[.]" /proc/keys
	equal "$("$PROBE" syscall "$join" 11 "$ring" 0 0)" "! 13" # KEYCTL_READ: EACCES
	equal "$("$PROBE" syscall "$join" 8 "$ring" -3)" "! 13"   # KEYCTL_LINK: EACCES
	# exec is in it all the same.
	run -0 hull exec web probe syscall "$join" 0 -3 0
	equal "$output" "= $ring"
}

@test "hostile: without a cgroup namespace, a user namespace has no cgroup but its own to write to (CVE-2023-25809)" {
	requires userns
	config '.linux.namespaces |= (map(select(.type != "cgroup")) + [{type: "user"}])
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings
		| (.mounts[] | select(.type == "cgroup").options) -= ["ro"]'
	chown 100000:100000 "$ROOTFS"
	in_container 'mkdir /sys/fs/cgroup/new; echo max > /sys/fs/cgroup/cgroup.max.depth; echo 1 > /sys/fs/cgroup/cgroup.procs
		ls -d /sys/fs/cgroup/*/; wc -l < /sys/fs/cgroup/cgroup.procs'
	hasnt "$output" hull-test
	hasnt "$output" /sys/fs/cgroup/new
	has "$stderr" "/sys/fs/cgroup/new"
	has "$stderr" cgroup.max.depth
}

@test "hostile: an earlier container's keys are gone with it" {
	join=$(nr keyctl)
	add=$((join - 2)) request=$((join - 1)) # add_key(2), request_key(2)
	script "probe syscall $add @user @old @x 1 -3; probe syscall $request @user @old 0 0"
	run -0 hull run web
	has "${lines[1]}" "= "
	script "probe syscall $request @user @old 0 0"
	run -0 hull run web
	equal "$output" "! 126"
}

@test "hostile: the caller's terminal does not become the container's user's" {
	config '.process.user = {uid: 1000, gid: 1000} | .process.terminal = false'
	script 'stat -L -c %u /proc/self/fd/0; exit 3'
	run "$PROBE" pty 24 80 "$HULL" --root "$ROOT" run web
	[[ $status -eq 3 ]]
	equal "${output%$'\r'}" 0
	config '.process.terminal = true'
	run "$PROBE" pty 24 80 "$HULL" --root "$ROOT" run web
	[[ $status -eq 3 ]]
	equal "${output%$'\r'}" 1000
}

@test "hostile: a device or fifo in the place of a file that hull reads is not opened" {
	requires strace mknod
	rm "$ROOTFS/etc/passwd"
	# null: opening it has no effect, but would be the same for a watchdog
	mknod "$ROOTFS/etc/passwd" c 1 3
	mkdir "$ROOTFS/up"
	mknod "$ROOTFS/up/node" c 1 3
	config '.mounts += [{destination: "/up", type: "tmpfs", source: "x", options: ["tmpcopyup"]}] | .process.env = ["PATH=/bin"]'
	args probe fds
	run -0 strace -f -qq -y -o "$T/trace" -e trace=open,openat,openat2 "$HULL" --root "$ROOT" run web
	grep -q 'etc/passwd' "$T/trace"
	run ! grep -E '(passwd|node).*O_RDONLY' <(grep -v O_PATH "$T/trace")
}

@test "hostile: a root that exchanges a directory with a symlink all the time (CVE-2021-30465)" {
	mkdir -p "$ROOTFS/a/t"
	ln -s "$CANARY" "$ROOTFS/b"
	"$PROBE" exchange "$ROOTFS/a" "$ROOTFS/b" &
	racer=$!
	config '.mounts += [{destination: "/a/t/x", type: "tmpfs", source: "tmpfs"},
		{destination: "/a/dir/y", source: "/etc/hostname", options: ["bind"]}]'
	args /bin/true
	for i in $(seq 40); do
		hull run "c$i" > /dev/null 2>&1 || :
		hull delete --force "c$i" > /dev/null 2>&1 || :
	done
	kill "$racer"
	wait "$racer" || :
}
