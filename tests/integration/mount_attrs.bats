load helpers

# Two trees with a mount below: one with no flag, one with all of them.
setup() {
	common_setup
	mkdir "$T/plain" "$T/set"
	tree plain exec
	tree set ro,nosuid,nodev,noexec,nodiratime,noatime,nosymfollow
}

teardown() {
	umount "$T/plain/sub" "$T/plain" "$T/set/sub" "$T/set"
	common_teardown
}

tree() { # NAME OPTIONS
	mount -t tmpfs "$1" "$T/$1"
	mkdir "$T/$1/sub"
	mount -t tmpfs "$1" "$T/$1/sub"
	mount -o "remount,bind,$2" "$T/$1/sub"
	mount -o "remount,bind,$2" "$T/$1"
}

# on TREE DESTINATION OPTION...: one more recursive bind of it.
on() {
	config --arg s "$T/$1" --arg d "$2" '.mounts += [{"destination": $d, "source": $s, "options": (["rbind"] + $ARGS.positional)}]' \
		--args -- "${@:3}"
}

look() {
	ok_container "${1:-:}; cat /proc/self/mountinfo"
	info=$output
}

# flags DESTINATION: of the mount, sorted.
flags() {
	mount_field "$info" "$1" flags | tr , '\n' | sort | tr '\n' ' '
}

all="noatime nodev nodiratime noexec nosuid nosymfollow ro "

@test "attributes: each recursive option sets its flag on the mount and below, and no other (MO-25, MO-26, MO-27, MO-28, MO-30, MO-33)" {
	for o in ro nosuid nodev noexec nodiratime nosymfollow; do
		on plain /$o r$o
	done
	look
	for o in nosuid nodev noexec nodiratime nosymfollow; do
		want=$(printf '%s\n' relatime rw $o | sort | tr '\n' ' ')
		equal "$(flags /$o)" "$want"
		equal "$(flags /$o/sub)" "$want"
	done
	equal "$(flags /ro) $(flags /ro/sub)" "relatime ro  relatime ro "
}

@test "attributes: each recursive option clears its flag on the mount and below, and no other (MO-25, MO-26, MO-27, MO-28, MO-30, MO-33)" {
	for o in suid dev exec diratime symfollow; do
		on set /c/$o r$o
	done
	on set /rw rrw
	look
	for o in suid dev exec diratime symfollow; do
		equal "$(flags /c/$o)" "${all/no$o /}"
		equal "$(flags /c/$o/sub)" "${all/no$o /}"
	done
	equal "$(flags /rw)" "${all/ro /rw }"
	equal "$(flags /rw/sub)" "${all/ro /rw }"
}

@test "attributes: recursive access times replace the whole field (MO-29, MO-31, MO-32)" {
	on plain /rnoatime rnoatime
	on plain /rstrictatime rstrictatime
	on set /ratime ratime
	on set /rrelatime rrelatime
	on set /rstrict rstrictatime
	on set /rnostrict rstrictatime rnostrictatime
	on set /rnorelatime rnorelatime
	look
	for d in "" /sub; do
		equal "$(flags /rnoatime$d)" "noatime rw "
		equal "$(flags /rstrictatime$d)" "rw "
		equal "$(flags /ratime$d)" "nodev nodiratime noexec nosuid nosymfollow relatime ro "
		equal "$(flags /rrelatime$d)" "nodev nodiratime noexec nosuid nosymfollow relatime ro "
		equal "$(flags /rstrict$d)" "nodev nodiratime noexec nosuid nosymfollow ro "
		equal "$(flags /rnostrict$d)" "nodev nodiratime noexec nosuid nosymfollow relatime ro "
		equal "$(flags /rnorelatime$d)" "$all"
	done
}

