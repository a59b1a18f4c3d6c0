load helpers

# hook KIND SCRIPT [more members]: adds a hook that runs a shell script on its side.
hook() {
	config --arg k "$1" --arg s "$2" --argjson m "${3:-{\}}" \
		'.hooks[$k] += [{"path": "/bin/sh", "args": ["sh", "-c", $s]} + $m]'
}

ALL="prestart createRuntime createContainer startContainer poststart poststop"

@test "hooks: all six run, in order, and each array in its own (H-01, H-07, H-08)" {
	config --arg s "$T" '.mounts += [{"destination": "/log", "source": $s, "options": ["bind"]}]'
	for k in poststop poststart startContainer createContainer createRuntime prestart; do
		f=$T/log
		[[ $k == startContainer ]] && f=/log/log
		hook $k "echo $k 1 >> $f"
		hook $k "echo $k 2 >> $f"
	done
	script 'echo program >> /log/log; sleep 1000'
	create web
	equal "$(cat "$T/log")" "$(printf '%s 1\n%s 2\n' prestart{,} createRuntime{,} createContainer{,})"
	hull start web
	wait_for 5 grep -q program "$T/log"
	hull delete --force web
	equal "$(grep -v program "$T/log")" "$(for k in $ALL; do printf '%s 1\n%s 2\n' "$k" "$k"; done)"
	equal "$(grep -n program "$T/log" | cut -d: -f1)" "$(($(grep -n 'startContainer 2' "$T/log" | cut -d: -f1) + 1))" \
		|| [[ $(grep -A2 'startContainer 2' "$T/log") == *program* ]]
}

@test "hooks: get the state on stdin, then its end (H-09, H-10)" {
	config '.annotations = {"key": "value"}'
	for k in prestart createRuntime createContainer poststart poststop; do
		hook $k "cat > $T/$k"
	done
	args sleep 1000
	create web
	pid=$(pid_of web)
	hull start web
	hull delete --force web
	for k in prestart createRuntime createContainer poststart poststop; do
		equal "$(jq -r '.id, .bundle, .annotations.key' "$T/$k")" "web
$BUNDLE
value"
		matches "$(jq -r .ociVersion "$T/$k")" '^1\.'
	done
	for k in prestart createRuntime poststart; do
		equal "$k $(jq .pid "$T/$k")" "$k $pid"
	done
}

@test "hooks: the status is creating, running and stopped at its time (H-12)" {
	for k in prestart createRuntime createContainer poststart poststop; do
		hook $k "cat > $T/$k"
	done
	args sleep 1000
	create web
	hull start web
	hull delete --force web
	for k in prestart createRuntime createContainer; do
		equal "$k $(jq -r .status "$T/$k")" "$k creating"
	done
	equal "$(jq -r .status "$T/poststart")" running
	equal "$(jq -r .status "$T/poststop")" stopped
}

@test "hooks: in the container see its pid 1 and status created (H-11, H-12)" {
	hook createContainer "cat > $T/createContainer"
	hook startContainer 'cat > /state'
	args sleep 1000
	create web
	hull start web
	equal "$(jq -r '.pid, .status' "$ROOTFS/state")" "1
created"
	equal "$(jq -r .pid "$T/createContainer")" 1
}

@test "hooks: run in the namespaces of their side (H-13 to H-16)" {
	hook prestart "readlink /proc/self/ns/mnt /proc/self/ns/net > $T/prestart"
	hook createRuntime "readlink /proc/self/ns/mnt /proc/self/ns/net > $T/createRuntime"
	hook createContainer "readlink /proc/self/ns/mnt /proc/self/ns/net > $T/createContainer"
	hook startContainer '(readlink /proc/self/ns/mnt; readlink /proc/self/ns/net) > /startContainer'
	hook poststart "readlink /proc/self/ns/mnt /proc/self/ns/net > $T/poststart"
	args sleep 1000
	create web
	hull start web
	pid=$(pid_of web)
	host=$(readlink /proc/self/ns/mnt /proc/self/ns/net)
	cont=$(readlink "/proc/$pid/ns/mnt" "/proc/$pid/ns/net")
	equal "$(cat "$T/prestart")" "$host"
	equal "$(cat "$T/createRuntime")" "$host"
	equal "$(cat "$T/createContainer")" "$cont"
	equal "$(cat "$ROOTFS/startContainer")" "$cont"
	equal "$(cat "$T/poststart")" "$host"
}

