load helpers

# An identity shift by 100000, as an array of mappings.
shifted='[{"containerID": 0, "hostID": 100000, "size": 65536}]'

setup() {
	common_setup
	requires userns
	mkdir "$T/vol"
	echo zero > "$T/vol/zero"
	echo seven > "$T/vol/seven"
	chown 7:8 "$T/vol/seven"
}

# add OBJECT: one more mount.
add() {
	config --argjson m "$1" '.mounts += [$m]'
}

# volume OPTIONS [MEMBERS]: the volume on /vol. OPTIONS is a JSON list, MEMBERS more of the object.
volume() {
	config --arg s "$T/vol" --argjson o "$1" --argjson more "${2:-{\}}" \
		'.mounts |= map(select(.destination != "/vol")) | .mounts += [{"destination": "/vol", "source": $s, "options": $o} + $more]'
}

# maps UIDS GIDS: both members of a mount.
maps() {
	printf '{"uidMappings": %s, "gidMappings": %s}' "$1" "$2"
}

# map ID HOST SIZE
map() {
	printf '[{"containerID": %s, "hostID": %s, "size": %s}]' "$@"
}

userns() {
	config --argjson m "${1:-$shifted}" '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = $m | .linux.gidMappings = $m'
	chown 100000:100000 "$ROOTFS"
	chmod 755 "$T"
}

@test "idmap: a mount shows the file system's ids as its maps say (M-16, M-19, MO-35)" {
	volume '["bind", "idmap"]' "$(maps "$(map 0 5000 100)" "$(map 0 6000 100)")"
	ok_container 'stat -c %u:%g /vol/zero /vol/seven'
	equal "$output" "5000:6000
5007:6008"
	equal "$(stat -c %u:%g "$T/vol/seven")" 7:8
}

@test "idmap: what is made through the mount is owned by the mapped back id (M-16)" {
	volume '["bind", "idmap"]' "$(maps "$(map 0 0 1)" "$(map 0 0 1)")"
	config '.mounts[-1].uidMappings += [{"containerID": 7, "hostID": 1000, "size": 1}]
		| .mounts[-1].gidMappings += [{"containerID": 8, "hostID": 1000, "size": 1}] | .process.user = {"uid": 1000, "gid": 1000}'
	chmod 777 "$T/vol"
	ok_container 'echo x > /vol/new && echo more >> /vol/seven && stat -c %u:%g /vol/new'
	equal "$output" 1000:1000
	equal "$(stat -c %u:%g "$T/vol/new")" 7:8
}

@test "idmap: ids that no map has belong to nobody" {
	volume '["bind", "idmap"]' "$(maps "$(map 0 5000 1)" "$(map 0 5000 1)")"
	ok_container 'stat -c %u:%g /vol/zero /vol/seven'
	equal "$output" "5000:5000
65534:65534"
}

@test "idmap: in a user namespace, with maps of the mount's own (M-19)" {
	userns
	volume '["bind", "idmap"]' "$(maps "$(map 0 101000 100)" "$(map 0 102000 100)")"
	ok_container 'stat -c %u:%g /vol/zero /vol/seven'
	equal "$output" "1000:2000
1007:2008"
}

@test "idmap: without maps those of the container's user namespace are taken (M-20)" {
	userns
	config '.linux.gidMappings[0].hostID = 200000'
	chown 100000:200000 "$ROOTFS"
	volume '["bind", "idmap"]'
	ok_container 'stat -c %u:%g /vol/zero /vol/seven; touch /vol/new'
	equal "$output" "0:0
7:8"
	equal "$(stat -c %u "$T/vol/new")" 0
}

@test "idmap: empty maps are none (M-20)" {
	userns
	volume '["bind", "idmap"]' "$(maps '[]' '[]')"
	ok_container 'stat -c %u:%g /vol/seven'
	equal "$output" 7:8
}

@test "idmap: a user namespace that is joined lends its maps (M-20)" {
	unshare -U sleep 1000 3>&- 4>&- &
	pid=$!
	wait_for 5 eval '[[ $(readlink /proc/$pid/ns/user) != $(readlink /proc/self/ns/user) ]]'
	echo 0 200000 65536 > "/proc/$pid/uid_map"
	echo 0 200000 65536 > "/proc/$pid/gid_map"
	config --arg p "/proc/$pid/ns/user" '.linux.namespaces += [{"type": "user", "path": $p}]'
	chown 200000:200000 "$ROOTFS"
	volume '["bind", "idmap"]'
	in_container 'stat -c %u:%g /vol/zero /vol/seven'
	kill "$pid"
	equal "$status $output" "0 0:0
7:8"
}

@test "idmap: no maps and no user namespace is refused (M-21)" {
	for o in idmap ridmap; do
		volume "[\"bind\", \"$o\"]"
		create_refused web 'mounts[7]' "'$o'" "no user namespace"
	done
	volume '["bind", "idmap"]' "$(maps '[]' '[]')"
	create_refused web 'mounts[7]' "no user namespace"
}

