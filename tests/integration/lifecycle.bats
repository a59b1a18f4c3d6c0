load helpers

# hook KIND SCRIPT: adds a hook that runs a shell script on its side.
hook() {
	config --arg k "$1" --arg s "$2" '.hooks[$k] += [{"path": "/bin/sh", "args": ["sh", "-c", $s]}]'
}

# What the specification's state-schema.json says, as one question to jq. `paused` is hull's own.
fits_schema() {
	jq -e '(.ociVersion | type == "string" and test("^[0-9]+\\.[0-9]+\\.[0-9]+([-+].*)?$"))
		and (.id | type == "string") and (.bundle | type == "string" and startswith("/"))
		and ([.status] | inside(["creating", "created", "running", "stopped", "paused"]))
		and (.pid | . == null or (type == "number" and . >= 0 and . == floor))
		and ((.annotations // {}) | type == "object" and all(.[]; type == "string"))' > "$T/fits"
}

@test "lifecycle: all five operations, and each step in its place (O-01, Y-01 to Y-13)" {
	config --arg s "$T" '.mounts += [{"destination": "/log", "source": $s, "options": ["bind"]}]'
	hook prestart "echo prestart >> $T/steps"
	hook createRuntime "echo createRuntime >> $T/steps"
	hook createContainer "echo createContainer >> $T/steps"
	hook startContainer "echo startContainer >> /log/steps"
	hook poststart "until grep -q program $T/steps; do sleep 0.01; done; echo poststart >> $T/steps"
	hook poststop "ls -d $ROOT/web $CGROOT/$CG/bundle > $T/left 2> /dev/null; echo poststop >> $T/steps"
	mkfifo "$T/go"
	script 'echo program >> /log/steps; read x < /log/go; exit 3'
	# 1 to 5: the environment is there, the program has not run
	hull create --bundle "$BUNDLE" web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&-
	equal "$(tr '\n' ' ' < "$T/steps")" "prestart createRuntime createContainer "
	equal "$(status_of web)" created
	has "$(nsenter -t "$(pid_of web)" -u hostname)" hulltest
	# 6 to 9
	hull start web
	equal "$(tail -n +4 "$T/steps" | tr '\n' ' ')" "startContainer program poststart "
	equal "$(status_of web)" running
	hull kill web 0
	# 10
	echo go > "$T/go"
	wait_for 5 is_status web stopped
	# 11 to 13: destroyed before the hooks of its end
	hull delete web
	equal "$(tail -n 1 "$T/steps")" poststop
	[[ ! -s $T/left ]]
	no_trace web
}

@test "lifecycle: a container stops by its own end, by a crash and by a kill (Y-10, Z-08)" {
	args true
	start_it a
	wait_for 5 is_status a stopped
	bundle second
	script 'kill -SEGV $$'
	config '.linux.namespaces |= map(select(.type != "pid"))'
	create b
	hull start b
	wait_for 5 is_status b stopped
	bundle third
	args sleep 1000
	create c
	hull start c
	hull kill c KILL
	wait_for 5 is_status c stopped
	bundle fourth
	create d
	hull kill d KILL
	wait_for 5 is_status d stopped
}

@test "lifecycle: the state fits the schema in each status (Z-01)" {
	mkfifo "$T/go"
	hook createRuntime "cat > $T/state; touch $T/in; read x < $T/go"
	hook poststop "cat > $T/poststop"
	config '.annotations = {"a": "b", "c": ""}'
	args sleep 1000
	beside "$HULL" --root "$ROOT" create web
	wait_for 5 test -e "$T/in"
	hull state web | tee "$T/creating" | fits_schema
	fits_schema < "$T/state"
	echo go > "$T/go"
	equal "$(beside_status)" 0
	hull state web | tee "$T/created" | fits_schema
	hull start web
	hull state web | tee "$T/running" | fits_schema
	hull kill web KILL
	wait_for 5 is_status web stopped
	hull state web | tee "$T/stopped" | fits_schema
	hull delete web
	fits_schema < "$T/poststop"
	for s in creating created running stopped; do
		equal "$(jq -r .status "$T/$s")" $s
	done
	# required on Linux in these two
	jq -e '.pid > 0' "$T/created" "$T/running" > /dev/null
	run ! fits_schema <<< '{"ociVersion": "1.0.0", "id": "a", "status": "odd", "bundle": "/b"}'
}

@test "lifecycle: create without an id, or with a bundle that is none, makes nothing (O-03)" {
	run --separate-stderr hull create --bundle "$BUNDLE"
	[[ $status -eq 1 ]]
	refused hull create --bundle "$T/nosuch" web
	refused hull create --bundle "$BUNDLE" ""
	[[ -z $(find "$ROOT" -mindepth 1 ! -path "$ROOT/@seccomp*" 2> /dev/null) ]]
	cgroup_gone
}

@test "lifecycle: all but the process is applied when create is done (O-06, O-08)" {
	mkdir "$T/vol"
	touch "$T/vol/file"
	config --arg v "$T/vol" '.root.readonly = true | .domainname = "example.org"
		| .mounts += [{"destination": "/vol", "source": $v, "options": ["bind", "ro"]}]
		| .linux.sysctl = {"net.ipv4.ip_default_ttl": "77"}
		| .linux.devices = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 3}]
		| .linux.maskedPaths += ["/etc/group"] | .linux.readonlyPaths += ["/proc/sys"]'
	mkdir "$ROOTFS/vol"
	script 'touch /dev/shm/ran'
	create web
	pid=$(pid_of web)
	equal "$(nsenter -t "$pid" -u hostname)" hulltest
	equal "$(nsenter -t "$pid" -u cat /proc/sys/kernel/domainname)" example.org
	equal "$(nsenter -t "$pid" -n cat /proc/sys/net/ipv4/ip_default_ttl)" 77
	root=/proc/$pid/root
	[[ -e $root/vol/file && ! -s $root/etc/group && ! -e $root/dev/shm/ran ]]
	equal "$(stat -c '%F %t:%T' "$root/dev/mine")" "character special file 1:3"
	m=$(< "/proc/$pid/mountinfo")
	for at in / /vol /proc/sys; do
		matches "$at $(mount_field "$m" $at flags)" "$at ro"
	done
	equal "$(grep ^0: "/proc/$pid/cgroup")" "0::/$CG/bundle"
	for ns in pid net ipc uts mnt cgroup; do
		differ "$(readlink "/proc/$pid/ns/$ns")" "$(readlink "/proc/self/ns/$ns")"
	done
	hasnt "$(readlink "/proc/$pid/exe")" busybox
}