@test "hooks: createRuntime can work on the container's network namespace by pid (H-11)" {
	hook createRuntime 'p=$(jq .pid); nsenter -t $p -n ip link set lo mtu 1234'
	ok_container 'cat /sys/class/net/lo/mtu'
	equal "$output" 1234
}

@test "hooks: a mount that createContainer makes into the root is seen inside (H-15)" {
	mkdir "$T/vol" "$ROOTFS/vol"
	echo from-hook > "$T/vol/file"
	hook createContainer "mount --bind $T/vol $ROOTFS/vol"
	ok_container 'cat /vol/file'
	equal "$output" from-hook
	[[ ! -e $ROOTFS/vol/file ]]
}

@test "hooks: args are the argv with argv[0], absent ones the path (H-03)" {
	printf '#!/bin/bash\ntr "\\0" " " < /proc/$$/cmdline >> %s\necho >> %s\n' "$T/argv" "$T/argv" > "$T/hook"
	chmod 755 "$T/hook"
	config --arg p "$T/hook" '.hooks.createRuntime = [{"path": $p, "args": ["zero", "one", "two words"]}, {"path": $p}]'
	args true
	hull run web
	has "$(sed -n 1p "$T/argv")" "one two words"
	hasnt "$(sed -n 2p "$T/argv")" "one"
}

@test "hooks: env is exactly the hook's, or the runtime's own (H-04)" {
	hook createRuntime "/usr/bin/env > $T/env1" '{"env": ["ONLY=this"]}'
	hook createRuntime "/usr/bin/env > $T/env2"
	args true
	MYVAR=inherited hull run web
	equal "$(grep -v -e ^PWD= -e ^_= -e ^SHLVL= "$T/env1")" ONLY=this
	grep -qx MYVAR=inherited "$T/env2"
}

@test "hooks: startContainer has the environment of the process (H-04)" {
	hook startContainer 'env > /env'
	config '.process.env += ["PROC=yes"]'
	args true
	hull run web
	grep -qx PROC=yes "$ROOTFS/env"
}

@test "hooks: have the bundle as working directory and no descriptors of the runtime (H-23)" {
	hook createRuntime "pwd > $T/pwd; ls -l /proc/\$\$/fd > $T/fds"
	hook poststop "ls -l /proc/\$\$/fd > $T/fds2"
	args true
	cd /
	hull run --bundle "$BUNDLE" web 3>&- 4>&-
	equal "$(cat "$T/pwd")" "$BUNDLE"
	for f in fds fds2; do
		equal "$(awk '/->/ { print $9 }' "$T/$f" | sort -n | tr '\n' ' ')" "0 1 2 " || {
			# the shell's own descriptor of the redirection
			equal "$(awk '/->/ && !/fds/ && !/pipe/ && $9 > 2 && $9 != 255' "$T/$f" | wc -l)" 0
		}
	done
}

@test "hooks: a failing one before the start undoes create; poststop runs, the program does not (H-18, H-22, Y-03 to Y-05)" {
	for k in prestart createRuntime createContainer; do
		config 'del(.hooks)'
		rm -f "$T"/mark*
		hook $k "echo why it broke >&2; exit 3"
		hook $k "touch $T/mark-second"
		hook poststop "touch $T/mark-poststop"
		script 'touch /mark-program'
		create_refused web "error running $k hook #0:" "why it broke"
		[[ -e $T/mark-poststop && ! -e $T/mark-second && ! -e $ROOTFS/mark-program ]]
	done
}

@test "hooks: a failing startContainer fails start and destroys the container (H-18, Y-07)" {
	hook startContainer 'echo inner trouble >&2; exit 3'
	hook poststop "touch $T/mark-poststop"
	hook poststart "touch $T/mark-poststart"
	script 'touch /mark-program'
	create web
	refused hull start web
	has "$line" "error running startContainer hook #0:"
	has "$line" "inner trouble"
	[[ -e $T/mark-poststop && ! -e $T/mark-poststart && ! -e $ROOTFS/mark-program ]]
	no_trace web
}

