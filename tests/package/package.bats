# The Debian package: how it is built, what is in it, what it does to a system.
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2154
load helpers

pages() {
	(cd "$SRC/docs/man" && ls ./*.[17])
}

# First: Podman has left nothing of its own yet.
@test "package: removed, it leaves its configuration, and purged, nothing" {
	for suite in $SUITES; do
		in_tree "$suite" apt-get remove -y -q hull
		diff "$BATS_FILE_TMPDIR/$suite.before" <(list_files "$suite") | sed -n 's/^> \([^ ]*\) .*/\1/p' >"$BATS_TEST_TMPDIR/left"
		cat "$BATS_TEST_TMPDIR/left"
		equal "$(cat "$BATS_TEST_TMPDIR/left")" \
			$'./etc/containers/containers.conf.d\n./etc/containers/containers.conf.d/50-hull.conf'
		in_tree "$suite" apt-get purge -y -q hull
		diff "$BATS_FILE_TMPDIR/$suite.before" <(list_files "$suite")
		! in_tree "$suite" dpkg -s hull 2>/dev/null
		[ -z "$(find "$(tree "$suite")"/var/lib/dpkg/info -name 'hull*')" ]
		in_tree "$suite" apt-get install -y -q --no-install-recommends /tmp/hull.deb
	done
}

@test "package: lintian finds nothing" {
	run lintian --allow-root --info --display-info --tag-display-limit 0 --fail-on error,warning,info \
		"$DEB"/hull_*.changes
	echo "$output"
	equal "$status" 0
	equal "$output" ""
}

@test "package: built again elsewhere, from its source package, it is the same to the byte" {
	local w=$BATS_TEST_TMPDIR/somewhere/else
	mkdir -p "$w"
	(cd "$w" && dpkg-source -x "$DEB"/hull_*.dsc tree && cd tree &&
		env TZ=Asia/Kolkata LC_ALL=C DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" \
			dpkg-buildpackage -b --no-sign) >"$w/log" 2>&1 || { tail -n 30 "$w/log"; return 1; }
	for deb in "$DEB"/*.deb; do
		cmp "$deb" "$w/$(basename "$deb")"
	done
}

@test "package: its version is that of the tree, and the program names the same commit" {
	local hull=${HULL:-${HULL_BUILD:-$SRC/build}/hull}
	equal "$(dpkg-parsechangelog -l "$SRC/debian/changelog" -S Version)" "$VERSION"
	for suite in $SUITES; do
		run --separate-stderr in_tree "$suite" hull --version
		equal "$status" 0
		equal "$stderr" ""
		equal "${lines[0]}" "hull version $VERSION"
		equal "$output" "$("$hull" --version)"
	done
}

@test "package: the program is static, position independent and hardened" {
	local hull
	hull=$(tree trixie)/usr/bin/hull
	readelf -h "$hull" | grep 'Type:.*DYN'
	equal "$(readelf -l "$hull" | grep -c INTERP)" 0
	equal "$(readelf -d "$hull" | grep -c NEEDED)" 0
	readelf -l "$hull" | grep GNU_RELRO
	readelf -Wl "$hull" | grep 'GNU_STACK.* RW '
}

@test "package: a manual page for each command, without a warning, that man and whatis find" {
	local page name
	for suite in $SUITES; do
		for page in $(pages); do
			name=$(basename "${page%.?}")
			run --separate-stderr in_tree "$suite" sh -c "man --warnings -E UTF-8 '$name' >/tmp/page"
			echo "$suite $name: $stderr"
			equal "$status" 0
			equal "$stderr" ""
			[ -s "$(tree "$suite")/tmp/page" ]
			in_tree "$suite" whatis "$name" | grep "^$name "
		done
		for name in $(in_tree "$suite" hull --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\).*/\1/p'); do
			in_tree "$suite" man -w "hull-$name"
		done
	done
}

@test "package: completions lie where bash, zsh and fish look" {
	for suite in $SUITES; do
		in_tree "$suite" bash -c '. /usr/share/bash-completion/bash_completion
			_comp_load hull 2>/dev/null || _completion_loader hull; complete -p hull' | grep -- '-F _hull hull'
		cmp "$SRC/docs/completion/_hull" "$(tree "$suite")/usr/share/zsh/vendor-completions/_hull"
		cmp "$SRC/docs/completion/hull.fish" "$(tree "$suite")/usr/share/fish/vendor_completions.d/hull.fish"
	done
}

image() { # SUITE
	local d a
	d=$(tree "$1")/tmp
	[ ! -e "$d/image.tar" ] || return 0
	mkdir -p "$d/image/bin"
	cp "$(tree "$1")/bin/busybox" "$d/image/bin"
	for a in sh echo cat sleep true; do
		ln -s busybox "$d/image/bin/$a"
	done
	tar -C "$d/image" -cf "$d/image.tar" .
	podman "$1" import -q /tmp/image.tar localhost/image
}

@test "package: Podman knows hull by its name, and still takes its own default" {
	local format='{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}} {{.Host.OCIRuntime.Version}}'
	for suite in $SUITES; do
		equal "$(podman "$suite" --runtime hull info --format "$format" | head -n1)" \
			"hull /usr/bin/hull hull version $VERSION"
		equal "$(podman "$suite" info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}}')" \
			"crun /usr/bin/crun"
		# As the drop-in says it is done.
		printf '[engine]\nruntime = "hull"\n' >"$(tree "$suite")/etc/containers/containers.conf.d/60-default.conf"
		equal "$(podman "$suite" info --format '{{.Host.OCIRuntime.Name}}')" hull
		rm "$(tree "$suite")/etc/containers/containers.conf.d/60-default.conf"
	done
}

@test "package: Podman runs a container with hull, in a cgroup and in none" {
	local opts=(--network none --ulimit nofile=1024:1024 --ulimit nproc=4096:4096)
	local cgroup=(--cgroup-parent /hull-package)
	for suite in $SUITES; do
		image "$suite"
		# The host has no pids controller in cgroup v2; --pids-limit=-1 is 0 for Debian 12's.
		printf '[containers]\npids_limit = 0\n' >"$(tree "$suite")/etc/containers/containers.conf.d/60-pids.conf"
		run -0 podman "$suite" --runtime hull run --rm "${opts[@]}" --cgroups=disabled image echo hello
		equal "$output" hello
		run podman "$suite" --runtime hull run --rm "${opts[@]}" "${cgroup[@]}" image sh -c 'exit 7'
		echo "$output"
		equal "$status" 7
		podman "$suite" --runtime hull run -d --name c "${opts[@]}" "${cgroup[@]}" image sleep 1000
		equal "$(podman "$suite" inspect --format '{{.OCIRuntime}} {{.State.Status}}' c)" "hull running"
		run -3 podman "$suite" exec c sh -c 'exit 3'
		podman "$suite" stop -t 1 c
		equal "$(podman "$suite" inspect --format '{{.State.Status}} {{.State.ExitCode}}' c)" "exited 137"
		podman "$suite" rm c
		[ -z "$(in_tree "$suite" hull list -q)" ]
	done
}

# What Podman passes to a runtime of that name, and whether it lets it do without cgroups.
abilities() { # SUITE NAME...
	local suite=$1 name d
	shift
	d=$(tree "$suite")/tmp/runtimes
	mkdir -p "$d"
	for name; do
		printf '#!/bin/sh\n%s\n%s\n%s\n' '[ "$1" != --version ] || exec echo none version 1' \
			'echo "$@" >>/tmp/runtimes/log' 'exit 1' >"$d/$name"
		chmod 755 "$d/$name"
		printf '%s' "$name"
		: >"$d/log"
		! podman "$suite" --runtime "/tmp/runtimes/$name" run --rm --network none --cgroups=disabled \
			image true 2>/dev/null
		[ ! -s "$d/log" ] || printf ' nocgroup'
		! podman "$suite" --runtime "/tmp/runtimes/$name" run --rm --network none --cgroup-parent /hull-package \
			image true 2>/dev/null
		! grep -q -- '--log-format=json' "$d/log" || printf ' json'
		echo
	done
}

@test "package: put into runc's place as README.Debian says, it is what Podman finds there" {
	local runc=/usr/sbin/runc
	in_tree trixie dpkg-divert --rename --divert $runc.distrib $runc
	in_tree trixie ln -s /usr/bin/hull $runc
	equal "$(podman trixie --runtime runc info --format '{{.Host.OCIRuntime.Path}} {{.Host.OCIRuntime.Version}}' | head -n1)" \
		"$runc runc version $VERSION" # a program of that name says so
	in_tree trixie rm $runc
	in_tree trixie dpkg-divert --rename --remove $runc
}

@test "package: the lists of its drop-in have all that is in Podman's own, and hull" {
	local drop_in names=(crun runc kata runsc youki krun other) mine built_in name list
	for suite in $SUITES; do
		image "$suite"
		drop_in=$(tree "$suite")/etc/containers/containers.conf.d/50-hull.conf
		mine=$(abilities "$suite" "${names[@]}" hull)
		mv "$drop_in" "$drop_in.away"
		built_in=$(abilities "$suite" "${names[@]}" hull)
		mv "$drop_in.away" "$drop_in"
		echo "$suite: with the drop-in: $mine; without: $built_in"
		# The test sees the difference at all.
		grep -x 'crun nocgroup json' <<<"$built_in"
		grep -x 'runc json' <<<"$built_in"
		grep -x other <<<"$built_in"
		grep -x hull <<<"$built_in"
		grep -x 'hull nocgroup json' <<<"$mine"
		grep -x other <<<"$mine"
		# Older ones know less: youki.
		while read -r name list; do
			grep -x "$name.*$list" <<<"$mine"
		done <<<"$built_in"
	done
}

@test "package: AppArmor's profile is there where the parser knows it, and only there" {
	in_tree trixie apparmor_parser --names /etc/apparmor.d/hull | grep -x hull
	in_tree trixie apparmor_parser --skip-kernel-load --skip-cache /etc/apparmor.d/hull
	equal "$(in_tree trixie readlink /etc/apparmor.d/hull)" /usr/share/hull/apparmor/hull
	[ ! -L "$(tree bookworm)/etc/apparmor.d/hull" ]
	# All that the service reads when the machine boots.
	for suite in $SUITES; do
		run in_tree "$suite" apparmor_parser --skip-kernel-load --skip-cache --names /etc/apparmor.d
		echo "$output"
		equal "$status" 0
	done
	grep -x hull <<<"$output"
}

# A package with the file that AppArmor 4 has and AppArmor 3 has not.
apparmor4() { # SUITE
	local w=$BATS_TEST_TMPDIR/apparmor4
	mkdir -p "$w/DEBIAN" "$w/etc/apparmor.d/abi"
	printf '%s\n' 'Package: apparmor4' 'Version: 1' 'Architecture: all' 'Maintainer: nobody <nobody@example.org>' \
		'Description: sample' >"$w/DEBIAN/control"
	touch "$w/etc/apparmor.d/abi/4.0"
	dpkg-deb --root-owner-group -b "$w" "$(tree "$1")/tmp/apparmor4.deb"
}

@test "package: AppArmor's profile comes and goes with AppArmor 4" {
	apparmor4 bookworm
	in_tree bookworm dpkg -i /tmp/apparmor4.deb
	equal "$(in_tree bookworm readlink /etc/apparmor.d/hull)" /usr/share/hull/apparmor/hull
	in_tree bookworm dpkg --purge apparmor4
	[ ! -L "$(tree bookworm)/etc/apparmor.d/hull" ]
}

@test "package: an administrator's own AppArmor profile and configuration stay through an upgrade and a removal" {
	local root
	root=$(tree trixie)
	rm "$root/etc/apparmor.d/hull"
	echo '# mine' | tee "$root/etc/apparmor.d/hull" >>"$root/etc/containers/containers.conf.d/50-hull.conf"
	in_tree trixie apt-get install -y -q --reinstall /tmp/hull.deb
	in_tree trixie apt-get remove -y -q hull
	equal "$(cat "$root/etc/apparmor.d/hull")" '# mine'
	grep -x '# mine' "$root/etc/containers/containers.conf.d/50-hull.conf"
	in_tree trixie apt-get purge -y -q hull
	rm "$root/etc/apparmor.d/hull"
	in_tree trixie apt-get install -y -q --no-install-recommends /tmp/hull.deb
}
