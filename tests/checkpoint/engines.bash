# Of podman.bats and interchange.bats: a tree with engines for the whole file. What rows do is in podman.bash
# and interchange.bash, which are run in it.

CHECKPOINT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

engines_setup_file() {
	local top

	: "${HULL:?the hull to test}"

	[[ $(id -u) = 0 ]] || skip "needs root"
	top=$(cd "$CHECKPOINT/../.." && pwd)
	TREE=$BATS_FILE_TMPDIR/tree
	CRIU_DIR=$("$CHECKPOINT/../criu/prepare") || return 1
	EXTRAS_DIR=$("$CHECKPOINT/engines-extras") || return 1
	export TREE CRIU_DIR EXTRAS_DIR
	"${CC:-cc}" -static -O1 -o "$BATS_FILE_TMPDIR/engine_program" "$CHECKPOINT/engine_program.c"
	"$CHECKPOINT/engines-tree" start "$TREE" "$top" "$(dirname "$HULL")" "$BATS_FILE_TMPDIR" || return
	in_tree bash "$CHECKPOINT/podman.bash" setup "$HULL" "$BATS_FILE_TMPDIR/engine_program"
}

engines_teardown_file() {
	[[ -z ${TREE:-} ]] || "$CHECKPOINT/engines-tree" stop "$TREE"
}

in_tree() {
	"$CHECKPOINT/engines-tree" run "$TREE" "$@" < /dev/null 3>&- 4>&-
}

# prints EXPECTED COMMAND...: in the tree.
prints() {
	local out

	out=$(in_tree "${@:2}" 2>&1)
	[[ $out = "$1" ]] || {
		printf 'expected:\n%s\nprinted by %s:\n%s\n' "$1" "${*:2}" "$out"
		return 1
	}
}