@test "hooks: a failing poststart fails start and destroys the container (H-19, Y-09)" {
	hook poststart 'exit 3'
	hook poststop "touch $T/mark-poststop"
	args sleep 1000
	create web
	refused hull start web
	has "$line" "error running poststart hook #0:"
	[[ -e $T/mark-poststop ]]
	no_trace web
}

@test "hooks: a failing poststop is a warning; the others run and delete succeeds (H-21, Y-13)" {
	hook poststop 'exit 3'
	hook poststop "touch $T/mark-second"
	args sleep 1000
	start_it web
	run -0 hull delete --force web
	[[ -e $T/mark-second ]]
	no_trace web
}

@test "hooks: a signal, a missing and a non-executable program are failures (H-22)" {
	hook createRuntime 'kill -9 $$'
	create_refused web "error running createRuntime hook #0:"
	config '.hooks.createRuntime = [{"path": "/no/such/hook"}]'
	create_refused web "error running createRuntime hook #0:" /no/such/hook
	config '.hooks.createRuntime = [{"path": "/etc/passwd"}]'
	create_refused web "error running createRuntime hook #0:" /etc/passwd
	config '.hooks = {"createRuntime": [{"path": "/bin/true"}, {"path": "/bin/false"}]}'
	create_refused web "error running createRuntime hook #1:"
}

@test "hooks: the timeout ends a hook and counts as failure (H-05, H-06)" {
	hook createRuntime 'exec sleep 100' '{"timeout": 1}'
	start=$SECONDS
	create_refused web "error running createRuntime hook #0:"
	((SECONDS - start < 10))
	config '.hooks.createRuntime[0].timeout = 0'
	create_refused web timeout
	config '.hooks.createRuntime[0].timeout = -1'
	create_refused web timeout
}

@test "hooks: a hook faster than its timeout is fine" {
	hook createRuntime "touch $T/mark" '{"timeout": 30}'
	args true
	start=$SECONDS
	hull run web
	((SECONDS - start < 10))
	[[ -e $T/mark ]]
}

@test "hooks: a relative or missing path is refused (H-02)" {
	config '.hooks = {"createRuntime": [{"path": "bin/true"}]}'
	create_refused web 'hooks.createRuntime[0].path'
	config '.hooks = {"poststop": [{"args": ["x"]}]}'
	create_refused web path
}

@test "hooks: poststart runs after the program was executed and before start returns (H-17)" {
	# So that there is time for one that comes too early.
	hook startContainer 'sleep 0.5'
	hook poststart "readlink /proc/\$(jq .pid)/exe > $T/exe; sleep 0.3; touch $T/mark"
	args sleep 1000
	create web
	hull start web
	[[ -e $T/mark ]]
	has "$(cat "$T/exe")" busybox
}

@test "hooks: poststop runs after the state is gone and before delete returns (H-20)" {
	hook poststop "ls $ROOT > $T/ls; ls -d $CGROOT/$CG/bundle 2>&1 | grep -c cannot > $T/cg"
	args true
	start_it web
	wait_for 5 is_status web stopped
	hull delete web
	equal "$(cat "$T/ls")" ""
	equal "$(cat "$T/cg")" 1
}

@test "hooks: run removes and runs poststop too" {
	hook poststop "touch $T/mark"
	args true
	hull run web
	[[ -e $T/mark ]]
}

@test "hooks: poststop runs though the bundle is gone" {
	hook poststop "touch $T/mark"
	create web
	cd /
	rm -rf "$BUNDLE"
	hull delete --force web
	[[ -e $T/mark ]]
}

@test "hooks: a lot of output does not block and does not break the error line" {
	hook createRuntime 'yes x | head -c 1000000; yes y | head -c 1000000 >&2; exit 3'
	create_refused web "error running createRuntime hook #0:"
	(($(wc -c < "$ERR") < 8192))
}

