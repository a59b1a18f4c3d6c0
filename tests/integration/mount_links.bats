load helpers

setup() {
	common_setup
	mkdir "$T/vol"
	echo host > "$T/vol/file"
	ln -s file "$T/vol/link"
	ln -s /nosuch/target "$T/vol/dangling"
}

# add DESTINATION SOURCE OPTION...
add() {
	config --arg d "$1" --arg s "$2" '.mounts += [{"destination": $d, "source": $s, "options": $ARGS.positional}]' --args -- "${@:3}"
}

@test "links: a symlink as source is followed on the host" {
	add /there "$T/vol/link" bind
	ok_container 'cat /there; test -L /there || echo no link'
	equal "$output" "host
no link"
	config '.mounts |= .[:-1]'
	add /there "$T/vol/dangling" bind
	create_refused web "$T/vol/dangling"
}

@test "links: copy-symlink makes the symlink of the source anew, and mounts nothing" {
	add /new/place "$T/vol/dangling" bind copy-symlink
	add /abs "$T/vol/link" rbind ro copy-symlink
	ok_container 'readlink /new/place; readlink /abs; grep -c -e " /new/place " -e " /abs " /proc/self/mountinfo || :'
	equal "$output" "/nosuch/target
file
0"
	# once more, as the link is there now
	ok_container 'readlink /new/place'
	equal "$output" /nosuch/target
}

@test "links: copy-symlink with a source that is none is a bind" {
	add /there "$T/vol/file" bind copy-symlink
	ok_container 'cat /there; grep -c " /there " /proc/self/mountinfo'
	equal "$output" "host
1"
	config '.mounts |= .[:-1]'
	add /there "$T/vol/nosuch" bind copy-symlink
	create_refused web "mounts[7]" "$T/vol/nosuch"
}

@test "links: copy-symlink replaces nothing" {
	echo mine > "$ROOTFS/file"
	ln -s elsewhere "$ROOTFS/link"
	for d in /file /link /data; do
		config '.mounts |= .[:7]'
		add $d "$T/vol/dangling" bind copy-symlink
		create_refused web $d "something else"
	done
	equal "$(cat "$ROOTFS/file") $(readlink "$ROOTFS/link")" "mine elsewhere"
}

@test "links: copy-symlink stays inside the root, whatever symlinks are on the way" {
	mkdir "$T/canary"
	ln -s "$T/canary" "$ROOTFS/out"
	ln -s ../../../../../../../../../.. "$ROOTFS/up"
	add /out/link "$T/vol/dangling" bind copy-symlink
	add /up/top "$T/vol/dangling" bind copy-symlink
	ok_container "readlink $T/canary/link; readlink /top"
	equal "$output" "/nosuch/target
/nosuch/target"
	equal "$(ls -A "$T/canary")" ""
	[[ ! -L /top ]]
	config '.mounts |= .[:7]'
	add /proc/uptime "$T/vol/dangling" bind copy-symlink
	create_refused web /proc/uptime
}

@test "links: src-nofollow binds the symlink itself" {
	echo inside > "$ROOTFS/file"
	touch "$ROOTFS/there"
	add /there "$T/vol/link" bind src-nofollow
	ok_container 'readlink /there; cat /there'
	equal "$output" "file
inside"
}

@test "links: dest-nofollow covers the symlink itself" {
	mkdir "$ROOTFS/etc/real"
	echo target > "$ROOTFS/target"
	ln -s target "$ROOTFS/followed"
	ln -s target "$ROOTFS/covered"
	add /followed "$T/vol/file" bind
	ok_container 'cat /target; readlink /followed'
	equal "$output" "host
target"
	config '.mounts |= .[:7]'
	add /covered "$T/vol/file" bind dest-nofollow
	add /fresh/one "$T/vol/file" bind dest-nofollow
	ok_container 'cat /target; cat /covered /fresh/one; readlink /covered || echo no link'
	equal "$output" "target
host
host
no link"
	equal "$(readlink "$ROOTFS/covered")" target
}

@test "links: the options are for binds alone" {
	for o in copy-symlink src-nofollow dest-nofollow; do
		config --arg o $o '.mounts |= .[:7] + [{"destination": "/m", "type": "tmpfs", "source": "t", "options": [$o]}]'
		create_refused web 'mounts[7]' "'$o'"
	done
}
