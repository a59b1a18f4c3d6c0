load helpers

# add OBJECT: one more mount.
add() {
	config --argjson m "$1" '.mounts += [$m]'
}

# mountinfo inside, in $info; the script may do more first.
look() {
	ok_container "${1:-:}; cat /proc/self/mountinfo"
	info=$output
}

field() {
	mount_field "$info" "$1" "$2"
}

@test "mounts: are made in order, the later over the earlier (M-02)" {
	add '{"destination": "/m", "type": "tmpfs", "source": "first", "options": ["size=4k"]}'
	add '{"destination": "/m", "type": "tmpfs", "source": "second", "options": ["size=8k"]}'
	add '{"destination": "/m/sub", "type": "tmpfs", "source": "third"}'
	look
	equal "$(awk '$5 == "/m" || $5 == "/m/sub" { print $(NF - 1) }' <<< "$info" | tr '\n' ' ')" "first second third "
}

@test "mounts: none given leaves the root alone with what is needed (M-01)" {
	config '.mounts = [{"destination": "/proc", "type": "proc", "source": "proc"}] | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	look
	equal "$(awk '{ print $5 }' <<< "$info" | sort | tr '\n' ' ')" "/ /proc "
}

@test "mounts: a relative destination is below / (M-04)" {
	add '{"destination": "some/where", "type": "tmpfs", "source": "x"}'
	look
	equal "$(field /some/where type)" tmpfs
}

@test "mounts: a missing destination member is refused (M-03)" {
	add '{"type": "tmpfs", "source": "x"}'
	create_refused web destination
}

@test "mounts: destinations are resolved inside the root (M-05)" {
	ln -s /../../../.. "$ROOTFS/up"
	ln -s "$T" "$ROOTFS/out"
	add '{"destination": "/up/inside", "type": "tmpfs", "source": "x"}'
	add '{"destination": "/out/canary", "type": "tmpfs", "source": "y"}'
	look
	equal "$(field /inside type)" tmpfs
	[[ ! -e $T/canary ]]
	equal "$(field "$T/canary" source)" y
}

@test "mounts: missing targets are created: a directory for one, a file for a file (M-05)" {
	echo content > "$T/file"
	add "{\"destination\": \"/new/dir/file\", \"source\": \"$T/file\", \"options\": [\"bind\"]}"
	add "{\"destination\": \"/new/vol\", \"source\": \"$T\", \"options\": [\"bind\"]}"
	ok_container 'cat /new/dir/file; ls /new/vol/file'
	equal "$output" "content
/new/vol/file"
	[[ -f $ROOTFS/new/dir/file && ! -s $ROOTFS/new/dir/file && -d $ROOTFS/new/vol ]]
}

@test "mounts: a bind is one by its options, shows the source and writes to it (M-08)" {
	mkdir "$T/vol"
	echo old > "$T/vol/file"
	add "{\"destination\": \"/vol\", \"type\": \"foo\", \"source\": \"$T/vol\", \"options\": [\"rbind\"]}"
	ok_container 'cat /vol/file; echo new > /vol/file'
	equal "$output" old
	equal "$(cat "$T/vol/file")" new
}

@test "mounts: a relative source is relative to the bundle (M-07)" {
	mkdir "$BUNDLE/vol"
	echo here > "$BUNDLE/vol/file"
	add '{"destination": "/vol", "source": "vol", "options": ["bind"]}'
	script 'cat /vol/file'
	cd /
	run -0 hull run --bundle "$BUNDLE" web
	equal "$output" here
}

@test "mounts: bind takes the top mount only, rbind all (MO-19, MO-20)" {
	mkdir -p "$T/vol/sub"
	mount -t tmpfs top "$T/vol/sub"
	touch "$T/vol/sub/file"
	add "{\"destination\": \"/one\", \"source\": \"$T/vol\", \"options\": [\"bind\"]}"
	add "{\"destination\": \"/all\", \"source\": \"$T/vol\", \"options\": [\"rbind\"]}"
	in_container 'ls /one/sub; echo and; ls /all/sub'
	umount "$T/vol/sub"
	equal "$output" "and
file"
}

@test "mounts: a bind with ro is read-only, the source is not (M-14, MO-02)" {
	mkdir "$T/vol"
	add "{\"destination\": \"/vol\", \"source\": \"$T/vol\", \"options\": [\"bind\", \"ro\"]}"
	look 'touch /vol/x 2>&1'
	has "$info" "Read-only file system"
	matches "$(field /vol flags)" '^ro(,|$)'
	touch "$T/vol/y"
}