@test "idmap: one kind of maps alone is refused (M-17)" {
	volume '["bind", "idmap"]' "{\"uidMappings\": $shifted}"
	create_refused web 'mounts[7].uidMappings'
	volume '["bind", "idmap"]' "{\"gidMappings\": $shifted}"
	create_refused web 'mounts[7].gidMappings'
	volume '["bind", "idmap"]' "$(maps "$shifted" '[]')"
	create_refused web 'mounts[7].uidMappings'
	volume '["bind", "idmap=uids=0-1-1"]'
	create_refused web 'mounts[7]' "gids="
}

@test "idmap: maps without the option are applied (M-18)" {
	volume '["bind"]' "$(maps "$shifted" "$shifted")"
	ok_container 'stat -c %u:%g /vol/seven'
	equal "$output" 100007:100008
}

@test "idmap: idmap is for the mount alone, ridmap for those below (MO-35, MO-36)" {
	mkdir "$T/vol/sub"
	mount -t tmpfs -o uid=7,gid=8 sub "$T/vol/sub"
	volume '["rbind", "idmap"]' "$(maps "$shifted" "$shifted")"
	config --arg s "$T/vol" --argjson m "$shifted" '.mounts += [{"destination": "/all", "source": $s, "options": ["rbind", "ridmap"],
		"uidMappings": $m, "gidMappings": $m}]'
	in_container 'stat -c %u:%g /vol/seven /vol/sub /all/seven /all/sub'
	umount "$T/vol/sub"
	equal "$status $output" "0 100007:100008
7:8
100007:100008
100007:100008"
}

@test "idmap: a new tmpfs is mapped, too (M-19, M-23)" {
	add "{\"destination\": \"/m\", \"type\": \"tmpfs\", \"source\": \"t\", \"options\": [\"idmap\", \"uid=5\", \"gid=6\", \"mode=711\", \"size=64k\", \"noexec\"],
		\"uidMappings\": $(map 0 1000 10), \"gidMappings\": $(map 0 2000 10)}"
	ok_container 'stat -c %u:%g:%a /m; awk "\$5 == \"/m\"" /proc/self/mountinfo'
	equal "${lines[0]}" 1005:2006:711
	has "${lines[1]}" noexec
	has "${lines[1]}" size=64k
}

@test "idmap: a new tmpfs in a user namespace: its own maps, or the container's (M-19, M-20)" {
	userns
	add "{\"destination\": \"/own\", \"type\": \"tmpfs\", \"source\": \"t\", \"options\": [\"idmap\", \"mode=777\"],
		\"uidMappings\": $(map 0 101000 10), \"gidMappings\": $(map 0 102000 10)}"
	add '{"destination": "/ours", "type": "tmpfs", "source": "t", "options": ["idmap", "nosuid", "ro", "noatime"]}'
	add '{"destination": "/ours/later", "type": "tmpfs", "source": "t"}'
	ok_container 'stat -c %u:%g /own /ours; grep " /ours " /proc/self/mountinfo; touch /ours/x 2>&1 || :'
	equal "${lines[0]} ${lines[1]}" "1000:2000 0:0"
	has "${lines[2]}" "ro,nosuid,noatime"
	has "${lines[3]}" "Read-only"
}

@test "idmap: tmpcopyup onto a mapped tmpfs keeps what the container sees (MO-34, M-19)" {
	userns
	mkdir "$ROOTFS/filled"
	echo x > "$ROOTFS/filled/file"
	chown -R 100005:100006 "$ROOTFS/filled"
	add '{"destination": "/filled", "type": "tmpfs", "source": "t", "options": ["idmap", "tmpcopyup"]}'
	ok_container 'stat -c %u:%g /filled/file'
	equal "$output" 5:6
}

@test "idmap: a file system on a disk is mounted and mapped, in a user namespace as well (M-19, M-23)" {
	truncate -s 8M "$T/disk"
	mkfs.ext4 -q -d "$T/vol" "$T/disk"
	dev=$(losetup -f --show "$T/disk") || skip "needs loop devices"
	userns
	add "{\"destination\": \"/disk\", \"type\": \"ext4\", \"source\": \"$dev\", \"options\": [\"idmap\", \"nosuid\", \"nodev\"]}"
	in_container 'stat -c %u:%g /disk/zero /disk/seven; touch /disk/new; stat -f -c %T /disk; cat /disk/seven'
	losetup -d "$dev"
	equal "$status $output" "0 0:0
7:8
ext2/ext3
seven"
}

@test "idmap: file systems that the kernel cannot map are refused by name (M-19, M-23)" {
	for t in proc sysfs mqueue ramfs; do
		config '.mounts |= map(select(.destination != "/m"))'
		add "{\"destination\": \"/m\", \"type\": \"$t\", \"source\": \"t\", \"options\": [\"idmap\"], \"uidMappings\": $shifted, \"gidMappings\": $shifted}"
		create_refused web 'mounts[7]' "'$t'"
	done
	config '.mounts |= map(select(.destination != "/m"))'
	volume '["bind", "idmap"]' "$(maps "$shifted" "$shifted")"
	config '.mounts[-1].source = "/proc"'
	create_refused web 'mounts[7]' "'proc'"
	config --argjson m "$shifted" '.mounts |= map(select(.destination != "/vol"))
		| .mounts[6] += {"uidMappings": $m, "gidMappings": $m}'
	create_refused web 'mounts[6]' "'cgroup2'"
}

