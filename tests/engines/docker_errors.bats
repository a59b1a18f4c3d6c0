# What Docker's users are told, and the exit statuses that Docker makes of a runtime's words.
load helpers
load daemons

setup_file() {
	docker_by_cgroupfs
}

PHRASES='executable file not found in \$PATH|[Nn]o such file or directory|permission denied|is a directory|exec: "[^"]*"'

@test "docker: run of what cannot be executed: 127 and 126, and no container is left (D3)" {
	d3() {
		matching 'exec: "nosuch"|executable file not found in \$PATH' run_docker bb nosuch
		matching "exec: \"[^\"]*\"|no such file or directory" run_docker bb /bin/nosuch
		matching "exec: \"[^\"]*\"|no such file or directory" run_docker bb ./nosuch
		matching "$PHRASES" run_docker bb /bin/noexec
		matching 'exec: "/etc"|is a directory' run_docker bb /etc
		docker ps -aq
	}
	row d3 <<-'EOF'
		exec: "nosuch"
		executable file not found in $PATH
		status 127
		exec: "/bin/nosuch"
		no such file or directory
		status 127
		exec: "./nosuch"
		no such file or directory
		status 127
		exec: "/bin/noexec"
		permission denied
		status 126
		exec: "/etc"
		is a directory
		status 126
	EOF
}

@test "docker: a script without its interpreter is told before it runs (D3)" {
	interp() {
		matching 'no such file or directory' run_docker bb /bin/badinterp
		start_docker cont bb sleep 1000
		matching 'no such file or directory' docker exec cont /bin/badinterp
		docker rm -f cont
	}
	# runc finds out when it is too late for an answer: 255, as if the program had said so.
	PEER_PRINTS=$'no such file or directory\nstatus 255\nno such file or directory\nstatus 255\ncont' \
		row interp <<-EOF
		no such file or directory
		status 127
		no such file or directory
		status 127
		cont
	EOF
}

@test "docker: exec of what cannot be executed: 127 and 126 (D2)" {
	d2() {
		start_docker cont bb sleep 1000
		matching 'exec: "nosuch"|executable file not found in \$PATH' docker exec cont nosuch
		matching "$PHRASES" docker exec cont /bin/noexec
		matching 'exec: "/etc"|is a directory' docker exec cont /etc
		matching '/nope|no such file or directory' docker exec -w /nope cont pwd
		matching 'no matching entries in passwd' docker exec -u nosuch cont id
		inspect .State.Status cont
		docker rm -f cont
	}
	row d2 <<-'EOF'
		exec: "nosuch"
		executable file not found in $PATH
		status 127
		exec: "/bin/noexec"
		permission denied
		status 126
		exec: "/etc"
		is a directory
		status 126
		/nope
		no such file or directory
		status 127
		no matching entries in passwd
		status 1
		running
		cont
	EOF
}

@test "docker: what a runtime cannot do is refused with its name, and nothing is left" {
	refused() {
		echo file > "$T/file"
		matching 'nosuch' run_docker --sysctl net.nosuch.key=1 bb true | sort -u
		matching 'not a directory' run_docker -v "$T/file:/etc" bb true | sort -u
		docker ps -aq
	}
	row refused <<-EOF
		nosuch
		status 127
		not a directory
		status 125
	EOF
}

@test "docker: an AppArmor profile that is not loaded is named" {
	profile() {
		run_docker --security-opt apparmor=nosuch-profile bb true 2> "$T/err"
		echo "status $?"
		grep -o "'nosuch-profile' is not loaded" "$T/err" || :
	}
	# runc says "no such file or directory", of which Docker makes that the program was not found.
	PEER_PRINTS='status 127' row profile <<-EOF
		status 125
		'nosuch-profile' is not loaded
	EOF
}

@test "docker: a container that failed can be started when the reason has gone" {
	again() {
		docker create --name cont --network none --runtime "$RUNTIME_NAME" bb /later > /dev/null
		matching 'exec: "/later"' docker start cont | tail -n 1
		inspect '.State.Status}} {{.State.ExitCode' cont
		printf '#!/bin/sh\necho "here now"\n' > "$T/later"
		chmod 755 "$T/later"
		docker cp -q "$T/later" cont:/later
		status docker start -a cont
		docker rm cont
	}
	row again <<-EOF
		status 1
		created 127
		here now
		status 0
		cont
	EOF
}
