load helpers

@test "hostname: is set in the container alone (I-01)" {
	before=$(hostname)
	ok_container 'hostname; cat /proc/sys/kernel/hostname'
	equal "$output" "hulltest
hulltest"
	equal "$(hostname)" "$before"
}

@test "hostname: domainname is set (I-02)" {
	config '.domainname = "example.org"'
	ok_container 'cat /proc/sys/kernel/domainname'
	equal "$output" example.org
}

@test "hostname: absent or empty keeps the host's (I-04)" {
	config 'del(.hostname)'
	ok_container hostname
	equal "$output" "$(hostname)"
	config '.hostname = ""'
	ok_container hostname
	equal "$output" "$(hostname)"
}

@test "hostname: 64 bytes are taken, 65 refused" {
	config --arg h "$(printf 'h%.0s' {1..64})" '.hostname = $h'
	ok_container hostname
	equal "${#output}" 64
	config --arg h "$(printf 'h%.0s' {1..65})" '.hostname = $h'
	create_refused web hostname
}

@test "hostname: without a uts namespace is refused and the host's unchanged (I-03)" {
	before=$(hostname)
	config 'del(.linux.namespaces[] | select(.type == "uts"))'
	create_refused web hostname
	config 'del(.hostname) | .domainname = "x.org"'
	create_refused web domainname
	equal "$(hostname)" "$before"
}

@test "hostname: in a joined uts namespace is set there (I-05)" {
	sleeper one
	pid=$(pid_of one)
	bundle two
	config --arg p "/proc/$pid/ns/uts" '.hostname = "joined" | (.linux.namespaces[] | select(.type == "uts")).path = $p'
	script hostname
	run -0 hull run two
	equal "$output" joined
	run -0 hull exec one hostname
	equal "$output" joined
}