@test "hooks: one that leaves a child in the background does not hold create" {
	hook createRuntime "sleep 2 & touch $T/mark"
	start=$(date +%s%N)
	create web
	(($(date +%s%N) - start < 1900000000))
	[[ -e $T/mark ]]
}

@test "hooks: limits and cgroup are there when prestart runs (K-44)" {
	hook prestart "grep ^0: /proc/\$(jq .pid)/cgroup > $T/cg"
	create web
	equal "$(cat "$T/cg")" "0::/$CG/bundle"
}

@test "hooks: a state command works while a hook runs (Z-05)" {
	mkfifo "$T/go"
	hook createRuntime "touch $T/in; read x < $T/go"
	hull create web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- &
	wait_for 5 test -e "$T/in"
	run hull state web
	echo go > "$T/go"
	wait $!
	[[ $status -eq 0 ]]
	equal "$(jq -r .status <<< "$output")" creating
	equal "$(status_of web)" created
}

# hull start beside the test, until its hook has begun: the hook is to touch $T/in or /in.
start_beside() {
	beside "$HULL" --root "$ROOT" start web
	wait_for 5 test -e "$1"
}

start_failed() {
	equal "$(beside_status)" 1
	one_line
	has "$line" "$1"
}

@test "hooks: delete --force and kill work while startContainer hooks run, and end the start (H-18)" {
	hook startContainer 'touch /in; sleep 1000'
	hook poststart "touch $T/mark-poststart"
	script 'touch /mark-program'
	create web
	start_beside "$ROOTFS/in"
	start=$SECONDS
	run -0 hull delete --force web
	((SECONDS - start < 5))
	start_failed "killed while its startContainer hooks ran"
	no_trace web
	rm "$ROOTFS/in"
	create web
	start_beside "$ROOTFS/in"
	hull kill web KILL
	start_failed "killed while its startContainer hooks ran"
	is_status web stopped
	[[ ! -e $ROOTFS/mark-program && ! -e $T/mark-poststart ]]
}

@test "hooks: delete --force works while poststart hooks run, and start fails once; poststop runs once (H-19, H-20)" {
	mkfifo "$T/go"
	hook poststart "touch $T/in; read x < $T/go"
	hook poststop "echo poststop >> $T/poststop"
	args sleep 1000
	create web
	start_beside "$T/in"
	run -0 hull delete --force web
	no_state() { [[ ! -e $ROOT/web ]]; }
	no_state
	# A new one of the same id is another container: the old start leaves it alone.
	config 'del(.hooks)'
	create web
	echo go > "$T/go"
	start_failed "deleted while its poststart hooks ran"
	equal "$(cat "$T/poststop")" poststop
	is_status web created
}

@test "hooks: while they run in start, state answers and another start is refused (O-10)" {
	mkfifo "$ROOTFS/go"
	hook startContainer 'touch /in; read x < /go'
	script 'echo ran >> /ran; sleep 1000'
	create web
	start_beside "$ROOTFS/in"
	run -0 hull state web
	refused hull start web
	quietly hull delete web && false
	echo go > "$ROOTFS/go"
	equal "$(beside_status)" 0
	is_status web running
	wait_for 5 test -e "$ROOTFS/ran"
	equal "$(wc -l < "$ROOTFS/ran")" 1
}

@test "hooks: a program that ends while poststart hooks run is no failure" {
	hook poststart "sleep 0.3; touch $T/mark"
	args true
	create web
	hull start web
	[[ -e $T/mark ]]
	is_status web stopped
}

@test "hooks: a start that is killed while startContainer hooks run does not keep the program from running" {
	mkfifo "$ROOTFS/go"
	hook startContainer 'touch /in; read x < /go'
	script 'touch /ran; sleep 1000'
	create web
	start_beside "$ROOTFS/in"
	beside_kill KILL
	beside_status
	echo go > "$ROOTFS/go"
	wait_for 5 test -e "$ROOTFS/ran"
}