@test "attributes: the effect below is real (MO-25, MO-28, MO-33)" {
	mount -o remount,bind,rw,exec,symfollow "$T/plain/sub"
	cp "$ROOTFS/bin/busybox" "$T/plain/sub/echo"
	ln -s echo "$T/plain/sub/link"
	on plain /ro rro
	on plain /noexec rnoexec
	on plain /nolinks rnosymfollow
	ok_container 'touch /ro/sub/x 2> /dev/null || echo one; /noexec/sub/echo x 2> /dev/null || echo two; cat /nolinks/sub/link > /dev/null 2>&1 || echo three
		/nolinks/sub/echo four; cat /ro/sub/link > /dev/null && echo five'
	equal "$output" "one
two
three
four
five"
}

@test "attributes: options without r are for the mount alone (MO-02, MO-04, MO-05, MO-06, MO-09, MO-10, MO-17)" {
	on plain /m ro nosuid nodev noexec noatime nodiratime nosymfollow
	on set /c rw suid dev exec atime diratime symfollow
	look
	equal "$(flags /m)" "$all"
	equal "$(flags /m/sub)" "relatime rw "
	equal "$(flags /c)" "relatime rw "
	equal "$(flags /c/sub)" "$all"
}

@test "attributes: with and without r together: the recursive one is last (MO-25)" {
	on plain /a ro rrw
	on plain /b rro rw
	look
	equal "$(flags /a) $(flags /a/sub)" "relatime rw  relatime rw "
	equal "$(flags /b) $(flags /b/sub)" "relatime ro  relatime ro "
}

@test "attributes: recursive options on a new file system are its own (MO-25, MO-26, MO-27, MO-28, MO-29, MO-30, MO-33)" {
	config '.mounts += [{"destination": "/m", "type": "tmpfs", "source": "t",
		"options": ["rro", "rnosuid", "rnodev", "rnoexec", "rnoatime", "rnodiratime", "rnosymfollow", "size=64k"]},
		{"destination": "/m/later", "type": "tmpfs", "source": "t"}]'
	look 'touch /m/x 2> /dev/null || echo refused'
	has "$info" refused
	equal "$(flags /m)" "$all"
	equal "$(flags /m/later)" "relatime rw "
}

@test "attributes: a remount takes recursive ones, too (MO-18, MO-25)" {
	on plain /m
	config '.mounts += [{"destination": "/m", "options": ["remount", "bind", "rro", "rnodev"]}]'
	look
	equal "$(flags /m) $(flags /m/sub)" "nodev relatime ro  nodev relatime ro "
}

@test "attributes: a kernel that cannot set them is an error, nothing is skipped (MO-37)" {
	on plain /m rro
	refused "$PROBE" without 38 mount_setattr "$HULL" --root "$ROOT" create web
	has "$line" "mount_setattr"
	no_trace web
}

@test "attributes: flags of the host that a user namespace locks: kept, or an error (M-15)" {
	requires unpriv
	config '.mounts |= map(select(.type == "proc" or .type == "tmpfs")) | del(.linux.resources, .linux.cgroupsPath)
		| .linux.namespaces = [{"type": "pid"}, {"type": "mount"}, {"type": "user"}] | del(.hostname)
		| .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 1}] | .linux.gidMappings = .linux.uidMappings'
	mount -o remount,bind,suid "$T/set"
	mount -o remount,bind,ro,nosuid,nodev "$T/plain"
	on plain /m noexec
	script 'cat /proc/self/mountinfo'
	run unshare -Urm "$HULL" --root "$T/r2" run web
	echo "$output"
	info=$output
	equal "$status" 0
	equal "$(flags /m)" "nodev noexec nosuid relatime ro "
	for o in suid dev rw; do
		config '.mounts |= .[:-1]'
		on plain /m $o
		refused unshare -Urm "$HULL" --root "$T/r2" create --bundle "$BUNDLE" web
		has "$line" "user namespace"
	done
}

@test "attributes: options absent, null or empty ask for nothing (M-10)" {
	config '.mounts += [{"destination": "/a", "type": "tmpfs", "source": "t"},
		{"destination": "/b", "type": "tmpfs", "source": "t", "options": null},
		{"destination": "/c", "type": "tmpfs", "source": "t", "options": []}]'
	look
	for m in /a /b /c; do
		equal "$(flags $m)" "relatime rw "
	done
}
