# Podman: what a user gets to read, and the exit code, when a program cannot be run or a mount not be made.
# The words are those Podman recognises; the rest of a message is each runtime's own.
load helpers
load podman

setup_file() {
	podman_setup
}

PODMANS='OCI runtime attempted to invoke a command that was not found|OCI permission denied'

# Podman's verdict, in its words, and the exit code; then how many containers are left.
verdict() { # COMMAND...
	matching "$PODMANS" "$@"
}

@test "podman: exec of what cannot be executed is 127 or 126 (P6 to P8)" {
	p6() {
		keep "$IMAGE" sleep 1000
		for program in nosuch /no/such /bin/noexec /etc; do
			verdict pod exec c "$program"
		done
		verdict pod exec --workdir /nonexistent c true
		status pod exec c echo still there
	}
	podman_row p6 <<-'EOF'
		OCI runtime attempted to invoke a command that was not found
		status 127
		OCI runtime attempted to invoke a command that was not found
		status 127
		OCI permission denied
		status 126
		OCI permission denied
		status 126
		OCI runtime attempted to invoke a command that was not found
		status 127
		still there
		status 0
	EOF
}

@test "podman: run of what cannot be executed is 127 or 126, and --rm leaves nothing (P9)" {
	p9() {
		for program in nosuch /no/such /bin/noexec /etc; do
			verdict once "$IMAGE" "$program"
		done
		podman ps -aq | wc -l
		verdict pod run --net none --name c "$IMAGE" nosuch
		podman ps -a --format '{{.Names}} {{.Status}}'
	}
	podman_row p9 <<-'EOF'
		OCI runtime attempted to invoke a command that was not found
		status 127
		OCI runtime attempted to invoke a command that was not found
		status 127
		OCI permission denied
		status 126
		OCI permission denied
		status 126
		0
		OCI runtime attempted to invoke a command that was not found
		status 127
		c Created
	EOF
}

# What Podman's own tests look for.
@test "podman: the program and the reason are named, in one line" {
	named() {
		once "$IMAGE" /no/such/command 2>&1 | grep -ciE '^Error:.*/no/such/command.*no such file or directory'
		once "$IMAGE" /etc 2>&1 | grep -ciE '^Error:.*(exec|path).*(permission denied|is a directory|is not a regular file)'
		once "$IMAGE" nosuch 2>&1 | grep -ciE '^Error:.*nosuch.*not found in \$PATH'
		once "$IMAGE" nosuch 2>&1 | wc -l
	}
	podman_row named <<-'EOF'
		1
		1
		1
		1
	EOF
}

@test "podman: the message is the same from the log in JSON and from stderr (P25)" {
	p25() {
		once "$IMAGE" nosuch > "$T/json" 2>&1
		sed "s/\"hull\", *//; s/, \"hull\"//; s/\"crun\", *//" /etc/containers/containers.conf.d/50-hull.conf > "$T/conf"
		grep supports_json "$T/conf"
		sed -i '/supports_nocgroup/d' "$T/conf"
		CONTAINERS_CONF_OVERRIDE=$T/conf once "$IMAGE" nosuch > "$T/stderr" 2>&1
		# In JSON the name of the runtime is not said.
		for f in json stderr; do
			sed -E "s/[0-9a-f]{64}/ID/g; s/(error executing |\/usr.*\/)?$RUNTIME_NAME: //g; s/^Error: //" "$T/$f" | grep -o 'exec.*'
		done > "$T/both"
		sort -u "$T/both" | wc -l
		grep -c 'attempted to invoke a command that was not found' "$T/both"
	}
	podman_row p25 <<-'EOF'
		runtime_supports_json = ["runc"]
		1
		2
	EOF
}

# crun's execve fails when the container has been started: 1. Podman takes a failed start for 126.
@test "podman: a missing interpreter is told; an empty program is 127" {
	interpreter() {
		once "$IMAGE" /bin/badinterp > "$T/out" 2>&1
		case $? in
		1 | 126 | 127) echo failed ;;
		esac
		grep -ci '/badinterp.*no such file or directory' "$T/out"
		matching 'not found in \$PATH|cannot find `` in \$PATH' once "$IMAGE" '' | tail -n 1
	}
	podman_row interpreter <<-'EOF'
		failed
		1
		status 127
	EOF
}
