# cgroups of a container that is restored: the new container's, whatever the dumped one had made of its own.
load helpers

# What a program with a cgroup of its own does, systemd for one: cgroups in it, and its processes in those.
divided() {
	local dir=$CGROOT/$CG/bundle pid pids

	work mem:1 processes:3
	up web
	mkdir -p "$dir/init.scope" "$dir/app.slice/one"
	mapfile -t pids < "$dir/cgroup.procs"
	for pid in "${pids[@]}"; do
		echo "$pid" > "$dir/app.slice/one/cgroup.procs"
	done
	pid_of web > "$dir/init.scope/cgroup.procs"
	equal "$(cat "$dir/cgroup.procs")" ""
}

@test "cgroups: processes in cgroups that the container made come back in its own one" {
	divided
	save web
	is_gone web
	[[ ! -e $CGROOT/$CG/bundle ]]
	back web
	checked web
	equal "$(wc -l < "$CGROOT/$CG/bundle/cgroup.procs")" 4
	equal "$(find "$CGROOT/$CG/bundle" -mindepth 1 -type d)" ""
	equal "$(hull exec web cat /proc/1/cgroup | grep ^0::)" 0::/
}

@test "cgroups: --leave-running leaves processes where they are" {
	divided
	apart --debug checkpoint --leave-running --image-path "$IMAGES" --work-path "$T/work" web
	has "$(cat "$T/log")" "process $(pid_of web) is in the cgroup '/$CG/bundle/init.scope', which is not saved"
	equal "$(grep -c 'which is not saved' "$T/log")" 4
	equal "$(cat "$CGROOT/$CG/bundle/init.scope/cgroup.procs")" "$(pid_of web)"
	equal "$(wc -l < "$CGROOT/$CG/bundle/app.slice/one/cgroup.procs")" 3
	checked web
}
