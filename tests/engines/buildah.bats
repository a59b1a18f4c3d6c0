load helpers

setup_file() {
	mkdir /var/tmp/buildah
	cd /var/tmp/buildah || return
	make_rootfs rootfs
	tar -C rootfs -cf rootfs.tar .
	printf 'FROM scratch\nADD rootfs.tar /\n' > Containerfile
	build bud -q -t localhost/bb -f Containerfile .
	build from --pull-never --name work localhost/bb
	snapshot_buildah > "$BATS_FILE_TMPDIR/before"
}

teardown() {
	snapshot_buildah | diff "$BATS_FILE_TMPDIR/before" -
}

teardown_file() {
	quietly build rm -a
	rm -rf /var/tmp/buildah
}

# Storage does not depend on the runtime: one image and one working container serve both.
build() {
	buildah --storage-driver vfs --root /var/tmp/buildah/root --runroot /var/tmp/buildah/run "$@"
}

in_work() { # [OPTION...] -- COMMAND...
	local options=()

	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	build run --runtime "$RUNTIME" --isolation oci --network none "${options[@]}" work -- "$@"
}

snapshot_buildah() {
	find /sys/fs/cgroup -type d -name '*buildah*'
	findmnt -rn -o TARGET | sort
	find /run/hull /run/runc -mindepth 1 -maxdepth 1 ! -name @seccomp 2> /dev/null || :
	find /var/tmp -maxdepth 1 -name 'buildah?*' -o -maxdepth 1 -name '*.sock'
	pgrep -a -x buildah || :
	pgrep -a -f '^sleep 1000' || :
}

@test "buildah: run gives output, input and exit status (B1)" {
	b1() {
		status in_work -- sh -c 'read line; echo "out $line"; echo err >&2; exit 3' <<< input | LC_ALL=C sort # two pipes: either may come first
	}
	row b1 <<-EOF
		Error: while running runtime: exit status 3
		err
		out input
		status 3
	EOF
}

@test "buildah: run with a terminal (B2)" {
	b2() {
		status in_work -t -- sh -c 'tty; test -t 2 && stat -c %F /dev/console; exit 4' < /dev/null | tr -d '\r'
	}
	row b2 <<-EOF
		/dev/pts/0
		character special file
		Error: while running runtime: exit status 4
		status 4
	EOF
}

@test "buildah: a program that is not there is an error that says so (B3)" {
	b3() {
		matching 'exec: \\*"nosuch.*executable file not found in \$PATH' in_work -- nosuch | sed 's/\\//g'
		matching 'exec: \\*"/bin/noexec.*permission denied' in_work -- /bin/noexec | sed 's/\\//g'
		matching 'exec: \\*"/etc\\*": is a directory' in_work -- /etc | sed 's/\\//g'
	}
	# hull has runc's words and crun's, for those who look for either.
	not_found='exec: "nosuch": executable file not found in $PATH'
	row_b3() {
		b3 | sed 's/\(not found in \$PATH\).*/\1/'
	}
	row row_b3 <<-EOF
		$not_found
		status 1
		exec: "/bin/noexec": permission denied
		status 1
		exec: "/etc": is a directory
		status 1
	EOF
}

@test "buildah: bud with many RUN, its limits, a secret and a user (B4)" {
	b4() {
		cd /var/tmp/buildah || return
		cat > Containerfile.many <<-'CF'
			FROM localhost/bb
			ENV A=b
			RUN echo "first $A"; cat /sys/fs/cgroup/memory.max; grep -c . /proc/net/dev
			WORKDIR /srv
			RUN --mount=type=secret,id=s cat /run/secrets/s; touch x
			USER user
			RUN id -u; ls /srv; touch /srv/y 2>&1 || ls -ld /srv/x | cut -c 1-10
			RUN ["/bin/sh", "-c", "echo exec form; exit 4"]
		CF
		echo hush > secret
		status build bud --runtime "$RUNTIME" --isolation oci --network none --no-cache --memory 48m \
			--secret id=s,src=secret -f Containerfile.many . | grep -v ^STEP
	}
	row b4 <<-EOF
		first b
		50331648
		3
		hush
		1000
		x
		touch: /srv/y: Permission denied
		-rw-r--r--
		exec form
		Error: building at STEP "RUN /bin/sh -c echo exec form; exit 4": while running runtime: exit status 4
		status 4
	EOF
}
