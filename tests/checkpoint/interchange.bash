# interchange.bash FROM TO [null]: a container that FROM has dumped is restored by TO; in the tree (engines-tree).
# FROM, TO: paths of runc, crun, hull. The container's streams are pipes, or all /dev/null.
B=/var/tmp/bundle
COUNT='i=0; while :; do i=$((i+1)); echo $i > /srv/n; sleep 0.05; done'

until_true() {
	local end=$((SECONDS + 60))

	until "$@" > /dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "waited 60 s for: $*"; return 1; }
		sleep 0.1
	done
}

more_than() {
	[ "$(cat "$B/rootfs/srv/n")" -gt "$1" ]
}

# CRIU writes cpusets of the machine's version 1 hierarchies for crun else, which this cgroup namespace may not.
mode() {
	[ "${1##*/}" != crun ] || echo --manage-cgroups-mode=ignore
}

# Its streams become the container's: pipes, as engines have them.
with_streams() { # COMMAND...
	if [ "$STREAMS" = null ]; then
		"$@" < /dev/null > /dev/null 2>&1
	else
		"$@" < <(exec sleep 60 > /dev/null 2>&1) > >(exec cat > /dev/null 2>&1) 2>&1
	fi
}

does() { # RUNTIME ARGS...
	rm -f /tmp/log
	with_streams "$1" --log /tmp/log "${@:2}" && return
	tail -n 5 /tmp/log
	grep -h Error /tmp/work/*.log | tail -n 5
	return 1
}

gone() {
	"$1" delete -f web > /dev/null 2>&1
}

STREAMS=${3:-pipes}
trap 'gone "$1"; gone "$2"' EXIT
rm -rf "$B" /tmp/images /tmp/work
mkdir -p "$B" /tmp/work
cp -a /var/tmp/rootfs "$B/rootfs"
(cd "$B" && runc spec)
jq --arg c "$COUNT" '.process.terminal = false | .root.readonly = false | .process.args = ["sh", "-c", $c] |
	.linux.cgroupsPath = "/web" |
	del(.process.rlimits, .linux.resources)' "$B/config.json" > "$B/new" && mv "$B/new" "$B/config.json"
# shellcheck disable=SC2046 # one word or none
{
	does "$1" run -d --bundle "$B" web || exit 1
	until_true more_than 3
	does "$1" checkpoint $(mode "$1") --image-path /tmp/images --work-path /tmp/work web || exit 1
	n=$(cat "$B/rootfs/srv/n")
	does "$2" restore -d $(mode "$2") --bundle "$B" --image-path /tmp/images --work-path /tmp/work web || exit 1
	until_true more_than "$n" && echo "goes on"
	"$2" state web | jq -r .status
}
jq -c 'map(sub("[0-9]+"; "N"))' /tmp/images/descriptors.json
