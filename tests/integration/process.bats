load helpers

@test "process: user and groups (P-13, P-15)" {
	config '.process.user = {"uid": 1000, "gid": 1001, "additionalGids": [2000, 3000]}'
	ok_container 'id -u; id -g; id -G; grep -e Uid -e Gid /proc/self/status | tr -s "\t" " "'
	equal "$output" "1000
1001
1001 2000 3000
Uid: 1000 1000 1000 1000
Gid: 1001 1001 1001 1001"
}

@test "process: no groups of the caller are inherited (P-15)" {
	script 'grep Groups: /proc/self/status | tr -s "\t " " "'
	run -0 setpriv --groups 4,5,6 "$HULL" --root "$ROOT" run web
	matches "$output" '^Groups: ?(0 ?)?$'
}

@test "process: user may be absent (X-02)" {
	config 'del(.process.user)'
	ok_container 'id -u; id -g'
	equal "$output" "0
0"
}

@test "process: ids that are no uint32 are refused (B-12, P-13)" {
	for u in 4294967296 -1 '"root"' 1.5; do
		config --argjson u "$u" '.process.user.uid = $u'
		create_refused web process.user.uid
	done
}

@test "process: umask (P-14)" {
	ok_container 'umask'
	equal "$output" 0022
	config '.process.user.umask = 63'
	ok_container 'umask; touch /tmp/x; stat -c %a /tmp/x'
	equal "$output" "0077
600"
	config '.process.user.umask = 0'
	ok_container umask
	equal "$output" 0000
}

@test "process: capability sets for another uid are exactly the five lists (P-16, P-17, P-20, P-21)" {
	config '.process.user = {"uid": 1000, "gid": 1000} | .process.capabilities = {
		"bounding": ["CAP_KILL", "CAP_CHOWN", "CAP_NET_RAW"], "permitted": ["CAP_KILL", "CAP_NET_RAW"], "effective": ["CAP_NET_RAW"],
		"inheritable": ["CAP_NET_RAW"], "ambient": ["CAP_NET_RAW"]}'
	ok_container 'grep Cap /proc/self/status | tr -s "\t" " "'
	# CHOWN 0, KILL 5, NET_RAW 13; after execve by another uid only the ambient set stays permitted.
	equal "$output" "CapInh: 0000000000002000
CapPrm: 0000000000002000
CapEff: 0000000000002000
CapBnd: 0000000000002021
CapAmb: 0000000000002000"
}

@test "process: permitted and effective ones are the lists until execve computes them anew (P-18, P-19)" {
	config '.process.user = {"uid": 1000, "gid": 1000} | .process.capabilities = {
		"bounding": ["CAP_KILL", "CAP_CHOWN", "CAP_NET_RAW"], "permitted": ["CAP_KILL", "CAP_NET_RAW"], "effective": ["CAP_KILL"]}'
	create web
	equal "$(grep -e CapPrm -e CapEff "/proc/$(pid_of web)/status" | tr -s '\t' ' ')" "CapPrm: 0000000000002020
CapEff: 0000000000000020"
}

@test "process: capabilities of root (P-16, P-17, P-20)" {
	ok_container 'grep Cap /proc/self/status | tr -s "\t" " "'
	equal "$output" "CapInh: 0000000000000000
CapPrm: 0000000020000420
CapEff: 0000000020000420
CapBnd: 0000000020000420
CapAmb: 0000000000000000"
}

@test "process: empty lists are empty sets (P-22)" {
	config '.process.capabilities = {"bounding": [], "effective": [], "permitted": [], "inheritable": [], "ambient": []}'
	ok_container 'grep Cap /proc/self/status | cut -f2 | sort -u'
	equal "$output" 0000000000000000
}

@test "process: without a capabilities object there are none" {
	config 'del(.process.capabilities)'
	ok_container 'grep -e CapEff -e CapPrm /proc/self/status | cut -f2 | sort -u'
	equal "$output" 0000000000000000
}

@test "process: an unknown capability is not an error (P-23, P-24)" {
	config '.process.capabilities.bounding += ["CAP_TEST"] | .process.capabilities.effective += ["CAP_TEST"]
		| .process.capabilities.permitted += ["CAP_TEST"]'
	args true
	run -0 hull run web
	run -0 hull --debug --log "$T/log" run web
	has "$(cat "$T/log")" CAP_TEST
}

@test "process: a capability that hull itself does not have is a warning, too (P-23, P-24)" {
	config '.process.capabilities.bounding += ["CAP_SYS_TIME"] | .process.capabilities.permitted += ["CAP_SYS_TIME"]
		| .process.capabilities.effective += ["CAP_SYS_TIME"]'
	script 'grep -e CapBnd -e CapPrm -e CapEff /proc/self/status | cut -f 2'
	run -0 --separate-stderr setpriv --bounding-set -sys_time "$HULL" --root "$ROOT" --debug --log "$T/log" run web
	equal "$output" "0000000020000420
0000000020000420
0000000020000420"
	matches "$(cat "$T/log")" 'level=warning.*capabilit'
}

