load helpers

@test "masks: masked files read empty, masked directories are empty and read-only (L-04)" {
	echo secret > "$ROOTFS/secret"
	mkdir "$ROOTFS/dir"
	echo secret > "$ROOTFS/dir/file"
	config '.linux.maskedPaths += ["/secret", "/dir"]'
	ok_container 'cat /secret; ls -A /dir; touch /dir/x 2>&1; rmdir /dir 2> /dev/null; wc -c < /proc/timer_list; echo x > /secret; cat /secret; echo end'
	matches "$output" "^touch: /dir/x: Read-only file system
0
end$"
	equal "$(cat "$ROOTFS/secret")" secret
}

@test "masks: a path that does not exist is ignored (L-05)" {
	config '.linux.maskedPaths += ["/proc/nosuch", "/no/such/dir"] | .linux.readonlyPaths += ["/proc/nosuch2", "/no/such"]'
	ok_container 'ls -d /no 2> /dev/null; echo end'
	equal "$output" end
}

@test "masks: relative ones are refused (L-03, L-07)" {
	config '.linux.maskedPaths = ["proc/kcore"]'
	create_refused web 'linux.maskedPaths[0]'
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = ["proc/sys"]'
	create_refused web 'linux.readonlyPaths[0]'
}

@test "masks: apply to what mounts made (L-06)" {
	mkdir "$T/vol"
	echo secret > "$T/vol/file"
	config --arg s "$T/vol" '.mounts += [{"destination": "/vol", "source": $s, "options": ["bind"]}] | .linux.maskedPaths += ["/vol/file"]'
	ok_container 'cat /vol/file; echo end'
	equal "$output" end
}

@test "masks: read-only paths refuse writes and allow reads (L-08)" {
	mkdir "$ROOTFS/dir"
	echo content > "$ROOTFS/dir/file"
	config '.linux.readonlyPaths += ["/dir"]'
	ok_container 'cat /dir/file; touch /dir/x 2>&1; echo 1 2>&1 > /proc/sys/kernel/hostname; cat /proc/sys/kernel/ostype'
	matches "$output" "^content
touch: /dir/x: Read-only file system"
	has "$output" Linux
}

@test "masks: read-only paths are recursive over submounts (L-08)" {
	config '.mounts += [{"destination": "/a", "type": "tmpfs", "source": "t"}, {"destination": "/a/b", "type": "tmpfs", "source": "t"}]
		| .linux.readonlyPaths += ["/a"]'
	ok_container 'touch /a/x 2>&1; touch /a/b/y 2>&1 || :'
	equal "$(grep -c 'Read-only file system' <<< "$output")" 2
}

@test "masks: read-only paths keep the flags below (L-08)" {
	config '.mounts += [{"destination": "/a", "type": "tmpfs", "source": "t", "options": ["nosuid", "nodev", "noexec"]}]
		| .linux.readonlyPaths += ["/a"]'
	ok_container 'cat /proc/self/mountinfo'
	flags=$(mount_field "$output" /a flags)
	for o in ro nosuid nodev noexec; do
		has ",$flags," ",$o,"
	done
}

@test "masks: all masked directories share one file system" {
	mkdir "$ROOTFS/d1" "$ROOTFS/d2"
	config '.linux.maskedPaths += ["/d1", "/d2"]'
	ok_container 'stat -c %d /d1 /d2'
	equal "${lines[0]}" "${lines[1]}"
	differ "${lines[0]}" "$(stat -c %d "$ROOTFS")"
}

@test "masks: the same path twice is no error" {
	config '.linux.maskedPaths += ["/proc/kcore", "/proc/kcore"] | .linux.readonlyPaths += ["/proc/sys", "/proc/sys"]'
	ok_container 'true'
}

@test "masks: cannot be undone without privilege, and follow no symlink out" {
	ln -s "$T/canary" "$ROOTFS/link"
	echo canary > "$T/canary"
	config '.linux.maskedPaths += ["/link"]'
	in_container 'true'
	equal "$(cat "$T/canary")" canary
}

@test "masks: need a mount namespace of the container (L-09)" {
	config 'del(.linux.namespaces[] | select(.type == "mount")) | .mounts = [] | .linux.maskedPaths = ["/proc/kcore"] | .linux.readonlyPaths = []'
	create_refused web 'linux.maskedPaths: needs a mount namespace'
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = ["/proc/sys"]'
	create_refused web 'linux.readonlyPaths: needs a mount namespace'
}
