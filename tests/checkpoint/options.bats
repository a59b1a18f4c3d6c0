# What options tell CRIU: a stand-in for it (criu_stub.c) writes down the request. Numbers of fields are those of
# criu_opts in CRIU's rpc.proto; that CRIU then does it is in the other files.
load helpers

setup_file() {
	checkpoint_setup_file
	"${CC:-cc}" -static -O1 -o "$BATS_FILE_TMPDIR/criu_stub" "$SRC/tests/checkpoint/criu_stub.c"
}

setup() {
	common_setup
	checkpoint_setup
	cp "$BATS_FILE_TMPDIR/criu_stub" "$T/stub"
}

# told LINE... -- COMMAND...: CRIU is told all of these; "!NUMBER": nothing of that, or that it is off.
told() {
	local want=()

	while [[ $1 != -- ]]; do
		want+=("$1")
		shift
	done
	rm -f "$T/stub.said"
	CRIU=$T/stub refused_ckpt "${@:2}"
	has "$line" refused
	for want in "${want[@]}"; do
		case $want in
			!*) ! grep -v '=0$' "$T/stub.said" | grep "^${want#!}=" || return 1 ;;
			*) grep -Fqx -e "$want" "$T/stub.said" || {
				echo "no $want in:"
				cat "$T/stub.said"
				return 1
			} ;;
		esac
	done
}

dump() { # LINE... -- [option...]
	local lines=()

	while [[ $1 != -- ]]; do
		lines+=("$1")
		shift
	done
	told "${lines[@]}" -- checkpoint --image-path "$IMAGES" "${@:2}" web
}

restore() { # LINE... -- [option...]
	local lines=()

	while [[ $1 != -- ]]; do
		lines+=("$1")
		shift
	done
	told "${lines[@]}" -- restore -d --image-path "$IMAGES" "${@:2}" web
}

@test "options: of checkpoint" {
	work mem:1
	up web
	# leave_running, ext_unix_sk, tcp_established, shell_job, file_locks, auto_dedup, link_remap, tcp_skip_in_flight,
	# lazy_pages, track_mem, parent_img, ps, status_fd; manage_cgroups with mode IGNORE, network_lock SKIP
	dump type=1 "2=$(pid_of web)" "13=$ROOTFS" 24=1 34=0 64=3 38=1073741824 !3 !4 !5 !7 !8 !16 !18 !46 !48 !15 !14 !11.1 !49 --
	dump 3=1 -- --leave-running
	dump 4=1 -- --ext-unix-sk
	dump 5=1 64=2 -- --tcp-established
	dump 7=1 -- --shell-job
	dump 8=1 -- --file-locks
	dump 16=1 -- --auto-dedup
	dump 18=1 -- --link-remap
	dump 46=1 -- --tcp-skip-in-flight
	dump 38=1073741824 -- --empty-ns network
	dump 11.1=10.1.2.3 11.2=7071 -- --page-server 10.1.2.3:7071
	dump 34=3 -- --manage-cgroups-mode soft
	dump 34=4 -- --manage-cgroups-mode full
	dump 34=5 -- --manage-cgroups-mode strict
	dump 34=0 -- --manage-cgroups-mode ignore
	dump type=13 3=1 15=1 -- --pre-dump
	mkdir -p "$IMAGES/../before"
	dump type=1 14=../before 15=1 -- --parent-path ../before
	dump "44=$CGROOT/$CG/bundle" 50=1 --
	checked web
}

@test "options: of checkpoint: CRIU's own configuration file" {
	echo > "$T/criu.conf"
	config --arg f "$T/criu.conf" '.annotations["org.criu.config"] = $f'
	work mem:1
	up web
	dump "51=$T/criu.conf" --
}

@test "options: of restore" {
	work mem:1
	up web
	save web
	restore type=2 24=1 34=0 6=1 26=1 38=1073741824 !5 !52 !4 !7 !8 !48 !53 !63 !25.2 --
	restore 5=1 -- --tcp-established
	restore 52=1 -- --tcp-close
	restore 4=1 -- --ext-unix-sk
	restore 7=1 -- --shell-job
	restore 8=1 -- --file-locks
	restore 48=1 -- --lazy-pages
	restore 16=1 -- --auto-dedup
	restore 38=1073741824 -- --empty-ns network
	restore 53=apparmor:other -- --lsm-profile apparmor:other
	restore 63=system_u:object_r:container_file_t:s0:c1,c2 -- --lsm-mount-context system_u:object_r:container_file_t:s0:c1,c2
	restore 34=3 "25.2=/$CG/bundle" -- --manage-cgroups-mode soft
	restore 34=4 "25.2=/$CG/bundle" -- --manage-cgroups-mode full
	restore 34=5 "25.2=/$CG/bundle" -- --manage-cgroups-mode strict
	no_trace web
}

@test "options: values that there are not" {
	work mem:1
	up web
	refused_ckpt checkpoint --image-path "$IMAGES" --manage-cgroups-mode some web
	has "$line" --manage-cgroups-mode
	refused_ckpt checkpoint --image-path "$IMAGES" --empty-ns mount web
	has "$line" "--empty-ns: 'mount'"
	refused_ckpt checkpoint --image-path "$IMAGES" --parent-path /before web
	has "$line" "--parent-path: '/before'"
	[[ ! -e $IMAGES ]]
	checked web
}

@test "options: --parent-path without soft-dirty pages, or where there is nothing" {
	zcat /proc/config.gz 2> /dev/null | grep -q '^CONFIG_MEM_SOFT_DIRTY=y' && return
	work mem:1
	up web
	refused_ckpt checkpoint --image-path "$IMAGES" --parent-path ../before web
	has "$line" CONFIG_MEM_SOFT_DIRTY
	CRIU=$T/stub
	refused_ckpt checkpoint --image-path "$IMAGES" --parent-path ../before web
	has "$line" "--parent-path: '../before'"
	checked web
}