@test "process: an ambient capability that is not inheritable is a warning (P-21, P-23)" {
	config '.process.user = {"uid": 1000, "gid": 1000} | .process.capabilities = {"bounding": ["CAP_KILL", "CAP_CHOWN"],
		"permitted": ["CAP_KILL", "CAP_CHOWN"], "effective": [], "inheritable": ["CAP_CHOWN"], "ambient": ["CAP_KILL", "CAP_CHOWN"]}'
	script 'grep CapAmb /proc/self/status | cut -f 2'
	run -0 --separate-stderr hull --debug --log "$T/log" run web
	equal "$output" 0000000000000001
	matches "$(cat "$T/log")" 'level=warning.*can.t raise ambient capability CAP_KILL'
}

@test "process: ids are those of the container's user namespace (P-13, P-15)" {
	requires userns
	chmod 711 "$BUNDLE" "$T"
	config '.linux.namespaces += [{"type": "user"}] | .process.user = {"uid": 7, "gid": 8, "additionalGids": [9]}
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 1000}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 200000, "size": 1000}]'
	args sleep 1000
	start_it web
	run -0 hull exec web sh -c 'id -u; id -G'
	equal "$output" "7
8 9"
	equal "$(grep -e Uid -e Gid -e Groups "/proc/$(pid_of web)/status" | tr -s '\t ' ' ' | sed 's/ $//')" \
		"Uid: 100007 100007 100007 100007
Gid: 200008 200008 200008 200008
Groups: 200009"
}

@test "process: rlimits are exact, for exec too (P-29, P-31, P-32)" {
	config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 123, "hard": 456}, {"type": "RLIMIT_CORE", "soft": 0, "hard": "@MAX@"},
		{"type": "RLIMIT_STACK", "soft": 1048576, "hard": 2097152}, {"type": "RLIMIT_FSIZE", "soft": "@BIG@", "hard": "@BIG@"}]'
	script 'grep -e "open files" -e core -e stack -e "file size" /proc/self/limits | tr -s " " | sed "s/ *$//"'
	raw @MAX@ 18446744073709551615
	raw @BIG@ 9223372036854775806
	run -0 hull run web
	equal "$output" "Max file size 9223372036854775806 9223372036854775806 bytes
Max stack size 1048576 2097152 bytes
Max core file size 0 unlimited bytes
Max open files 123 456 files"
	config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 123, "hard": 456}]'
	args sleep 1000
	start_it web
	run -0 hull exec web sh -c 'ulimit -Sn; ulimit -Hn'
	equal "$output" "123
456"
}

@test "process: every rlimit name is known (P-30)" {
	# Small enough to need no privilege, but for those that a program needs to run.
	config '.process.rlimits = [(("AS", "CORE", "CPU", "DATA", "FSIZE", "LOCKS", "RSS", "RTTIME", "STACK") | {"type": "RLIMIT_\(.)", "soft": 4294967295, "hard": 4294967296}),
		(("MEMLOCK", "MSGQUEUE", "NOFILE", "NPROC", "SIGPENDING") | {"type": "RLIMIT_\(.)", "soft": 177, "hard": 178}),
		(("NICE", "RTPRIO") | {"type": "RLIMIT_\(.)", "soft": 0, "hard": 0})]'
	ok_container 'grep -c "4294967295 *4294967296" /proc/self/limits; grep -c "177 *178" /proc/self/limits'
	equal "$output" "9
5"
}

@test "process: odd rlimits are refused (P-30, P-31, P-33)" {
	config '.process.rlimits = [{"type": "RLIMIT_TEST", "soft": 1, "hard": 1}]'
	create_refused web RLIMIT_TEST
	config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 2, "hard": 1}]'
	create_refused web rlimits
	config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 1, "hard": 1}, {"type": "RLIMIT_NOFILE", "soft": 2, "hard": 2}]'
	create_refused web RLIMIT_NOFILE
	config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 1}]'
	create_refused web hard
}

@test "process: env is the config's, in order, the last of doubles (P-08, P-09)" {
	config '.process.env = ["PATH=/bin", "B=1", "A=2", "EMPTY=", "HOME=/x", "EQ=a=b"]'
	args env
	run -0 hull run web
	equal "$output" "$(printf '%s\n' PATH=/bin B=1 A=2 EMPTY= HOME=/x EQ=a=b)"
	config '.process.env += ["B=3"]'
	run -0 hull run web
	equal "$(sort <<< "$output")" "$(printf '%s\n' A=2 B=3 EMPTY= EQ=a=b HOME=/x PATH=/bin | sort)"
}

