#!/usr/bin/env bats
# hull migrate: what is in the way is said before anything is touched, all of it at once.
load helpers

# Nothing was begun: no directory of a migration, no journal.
untouched() {
	lives_here
	[[ -z $(find "$FAR" "$ROOT" -name migrate.json) ]]
}

@test "migrate: --dry-run of what would work says nothing and leaves nothing" {
	up 4 1
	migrate --dry-run
	equal "$(cat "$OUT" "$ERR")" ""
	untouched
}

@test "migrate: --dry-run says all that is in the way in one run" {
	FAR=$BATS_FILE_TMPDIR/far
	up 4 1
	# The target's root has another container of that name.
	args /bin/sleep 1000
	ROOT=$FAR apart run -d --bundle "$T/there" there
	migrate_refused --dry-run --target-criu /nonexistent
	has "$line" "target: "
	has "$line" "'there'"
	has "$line" "--name"
	has "$line" "/nonexistent"
	TO=local:$T/nowhere migrate_refused --dry-run --target-criu /nonexistent
	has "$line" "'$T/nowhere'"
	has "$line" "/nonexistent"
	has "$line" "'there'"
	equal "$(far state there | jq -r .status)" running
	far delete --force there
	untouched
}

@test "migrate: a source of a mount that is missing at the target is named" {
	mkdir "$T/gone"
	for name in there here; do
		BUNDLE=$T/$name config --arg s "$T/gone" \
			'.mounts += [{destination: "/tmp", type: "bind", source: $s, options: ["bind"]}]'
	done
	up 1 1
	rmdir "$T/gone"
	migrate_refused --dry-run
	has "$line" "'$T/gone'"
	migrate_refused
	has "$line" "'$T/gone'"
	mkdir "$T/gone"
	untouched
}

@test "migrate: a container that does not run is refused" {
	args /bin/sleep 1000
	apart create --bundle "$T/here" here
	migrate_refused
	has "$line" created
	hull start here
	hull pause here
	migrate_refused
	has "$line" paused
	equal "$(status_of here)" paused
}

@test "migrate: who cannot be reached, or is no hull, is said with its own words" {
	up 1 1
	printf '#!/bin/sh\necho "no route to $1" >&2\nexit 255\n' > "$T/ssh"
	chmod 755 "$T/ssh"
	TO=host.example migrate_refused --ssh-command "$T/ssh"
	has "$line" "no route to host.example"
	TO=host.example migrate_refused --ssh-command /bin/cat
	TO=host.example migrate_refused --ssh-command /nonexistent/ssh
	has "$line" /nonexistent/ssh
	untouched
}

@test "migrate: --recover of what is in no migration" {
	up 1 1
	migrate_refused --recover
	has "$line" "is in no migration"
	migrate_refused --recover --force-resume
	has "$line" "is in no migration"
	untouched
}