@test "mounts: the last of ro and rw wins (MO-03)" {
	mkdir "$T/vol"
	add "{\"destination\": \"/a\", \"source\": \"$T/vol\", \"options\": [\"bind\", \"ro\", \"rw\"]}"
	add "{\"destination\": \"/b\", \"source\": \"$T/vol\", \"options\": [\"bind\", \"rw\", \"ro\"]}"
	look
	matches "$(field /a flags)" '^rw(,|$)'
	matches "$(field /b flags)" '^ro(,|$)'
}

@test "mounts: nosuid, nodev, noexec, noatime, nodiratime, nosymfollow on a bind (MO-04, MO-05, MO-06, MO-09, MO-10, MO-17)" {
	mkdir "$T/vol"
	cp "$ROOTFS/bin/busybox" "$T/vol/echo"
	ln -s echo "$T/vol/link"
	add "{\"destination\": \"/vol\", \"source\": \"$T/vol\",
		\"options\": [\"bind\", \"nosuid\", \"nodev\", \"noexec\", \"noatime\", \"nodiratime\", \"nosymfollow\"]}"
	look '/vol/echo x 2>&1; cat /vol/link 2>&1 | head -1'
	has "$info" "Permission denied"
	matches "$info" "Too many levels of symbolic links|Symbolic link loop"
	for o in nosuid nodev noexec noatime nodiratime; do
		has ",$(field /vol flags)," ",$o,"
	done
}

@test "mounts: each clearing option undoes the setting one (MO-04, MO-05, MO-06, MO-09, MO-10)" {
	mkdir "$T/vol"
	add "{\"destination\": \"/vol\", \"source\": \"$T/vol\", \"options\": [\"bind\",
		\"nosuid\", \"nodev\", \"noexec\", \"noatime\", \"nodiratime\", \"suid\", \"dev\", \"exec\", \"atime\", \"diratime\"]}"
	look
	for o in nosuid nodev noexec noatime nodiratime; do
		hasnt ",$(field /vol flags)," ",$o,"
	done
}

@test "mounts: access time modes (MO-09, MO-11, MO-12)" {
	add '{"destination": "/r", "type": "tmpfs", "source": "t", "options": ["relatime"]}'
	add '{"destination": "/s", "type": "tmpfs", "source": "t", "options": ["strictatime"]}'
	add '{"destination": "/n", "type": "tmpfs", "source": "t", "options": ["noatime"]}'
	look
	has ",$(field /r flags)," ",relatime,"
	hasnt ",$(field /s flags)," "atime,"
	has ",$(field /n flags)," ",noatime,"
}

@test "mounts: superblock options sync, dirsync, lazytime (MO-07, MO-08, MO-13)" {
	add '{"destination": "/a", "type": "tmpfs", "source": "t", "options": ["sync", "dirsync", "lazytime"]}'
	add '{"destination": "/b", "type": "tmpfs", "source": "t", "options": ["sync", "async", "lazytime", "nolazytime"]}'
	look
	for o in sync dirsync lazytime; do
		has ",$(field /a super)," ",$o,"
		hasnt ",$(field /b super)," ",$o,"
	done
}

@test "mounts: iversion, silent, loud, mand and their opposites are accepted and no data (MO-14 to MO-16)" {
	for o in iversion noiversion silent loud mand nomand; do
		config '.mounts |= map(select(.destination != "/m"))'
		add "{\"destination\": \"/m\", \"type\": \"tmpfs\", \"source\": \"t\", \"options\": [\"$o\", \"size=4k\"]}"
		look
		has "$(field /m super)" "size=4k"
	done
}

@test "mounts: defaults changes nothing and is no data (MO-01)" {
	add '{"destination": "/m", "type": "tmpfs", "source": "t", "options": ["defaults", "size=4k"]}'
	look
	has "$(field /m super)" "size=4k"
}

@test "mounts: unknown options are the file system's data (M-11)" {
	add '{"destination": "/m", "type": "tmpfs", "source": "t", "options": ["size=64k", "mode=710", "uid=12", "nr_inodes=100"]}'
	look 'stat -c %a:%u /m'
	equal "${lines[0]}" 710:12
	has "$(field /m super)" "size=64k"
	has "$(field /m super)" "nr_inodes=100"
}

