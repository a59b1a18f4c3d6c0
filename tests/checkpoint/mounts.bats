# Mounts of a container that is restored: each is there again, with its options and what is in it.
load helpers

# seen ID: the mounts of its namespace: where, what, with which options; ids apart.
seen() {
	awk '{ for (i = 7; $i != "-"; i++); print $5, $6, $(i + 1) }' "/proc/$(pid_of "$1")/mountinfo" | sort
}

# Of the container web: it has the same ones after it was restored.
same_mounts() {
	seen web > "$T/mounts.before"
	save web
	back web
	diff "$T/mounts.before" <(seen web)
	checked web
}

@test "mounts: those of the default configuration, masked and read-only paths" {
	work mem:1
	up web
	same_mounts
	equal "$(hull exec web sh -c 'wc -c < /proc/timer_list; ls /sys/firmware | wc -l')" "0
0"
	hull exec web sh -c '! echo 1 > /proc/sys/kernel/panic' 2> /dev/null
}

@test "mounts: bind mounts of files and directories, with their options" {
	mkdir "$T/dir"
	echo file > "$T/file"
	echo inner > "$T/dir/inner"
	config --arg d "$T/dir" --arg f "$T/file" '.mounts += [
		{destination: "/mnt/dir", type: "bind", source: $d, options: ["bind", "ro", "nosuid"]},
		{destination: "/mnt/rw", type: "bind", source: $d, options: ["bind", "rw"]},
		{destination: "/etc/file", type: "bind", source: $f, options: ["bind"]}]'
	work mem:1 files
	up web
	same_mounts
	equal "$(hull exec web cat /mnt/dir/inner /etc/file)" "inner
file"
	hull exec web sh -c 'echo new > /mnt/rw/new; ! echo x > /mnt/dir/x' 2> /dev/null
	equal "$(cat "$T/dir/new")" new
}

@test "mounts: nested bind mounts" {
	mkdir -p "$T/outer/inner/deep" "$T/inner/deep" "$T/deep"
	touch "$T/deep/here"
	config --arg t "$T" '.mounts += [
		{destination: "/n", type: "bind", source: "\($t)/outer", options: ["bind"]},
		{destination: "/n/inner", type: "bind", source: "\($t)/inner", options: ["bind"]},
		{destination: "/n/inner/deep", type: "bind", source: "\($t)/deep", options: ["bind"]}]'
	work mem:1
	up web
	same_mounts
	equal "$(hull exec web ls /n/inner/deep)" here
}

@test "mounts: a bind mount whose source has mounts below it (rbind)" {
	mkdir -p "$T/tree/sub"
	mount -t tmpfs hulltest "$T/tree/sub"
	touch "$T/tree/sub/below"
	config --arg t "$T/tree" '.mounts += [{destination: "/tree", type: "bind", source: $t, options: ["rbind", "rprivate"]}]'
	work mem:1
	up web
	same_mounts
	equal "$(hull exec web ls /tree/sub)" below
	hull delete --force web
	umount "$T/tree/sub"
}

@test "mounts: a bind mount over a symbolic link of the image" {
	mkdir -p "$T/dir" "$ROOTFS/real"
	ln -s real "$ROOTFS/link"
	touch "$T/dir/here"
	config --arg d "$T/dir" '.mounts += [{destination: "/link", type: "bind", source: $d, options: ["bind"]}]'
	work mem:1
	up web
	same_mounts
	equal "$(hull exec web ls /real)" here
}

@test "mounts: open files and directories of a bind mount" {
	mkdir -m 777 "$T/dir"
	HOSTED=$T/dir
	config --arg d "$T/dir" '.mounts += [{destination: "/data", type: "bind", source: $d, options: ["bind", "rw"]}]'
	survives files ghost mapped pipes
}

@test "mounts: a read-only root" {
	mkdir -m 777 "$T/dir"
	HOSTED=$T/dir
	config --arg d "$T/dir" '.root.readonly = true
		| .mounts += [{destination: "/data", type: "bind", source: $d, options: ["bind", "rw"]}]'
	work mem:1 files
	up web
	same_mounts
	hull exec web sh -c '! touch /x' 2> /dev/null
}

@test "mounts: tmpfs: files, links, owners and modes are there again" {
	config '.mounts += [{destination: "/scratch", type: "tmpfs", source: "tmpfs", options: ["nosuid", "size=8m", "mode=1777"]}]'
	work tmpfs
	up web
	hull exec --cap CAP_CHOWN web sh -c 'echo text > /scratch/a; mkdir -m 700 /scratch/d; chown 7:8 /scratch/d; ln -s a /scratch/l; ln /scratch/a /scratch/h'
	same_mounts
	equal "$(hull exec web sh -c 'cat /scratch/l; stat -c "%a %u %g" /scratch/d; stat -c %h /scratch/a')" "text
700 7 8
2"
	has "$(hull exec web df -k /scratch)" 8192
}

@test "mounts: a volume is found at another place of the host" {
	mkdir "$T/one" "$T/two"
	echo one > "$T/one/name"
	echo two > "$T/two/name"
	config --arg d "$T/one" '.mounts += [{destination: "/v", type: "bind", source: $d, options: ["bind"]}]'
	work mem:1
	up web
	save web
	config --arg d "$T/two" '.mounts[-1].source = $d'
	back web
	equal "$(hull exec web cat /v/name)" two
	checked web
}

@test "mounts: a volume that is not there any more is named" {
	mkdir "$T/one"
	config --arg d "$T/one" '.mounts += [{destination: "/v", type: "bind", source: $d, options: ["bind"]}]'
	work mem:1
	up web
	save web
	rmdir "$T/one"
	refused_ckpt restore -d --image-path "$IMAGES" --work-path "$T/work" web
	has "$line" "$T/one"
	no_trace web
}

@test "mounts: nothing of a restore stays mounted on the host" {
	local before

	before=$(< /proc/self/mountinfo)
	survives mem:1
	equal "$(< /proc/self/mountinfo)" "$before"
}
