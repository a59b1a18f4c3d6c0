load helpers

@test "rootfs: readonly makes / read-only and nothing else (R-05, R-06)" {
	config '.root.readonly = true | .mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "t"}]'
	ok_container 'touch /x 2>&1; touch /tmp/x && echo tmp; touch /dev/shm/x && echo shm; echo > /dev/null && echo null; awk "\$5 == \"/\" { print \$6 }" /proc/self/mountinfo'
	has "${lines[0]}" "Read-only file system"
	equal "${lines[1]} ${lines[2]} ${lines[3]}" "tmp shm null"
	matches "${lines[4]}" '^ro'
	[[ ! -e $ROOTFS/x ]]
}

@test "rootfs: readonly with mount points missing in it" {
	rmdir "$ROOTFS/sys" "$ROOTFS/proc" "$ROOTFS/dev"
	config '.root.readonly = true'
	ok_container 'ls -d /sys /proc /dev | wc -l'
	equal "$output" 3
}

@test "rootfs: writable by default" {
	ok_container 'touch /x'
	[[ -e $ROOTFS/x ]]
}

@test "rootfs: the old root cannot be reached" {
	ok_container 'cd /; cd ../../../..; ls -d bin home etc | wc -l; ls /proc/self/root/ | grep -c "^work$\|^srv$\|^boot$"; wc -l < /proc/self/mountinfo; grep -c " / / " /proc/self/mountinfo || :'
	equal "${lines[0]}" 3
	equal "${lines[1]}" 0
}

@test "rootfs: its mount is the only one at /" {
	ok_container 'awk "\$5 == \"/\"" /proc/self/mountinfo | wc -l'
	equal "$output" 1
}

@test "rootfs: rootfsPropagation sets the kind of / (L-01)" {
	for p in private slave shared unbindable; do
		config --arg p $p '.linux.rootfsPropagation = $p'
		ok_container 'awk "\$5 == \"/\" { for (i = 7; \$i != \"-\"; i++) printf \"%s \", \$i }" /proc/self/mountinfo'
		case $p in
		private) equal "$output" "" ;;
		slave) matches "$output" '^(master:[0-9]+ ?)?$' ;;
		shared) matches "$output" 'shared:[0-9]+' ;;
		unbindable) has "$output" unbindable ;;
		esac
	done
	config '.linux.rootfsPropagation = "weird"'
	create_refused web rootfsPropagation
}

@test "rootfs: unset propagation keeps the host from the container's mounts (L-02)" {
	config '.process.capabilities.bounding += ["CAP_SYS_ADMIN"] | .process.capabilities.effective += ["CAP_SYS_ADMIN"]
		| .process.capabilities.permitted += ["CAP_SYS_ADMIN"]'
	mkdir "$T/vol"
	config --arg s "$T/vol" '.mounts += [{"destination": "/vol", "source": $s, "options": ["rbind"]}]'
	before=$(our_mounts)
	script 'mkdir /vol/inner; mount -t tmpfs x /vol/inner && mount -t tmpfs y /tmp && echo up; sleep 1000'
	start_it web
	wait_for 5 grep -q up "$OUT"
	equal "$(our_mounts)" "$before"
}

@test "rootfs: --no-pivot works" {
	ok_container 'ls / > /dev/null'
	script 'echo no pivot; ls -d /home/user'
	run -0 hull run --no-pivot web
	equal "$output" "no pivot
/home/user"
}

@test "rootfs: may be a mount point, an overlay, or below a symlink" {
	mount -t tmpfs root "$T"
	mkdir -p "$T/up" "$T/work" "$T/merged"
	mount -t overlay -o "lowerdir=$STORE/rootfs,upperdir=$T/up,workdir=$T/work" overlay "$T/merged"
	ln -s merged "$T/link"
	mkdir "$T/b"
	sed "s,@CGROUP@,/$CG/b," "$STORE/config.json" | jq --arg r "$T/link" '.root.path = $r
		| .process.args = ["/bin/sh", "-c", "touch /made; echo on overlay"]' > "$T/b/config.json"
	run hull run --bundle "$T/b" web
	made=$(ls "$T/up/made")
	cd /
	umount "$T/merged"
	umount "$T"
	equal "$status $output" "0 on overlay"
	[[ -n $made ]]
}

@test "rootfs: a file or nothing at root.path is refused (R-03)" {
	config '.root.path = "config.json"'
	create_refused web config.json
	config '.root.path = "nosuch"'
	create_refused web nosuch
	config 'del(.root.path)'
	create_refused web root.path
	config 'del(.root)'
	create_refused web root
	config '.root = {"path": ""}'
	create_refused web root.path
}

@test "rootfs: the host's / as root works" {
	config '.root = {"path": "/", "readonly": true} | .process.args = ["/bin/sh", "-c", "echo host root"]'
	config '.mounts = [{"destination": "/proc", "type": "proc", "source": "proc"}, {"destination": "/dev", "type": "tmpfs", "source": "t"}]'
	run hull run web
	equal "$status $output" "0 host root"
}
