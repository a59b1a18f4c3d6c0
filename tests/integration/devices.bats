load helpers

@test "devices: the default nodes have type, numbers, mode and owner (D-13)" {
	ok_container 'for n in null zero full random urandom tty; do stat -c "%n %F %t:%T %a %u:%g" /dev/$n; done'
	equal "$output" "/dev/null character special file 1:3 666 0:0
/dev/zero character special file 1:5 666 0:0
/dev/full character special file 1:7 666 0:0
/dev/random character special file 1:8 666 0:0
/dev/urandom character special file 1:9 666 0:0
/dev/tty character special file 5:0 666 0:0"
}

@test "devices: the default nodes work (K-07)" {
	config '.linux.resources.devices = [{"allow": false, "access": "rwm"}]'
	ok_container 'echo x > /dev/null; head -c 4 /dev/zero | od -An -tx1; echo x 2>&1 > /dev/full | grep -o "No space.*"; head -c 4 /dev/urandom | wc -c; head -c 4 /dev/random | wc -c'
	equal "$output" " 00 00 00 00
4
4" || has "$output" " 00 00 00 00"
}

@test "devices: the links are there, ptmx is the container's own (D-15, D-18)" {
	ok_container 'for l in fd stdin stdout stderr ptmx; do echo "$l $(readlink /dev/$l)"; done'
	equal "$output" "fd /proc/self/fd
stdin /proc/self/fd/0
stdout /proc/self/fd/1
stderr /proc/self/fd/2
ptmx pts/ptmx"
}

@test "devices: /dev/core leads to /proc/kcore where there is one (D-19)" {
	want=none
	[[ ! -e /proc/kcore ]] || want=/proc/kcore
	ok_container 'readlink /dev/core || echo none'
	equal "$output" "$want"
}

@test "devices: the links are absent when /proc is not mounted (D-18)" {
	config '.mounts |= map(select(.destination != "/proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	ok_container 'for l in fd stdin stdout stderr; do [ ! -L /dev/$l ] || echo $l; done; echo end'
	equal "$output" end
}

@test "devices: listed ones have type, numbers, mode and owner whatever the umask (D-01, D-07 to D-09)" {
	umask 077
	config '.linux.devices = [{"path": "/dev/one", "type": "c", "major": 10, "minor": 229, "fileMode": 432, "uid": 1000, "gid": 2000},
		{"path": "/dev/two", "type": "b", "major": 7, "minor": 0},
		{"path": "/dev/three", "type": "p", "fileMode": 384},
		{"path": "/dev/four", "type": "u", "major": 1, "minor": 3},
		{"path": "/srv/deep/five", "type": "c", "major": 1, "minor": 5, "fileMode": 438}]'
	ok_container 'for n in /dev/one /dev/two /dev/three /dev/four /srv/deep/five; do stat -c "%F %t:%T %a %u:%g" $n; done'
	equal "$output" "character special file a:e5 660 1000:2000
block special file 7:0 666 0:0
fifo 0:0 600 0:0
character special file 1:3 666 0:0
character special file 1:5 666 0:0"
}

@test "devices: the type of the node may stand in fileMode, as Podman writes it" {
	config '.linux.devices = [{"path": "/dev/one", "type": "c", "major": 1, "minor": 5, "fileMode": 8624},
		{"path": "/dev/two", "type": "b", "major": 7, "minor": 0, "fileMode": 24992}]'
	ok_container 'for n in /dev/one /dev/two; do stat -c "%F %t:%T %a" $n; done'
	equal "$output" "character special file 1:5 660
block special file 7:0 640"
}

@test "devices: an entry replaces a default (D-16)" {
	config '.linux.devices = [{"path": "/dev/null", "type": "c", "major": 1, "minor": 3, "fileMode": 384, "uid": 5}]'
	ok_container 'stat -c "%t:%T %a %u" /dev/null'
	equal "$output" "1:3 600 5"
}