@test "idmap: ridmap over a mount below that cannot be mapped is refused and names it (M-19, MO-36)" {
	mkdir "$T/vol/sub"
	mount -t proc proc "$T/vol/sub"
	volume '["rbind", "ridmap"]' "$(maps "$shifted" "$shifted")"
	rc=0
	create_refused web 'mounts[7]' "'proc'" || rc=$?
	umount "$T/vol/sub"
	equal "$rc" 0
}

@test "idmap: what is mapped already is refused (M-19)" {
	# A mount that reaches the host through a shared one is mapped there, too.
	mkdir -p "$T/shared"
	mount -t tmpfs shared "$T/shared"
	mount --make-shared "$T/shared"
	mkdir "$T/shared/vol"
	config '.linux.rootfsPropagation = "shared"'
	add "{\"destination\": \"/shared\", \"source\": \"$T/shared\", \"options\": [\"rbind\", \"rshared\"]}"
	add "{\"destination\": \"/shared/vol\", \"source\": \"$T/vol\", \"options\": [\"bind\", \"idmap\"], \"uidMappings\": $shifted, \"gidMappings\": $shifted}"
	in_container 'stat -c %u /shared/vol/seven'
	seen=$(stat -c %u "$T/shared/vol/seven")
	config '.mounts |= .[:7] | del(.linux.rootfsPropagation)'
	add "{\"destination\": \"/vol\", \"source\": \"$T/shared/vol\", \"options\": [\"bind\", \"idmap\"], \"uidMappings\": $shifted, \"gidMappings\": $shifted}"
	rc=0
	create_refused web 'mounts[7]' "'$(findmnt -no FSTYPE -T "$T/vol")'" "mapped already" || rc=$?
	umount "$T/shared/vol"
	umount "$T/shared"
	equal "$output $seen $rc" "100007 100007 0"
}

@test "idmap: a remount does not map (M-19)" {
	add '{"destination": "/m", "type": "tmpfs", "source": "t"}'
	add "{\"destination\": \"/m\", \"options\": [\"remount\", \"idmap\"], \"uidMappings\": $shifted, \"gidMappings\": $shifted}"
	create_refused web 'mounts[8]' remount
}

@test "idmap: options with ranges (M-19, MO-35, MO-36)" {
	volume '["bind", "idmap=uids=0-1000-1#7-2000-3;gids=0-3000-10"]'
	add "{\"destination\": \"/r\", \"source\": \"$T/vol\", \"options\": [\"rbind\", \"ridmap=gids=0-30-10;uids=0-40-10\"]}"
	ok_container 'stat -c %u:%g /vol/zero /vol/seven /r/seven'
	equal "$output" "1000:3000
2000:3008
47:38"
}

@test "idmap: options with ranges that are relative to the container's (M-19, M-20)" {
	# 0-9 are 100000-100009 of the host, 10-99 are 300000-300089
	userns '[{"containerID": 0, "hostID": 100000, "size": 10}, {"containerID": 10, "hostID": 300000, "size": 90}]'
	volume '["bind", "idmap=uids=@0-5-20;gids=@0-0-1#8-100003-1"]'
	ok_container 'stat -c %u:%g /vol/zero /vol/seven'
	equal "$output" "5:0
12:3"
	volume '["bind", "idmap=uids=@0-50-51;gids=@0-0-1"]'
	create_refused web 'mounts[7]' linux.uidMappings
}

@test "idmap: the namespace of the maps is nobody's afterwards, the option no data (M-22)" {
	requires strace
	volume '["bind", "idmap"]' "$(maps "$shifted" "$shifted")"
	add "{\"destination\": \"/m\", \"type\": \"tmpfs\", \"source\": \"t\", \"options\": [\"idmap\"], \"uidMappings\": $shifted, \"gidMappings\": $shifted}"
	args true
	strace -f -s 200 -e trace=clone3,mount_setattr,fsconfig,mount -o "$T/trace" "$HULL" --root "$ROOT" run web > "$OUT" 2> "$ERR"
	equal "$(grep -c 'attr_set=MOUNT_ATTR_IDMAP' "$T/trace")" 2
	equal "$(grep -c CLONE_NEWUSER "$T/trace")" 1
	equal "$(grep -v MOUNT_ATTR_IDMAP "$T/trace" | grep -ci idmap)" 0
}

@test "idmap: without privilege over the file system it is refused (M-23)" {
	requires unpriv
	volume '["bind", "idmap"]' "$(maps "$(map 0 0 1)" "$(map 0 0 1)")"
	config '.linux.cgroupsPath = null | .mounts |= map(select(.type != "sysfs" and .type != "cgroup")) | del(.linux.resources)'
	refused unshare -Urm "$HULL" --root "$T/r2" create --bundle "$BUNDLE" web
	has "$line" 'mounts['
	has "$line" "does not id-map"
}