@test "mounts: data that the file system does not know is refused" {
	add '{"destination": "/m", "type": "tmpfs", "source": "t", "options": ["nosuchoption"]}'
	create_refused web /m 'mounts[7]'
}

@test "mounts: data on a bind is refused (M-13)" {
	add "{\"destination\": \"/m\", \"source\": \"$T\", \"options\": [\"bind\", \"size=4k\"]}"
	create_refused web 'mounts[7]' size=4k
}

@test "mounts: an unknown file system is refused (M-09)" {
	add '{"destination": "/m", "type": "nosuchfs", "source": "t"}'
	create_refused web nosuchfs
}

@test "mounts: a missing bind source is refused and names it (M-06)" {
	add "{\"destination\": \"/m\", \"source\": \"$T/nosuch\", \"options\": [\"bind\"]}"
	create_refused web "$T/nosuch"
	[[ ! -e $T/nosuch ]]
}

@test "mounts: a file over a directory is refused" {
	echo x > "$T/file"
	add "{\"destination\": \"/data\", \"source\": \"$T/file\", \"options\": [\"bind\"]}"
	create_refused web /data
}

@test "mounts: propagation options set the kind (MO-21 to MO-24)" {
	mkdir "$T/vol"
	for o in private shared slave unbindable rprivate rshared rslave runbindable; do
		add "{\"destination\": \"/$o\", \"source\": \"$T/vol\", \"options\": [\"rbind\", \"$o\"]}"
	done
	look
	equal "$(field /private opt)" ""
	equal "$(field /rprivate opt)" ""
	matches "$(field /shared opt)" '^shared:[0-9]+$'
	matches "$(field /rshared opt)" '^shared:[0-9]+$'
	equal "$(field /unbindable opt)" unbindable
	equal "$(field /runbindable opt)" unbindable
	matches "$(field /slave opt)" '^(master:[0-9]+)?$'
}

@test "mounts: a slave bind sees later mounts of a shared source, a private one does not" {
	mkdir "$T/vol"
	mount -t tmpfs shared "$T/vol"
	mount --make-shared "$T/vol"
	mkdir "$T/vol/sub"
	add "{\"destination\": \"/slave\", \"source\": \"$T/vol\", \"options\": [\"rbind\", \"rslave\"]}"
	add "{\"destination\": \"/private\", \"source\": \"$T/vol\", \"options\": [\"rbind\", \"rprivate\"]}"
	sleeper web
	mount -t tmpfs later "$T/vol/sub"
	touch "$T/vol/sub/file"
	run hull exec web sh -c 'ls /slave/sub; echo -; ls /private/sub; echo -; grep -c master: /proc/self/mountinfo'
	umount "$T/vol/sub"
	umount "$T/vol"
	equal "${lines[0]} ${lines[1]} ${lines[2]}" "file - -"
}

@test "mounts: recursive options reach submounts (MO-25 to MO-30, MO-32)" {
	mkdir -p "$T/vol/sub"
	mount -t tmpfs -o nosuid sub "$T/vol/sub"
	for o in rro rnosuid rnodev rnoexec rnoatime rnodiratime rnosymfollow; do
		add "{\"destination\": \"/$o\", \"source\": \"$T/vol\", \"options\": [\"rbind\", \"$o\"]}"
	done
	add "{\"destination\": \"/plain\", \"source\": \"$T/vol\", \"options\": [\"rbind\", \"ro\"]}"
	add "{\"destination\": \"/rsuid\", \"source\": \"$T/vol\", \"options\": [\"rbind\", \"rsuid\", \"rstrictatime\"]}"
	in_container 'touch /rro/sub/x 2>&1; touch /plain/sub/y && echo written; cat /proc/self/mountinfo'
	umount "$T/vol/sub"
	info=$output
	has "$info" "Read-only file system"
	has "$info" "written"
	matches "$(field /rro/sub flags)" '^ro'
	matches "$(field /plain flags)" '^ro'
	matches "$(field /plain/sub flags)" '^rw'
	for o in nosuid nodev noexec noatime nodiratime; do
		has ",$(field /r$o/sub flags)," ",$o,"
	done
	hasnt ",$(field /rsuid/sub flags)," ",nosuid,"
	hasnt ",$(field /rsuid/sub flags)," "relatime"
}