@test "process: env entries without = or with an empty name are refused (P-08)" {
	for e in NOEQUALS =value ''; do
		config --arg e "$e" '.process.env = ["PATH=/bin", $e]'
		create_refused web 'process.env[1]'
	done
}

@test "process: HOME comes from the container's passwd, / if unknown (P-09)" {
	ok_container 'echo $HOME'
	equal "$output" /root
	config '.process.user.uid = 1000'
	ok_container 'echo $HOME'
	equal "$output" /home/user
	config '.process.user.uid = 4242'
	ok_container 'echo $HOME'
	equal "$output" /
	config '.process.user.uid = 1000 | .process.env += ["HOME="]'
	ok_container 'echo $HOME'
	equal "$output" /home/user
	rm "$ROOTFS/etc/passwd"
	ok_container 'echo $HOME'
	equal "$output" /
}

@test "process: HOME lookup follows no symlink out of the root and bears a broken passwd" {
	echo "root:x:0:0::/outside:/bin/sh" > "$T/passwd"
	rm "$ROOTFS/etc/passwd"
	ln -s "$T/passwd" "$ROOTFS/etc/passwd"
	ok_container 'echo $HOME'
	equal "$output" /
	rm "$ROOTFS/etc/passwd"
	head -c 300000 /dev/urandom > "$ROOTFS/etc/passwd"
	ok_container 'echo $HOME'
	equal "$output" /
}

@test "process: cwd (P-05)" {
	config '.process.cwd = "/home/user"'
	ok_container 'pwd'
	equal "$output" /home/user
}

@test "process: a relative or missing cwd is refused (P-05)" {
	config '.process.cwd = "home"'
	create_refused web process.cwd
	config '.process.cwd = ""'
	create_refused web process.cwd
	config 'del(.process.cwd)'
	create_refused web process.cwd
}

@test "process: a cwd that does not exist is created (P-06)" {
	config '.process.cwd = "/new/deep/dir"'
	ok_container 'pwd; stat -c %a .'
	equal "$output" "/new/deep/dir
755"
}

@test "process: a cwd that is a file is refused" {
	config '.process.cwd = "/etc/passwd"'
	create_refused web /etc/passwd
}

@test "process: a cwd that only the container's user may enter (P-06)" {
	mkdir -m 700 "$ROOTFS/private"
	chown 1000:1000 "$ROOTFS/private"
	config '.process.cwd = "/private" | .process.user = {"uid": 1000, "gid": 1000}'
	ok_container 'pwd; touch x'
	equal "$output" /private
}

@test "process: args[0] is looked up in the container's PATH, argv[0] unchanged (P-10)" {
	mkdir "$ROOTFS/special"
	printf '#!/bin/sh\ncat /proc/self/cmdline | tr "\\0" " "; echo found\n' > "$ROOTFS/special/prog"
	chmod 755 "$ROOTFS/special/prog"
	config '.process.env = ["PATH=/nosuch:/special:/bin"]'
	args prog
	run -0 hull run web
	has "$output" found
	ln -s busybox "$ROOTFS/bin/argv0" 2> /dev/null || :
	args sh -c 'tr "\0" " " < /proc/$$/cmdline; :'
	run -0 hull run web
	matches "$output" '^sh -c'
}

@test "process: a file in PATH that is not executable is passed over" {
	mkdir "$ROOTFS/first"
	echo no > "$ROOTFS/first/echo"
	mkdir "$ROOTFS/second" "$ROOTFS/second/echo"
	config '.process.env = ["PATH=/first:/second:/bin"]'
	args echo fine
	run -0 hull run web
	equal "$output" fine
}

@test "process: a relative path in args[0] is relative to cwd" {
	config '.process.cwd = "/bin"'
	args ./echo fine
	run -0 hull run web
	equal "$output" fine
}

@test "process: missing programs are create errors in the words engines look for (P-11)" {
	args nosuch
	create_refused web 'exec: "nosuch": executable file not found in $PATH'
	args /no/such/file
	create_refused web 'exec: "/no/such/file"' 'o such file or directory'
	args ''
	create_refused web
	config '.process.env = []'
	args nosuch
	create_refused web 'executable file not found in $PATH'
}

@test "process: a program that is a directory or not executable is a create error with permission denied" {
	args /etc
	create_refused web 'exec: "/etc"' 'is a directory: permission denied'
	args /etc/passwd
	create_refused web 'exec: "/etc/passwd": permission denied'
}