@test "lifecycle: what cannot be applied is an error without a container (O-06)" {
	for f in '.mounts += [{"destination": "/m", "source": "/no/such/source", "options": ["bind"]}]' \
		'.linux.sysctl = {"net.ipv4.no_such_file": "1"}' '.root.path = "nosuch"' \
		'.linux.devices = [{"path": "/proc/mine", "type": "c", "major": 1, "minor": 3}]' \
		'.mounts += [{"destination": "/m", "type": "nosuchfs", "source": "x"}]'; do
		cp config.json "$T/good.json"
		config "$f"
		create_refused web
		cp "$T/good.json" config.json
	done
}

@test "lifecycle: the configuration is checked before anything is made or run (O-07)" {
	hook prestart "touch $T/mark"
	hook poststop "touch $T/mark"
	# the last thing of all is wrong; the first to be made is missing
	config '.root.path = "nosuch" | .linux.seccomp = {"defaultAction": "SCMP_ACT_NOSUCH"}'
	create_refused web linux.seccomp.defaultAction
	[[ ! -e $T/mark ]]
}

@test "lifecycle: a warning changes nothing but the log (B-17)" {
	hook poststop 'exit 3'
	config '.process.capabilities.bounding += ["CAP_NO_SUCH"]'
	args sleep 1000
	quietly "$HULL" --debug --log "$T/log" --root "$ROOT" create web
	hull start web
	equal "$(status_of web)" running
	run -0 "$HULL" --debug --log "$T/log" --root "$ROOT" delete --force web
	equal "$(grep -c level=warning "$T/log")" 2
	has "$(grep level=warning "$T/log")" CAP_NO_SUCH
	has "$(grep level=warning "$T/log")" 'poststop hook #0'
	no_trace web
}