@test "hooks: run, too: a failing startContainer or poststart destroys the container, poststop runs (H-18, H-19)" {
	for k in startContainer poststart; do
		for how in "" --detach; do
			config 'del(.hooks)'
			rm -f "$T"/mark-*
			hook $k 'exit 3'
			hook poststop "touch $T/mark-poststop"
			script 'touch /mark-program; sleep 1000'
			rm -f "$ROOTFS/mark-program"
			refused hull run $how web
			has "$line" "error running $k hook #0:"
			[[ -e $T/mark-poststop ]]
			[[ $k == poststart || ! -e $ROOTFS/mark-program ]]
			no_trace web
		done
	done
}

@test "hooks: delete --force of a container in run works while its hooks run" {
	hook poststart "touch $T/in; sleep 1"
	hook poststop "echo poststop >> $T/poststop"
	args sleep 1000
	beside "$HULL" --root "$ROOT" run web
	wait_for 5 test -e "$T/in"
	run -0 hull delete --force web
	start_failed "deleted while its poststart hooks ran"
	equal "$(cat "$T/poststop")" poststop
	no_trace web
}

@test "hooks: the timeout ends all of the hook's process group (H-06)" {
	hook createRuntime "sleep 1000 & sleep 1000 & echo \$! > $T/child; wait" '{"timeout": 1}'
	create_refused web "error running createRuntime hook #0:" "timeout"
	wait_for 5 process_gone "$(cat "$T/child")"
}

@test "hooks: one that reads nothing, or half, of a large state is no failure (H-09)" {
	config '.annotations = {"large": ("x" * 3000000)}'
	hook prestart 'exec < /dev/null; sleep 0.1'
	hook createRuntime 'exit 0'
	hook createRuntime "head -c 100000 > /dev/null"
	hook createRuntime "cat > $T/whole"
	hook createContainer 'exec < /dev/null'
	hook startContainer 'exec < /dev/null'
	hook poststart 'exec < /dev/null'
	args true
	start_it web
	equal "$(jq '.annotations.large | length' "$T/whole")" 3000000
}

@test "hooks: those of start and delete have their timeout, too (H-06)" {
	hook startContainer 'exec sleep 1000' '{"timeout": 1}'
	create web
	refused hull start web
	has "$line" "error running startContainer hook #0:"
	no_trace web
	config 'del(.hooks)'
	hook poststop 'exec sleep 1000' '{"timeout": 1}'
	hook poststop "touch $T/mark"
	create web
	start=$SECONDS
	run -0 hull delete --force web
	((SECONDS - start < 10))
	[[ -e $T/mark ]]
}

@test "hooks: in a joined pid namespace those inside see the pid there, those outside ours (H-11)" {
	sleeper pod
	pod=$(pid_of pod)
	bundle second
	for k in prestart createRuntime createContainer poststart; do
		hook $k "cat > $T/$k"
	done
	hook startContainer 'cat > /state'
	config --arg p "/proc/$pod/ns/pid" '(.linux.namespaces[] | select(.type == "pid")).path = $p'
	args sleep 1000
	start_it web
	pid=$(pid_of web)
	inside=$(awk '/^NSpid:/ { print $NF }' "/proc/$pid/status")
	((inside > 1))
	differ "$inside" "$pid"
	for k in prestart createRuntime poststart; do
		equal "$k $(jq .pid "$T/$k")" "$k $pid"
	done
	equal "$(jq .pid "$T/createContainer")" "$inside"
	equal "$(jq .pid "$ROOTFS/state")" "$inside"
	hull delete --force web
}

@test "hooks: without a pid namespace of its own all see the same pid (H-11)" {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	for k in createRuntime createContainer; do
		hook $k "cat > $T/$k"
	done
	hook startContainer 'cat > /state'
	args sleep 1000
	start_it web
	pid=$(pid_of web)
	equal "$(jq .pid "$T/createRuntime" "$T/createContainer" "$ROOTFS/state" | sort -u)" "$pid"
}

@test "hooks: hull in a pid namespace of its own tells the pid there (H-11)" {
	hook createRuntime "cat > $T/state; readlink /proc/self/ns/pid > $T/ns"
	hook startContainer 'cat > /state'
	args true
	quietly unshare --pid --fork --mount-proc "$HULL" --root "$ROOT" run web
	pid=$(jq .pid "$T/state")
	((pid > 1 && pid < 100)) # a young namespace
	equal "$(jq .pid "$ROOTFS/state")" 1
}
