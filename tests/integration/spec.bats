load helpers

@test "spec: writes a configuration that runs" {
	rm config.json
	run -0 --separate-stderr hull spec
	[[ -z $output && -z $stderr ]]
	config --arg cg "/$CG/bundle" '.process.terminal = false | .process.args = ["/bin/echo", "works"] | .linux.cgroupsPath = $cg'
	run -0 --separate-stderr hull run web
	equal "$output" works
	[[ -z $stderr ]]
}

@test "spec: is tab-indented, for a terminal and a shell" {
	rm config.json
	hull spec
	equal "$(sed -n 2p config.json | cut -c1-2)" $'\t"'
	equal "$(jq -c '[.process.terminal, .process.args, .process.cwd, .root.path, .hostname]' config.json)" \
		'[true,["sh"],"/","rootfs","hull"]'
	equal "$(jq -r .ociVersion config.json)" "$(hull features | jq -r .ociVersionMax)"
}

@test "spec: has the namespaces and protections of the usual default" {
	rm config.json
	hull spec
	equal "$(jq -r '[.linux.namespaces[].type] | sort | join(" ")' config.json)" "cgroup ipc mount network pid uts"
	equal "$(jq -r .process.noNewPrivileges config.json)" true
	equal "$(jq -r .root.readonly config.json)" true
	equal "$(jq '.linux.maskedPaths | index("/proc/kcore") != null' config.json)" true
	equal "$(jq '.linux.readonlyPaths | index("/proc/sys") != null' config.json)" true
	equal "$(jq -c '.process.capabilities.inheritable // []' config.json)" "[]"
	equal "$(jq -c '.process.capabilities.bounding | sort' config.json)" '["CAP_AUDIT_WRITE","CAP_KILL","CAP_NET_BIND_SERVICE"]'
}

@test "spec: does not overwrite" {
	before=$(cat config.json)
	refused hull spec
	has "$line" "File config.json exists. Remove it first"
	equal "$(cat config.json)" "$before"
}

@test "spec: --bundle names the directory" {
	mkdir "$T/b"
	cd /
	hull spec --bundle "$T/b"
	[[ -s $T/b/config.json ]]
	mkdir "$T/c"
	hull spec -b "$T/c"
	[[ -s $T/c/config.json ]]
	refused hull spec --bundle "$T/nosuch"
	has "$line" nosuch
}

@test "spec: --rootless maps the caller, has no network namespace and no resources" {
	rm config.json
	hull spec --rootless
	equal "$(jq '[.linux.namespaces[].type] | index("user") != null, index("network") == null' config.json)" "true
true"
	equal "$(jq -c '[.linux.uidMappings, .linux.gidMappings, .linux.resources]' config.json)" \
		'[[{"containerID":0,"hostID":0,"size":1}],[{"containerID":0,"hostID":0,"size":1}],null]'
	equal "$(jq '[.mounts[].options[]? | select(startswith("gid="))] | length' config.json)" 0
	equal "$(jq -c '.mounts[] | select(.destination == "/sys") | [.source, (.options | index("rbind") != null), (.options | index("ro") != null)]' config.json)" \
		'["/sys",true,true]'
}
