# Podman as an ordinary user with subordinate ids and a systemd of its own (P27).
load helpers
load podman

setup_file() {
	podman_config cgroupfs
	rootfs_tar
	systemctl start user@1000.service
	until_true as_lab busctl --user status
	as_lab podman image exists "$IMAGE" || as_lab podman import -q "$ROOTFS_TAR" "$IMAGE" > /dev/null 2>&1
}

teardown_file() {
	as_lab podman system migrate > /dev/null 2>&1
	as_lab rm -rf /run/user/1000/hull # its cache
}

setup() {
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
}

# In the first mount namespace, where the user's runtime directory is.
as_lab() {
	(
		cd /
		exec nsenter -t 1 -m setpriv --reuid 1000 --regid 1000 --init-groups env -i PATH="$PATH" HOME=/home/lab USER=lab \
			XDG_RUNTIME_DIR=/run/user/1000 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus "$@" < /dev/null
	)
}

# What is left of containers; the runtimes' caches stay.
lab_left() {
	podman ps -aq
	find /run/user/1000/hull /run/user/1000/crun -mindepth 1 -maxdepth 1 ! -name '[.@]*' 2> /dev/null
	systemctl --user list-units --all --plain --no-legend 'libpod-*'
	pgrep -u 1000 -a -x conmon
}

lab_clean() {
	[ -z "$(lab_left)" ]
}

# The function in a scope of the user's manager, with all others it may need.
lab_row() { # CGROUP-MANAGER FUNCTION
	manager=$1 row_body=$2
	# shellcheck disable=SC2317 # called by row
	in_scope() {
		chmod 777 "$T"
		{
			declare -f
			declare -p T IMAGE RUNTIME RUNTIME_NAME manager row_body
			cat <<-'EOF'
				pod() { timeout -k 5 60 podman --runtime "$RUNTIME_NAME" --cgroup-manager "$manager" "$@"; }
				cd "$T"
				"$row_body"
				podman_clean
				until_true lab_clean || lab_left
			EOF
		} > "$T/row"
		as_lab systemd-run -q --user --scope -p Delegate=yes bash "$T/row" 2>&1
	}
	row in_scope
}

life() {
	status once "$IMAGE" sh -c 'echo out; exit 7'
	keep "$IMAGE" sleep 1000
	status pod exec c sh -c 'exit 3'
	quietly pod exec -d c sh -c 'echo x > /tmp/f'
	until_true pod exec c test -s /tmp/f
	pod exec -t c tty | tr -d '\r'
	pod exec --user 1000 c id -u
	quietly pod pause c
	about '{{.State.Status}}'
	quietly pod unpause c
	pod top c args | sed 's, *$,,'
	quietly pod restart -t 0 c
	pod kill c
	pod wait c
	quietly pod rm -f -t 0 c
	for program in nosuch /bin/noexec /etc; do
		matching 'OCI .*' once "$IMAGE" "$program"
	done
	echo three > "$T/3"
	once --preserve-fds 1 "$IMAGE" sh -c 'cat <&3' 3< "$T/3"
}

LIFE='out
status 7
status 3
/dev/pts/0
1000
paused
COMMAND
sleep 1000
c
137
OCI runtime attempted to invoke a command that was not found
status 127
OCI permission denied
status 126
OCI permission denied
status 126
three'

@test "podman: a user's containers live, with cgroupfs (P27)" {
	lab_row cgroupfs life <<< "$LIFE"
}

@test "podman: a user's containers live, with the user's systemd (P27)" {
	lab_row systemd life <<< "$LIFE"
}

@test "podman: a user's limits, with the user's systemd (P27)" {
	limits() {
		once --memory 64m --cpus .5 --pids-limit 50 "$IMAGE" sh -c 'cd /sys/fs/cgroup; cat memory.max cpu.max pids.max'
		keep "$IMAGE" sleep 1000
		quietly pod update --memory 48m --cpus .25 c
		pod exec c sh -c 'cd /sys/fs/cgroup; cat memory.max cpu.max'
		about '{{.State.CgroupPath}}' | sed -E 's/.*(libpod-)[0-9a-f]{64}/\1ID/'
	}
	lab_row systemd limits <<-'EOF'
		67108864
		50000 100000
		50
		50331648
		25000 100000
		libpod-ID.scope
	EOF
}

@test "podman: a user's user namespaces, groups, devices, volumes, cgroups=disabled (P27)" {
	userns() {
		once --userns keep-id "$IMAGE" sh -c 'id -u; cat /proc/self/uid_map' | tr -s ' '
		once --userns nomap "$IMAGE" cat /proc/self/uid_map | tr -s ' '
		once --userns keep-id --group-add keep-groups "$IMAGE" id -u
		once "$IMAGE" sh -c 'stat -c %t:%T /dev/null /dev/zero; echo > /dev/null; head -c 1 /dev/zero | wc -c; cat /proc/self/uid_map' | tr -s ' '
		mkdir -p "$T/v"
		once --userns keep-id -v "$T/v:/v:U" "$IMAGE" touch /v/x
		stat -c %u "$T/v/x"
		once -v named:/v --read-only --cap-drop all "$IMAGE" sh -c 'touch /v/x && echo written'
		once --device /dev/zero:/dev/z "$IMAGE" sh -c 'head -c 1 /dev/z | wc -c'
		once --ulimit nofile=100:200 --sysctl net.ipv4.ip_forward=1 --hostname hh "$IMAGE" sh -c 'ulimit -n; hostname; cat /proc/sys/net/ipv4/ip_forward'
		once --privileged "$IMAGE" grep CapEff /proc/self/status
		pod run --rm --net host "$IMAGE" sh -c 'grep -c "^sysfs /sys" /proc/mounts'
		status once --cgroups=disabled "$IMAGE" true
		once --systemd=always "$IMAGE" sh -c 'mkdir /sys/fs/cgroup/x && echo made'
		once --oom-score-adj -500 "$IMAGE" cat /proc/self/oom_score_adj 2> /dev/null
	}
	lab_row systemd userns <<-'EOF'
		1000
		 0 1 1000
		 1000 0 1
		 1001 1001 64536
		 0 1 65536
		1000
		1:3
		1:5
		1
		 0 1000 1
		 1 100000 65536
		1000
		written
		1
		100
		hh
		1
		CapEff:	000001ffffffffff
		1
		status 0
		made
		0
	EOF
}
