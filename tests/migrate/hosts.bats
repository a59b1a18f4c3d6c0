#!/usr/bin/env bats
# hull migrate between two hosts, by real ssh.
load helpers
load hosts

@test "migrate: by ssh from one host to another" {
	equal "$(on A hostname) $(on B hostname)" "host-A host-B"
	up 32 10
	migrate --json
	lives_there
	jq -e '.rounds >= 1 and .lastBytes < 32 * 1048576' "$OUT"
	# It is a process of the other host.
	equal "$(on B hull ps -f json there | jq length)" 1
	[[ -e $FAR/there/state.json ]]
}

# in_rounds: a migration that takes long goes on beside the test.
in_rounds() {
	local words

	up 32 10
	migration --bandwidth 4M --compress none
	beside "${words[@]}"
	wait_for 60 test -d "$FAR/@migrate"
}

# The one that carries the bytes.
kill_ssh() {
	local pid

	pid=$(on A pgrep -x ssh) && on A kill -9 "$pid"
}

# when PHASE: the source's journal has come to it, or the migration is over.
when() {
	local end=$((SECONDS + 60)) text

	while ((SECONDS < end)); do
		read -r text 2> /dev/null < "$ROOT/here/migrate.json" || :
		[[ $text != *"$1"* && ! -s $T/beside.rc ]] || return 0
	done
	return 1
}

recover() { # [options]
	local words

	migration --recover "$@"
	quietly "${words[@]}"
}

@test "migrate: by ssh, --dry-run says all that is in the way over there" {
	up 1 1
	bundle other
	args /bin/sleep 1000
	on B hull run -d --bundle "$T/other" there < /dev/null > /dev/null 2>&1 3>&- 4>&-
	TO=root@10.77.0.2:$T/nowhere migrate_refused --dry-run --target-criu /nonexistent/criu
	has "$line" "'$T/nowhere'"
	has "$line" /nonexistent/criu
	has "$line" "'there'"
	on B hull delete --force there
	lives_here
}

# sshd waits for who has its streams.
@test "migrate: by ssh, the container has no stream of the connection, which ends" {
	local name fd

	for name in there here; do
		BUNDLE=$T/$name args /bin/mover 1 1
	done
	quietly "$HOSTS/on" A hull run -d --bundle "$T/here" here
	goes_on
	migrate
	lives_there
	for fd in 0 1 2; do
		equal "$(on B readlink "/proc/$(far state there | jq .pid)/fd/$fd")" /dev/null
	done
}

@test "migrate: ssh's own words say why it cannot reach the host" {
	up 1 1
	migrate_refused --ssh-command "ssh -T -o UserKnownHostsFile=/dev/null"
	has "$line" "Host key verification failed"
	"$LAB/ssh-keygen" -q -t ed25519 -N '' -C '' -f "$T/stranger"
	migrate_refused --ssh-command "ssh -T -F '$T/no such file'"
	has "$line" "$T/no such file"
	sed "s,^IdentityFile .*,IdentityFile $T/stranger," "$HOSTS/ssh_config" > "$T/config"
	migrate_refused --ssh-command "$LAB/ssh -F '$T/config'"
	has "$line" "Permission denied (publickey)"
	TO=root@10.77.0.1:$T/there migrate_refused --ssh-command "ssh -T -p 23"
	has "$line" "Connection refused"
	migrate_refused --target-hull /usr/local/lib/nonexistent/hull
	has "$line" /usr/local/lib/nonexistent/hull
	lives_here
}

# As docs/migration.md advises.
@test "migrate: by ssh, with a key for hull migrate-receive alone" {
	sed -i 's,^,restrict\,command="hull migrate-receive" ,' "$HOSTS/authorized_keys"
	up 8 4
	migrate --target-hull /nonexistent
	cp "$HOSTS/key.pub" "$HOSTS/authorized_keys"
	lives_there
}

@test "migrate: by ssh, with each compression" {
	local how

	for how in none lz4 zstd; do
		up 16 10
		migrate --compress "$how"
		lives_there
		far delete --force there
	done
}

@test "migrate: by ssh over a slow link" {
	slow 80mbit
	up 24 1
	migrate --json --compress none --downtime 2s
	lives_there
	# 10 MB in a second. The buckets are full at the beginning.
	jq -e '.totalMs > 1800' "$OUT"
}

@test "migrate: ssh is killed while memory is copied" {
	in_rounds
	sleep 0.3
	kill_ssh
	differ "$(beside_status)" 0
	has "$(cat "$ERR")" "ssh ended with status 137"
	lives_here
}

@test "migrate: the link is cut while memory is copied" {
	in_rounds
	unplug B
	sleep 0.5
	kill_ssh
	differ "$(beside_status)" 0
	equal "$(status_of here)" running
	goes_on
	link_up
	lives_here
}

@test "migrate: ssh is killed after COMMIT, and --recover asks by ssh" {
	local words _

	KILLED=1
	for _ in 1 2; do
		up 64 10
		migration
		beside "${words[@]}"
		when commit-sent
		kill_ssh || :
		beside_status > /dev/null
		# Over there it may be at work still.
		[[ ! -e $ROOT/here/migrate.json ]] || wait_for 60 recover || {
			cat "$ERR"
			false
		}
		if [[ -e $ROOT/here ]]; then
			lives_here
			hull delete --force here
		else
			lives_there
			far delete --force there
		fi
	done
}

@test "migrate: the link is cut after COMMIT: the copy stays frozen until the target can be asked" {
	local words

	KILLED=1
	up 64 10
	migration --ssh-command "ssh -T -o ConnectTimeout=1"
	beside "${words[@]}"
	when commit-sent
	unplug B
	kill_ssh || :
	beside_status > /dev/null
	if [[ -e $ROOT/here/migrate.json ]]; then
		status=0
		recover --ssh-command "ssh -T -o ConnectTimeout=1" || status=$?
		differ "$status" 0
		has "$(cat "$ERR")" "stays frozen"
		equal "$(status_of here)" paused
		link_up
		wait_for 60 recover || {
			cat "$ERR"
			false
		}
	fi
	link_up
	if [[ -e $ROOT/here ]]; then
		lives_here
	else
		lives_there
	fi
}