@test "devices: another file at the path is refused, the same node accepted (D-05, D-06)" {
	requires mknod
	config '.mounts |= map(select(.destination | startswith("/dev") | not))
		| .linux.devices = [{"path": "/srv/node", "type": "c", "major": 1, "minor": 3}]'
	mkdir -p "$ROOTFS/srv"
	echo file > "$ROOTFS/srv/node"
	create_refused web /srv/node
	equal "$(cat "$ROOTFS/srv/node")" file
	rm "$ROOTFS/srv/node"
	mknod "$ROOTFS/srv/node" c 1 3
	ok_container 'stat -c %t:%T /srv/node'
	equal "$output" 1:3
	rm "$ROOTFS/srv/node"
	mknod "$ROOTFS/srv/node" c 1 5
	create_refused web /srv/node
}

@test "devices: the same numbers twice are no error (D-10)" {
	config '.linux.devices = [{"path": "/dev/a", "type": "c", "major": 1, "minor": 3}, {"path": "/dev/b", "type": "c", "major": 1, "minor": 3}]'
	ok_container 'ls /dev/a /dev/b'
}

@test "devices: incomplete or odd entries are refused (D-03, D-04, D-07)" {
	for d in '{"path": "/dev/x", "type": "x", "major": 1, "minor": 3}' '{"type": "c", "major": 1, "minor": 3}' \
		'{"path": "/dev/x", "type": "c"}' '{"path": "/dev/x", "type": "c", "major": 1}' '{"path": "/dev/x", "major": 1, "minor": 3}' \
		'{"path": "dev/x", "type": "c", "major": 1, "minor": 3}' '{"path": "/dev/x", "type": "c", "major": 1, "minor": 3, "fileMode": 65535}' \
		'{"path": "/dev/x", "type": "c", "major": -5, "minor": 3}' '{"path": "/dev/x", "type": "c", "major": 1, "minor": 3, "fileMode": "0666"}'; do
		config --argjson d "$d" '.linux.devices = [$d]'
		create_refused web 'linux.devices[0]'
	done
}

@test "devices: in a user namespace they are the host's, bound (D-02)" {
	requires userns
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]'
	chown 100000:100000 "$ROOTFS"
	ok_container 'for n in null zero full random urandom tty; do stat -c "%n %t:%T" /dev/$n; done; echo x > /dev/null && head -c 3 /dev/zero | wc -c'
	equal "$output" "/dev/null 1:3
/dev/zero 1:5
/dev/full 1:7
/dev/random 1:8
/dev/urandom 1:9
/dev/tty 5:0
3"
}

@test "devices: /dev bound from the host stays as it is (D-17)" {
	mkdir "$T/dev"
	mknod "$T/dev/null" c 1 3
	config --arg s "$T/dev" '.mounts = [.mounts[] | if .destination == "/dev" then {"destination": "/dev", "source": $s, "options": ["rbind"]}
		elif .destination | startswith("/dev/") then empty else . end]'
	ok_container 'ls /dev'
	equal "$output" null
	equal "$(ls "$T/dev")" null
}

@test "devices: a node of the image that is not listed cannot be used under a deny-all list (D-11, D-12)" {
	requires mknod fuse
	mkdir -p "$ROOTFS/srv"
	mknod -m 666 "$ROOTFS/srv/fuse" c 10 229
	ok_container ': < /srv/fuse && echo opened'
	equal "$output" opened
	in_container '.linux.resources.devices = [{"allow": false, "access": "rwm"}]' ': < /srv/fuse'
	[[ $status -ne 0 ]]
	has "$stderr" "Operation not permitted"
	# nor with a listed node of the same numbers: it takes a rule
	in_container '.linux.devices = [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229}]' ': < /dev/fuse'
	has "$stderr" "Operation not permitted"
	ok_container '.linux.resources.devices += [{"allow": true, "type": "c", "major": 10, "minor": 229, "access": "r"}]' ': < /dev/fuse && echo opened'
	equal "$output" opened
}

@test "devices: what may be read but not made, as Docker writes it, is made by hull itself (K-07)" {
	requires mknod fuse
	config '.linux.devices = [{"path": "/dev/f", "type": "c", "major": 10, "minor": 229, "fileMode": 438}]
		| .linux.resources.devices = [{"allow": false, "access": "rwm"},
			{"allow": false, "type": "c", "major": 10, "minor": 229, "access": "rwm"},
			{"allow": true, "type": "c", "major": 10, "minor": 229, "access": "r"}]'
	ok_container ': < /dev/f && echo reads; (true > /dev/f) 2> /dev/null || echo "no writing"'
	equal "$output" 'reads
no writing'
}
