# Shared by the tests of migrate. The base is tests/integration/helpers.bash; a container's program is
# mover.c, which looks at all of its memory again and again.
#
#   CRIU      the CRIU under hull: HULL_CRIU, or the one that tests/criu/prepare fetches
#   HOSTED    the container's /data, as the host sees it: the same one at both ends
#   here, there   the two bundles, which are also the names of the container, before and after; FAR is the
#             state root of the target
#
# Every test ends with leak_check: a directory of a migration that is left is a leak, too.

# shellcheck disable=SC2016,SC2034,SC2154
load "$(dirname "${BASH_SOURCE[0]}")/../integration/helpers"

setup_file() {
	helpers_setup_file
}

helpers_setup_file() {
	common_setup_file
	export CRIU
	CRIU=$("$HERE/../criu/prepare")/criu || return 1
	(
		flock 9
		[[ -e $STORE/rootfs/bin/mover ]] && exit 0
		"${CC:-cc}" -static -O1 -pthread -o "$STORE/mover" "$SRC/tests/migrate/mover.c" \
			&& mv "$STORE/mover" "$STORE/rootfs/bin/mover"
	) 9> "$BATS_RUN_TMPDIR/store.lock"
}

setup() {
	migrate_setup
}

migrate_setup() {
	common_setup
	HOSTED=$T/data
	FAR=$ROOT
	mkdir "$HOSTED"
	rm -rf "$T/bundle"
	both_bundles
}

teardown() {
	local rc=0

	cd /
	[[ ! -e $T/beside.pid || -s $T/beside.rc ]] || beside_kill KILL 2> /dev/null || :
	[[ $FAR == "$ROOT" ]] || ROOT=$FAR no_state || rc=1
	# The directory above those of migrations stays.
	rmdir "$ROOT/@migrate" 2> /dev/null || :
	common_teardown || rc=1
	return $rc
}

# What hull keeps of containers in $ROOT is removed; of migrations there may be nothing.
no_state() {
	local rc=0

	rmdir "$ROOT/@migrate" 2> /dev/null || :
	[[ ! -e $ROOT/@migrate ]] || {
		echo "leak: $(find "$ROOT/@migrate")"
		rm -rf "$ROOT/@migrate"
		rc=1
	}
	delete_all || rc=1
	rm -rf "$ROOT"
	return $rc
}

# The same configuration at both ends, but for the name of the cgroup.
both_bundles() {
	local name

	SEVERAL=1
	for name in there here; do
		bundle "$name"
		config --arg data "$HOSTED" '.mounts += [{destination: "/data", type: "bind", source: $data,
			options: ["rbind", "rw"]}]'
	done
}

hull() {
	"$HULL" --criu "$CRIU" --root "$ROOT" "$@"
}

far() {
	"$HULL" --criu "$CRIU" --root "$FAR" "$@"
}

# Its streams are /dev/null; what hull says is in $T/log.
apart() {
	local status=0

	: > "$T/log"
	"$HULL" --log "$T/log" --criu "$CRIU" --root "$ROOT" "$@" < /dev/null > /dev/null 2>&1 3>&- 4>&- \
		|| status=$?
	[[ $status -eq 0 ]] || cat "$T/log"
	return $status
}

