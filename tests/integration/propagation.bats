load helpers

# The rootfs is a mount of its own, shared with others on the host.
setup() {
	common_setup
	cd /
	mount --bind "$ROOTFS" "$ROOTFS"
	mount --make-shared "$ROOTFS"
	cd "$BUNDLE" || return 1
	config '.process.capabilities.bounding += ["CAP_SYS_ADMIN"] | .process.capabilities.effective += ["CAP_SYS_ADMIN"]
		| .process.capabilities.permitted += ["CAP_SYS_ADMIN"]'
}

teardown() {
	local rc=0

	cd /
	delete_all || rc=1
	umount "$ROOTFS/data" 2> /dev/null || :
	umount "$ROOTFS" || rc=1
	common_teardown || rc=1
	return $rc
}

propagation() {
	config --arg p "$1" '.linux.rootfsPropagation = $p'
}

# A container that mounts something, then tells what it sees of the host's later mount on /data.
both_ways() {
	script 'mount -t tmpfs inside /tmp && mkdir -p /var/x && mount -t tmpfs inside /var/x && echo up; trap "exit 0" TERM
		while :; do sleep 1000 & wait; done'
	start_it web
	wait_for 5 grep -q up "$OUT"
	mount -t tmpfs outside "$ROOTFS/data"
	run hull exec web sh -c 'grep -c " /data .* outside " /proc/self/mountinfo; awk "\$5 == \"/\" { for (i = 7; \$i != \"-\"; i++) printf \"%s \", \$i }" /proc/self/mountinfo'
	seen=${lines[0]}
	kind=${lines[1]:-}
	! grep -q " inside " /proc/self/mountinfo
	hull delete --force web
	umount "$ROOTFS/data"
}

@test "propagation: slave: the host's mounts are seen inside, not the other way round (L-01)" {
	for p in slave rslave; do
		propagation $p
		both_ways
		equal "$seen" 1
		matches "$kind" '^master:[0-9]+ $'
	done
}

@test "propagation: private: mounts are seen on neither side (L-01)" {
	for p in private rprivate; do
		propagation $p
		both_ways
		equal "$seen $kind" "0 "
	done
}

@test "propagation: shared: a peer group of its own, that the host's is no member of (L-01)" {
	host=$(mount_field "$(< /proc/self/mountinfo)" "$ROOTFS" opt)
	for p in shared rshared; do
		propagation $p
		both_ways
		matches "$kind" '^shared:[0-9]+ '
		hasnt " $kind" " $host "
	done
}

@test "propagation: unbindable: / cannot be bound (L-01)" {
	for p in unbindable runbindable; do
		propagation $p
		ok_container 'mount --bind / /data 2> /dev/null || echo refused; mount -t tmpfs x /tmp; mount --bind /tmp /data && echo bound
			awk "\$5 == \"/\" { print \$7 }" /proc/self/mountinfo'
		equal "$output" "refused
bound
unbindable"
	done
	propagation private
	ok_container 'mount --bind / /data && echo bound'
	equal "$output" bound
}

@test "propagation: the r-forms reach the mounts below, the others do not (L-01)" {
	kinds() {
		ok_container 'awk "\$5 == \"/\" || \$5 == \"/m\" { print \$5, \$7 }" /proc/self/mountinfo | sed "s/:[0-9]*//" | sort | tr "\n" " "'
	}
	config '.mounts += [{"destination": "/m", "type": "tmpfs", "source": "t"}]'
	propagation shared
	kinds
	equal "$output" "/ shared /m - "
	propagation rshared
	kinds
	equal "$output" "/ shared /m shared "
	propagation runbindable
	kinds
	equal "$output" "/ unbindable /m unbindable "
	propagation unbindable
	kinds
	equal "$output" "/ unbindable /m - "
}

@test "propagation: unset: nothing of the container reaches the host (L-02)" {
	both_ways
	equal "$seen" 1
}

@test "propagation: every mode works with the rootfs on a shared /, whose mounts stay as they are (L-01, L-02)" {
	cat > "$T/nested" <<-'SH'
	mount --make-rshared /
	before=$(cat /proc/self/mountinfo)
	"$HULL" --root "$1/r2" create --bundle "$2" web < /dev/null > "$1/o" 2> "$1/e" || { cat "$1/e"; exit 1; }
	"$HULL" --root "$1/r2" start web
	for i in 1 2 3 4 5 6 7 8 9 10; do grep -q up "$1/o" && break; sleep 0.2; done
	during=$(cat /proc/self/mountinfo)
	"$HULL" --root "$1/r2" delete --force web
	[ "$before" = "$during" ] && [ "$before" = "$(cat /proc/self/mountinfo)" ] && cat "$1/o"
	SH
	script 'mount -t tmpfs inside /tmp && mount -t tmpfs inside /data && echo up; exec sleep 1000'
	for p in "" private slave shared unbindable rprivate rslave rshared runbindable; do
		propagation "$p"
		run unshare -m --propagation private sh "$T/nested" "$T" "$BUNDLE" 3>&- 4>&-
		equal "$p $status $output" "$p 0 up"
	done
}

@test "propagation: another value is refused (L-01)" {
	for p in weird SHARED "shared " bind; do
		propagation "$p"
		create_refused web linux.rootfsPropagation
	done
}
