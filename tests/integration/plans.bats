load helpers

# There is one plan, for a kernel that has all that base/kernel.c lists. Where something of it is
# missing, or hull runs under a filter that forbids it, each command that needs it says so at once and
# changes nothing. What is needed only by a feature is missed only by a container that has it.

ENOSYS=38 EPERM=1

# The rows of the table: "NAME VERSION NEED".
needed() {
	sed -n 's/^\t{"\([a-z0-9_]*\)", *"\([0-9.]*\)".*\(KERNEL_[A-Z]*\),.*/\1 \2 \3/p' \
		"$SRC/libcontainer/base/kernel.c"
}

# Those that the kernel may forbid by itself, too.
ambiguous() {
	sed -n 's/^\t{"\([a-z0-9_]*\)".*true},/\1/p' "$SRC/libcontainer/base/kernel.c"
}

without() { # ERRNO NAME,... COMMAND...
	"$PROBE" without "$@"
}

hull_without() { # ERRNO NAME,... ARGS...
	local errno=$1 names=$2
	shift 2
	without "$errno" "$names" "$HULL" --root "$ROOT" "$@"
}

@test "plans: the table is read by these tests, and the kernel they run on has all of it" {
	[[ $(needed | wc -l) -ge 15 ]]
	[[ $(ambiguous | wc -l) -ge 3 ]]
	hull --debug --log "$T/log" run web
	has "$(< "$T/log")" "plan: openat2, mount API by descriptor, clone3 into the cgroup, pidfd"
}

@test "plans: create, run and exec name the system call that is missing and the Linux that has it" {
	hull create web
	hull start web
	while read -r name version _; do
		refused hull_without $ENOSYS "$name" create other
		has "$line" "system call $name is missing"
		has "$line" "Linux $version or later"
		refused hull_without $ENOSYS "$name" run other
		has "$line" "system call $name is missing"
		run --separate-stderr hull_without $ENOSYS "$name" exec web /bin/true
		equal "$status" 255
		has "$stderr" "system call $name is missing"
	done < <(needed)
	equal "$(hull list -q)" web
}

@test "plans: one that a filter forbids is told from one that is missing" {
	while read -r name _ _; do
		ambiguous | grep -qx "$name" && continue
		refused hull_without $EPERM "$name" create other
		has "$line" "system call $name is forbidden by a filter"
	done < <(needed)
}

@test "plans: the other commands ask only for what they need themselves" {
	config '.process.args = ["/bin/sleep", "100"]'
	hull create web
	hull start web
	while read -r name version need; do
		for verb in "state web" "list" "kill web 0" "ps web" "pause web" "resume web" "delete web"; do
			# shellcheck disable=SC2086 # words
			run --separate-stderr hull_without $ENOSYS "$name" $verb
			[[ $need != KERNEL_MANAGE ]] || {
				equal "$status" 1
				has "$stderr" "system call $name is missing"
				continue
			}
			[[ $stderr != *"$name is missing"* ]]
			[[ $status = 0 || $verb = delete* ]]
		done
	done < <(needed)
	equal "$(hull state web | jq -r .status)" running
}

@test "plans: features, spec, help and the version need nothing" {
	local all
	all=$(needed | awk '{ printf "%s%s", sep, $1; sep = "," }')
	for verb in features help --version; do
		hull_without $ENOSYS "$all" "$verb" > "$OUT"
		[[ -s $OUT ]]
	done
	cd "$T"
	hull_without $ENOSYS "$all" spec
	jq -e .process config.json
}

@test "plans: a kernel older than cgroup.kill is refused by its version" {
	command -v setarch > /dev/null || skip "no setarch"
	refused setarch --uname-2.6 "$HULL" --root "$ROOT" create web
	has "$line" "is too old: hull needs cgroup.kill, Linux 5.14"
}

@test "plans: without keyctl the container has no session keyring of its own, and a warning says so" {
	for errno in $ENOSYS $EPERM; do
		run --separate-stderr hull_without "$errno" keyctl --debug run web
		equal "$status" 0
		has "$stderr" "no session keyring"
	done
}

@test "plans: without bpf device rules are an error that names them; without rules nothing is missed" {
	config '.linux.resources.devices = [{"allow": false, "access": "rwm"}]'
	refused hull_without $ENOSYS bpf create web
	has "$line" "linux.resources.devices"
	config 'del(.linux.resources)'
	hull_without $ENOSYS bpf run web
}
