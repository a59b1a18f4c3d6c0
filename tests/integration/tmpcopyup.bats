load helpers

setup() {
	common_setup
	D=$ROOTFS/filled
	mkdir "$D"
	up
}

# up [OPTION...]: a tmpfs on /filled that starts with what is there.
up() {
	config '.mounts |= .[:7] + [{"destination": "/filled", "type": "tmpfs", "source": "t",
		"options": (["tmpcopyup"] + $ARGS.positional)}]' --args -- "$@"
}

@test "tmpcopyup: a tmpfs starts with what the directory held (MO-34)" {
	echo inside > "$ROOTFS/filled/file"
	mkdir -m 700 "$ROOTFS/filled/sub"
	ln -s file "$ROOTFS/filled/link"
	chown 5:6 "$ROOTFS/filled/file"
	chmod 4755 "$ROOTFS/filled/file"
	ok_container 'cat /filled/file; stat -c %a:%u:%g /filled/file; readlink /filled/link; stat -c %a /filled/sub; echo more > /filled/new; stat -f -c %T /filled'
	equal "$output" "inside
4755:5:6
file
700
tmpfs"
	[[ ! -e $ROOTFS/filled/new ]]
}

@test "tmpcopyup: modes, owners, times and kinds stay (MO-34)" {
	mkdir "$D/dir"
	mkdir -m 1777 "$D/sticky"
	touch -d 2001-02-03T04:05:06Z "$D/dir/old"
	chown 7:8 "$D/dir/old" "$D/dir"
	chmod 2755 "$D/dir"
	chmod 0401 "$D/dir/old"
	mkfifo -m 622 "$D/fifo"
	ln -s /nowhere "$D/dangling"
	chown -h 9:9 "$D/dangling"
	touch -d 2002-02-03T04:05:06Z "$D/dir"
	ok_container 'cd /filled; stat -c %n:%a:%u:%g:%F dir sticky dir/old fifo dangling; stat -c %Y dir dir/old'
	equal "$output" "dir:2755:7:8:directory
sticky:1777:0:0:directory
dir/old:401:7:8:regular empty file
fifo:622:0:0:fifo
dangling:777:9:9:symbolic link
1012709106
981173106"
}

@test "tmpcopyup: the tmpfs has mode and owner of the directory, unless they are given (MO-34)" {
	chown 5:6 "$D"
	chmod 0710 "$D"
	ok_container 'stat -c %a:%u:%g /filled'
	equal "$output" 710:5:6
	up mode=755 uid=1 gid=2
	ok_container 'stat -c %a:%u:%g /filled'
	equal "$output" 755:1:2
}

@test "tmpcopyup: extended attributes stay, capabilities and lists of access among them (MO-34)" {
	requires python
	cp "$(command -v busybox)" "$D/tool"
	mkdir "$D/dir"
	chown 1:1 "$D/tool"
	python3 - "$D" <<-'PY' || skip "needs attributes in the temporary directory"
	import os, sys
	d = sys.argv[1]
	os.setxattr(d + "/tool", "security.capability", bytes.fromhex("0100000200040000000000000000000000000000"))
	os.setxattr(d + "/tool", "trusted.mine", b"x")
	os.setxattr(d + "/tool", "trusted.overlay.origin", b"y")
	os.setxattr(d + "/dir", "security.mine", b"z")
	PY
	config '.process.args = ["/bin/sh", "-c", "echo up; sleep 1000"]'
	start_it web
	wait_for 5 grep -q up "$OUT"
	run -0 python3 - "/proc/$(pid_of web)/root/filled" <<-'PY'
	import os, sys
	d = sys.argv[1]
	for f in ("/tool", "/dir"):
	    for n in sorted(os.listxattr(d + f)):
	        print(n, os.getxattr(d + f, n).hex())
	PY
	equal "$output" "security.capability 0100000200040000000000000000000000000000
trusted.mine 78
security.mine 7a"
}

@test "tmpcopyup: names of one file stay names of one file (MO-34)" {
	mkdir -p "$D/a/b" "$D/c"
	echo one > "$D/a/b/first"
	ln "$D/a/b/first" "$D/c/second"
	ln "$D/a/b/first" "$D/third"
	echo other > "$D/other"
	ln "$D/other" "$T/elsewhere"
	ok_container 'cd /filled; stat -c %h a/b/first c/second third other; echo x >> third; cat a/b/first'
	equal "$output" "3
3
3
1
one
x"
}

@test "tmpcopyup: holes stay holes (MO-34)" {
	truncate -s 100G "$D/sparse"
	printf end | dd of="$D/sparse" bs=1 seek=50000000000 conv=notrunc status=none
	up size=1m
	ok_container 'stat -c %s /filled/sparse; [ $(stat -c %b /filled/sparse) -lt 64 ] && echo sparse; dd if=/filled/sparse bs=1000 skip=50000000 count=1 2> /dev/null | head -c 3'
	equal "$output" "107374182400
sparse
end"
}

@test "tmpcopyup: more than fits is an error, as is a file where the directory should be (MO-34)" {
	head -c 300000 /dev/urandom > "$D/big"
	up size=64k
	create_refused web 'mounts[7]' tmpcopyup big
	rm -r "$D"
	echo file > "$D"
	create_refused web 'mounts[7]'
}

@test "tmpcopyup: a tree without bottom is an error (MO-34)" {
	(cd "$D" && for _ in $(seq 70); do mkdir d && cd d || exit; done)
	create_refused web 'mounts[7]' tmpcopyup "too deeply"
}

@test "tmpcopyup: symlinks are copied, never followed (MO-34)" {
	mkdir "$T/canary"
	echo secret > "$T/canary/file"
	ln -s "$T/canary" "$D/abs"
	ln -s "../../../../../../../../../..$T/canary" "$D/rel"
	ln -s /proc/self/fd "$D/fds"
	ok_container 'cd /filled; readlink abs; readlink fds; cat abs/file rel/file 2> /dev/null || echo no'
	equal "$output" "$T/canary
/proc/self/fd
no"
}

@test "tmpcopyup: devices, but none that the image could not have opened (MO-34)" {
	requires mknod
	mknod -m 640 "$D/null" c 1 3
	ok_container 'stat -c %a:%t:%T /filled/null'
	equal "$output" 640:1:3
	mount --bind "$ROOTFS" "$ROOTFS"
	mount -o remount,bind,nodev "$ROOTFS"
	rc=0
	create_refused web 'mounts[7]' null || rc=$?
	umount "$ROOTFS"
	equal "$rc" 0
}

@test "tmpcopyup: with ro nothing more can be written (MO-34, MO-02)" {
	echo inside > "$D/file"
	up ro
	ok_container 'cat /filled/file; touch /filled/x 2>&1 || :'
	equal "${lines[0]}" inside
	has "${lines[1]}" "Read-only"
}

@test "tmpcopyup: is for a new tmpfs alone (MO-34)" {
	config '.mounts |= .[:7] + [{"destination": "/filled", "type": "ramfs", "options": ["tmpcopyup"]}]'
	create_refused web 'mounts[7]' tmpcopyup
	config --arg s "$T" '.mounts |= .[:7] + [{"destination": "/filled", "source": $s, "options": ["bind", "tmpcopyup"]}]'
	create_refused web 'mounts[7]' tmpcopyup
}