@test "mounts: remount changes flags and adds no mount (MO-18)" {
	add '{"destination": "/m", "type": "tmpfs", "source": "t"}'
	add '{"destination": "/m", "type": "tmpfs", "source": "t", "options": ["remount", "ro", "nosuid"]}'
	look
	equal "$(awk '$5 == "/m"' <<< "$info" | wc -l)" 1
	matches "$(field /m flags),$(field /m super)" '(^|,)ro(,|$)'
	has ",$(field /m flags)," ",nosuid,"
}

@test "mounts: remount,bind changes the flags of the mount alone" {
	mkdir "$T/vol"
	add "{\"destination\": \"/m\", \"source\": \"$T/vol\", \"options\": [\"bind\"]}"
	add '{"destination": "/m", "type": "none", "options": ["remount", "bind", "ro", "noexec"]}'
	look
	equal "$(awk '$5 == "/m"' <<< "$info" | wc -l)" 1
	has ",$(field /m flags)," ",noexec,"
	matches "$(field /m flags)" '^ro'
}

@test "mounts: a tmpfs without mode keeps the directory's mode" {
	mkdir -m 1711 "$ROOTFS/kept"
	add '{"destination": "/kept", "type": "tmpfs", "source": "t"}'
	ok_container 'stat -c %a /kept'
	equal "$output" 1711
}

@test "mounts: a tmpfs without mode is open to all where there was no directory, on the next start too" {
	umask 077
	add '{"destination": "/srv/new/t", "type": "tmpfs", "source": "t"}'
	add '{"destination": "/up", "type": "tmpfs", "source": "t", "options": ["tmpcopyup"]}'
	for _ in 1 2; do
		look 'stat -c %a /srv/new /srv/new/t /up'
		equal "$(head -n 3 <<< "$output" | xargs)" "700 1777 1777"
	done
}

@test "mounts: a tmpfs with ro is read-only" {
	add '{"destination": "/m", "type": "tmpfs", "source": "t", "options": ["ro"]}'
	look 'touch /m/x 2>&1'
	has "$info" "Read-only file system"
}

@test "mounts: the usual file systems have their types (D-22)" {
	look
	equal "$(for d in /proc /dev /dev/pts /dev/shm /dev/mqueue /sys /sys/fs/cgroup; do field $d type; done | tr '\n' ' ')" \
		"proc tmpfs devpts tmpfs mqueue sysfs cgroup2 "
	matches "$(field /sys flags)" '^ro,nosuid,nodev,noexec'
	has "$(field /dev/pts super)" "ptmxmode=666"
	has "$(field /dev super)" "mode=755"
}

@test "mounts: proc shows the container's own processes" {
	ok_container 'cat /proc/1/comm; readlink /proc/self'
	equal "${lines[0]}" sh
}

@test "mounts: over / hides the root for what follows" {
	cp -al "$STORE/rootfs" "$T/second"
	touch "$T/second/marker"
	config --arg s "$T/second" '.mounts = [{"destination": "/", "source": $s, "options": ["rbind"]}] + .mounts
		+ [{"destination": "/later", "type": "tmpfs", "source": "t"}]'
	ok_container 'ls /marker; stat -f -c %T /later; touch /written'
	equal "$output" "/marker
tmpfs"
	[[ -e $T/second/written && -d $T/second/later && ! -e $ROOTFS/later ]]
}

@test "mounts: a destination below a file is refused" {
	add '{"destination": "/etc/passwd/x", "type": "tmpfs", "source": "t"}'
	create_refused web /etc/passwd/x
}

@test "mounts: proc over a file or through a symlink is refused" {
	config '.mounts |= map(select(.destination != "/proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	mv "$ROOTFS/proc" "$ROOTFS/proc2"
	ln -s proc2 "$ROOTFS/proc"
	config '.mounts = [{"destination": "/proc", "type": "proc", "source": "proc"}] + .mounts'
	create_refused web /proc
}

@test "mounts: something that is no procfs on /proc is refused" {
	mkdir "$T/fake"
	config --arg s "$T/fake" '.mounts[0] = {"destination": "/proc", "source": $s, "options": ["rbind"]}'
	create_refused web /proc
}

@test "mounts: files of procfs that may be replaced can be, others not" {
	echo fake > "$T/file"
	add "{\"destination\": \"/proc/uptime\", \"source\": \"$T/file\", \"options\": [\"bind\", \"ro\"]}"
	ok_container 'cat /proc/uptime'
	equal "$output" fake
	config '.mounts |= map(select(.destination != "/proc/uptime"))'
	add "{\"destination\": \"/proc/self/attr/current\", \"source\": \"$T/file\", \"options\": [\"bind\"]}"
	create_refused web /proc/self/attr/current
}

