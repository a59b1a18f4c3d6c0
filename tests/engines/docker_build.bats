# Hull as Docker's default runtime, by the configuration that contrib/ has, and as what its builders run.
load helpers
load daemons

setup_file() {
	start_containerd
	mkdir -p "$DAEMONS"
}

teardown() {
	stop_daemon dockerd
	nothing_left
}

# dockerd with the runtime as its default, and as the `runc` that its builders find.
as_default() {
	mkdir -p "$T/bin"
	ln -sf "$RUNTIME" "$T/bin/runc"
	printf '#!/bin/sh\necho "$@" >> %s/argv\nexec %s "$@"\n' "$T" "$RUNTIME" > "$T/wrapped"
	chmod 755 "$T/wrapped"
	if [ "$RUNTIME_NAME" = hull ]; then
		jq --arg p "$RUNTIME" --arg w "$T/wrapped" '."default-runtime" = "hull" | .runtimes.hull.path = $p |
			.runtimes.wrapped = {path: $w, runtimeArgs: ["--log-level", "debug"]}' \
			"$BATS_TEST_DIRNAME/../../contrib/docker/daemon.json" > "$DAEMONS/daemon.json"
	else
		jq -n --arg w "$T/wrapped" '{runtimes: {wrapped: {path: $w, runtimeArgs: ["--debug"]}}}' > "$DAEMONS/daemon.json"
	fi
	PATH=$T/bin:$PATH start_dockerd --bridge none --exec-opt native.cgroupdriver=cgroupfs
	docker image inspect bb > /dev/null 2>&1 || import_docker
}

dockerfile() {
	mkdir -p "$T/context"
	echo word > "$T/context/file"
	cat > "$T/context/Dockerfile" <<-'EOF'
		FROM bb
		COPY file /file
		RUN cat /file > /copied && id -u > /uid
		USER 1000
		RUN id -u > /tmp/uid2 && test -w /tmp
		RUN ["sh", "-c", "echo $0 $1 > /tmp/args", "a", "b c"]
		ENTRYPOINT ["cat", "/copied", "/uid", "/tmp/uid2", "/tmp/args"]
	EOF
}

@test "docker: the default runtime, and one with arguments (D7, D8, D9)" {
	d9() {
		as_default
		[ "$(docker info --format '{{.DefaultRuntime}}')" = "$RUNTIME_NAME" ] && echo "runtime"
		docker info --format '{{json .Runtimes}}' |
			jq -r --arg n "$RUNTIME_NAME" '.[$n].status["org.opencontainers.runtime-spec.features"]' |
			jq -c '[(.mountOptions | index("rro") > 0), .linux.cgroup.v2]'
		docker info --format '{{json .Warnings}}' | grep -i runtime
		status docker run --rm --network none bb sh -c 'exit 8'
		status docker run --rm --network none --runtime wrapped bb sh -c 'exit 9'
		grep -c -- '^--\(log-level \)*debug --root .* create ' "$T/argv"
		stop_daemon dockerd
	}
	row d9 <<-EOF
		runtime
		[true,true]
		status 8
		status 9
		1
	EOF
}

@test "docker: the legacy builder (D8)" {
	legacy() {
		as_default
		dockerfile
		DOCKER_BUILDKIT=0 docker build -q -t built --network none "$T/context" 2> /dev/null | cut -c1-7
		docker run --rm --network none built
		printf 'FROM bb\nRUN exit 7\n' > "$T/context/Dockerfile"
		matching "returned a non-zero code: 7" env DOCKER_BUILDKIT=0 DOCKER_HOST="$DOCKER_HOST" \
			docker build --network none "$T/context"
		docker container prune -f > /dev/null
		docker image rm -f built > /dev/null
		stop_daemon dockerd
	}
	row legacy <<-EOF
		sha256:
		word
		0
		1000
		a b c
		returned a non-zero code: 7
		status 7
	EOF
}

@test "docker: BuildKit finds hull as runc (D8)" {
	buildkit() {
		as_default
		dockerfile
		printf 'RUN --mount=type=tmpfs,target=/t --network=none test -d /t && test ! -e /sys/class/net/eth0\n' \
			>> "$T/context/Dockerfile"
		docker build -q -t built --network none "$T/context" | cut -c1-7
		docker run --rm --network none built
		printf 'FROM bb\nRUN echo said; exit 7\n' > "$T/context/Dockerfile"
		matching 'exit code: 7' docker build --network none "$T/context" | sort -u
		docker image rm -f built > /dev/null
		docker builder prune -af > /dev/null
		stop_daemon dockerd
	}
	row buildkit <<-EOF
		sha256:
		word
		0
		1000
		a b c
		exit code: 7
		status 1
	EOF
}
