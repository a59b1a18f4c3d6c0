#!/usr/bin/env bats
# hull migrate by ssh: a script in its place, which runs the command like sshd would: by a shell, in the
# network namespace and with the state root of another host.
load helpers

setup_ssh() {
	FAR=$BATS_FILE_TMPDIR/far
	cat > "$T/ssh" <<-END
		#!/bin/sh
		[ \$# = 2 ] || { echo "\$# words" >&2; exit 255; }
		echo "\$1" > "$T/host"
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HULL_TEST_MARK="$MARK" \
			unshare -n sh -c 'busybox ifconfig lo up && exec sh -c "\$1"' sh "\$2"
	END
	chmod 755 "$T/ssh"
}

@test "migrate: by ssh to a host with another state root and network" {
	setup_ssh
	up 32 10
	words=("$HULL" --criu "$CRIU" --root "$ROOT" migrate --json --ssh-command "$T/ssh" --target-hull "$HULL"
		--target-root "$FAR" --target-criu "$CRIU")
	# The same name is free there, but the bundle says another cgroup.
	quietly "${words[@]}" --name there here "user@far.example:$T/there" || { cat "$ERR"; false; }
	equal "$(cat "$T/host")" user@far.example
	lives_there
	jq -e '.rounds >= 2' "$OUT"
	[[ ! -e $ROOT/there ]]
}

@test "migrate: by ssh, the container keeps its name, and odd paths their words" {
	local odd="$T/it's \$(a) place"

	setup_ssh
	mkdir "$odd"
	mv "$T/there" "$odd/bundle"
	FAR="$odd/root"
	ln -s "$odd/bundle" "$T/there"
	up 4 1
	quietly "$HULL" --criu "$CRIU" --root "$ROOT" migrate --ssh-command "$T/ssh" --target-hull "$HULL" \
		--target-root "$FAR" --target-criu "$CRIU" here "far.example:$odd/bundle" || { cat "$ERR"; false; }
	equal "$(far list -q)" here
	[[ ! -e $ROOT/here ]]
	unpopulated here
	goes_on
	far delete --force here
	wait_for 60 has_ended
}

@test "migrate: --target-hull that is not there" {
	setup_ssh
	up 1 1
	TO=far.example:$T/there migrate_refused --ssh-command "$T/ssh" --target-hull /nonexistent/hull
	has "$line" /nonexistent/hull
	lives_here
}

@test "migrate: a connection that is cut leaves the container here" {
	local pid

	setup_ssh
	# What carries the bytes can be killed by itself.
	cat > "$T/proxy" <<-END
		#!/bin/sh
		echo \$\$ > "$T/proxy.pid"
		mkfifo "$T/to" "$T/from"
		"$T/ssh" "\$@" < "$T/to" > "$T/from" &
		cat "$T/from" &
		cat <&3 > "$T/to"
	END
	sed -i '1a exec 3<\&0' "$T/proxy"
	chmod 755 "$T/proxy"
	up 32 10
	migration --ssh-command "$T/proxy" --target-hull "$HULL" --bandwidth 4M
	beside "${words[@]}" "far.example:$T/there"
	wait_for 60 test -s "$T/proxy.pid"
	wait_for 60 test -d "$FAR/@migrate"
	# All of them at once, as a cable would.
	pid=$(cat "$T/proxy.pid")
	kill -9 "$pid" $(pgrep -P "$pid")
	differ "$(beside_status)" 0
	lives_here
}
