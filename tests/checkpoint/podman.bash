# Rows of podman.bats, run in the tree (engines-tree): what a user of Podman sees. A row prints its lines; the
# containers of both runtimes are removed after it, and what is left of them then is printed, too.
#
#   podman.bash setup HULL PROGRAM   once in a tree; PROGRAM: engine_program.c
#   podman.bash ROW RUNTIME          runc or hull

# What the container does: it counts in memory, says the number, and keeps it in a file of the image's.
COUNT='rm -f /etc/group; i=0; while :; do i=$((i+1)); echo $i; echo $i > /srv/n; sleep 0.05; done'
IMAGE=localhost/bb

setup() { # HULL PROGRAM
	# shellcheck disable=SC1091
	. "$(dirname "$0")/../engines/helpers.bash" # make_rootfs
	make_rootfs /var/tmp/rootfs
	cp "$2" /var/tmp/rootfs/bin/engine_program
	tar -C /var/tmp/rootfs -cf /var/tmp/rootfs.tar .
	mkdir -p /etc/containers/containers.conf.d
	# No pids controller is here, and limits of files are low on some machines.
	cat > /etc/containers/containers.conf.d/60-tests.conf <<-END
		[containers]
		log_driver = "k8s-file"
		pids_limit = 0
		default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		pull_policy = "never"
		runtime_supports_json = ["crun", "runc", "hull"]
		[engine.runtimes]
		hull = ["$1"]
		[network]
		firewall_driver = "none"
	END
	podman import -q /var/tmp/rootfs.tar "$IMAGE" > /dev/null
}

until_true() {
	local end=$((SECONDS + 60))

	until "$@" > /dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "waited 60 s for: $*"; return 1; }
		sleep 0.1
	done
}

pod() {
	timeout -k 5 60 podman --runtime "$RUNTIME" "$@"
}

# Its exit status, and what it said if that is not 0 and not expected.
does() { # COMMAND...
	local rc=0

	pod "$@" > /tmp/said 2>&1 || rc=$?
	[ $rc -eq 0 ] || cat /tmp/said
}

# It fails, and says so.
fails() { # REGEX COMMAND...
	local rc=0

	pod "${@:2}" > /tmp/said 2>&1 || rc=$?
	[ $rc -ne 0 ] || echo "no failure"
	grep -qE -- "$1" /tmp/said || { echo "no match for $1 in:"; cat /tmp/said; }
}

keep() { # ARGS...
	does run -d --net none --name c "$@"
}

counted() { # NAME
	local n

	n=$(podman logs "$1" 2> /dev/null | tail -n 1)
	[ "${n:-0}" -gt "$before" ]
}

# The program goes on, from where it was: it has said more numbers than before, and none is missing or there twice.
goes_on() { # NAME
	before=$(podman logs "$1" 2> /dev/null | tail -n 1)
	until_true counted "$1" || return
	podman logs "$1" 2> /dev/null | awk '$1 != NR { bad++ } END { print bad ? "broken" : "unbroken" }'
}

is() { # NAME FORMAT
	podman inspect "$1" --format "$2"
}

counter() {
	keep "$@" "$IMAGE" sh -c "$COUNT"
	until_true has_begun
}

has_begun() {
	[ "$(podman logs c 2> /dev/null | wc -l)" -ge 3 ]
}

# ---- rows ------------------------------------------------------------------------------------------

plain() {
	counter
	does container checkpoint c
	is c '{{.State.Status}} {{.State.Checkpointed}}'
	does container restore c
	is c '{{.State.Status}} {{.State.Restored}}'
	goes_on c
	does exec c sh -c 'test $(cat /proc/uptime | wc -l) = 1; test ! -e /etc/group'
	does container checkpoint c # of a restored one
	does container restore c
	goes_on c
}

leave_running() {
	counter
	does container checkpoint --leave-running c
	is c '{{.State.Status}}'
	goes_on c
	does container checkpoint -R -e /tmp/x c
	goes_on c
	does rm -f -t 0 c
	does container restore -i /tmp/x # its log goes on until the archive is made
	goes_on c > /dev/null
	is c '{{.State.Status}}'
}

