#!/usr/bin/env bats
# hull migrate on a kernel that has soft-dirty bits and no asynchronous write protection: Debian 12's, in QEMU.
# The same bundles, programs and checks as elsewhere; what runs in the guest is the script that `inside` is given.
load ../helpers

# inside [PATH...]: the script on stdin runs in the guest, which has the bundles, hull, CRIU and each PATH.
inside() {
	local shares=() path

	cat "$T/prelude" - > "$T/script"
	for path in "$T" "$HULL" "$(dirname "$CRIU")" "$@"; do
		shares+=(--share "$path")
	done
	"$HERE/../guest/qemu" --timeout 900 "${shares[@]}" -- sh "$T/script" > "$OUT" || {
		cat "$OUT"
		return 1
	}
}

prelude() {
	cat > "$T/prelude" <<-END
		LOG=$T/log CRIU=$CRIU THERE=$T/there
		HULL="$HULL --debug --log $T/log --root /run/hull --criu $CRIU"
		FAULT="$HULL_BUILD/hull-fault --debug --log $T/log --root /run/hull --criu $CRIU"
		CGROUP=/sys/fs/cgroup/$CG/here
		wait_for() {
			local n=0
			until "\$@" > /dev/null 2>&1; do
				n=\$((n + 1))
				[ \$n -lt 300 ] || { echo "waited for \$*"; failed; }
				sleep 0.2
			done
		}
		migrate() {
			\$HULL migrate --target-root /run/far --target-criu $CRIU --name there "\$@" here local:$T/there
		}
		failed() {
			grep -v level=debug \$LOG | tail -n 5
			find /run /tmp -name '*.log' -exec grep -hB4 Error {} + | tail -n 20
			exit 1
		}
		passes() {
			cat $HOSTED/pass.\$1 2> /dev/null || echo 0 0
		}
		# Process N looks at all of its memory twice from now on, and all is as it has to be.
		goes_on() {
			local end=\$((\$(passes \$1 | cut -d ' ' -f 1) + 2)) n=0
			while [ \$(passes \$1 | cut -d ' ' -f 1) -lt \$end ]; do
				n=\$((n + 1))
				[ \$n -lt 600 ] || { echo "process \$1 does not go on"; exit 1; }
				sleep 0.5
			done
			[ "\$(passes \$1 | cut -d ' ' -f 2)" = 0 ] || { echo "wrong: \$(passes \$1)"; exit 1; }
		}
		\$HULL run -d --bundle $T/here here < /dev/null > /dev/null 2>&1 || { cat $T/log; exit 1; }
	END
}

setup() {
	migrate_setup
	prelude
}

# What the container runs, at both ends.
mover() {
	local name

	for name in there here; do
		BUNDLE=$T/$name args /bin/mover "$@"
	done
}

@test "soft-dirty: memory is tracked as on newer kernels" {
	local units=$HULL_BUILD/tests/unit

	[[ -x $units/test_track ]] || make -C "$HULL_BUILD" tests/unit/test_track tests/unit/test_track_hostile
	"$HERE/../guest/qemu" --timeout 900 --share "$units/test_track" --share "$units/test_track_hostile" -- \
		sh -c "$units/test_track && $units/test_track_hostile" > "$OUT" || {
		cat "$OUT"
		return 1
	}
	# Not skipped.
	[[ $(grep -c "^# skipped" "$OUT") -eq 4 ]]
	has "$(cat "$OUT")" "scan: mremap of whole page tables over others"
}

@test "soft-dirty: memory that is written meanwhile goes in rounds, and arrives whole" {
	mover 32 4 2
	inside <<-'END'
		goes_on 0
		migrate --json --mode precopy --downtime 3s --compress none 2> /dev/null || failed
		$HULL --root /run/far state there | grep '"status"'
		[ ! -e /run/hull/here ] || echo "still here"
		goes_on 0
		goes_on 1
		grep -c 'track: by soft-dirty bits' $LOG
		grep -c 'it stood still for' $LOG
	END
	jq -e '.rounds >= 2 and .bytes > 64 * 1048576
		and .perRound[1].memoryBytes < .perRound[0].memoryBytes' \
		<<< "$(head -n 1 "$OUT")"
	has "$(sed -n 2p "$OUT")" running
	equal "$(sed -n 3p "$OUT")" 1
	[[ $(sed -n 4p "$OUT") -ge 2 ]]
}

# Between the rounds it stands still for a moment, by a process that outlives hull and lets it go on.
@test "soft-dirty: hull is killed while the container stands still: it goes on" {
	mover 64 4
	[[ -x $HULL_BUILD/hull-fault ]] || make -s -C "$HULL_BUILD" hull-fault
	inside "$HULL_BUILD/hull-fault" <<-'END'
		goes_on 0
		HULL_FAULT=migrate:still=stop $FAULT migrate --target-root /run/far --target-criu $CRIU --name there \
			--mode precopy here "local:$THERE" > /dev/null 2>&1 &
		wait_for grep -q '(hull.*) T' /proc/$!/stat
		cat $CGROUP/cgroup.freeze
		kill -KILL $!
		wait_for grep -q 0 $CGROUP/cgroup.freeze
		wait_for $HULL migrate --recover --target-root /run/far --target-criu $CRIU here "local:$THERE"
		goes_on 0
		$HULL state here | grep '"status"'
	END
	equal "$(head -n 1 "$OUT")" 1
	has "$(tail -n 1 "$OUT")" running
}

@test "soft-dirty: checkpoint --pre-dump and --parent-path: the last images have what was written since" {
	mover 64 1
	# CRIU 4.2.1 cannot dump a network namespace on this kernel ("-22 reported by netlink").
	BUNDLE=$T/here config '.linux.namespaces |= map(select(.type != "network"))'
	inside <<-'END'
		goes_on 0
		$HULL checkpoint --pre-dump --image-path /tmp/first here || failed
		goes_on 0
		$HULL checkpoint --pre-dump --image-path /tmp/second --parent-path ../first here || failed
		$HULL checkpoint --image-path /tmp/last --parent-path ../second here || failed
		[ ! -e /run/hull/here ] || echo "still here"
		du -m -c /tmp/first/pages-*.img | tail -n 1
		du -m -c /tmp/last/pages-*.img | tail -n 1
		$HULL restore -d --image-path /tmp/last --bundle "${THERE%/*}/here" here < /dev/null > /dev/null 2>&1 || failed
		goes_on 0
		$HULL state here | grep '"status"'
	END
	[[ $(sed -n 1p "$OUT") =~ ^([0-9]+) && ${BASH_REMATCH[1]} -ge 64 ]]
	[[ $(sed -n 2p "$OUT") =~ ^([0-9]+) && ${BASH_REMATCH[1]} -lt 48 ]]
	has "$(tail -n 1 "$OUT")" running
}
