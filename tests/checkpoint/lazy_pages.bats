# --lazy-pages, --page-server and --status-fd with CRIU's own servers of pages, as users of runc know them.
load helpers

# The servers listen in a network of their own.
setup() {
	common_setup
	checkpoint_setup
	env -u HULL_TEST_MARK unshare -n sh -c 'ip link set lo up && echo $$ > "$0.new" && mv "$0.new" "$0" && exec sleep 1000' \
		"$T/holder" < /dev/null > /dev/null 2>&1 3>&- 4>&- &
	disown
	wait_for 20 test -s "$T/holder"
	HOLDER=$(cat "$T/holder")
	printf '#!/bin/sh\nexec nsenter -n -t %s %s "$@"\n' "$HOLDER" "$HULL" > "$T/hull"
	chmod 755 "$T/hull"
	HULL=$T/hull
	mkdir "$T/work"
}

teardown() {
	local rc=0 pid

	for pid in ${GIVER:-} ${SERVER:-}; do
		kill -KILL "$pid" 2> /dev/null || :
	done
	common_teardown || rc=1
	kill "$HOLDER"
	return $rc
}

# server COMMAND [option...]: a process of CRIU that has to do with pages, as $SERVER.
server() {
	env -u HULL_TEST_MARK nsenter -n -t "$HOLDER" timeout 60 "$CRIU" "$1" -D "$IMAGES" -W "$T/work" -v4 -o "$1.log" "${@:2}" \
		< /dev/null > /dev/null 2>&1 3>&- 4>&- &
	SERVER=$!
}

listens() { # PORT
	nsenter -n -t "$HOLDER" ss -Hltn "sport = :$1" | grep -q .
}

served() {
	wait "$SERVER"
	SERVER=
}

# gives ID: a checkpoint that waits until its memory is fetched.
gives() {
	mkfifo "$T/status"
	head -c 1 "$T/status" > "$T/byte" 3>&- 4>&- &
	(
		exec 7> "$T/status"
		exec env -u HULL_TEST_MARK nsenter -n -t "$HOLDER" "$HULL" --log "$T/give.log" --criu "$CRIU" --root "$ROOT" checkpoint --lazy-pages \
			--page-server 127.0.0.1:7000 --status-fd 7 --image-path "$IMAGES" --work-path "$T/work" "$1"
	) < /dev/null > /dev/null 2>&1 3>&- 4>&- &
	GIVER=$!
	wait_for 20 test -s "$T/byte"
	equal "$(od -An -tx1 "$T/byte" | tr -d ' ')" 00
}

# CRIU's pipe for an answer: more than an ordinary program may have.
can_give() {
	grep -q '^CapEff:.*[0-9a-f]*[13579bdf][0-9a-f]\{6\}$' /proc/self/status || (($(< /proc/sys/fs/pipe-max-size) >= 4194304))
}

@test "lazy pages: --page-server: the memory goes there" {
	work mem:32
	up web
	mkdir "$IMAGES"
	server page-server --address 127.0.0.1 --port 7000
	wait_for 20 listens 7000
	save web --page-server 127.0.0.1:7000
	served
	(($(stat -c %s "$IMAGES"/pages-*.img | sort -n | tail -n1) >= 32 << 20))
	is_gone web
	back web
	checked web
}

@test "lazy pages: restore --lazy-pages: it runs, and CRIU's daemon fills in its memory" {
	work mem:32 processes:3
	up web
	save web
	server lazy-pages
	wait_for 20 test -S "$T/work/lazy-pages.socket"
	back web --lazy-pages
	checked web
	served
	has "$(cat "$T/work/lazy-pages.log")" "UFFD transferred pages"
	checked web
}

@test "lazy pages: restore --lazy-pages without a daemon fails, and leaves nothing" {
	work mem:1
	up web
	save web
	refused_ckpt restore -d --lazy-pages --image-path "$IMAGES" --work-path "$T/work" web
	no_trace web
}

@test "lazy pages: checkpoint --lazy-pages: they are fetched from the container that was saved" {
	work mem:48 processes:3
	up web
	can_give || {
		refused_ckpt checkpoint --lazy-pages --page-server 127.0.0.1:7000 --image-path "$IMAGES" --work-path "$T/work" web
		has "$line" "pipe of"
		has "$(cat "$ERR")" CAP_SYS_RESOURCE
		[[ ! -e $IMAGES ]]
		checked web
		return
	}
	gives web
	# Memory is not in the images.
	(($(du -sk "$IMAGES" | cut -f1) < 20000))
	server lazy-pages --page-server --address 127.0.0.1 --port 7000
	wait_for 20 test -S "$T/work/lazy-pages.socket"
	config --arg c "/$CG/other" '.linux.cgroupsPath = $c'
	SEVERAL=1
	back other --lazy-pages
	checked other
	served
	wait "$GIVER"
	GIVER=
	[[ ! -e $ROOT/web ]]
	checked other
}

@test "lazy pages: checkpoint --lazy-pages: nobody fetches them, ^C: the container runs on" {
	can_give || skip "needs CAP_SYS_RESOURCE or a larger fs.pipe-max-size"
	work mem:8
	up web
	gives web
	kill -TERM "$GIVER"
	status=0
	wait "$GIVER" || status=$?
	equal "$status" 1
	GIVER=
	has "$(cat "$T/give.log")" SIGTERM
	is_status web running
	checked web
}

@test "lazy pages: addresses that are none, descriptors that are none" {
	local value

	work mem:1
	up web
	for value in 7000 :7000 localhost localhost: localhost:0 localhost:65536 localhost:x; do
		refused_ckpt checkpoint --page-server "$value" --image-path "$IMAGES" web
		has "$line" "--page-server: '$value'"
	done
	refused_ckpt checkpoint --lazy-pages --image-path "$IMAGES" web
	has "$line" --page-server
	for value in 99 -1 x; do
		refused_ckpt checkpoint --status-fd "$value" --image-path "$IMAGES" web
		has "$line" "--status-fd: '$value'"
	done
	refused_ckpt checkpoint --status-fd 0 --image-path "$IMAGES" web
	has "$line" "--status-fd: '0'"
	[[ ! -e $IMAGES ]]
	checked web
}