export_import() {
	local compression

	for compression in none gzip zstd; do
		counter
		does container checkpoint -c "$compression" -e /tmp/x c
		stat -c %a /tmp/x
		does rm -f -t 0 c
		does container restore -i /tmp/x -n d
		is d '{{.State.Status}} {{.Name}}'
		goes_on d
		does exec d sh -c 'test $(cat /srv/n) -ge 3 && test ! -e /etc/group'
		does rm -f -t 0 d
		rm /tmp/x
	done
}

# An archive can be restored twice, and its checkpoint stays.
import_twice() {
	counter
	does container checkpoint -e /tmp/x c
	does rm -f -t 0 c
	does container restore -i /tmp/x -n d
	does container restore -i /tmp/x -n e
	goes_on d
	goes_on e
}

keeps() {
	counter
	does container checkpoint --keep c
	test -s "$(is c '{{.StaticDir}}')/dump.log" && echo log
	does container restore --keep c
	test -s "$(is c '{{.StaticDir}}')/restore.log" && echo log
	does container checkpoint c
	does container restore c
	goes_on c
}

connection() {
	keep "$IMAGE" /bin/engine_program talk
	until_true has_begun
	fails 'onnected TCP socket|tcp-established' container checkpoint c
	goes_on c
	does container checkpoint --tcp-established c
	does container restore --tcp-established c
	goes_on c
}

locks() {
	keep "$IMAGE" /bin/engine_program lock
	until_true said locked
	fails 'file-locks' container checkpoint c
	does exec c /bin/engine_program is-locked
	does container checkpoint --file-locks c
	does container restore --file-locks c
	does exec c /bin/engine_program is-locked
	is c '{{.State.Status}}'
}

said() {
	podman logs c 2> /dev/null | grep -q "$1"
}

# No soft-dirty bits on this kernel: Podman asks CRIU, and refuses; with them it works.
pre_checkpoint() {
	counter
	if criu check --feature mem_dirty_track > /dev/null 2>&1; then
		does container checkpoint -P -e /tmp/pre c
		is c '{{.State.Status}}'
		does container checkpoint --with-previous -e /tmp/x c
		does rm -f -t 0 c
		does container restore --import-previous /tmp/pre -i /tmp/x
	else
		fails 'MemTrack|does not track memory' container checkpoint -P -e /tmp/pre c
		is c '{{.State.Status}}'
	fi
	goes_on c
}

terminal() {
	does run -dt --net none --name c "$IMAGE" sh -c "$COUNT"
	until_true has_begun
	does container checkpoint c
	does container restore c
	pod exec c readlink /proc/1/fd/0 2> /dev/null
	before=$(podman logs c | tr -d '\r' | tail -n 1)
	until_true counted_tty
}

counted_tty() {
	[ "$(podman logs c | tr -d '\r' | tail -n 1)" -gt "$before" ]
}

volumes() {
	mkdir -p /tmp/host
	counter -v /tmp/host:/srv -v data:/data --tmpfs /scratch
	does exec c sh -c 'echo kept > /data/f; echo kept > /scratch/f; echo kept > /dev/shm/f; echo kept > /srv/f'
	does container checkpoint -e /tmp/x c
	does rm -f -t 0 c
	does volume rm data
	does container restore -i /tmp/x
	does exec c cat /data/f /scratch/f /dev/shm/f /srv/f
	pod exec c cat /data/f /scratch/f /dev/shm/f /srv/f 2> /dev/null
	goes_on c
	does rm -f -t 0 c
	does volume rm data
	rm -r /tmp/host
}

# ---- around a row ------------------------------------------------------------------------------------

left() {
	find /sys/fs/cgroup -type d -name 'libpod-*'
	find /run/hull /run/runc -mindepth 1 -maxdepth 1 ! -name '[.@]*' 2> /dev/null
	pgrep -a -x 'conmon|hull|criu'
	findmnt -rn -o TARGET | grep -E '/(merged|shm)$' | grep -v '^/dev'
}

nothing_left() {
	[ -z "$(left)" ]
}

if [ "$1" = setup ]; then
	set -e
	HULL=$2 setup "$2" "$3"
	exit
fi
RUNTIME=$2
rm -f /tmp/x /tmp/pre
"$1" 2>&1
podman rm -f -v -t 0 -a > /dev/null 2>&1
until_true nothing_left || left