# up MIB RATE [PROCESSES [THREADS [FORKS]]]: the container `here` runs, and has looked at its memory.
up() {
	local name

	rm -f "$HOSTED"/*
	for name in there here; do
		BUNDLE=$T/$name args /bin/mover "$@"
	done
	apart run -d --bundle "$T/here" here && goes_on "${3:-1}"
}

# pass N: how often process N has looked.
pass() {
	local n=0 _

	[[ ! -e $HOSTED/pass.$1 ]] || read -r n _ < "$HOSTED/pass.$1"
	echo "$n"
}

is_past() {
	[[ $(pass "$1") -ge $2 ]]
}

# goes_on [N]: N processes look at all of their memory once more from now on, and it is as it has to be.
goes_on() {
	local i _ bad

	for ((i = 0; i < ${1:-1}; i++)); do
		wait_for 60 is_past "$i" $(($(pass "$i") + 2)) || {
			echo "process $i does not go on after $(pass "$i"); $(states)"
			return 1
		}
	done
	for ((i = 0; i < ${1:-1}; i++)); do
		read -r _ bad < "$HOSTED/pass.$i"
		equal "$bad" 0 || return
	done
}

states() {
	echo "here: $(hull state here 2>&1 | jq -r .status 2>&1)" \
		"there: $(far state there 2>&1 | jq -r .status 2>&1)"
}

# migration OPTIONS: the words of a migration, in $words.
migration() {
	words=("$HULL" --criu "$CRIU" --root "$ROOT" migrate --target-root "$FAR" --target-criu "$CRIU"
		--name there "$@" here)
}

# migrate [options]: here -> there, on this host. The report is in $OUT, progress in $ERR.
migrate() {
	local words

	migration "$@"
	quietly "${words[@]}" "${TO:-local:$T/there}" || {
		local rc=$?
		echo "migrate: $rc: $(cat "$ERR")"
		return $rc
	}
}

# migrate_refused [options]: fails with 1; what it says is in $line.
migrate_refused() {
	local words

	migration "$@"
	status=0
	quietly "${words[@]}" "${TO:-local:$T/there}" || status=$?
	line=$(cat "$ERR")
	equal "$status" 1
	has "$line" "hull: "
}

# No process is in the container of that bundle.
unpopulated() {
	[[ ! -e $CGROOT/$CG/$1 || $(< "$CGROOT/$CG/$1/cgroup.events") == *"populated 0"* ]]
}

is_far_status() {
	[[ $(far state there 2> /dev/null | jq -r .status) == "$1" ]]
}

# lives_there [N]: it is there and only there, and all of its memory is.
lives_there() {
	[[ ! -e $ROOT/here ]]
	unpopulated here
	equal "$(far state there | jq -r .status)" running
	goes_on "${1:-1}"
	[[ -z ${KILLED:-} ]] || over_there
	no_migration
}

# lives_here [N]: it is here and only here, as if nothing had been.
lives_here() {
	equal "$(status_of here)" running
	[[ ! -e $ROOT/here/migrate.json ]]
	[[ -z ${KILLED:-} ]] || put_away
	[[ ! -e $FAR/there ]]
	unpopulated there
	goes_on "${1:-1}"
	no_migration
}

has_ended() {
	! (
		unset HULL_TEST_MARK
		exec grep -qzs "^HULL_TEST_MARK=$MARK\$" /proc/[0-9]*/environ
	)
}

# never_frozen NAME: not for half a second, in which it would be several times.
never_frozen() {
	local i

	for ((i = 0; i < 50; i++)); do
		equal "$(< "$CGROOT/$CG/$1/cgroup.freeze")" 0 || return
		sleep 0.01
	done
}

# A target that is asked to take another (which it may not, by --dry-run) puts away what one that was
# killed has left, but for what the source may ask.
put_away() {
	local left

	migrate --dry-run || return
	for left in "$FAR"/@migrate/*; do
		[[ -e $left ]] || continue
		[[ $(ls "$left") == migrate.json && $(jq -r .phase "$left/migrate.json") == @(aborted|lost) ]] || {
			echo "left: $(ls "$left"), $(cat "$left/migrate.json")"
			return 1
		}
		rm -r "$left"
	done
}

# A target that was killed when it had to hear no more than that it may forget keeps its journal.
over_there() {
	local left

	wait_for 60 has_ended
	for left in "$FAR"/@migrate/*; do
		[[ -e $left ]] || continue
		equal "$(jq -r .phase "$left/migrate.json")" running
		rm -r "$left"
	done
}

# Nobody works on one, and nothing of one is kept.
no_migration() {
	wait_for 60 has_ended || {
		echo "still at work: $(marked_pids)"
		return 1
	}
	[[ ! -d $FAR/@migrate ]] || equal "$(cd "$FAR/@migrate" && head -c 400 -- */migrate.json 2> /dev/null)$(ls "$FAR/@migrate")" ""
	[[ ! -e $ROOT/here/migrate ]] || equal "$(find "$ROOT/here/migrate" -type f ! -name '*.log')" ""
}