@test "mounts: two hundred work" {
	config '.mounts += [range(200) | {"destination": "/many/\(.)", "type": "tmpfs", "source": "t", "options": ["size=4k"]}]'
	look
	equal "$(grep -c ' /many/' <<< "$info")" 200
}

@test "mounts: spaces and odd characters in paths" {
	mkdir "$T/with space,and comma"
	echo odd > "$T/with space,and comma/file"
	add "{\"destination\": \"/a b\\\\c\", \"source\": \"$T/with space,and comma\", \"options\": [\"bind\"]}"
	ok_container 'cat "/a b\\c/file"'
	equal "$output" odd
}

@test "mounts: unshared locked flags of the source stay in a user namespace (M-15)" {
	requires userns
	mkdir "$T/vol"
	mount -t tmpfs -o nosuid,nodev vol "$T/vol"
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]'
	chown 100000:100000 "$ROOTFS"
	add "{\"destination\": \"/vol\", \"source\": \"$T/vol\", \"options\": [\"bind\", \"ro\"]}"
	in_container 'cat /proc/self/mountinfo'
	umount "$T/vol"
	info=$output
	matches "$(field /vol flags)" '^ro,nosuid,nodev'
}

@test "mounts: a label is refused where SELinux is off (L-10)" {
	[[ ! -e /sys/fs/selinux/enforce ]] || skip "needs a host without SELinux"
	config '.linux.mountLabel = "system_u:object_r:container_file_t:s0:c1,c2"'
	create_refused web linux.mountLabel SELinux
	config '.linux.mountLabel = ""'
	ok_container 'echo none'
	equal "$output" none
}

# overlay OPTION...: an overlay on /o.
overlay() {
	config '.mounts |= .[:7] + [{"destination": "/o", "type": "overlay", "source": "overlay", "options": $ARGS.positional}]' --args -- "$@"
}

@test "mounts: overlay takes its layers as data, with colons and commas in their names (M-11)" {
	local l=$T/layers

	mkdir "$l"
	mount -t tmpfs layers "$l" # an overlay's directories cannot be on an overlay
	mkdir -p "$l/a,b" "$l/c" "$l/up,per" "$l/work"
	echo a > "$l/a,b/a"
	echo c > "$l/c/c"
	overlay "lowerdir=$l/a\\,b:$l/c" "upperdir=$l/up\\,per" "workdir=$l/work" nosuid
	in_container 'cat /o/a /o/c; touch /o/new'
	upper=$(ls "$l/up,per")
	umount "$l"
	equal "$status $output $upper" "0 a
c new"
}

@test "mounts: relative layers of an overlay are relative to the bundle (M-11)" {
	mkdir "$BUNDLE/one" "$BUNDLE/two"
	echo 1 > "$BUNDLE/one/file"
	echo 2 > "$BUNDLE/two/other"
	overlay "lowerdir=one:two"
	script 'cat /o/file /o/other'
	cd /
	run -0 hull run --bundle "$BUNDLE" web
	equal "$output" "1
2"
}

@test "mounts: propagation is set in the order given (M-24)" {
	mkdir "$T/vol"
	add "{\"destination\": \"/a\", \"source\": \"$T/vol\", \"options\": [\"rbind\", \"shared\", \"unbindable\"]}"
	add "{\"destination\": \"/b\", \"source\": \"$T/vol\", \"options\": [\"rbind\", \"unbindable\", \"shared\"]}"
	add '{"destination": "/c", "type": "tmpfs", "source": "t", "options": ["rshared", "rslave", "size=4k"]}'
	look
	equal "$(field /a opt)" unbindable
	matches "$(field /b opt)" '^shared:[0-9]+$'
	equal "$(field /c opt)" ""
	has "$(field /c super)" size=4k
}

@test "mounts: a file on a folder and a folder on a file are refused in the words that Docker knows" {
	mkdir -p "$T/folder"
	echo file > "$T/file"
	add "{\"destination\": \"/etc\", \"source\": \"$T/file\", \"options\": [\"bind\"]}"
	create_refused web "mount point '/etc'" 'not a directory'
	hasnt "$output" 'is a directory'
	config '.mounts |= .[:-1]'
	add "{\"destination\": \"/etc/passwd\", \"source\": \"$T/folder\", \"options\": [\"bind\"]}"
	create_refused web "mount point '/etc/passwd'" 'not a directory'
}