@test "process: the lookup is done as the container's user" {
	mkdir -m 700 "$ROOTFS/closed"
	cp -l "$ROOTFS/bin/busybox" "$ROOTFS/closed/echo"
	config '.process.user = {"uid": 1000, "gid": 1000}'
	args /closed/echo x
	create_refused web 'exec: "/closed/echo": permission denied'
}

@test "process: no args are refused (P-10)" {
	config '.process.args = []'
	create_refused web process.args
	config 'del(.process.args)'
	create_refused web process.args
}

@test "process: a hundred thousand bytes of args and env arrive" {
	config '.process.args = ["/bin/sh", "-c", "echo ${#1} ${#BIG}", "x", ("a" * 60000)] | .process.env += ["BIG=" + ("b" * 60000)]'
	run -0 hull run web
	equal "$output" "60000 60000"
}

@test "process: args are passed byte for byte" {
	args /bin/printf '%s|' 'with space' $'new\nline' 'ünïcode' '"quote"' ''
	run -0 hull run web
	equal "$output" $'with space|new\nline|ünïcode|"quote"||'
}

@test "process: noNewPrivileges (P-25)" {
	ok_container 'grep NoNewPrivs /proc/self/status'
	equal "$output" "NoNewPrivs:	1"
	config '.process.noNewPrivileges = false'
	ok_container 'grep NoNewPrivs /proc/self/status'
	equal "$output" "NoNewPrivs:	0"
	config 'del(.process.noNewPrivileges)'
	ok_container 'grep NoNewPrivs /proc/self/status'
	equal "$output" "NoNewPrivs:	0"
}

@test "process: a set-user-id program gives its owner's rights only without noNewPrivileges (P-25)" {
	requires suid
	# A copy: the other names of the probe are shared.
	cp "$STORE/probe" "$ROOTFS/bin/suid"
	chmod 4755 "$ROOTFS/bin/suid"
	config '.process.user = {"uid": 1000, "gid": 1000} | .process.args = ["/bin/suid", "syscall", "'"$(nr geteuid)"'"]'
	run -0 hull run web
	equal "$output" "= 1000"
	config '.process.noNewPrivileges = false'
	run -0 hull run web
	equal "$output" "= 0"
}

@test "process: a cwd outside of the root is refused, for exec too (P-07)" {
	args sleep 1000
	start_it web
	for fd in 3 5 8; do
		run "$PROBE" leak 10 / "$HULL" --root "$ROOT" exec --cwd "/proc/self/fd/$fd" web sh -c 'echo escaped'
		equal "$status" 255
		hasnt "$output" escaped
	done
	hull delete --force web
	script 'echo escaped'
	for fd in 3 5 8; do
		config --arg c "/proc/self/fd/$fd" '.process.cwd = $c'
		run "$PROBE" leak 10 / "$HULL" --root "$ROOT" run web
		equal "$status" 1
		has "$output" "/proc/self/fd/$fd"
		no_trace web
	done
}

@test "process: oomScoreAdj set, zero and unset (P-27, P-28)" {
	config '.process.oomScoreAdj = 500'
	ok_container 'cat /proc/self/oom_score_adj'
	equal "$output" 500
	config '.process.oomScoreAdj = 0'
	script 'cat /proc/self/oom_score_adj'
	run -0 sh -c 'echo 300 > /proc/self/oom_score_adj; exec "$0" --root "$1" run web' "$HULL" "$ROOT"
	equal "$output" 0
	config 'del(.process.oomScoreAdj)'
	run -0 sh -c 'echo 300 > /proc/self/oom_score_adj; exec "$0" --root "$1" run web' "$HULL" "$ROOT"
	equal "$output" 300
	config '.process.oomScoreAdj = 1001'
	create_refused web oomScoreAdj
}

@test "process: a session keyring of its own, not with --no-new-keyring" {
	keyctl_nr=$(nr keyctl)
	script "probe syscall $keyctl_nr 0 -3 0"
	own=$("$PROBE" syscall "$keyctl_nr" 0 -3 0)
	run -0 hull run one
	first=$output
	differ "$first" "$own"
	run -0 hull run two
	differ "$output" "$first"
	differ "$output" "$own"
	run -0 hull run --no-new-keyring three
	equal "$output" "$own"
}

@test "process: LSM labels are refused where the module is off (P-34, P-35)" {
	if [[ ! -d /sys/kernel/security/apparmor && ! -d /sys/module/apparmor ]]; then
		config '.process.apparmorProfile = "nosuch"'
		create_refused web apparmor
	fi
	config 'del(.process.apparmorProfile) | .process.selinuxLabel = "a:b:c:d"'
	if [[ ! -e /sys/fs/selinux/enforce ]]; then
		create_refused web selinux
	fi
}

@test "process: terminal false has no controlling terminal" {
	ok_container 'echo x 2>&1 > /dev/tty || :; echo end'
	has "$output" end
}
