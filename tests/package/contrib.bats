# What contrib/ has for engines: each file is what its reader takes it for.
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
SRC=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
HULL=${HULL:-${HULL_BUILD:-$SRC/build}/hull}

# The file's data, as JSON.
toml() { # FILE
	python3 -c 'import json, sys, tomllib
json.dump(tomllib.load(open(sys.argv[1], "rb")), sys.stdout)' "$SRC/contrib/$1"
}

yaml() { # FILE
	python3 -c 'import json, sys, yaml
json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)' "$SRC/contrib/$1"
}

@test "contrib: daemon.json adds a runtime to Docker and changes nothing else" {
	jq -e '. == {runtimes: {hull: {path: "/usr/bin/hull"}}}' "$SRC/contrib/docker/daemon.json"
}

@test "contrib: the drop-in for Podman sets what it says, and no default" {
	toml podman/50-hull.conf | jq -e '(.engine | keys) == ["runtime_supports_json", "runtime_supports_nocgroup", "runtimes"]
		and (.engine.runtimes | keys) == ["hull"] and .engine.runtimes.hull[0] == "/usr/bin/hull"
		and ([.engine.runtime_supports_json, .engine.runtime_supports_nocgroup] | all(index(["hull"])))'
}

@test "contrib: containerd's snippets define the runtime where each version reads it" {
	local runtime='{runtime_type: "io.containerd.runc.v2", options: {BinaryName: "/usr/bin/hull", SystemdCgroup: false}}'
	toml containerd/hull-1.x.toml |
		jq -e ". == {version: 2, plugins: {\"io.containerd.grpc.v1.cri\": {containerd: {runtimes: {hull: $runtime}}}}}"
	toml containerd/hull-2.x.toml |
		jq -e ". == {version: 3, plugins: {\"io.containerd.cri.v1.runtime\": {containerd: {runtimes: {hull: $runtime}}}}}"
}

@test "contrib: CRI-O's snippet has the members of its runtime table" {
	toml crio/10-hull.conf | jq -e '(.crio.runtime | keys) == ["runtimes"] and (.crio.runtime.runtimes.hull
		| .runtime_path == "/usr/bin/hull" and .runtime_type == "oci" and .runtime_root == "/run/hull"
		and (.container_min_memory | test("^[0-9]+MiB$")))'
}

@test "contrib: the RuntimeClass's handler is the name that the snippets define" {
	yaml kubernetes/runtimeclass.yaml | jq -e '.apiVersion == "node.k8s.io/v1" and .kind == "RuntimeClass"
		and .metadata.name == "hull" and .handler == "hull"'
}

# Nothing is there yet: no bundle, no container. Anything else that hull says is about the command.
@test "contrib: hull understands what the units execute" {
	local unit key command
	for unit in "$SRC"/contrib/systemd/*.service; do
		grep -q ^ExecStart= "$unit"
		while IFS='=' read -r key command; do
			command=${command#-} command=${command//%i/name}
			[[ $command == "/usr/bin/hull "* ]]
			# shellcheck disable=SC2086 # words
			run "$HULL" --root "$BATS_TEST_TMPDIR/root" ${command#/usr/bin/hull }
			echo "$key=$command: $output"
			[[ $status -eq 0 || ${output,,} == *"no such file or directory"* || $output == *"does not exist"* ]]
		done < <(grep ^Exec "$unit")
	done
	python3 -c 'import configparser, sys
for unit in sys.argv[1:]:
    configparser.ConfigParser(strict=False, interpolation=None).read_file(open(unit))' "$SRC"/contrib/systemd/*
}

@test "contrib: the source package has every file of the tree" {
	[ -e "$SRC/.git" ] || skip "not a clone"
	local deb=${HULL_DEB:-${HULL_BUILD:-$SRC/build}/deb}
	tar -tf "$deb"/hull_*.tar.xz | sed 's,^[^/]*/,,; /\/$/d' | sort >"$BATS_TEST_TMPDIR/there"
	git -c safe.directory='*' -C "$SRC" ls-files | grep -v -x -e .gitignore -e m4/.gitkeep -e '\.ci/.*' | sort |
		comm -23 - "$BATS_TEST_TMPDIR/there" | tee "$BATS_TEST_TMPDIR/missing"
	[ ! -s "$BATS_TEST_TMPDIR/missing" ]
}
