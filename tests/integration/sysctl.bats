load helpers

@test "sysctl: namespaced ones are set in the container alone (L-11, L-13)" {
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "12345", "fs.mqueue.msg_max": "11", "kernel.shm_rmid_forced": "1",
		"kernel.domainname": "dom.ain", "kernel.sem": "250 32000 100 128"}'
	before=$(cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax /proc/sys/fs/mqueue/msg_max)
	ok_container 'cd /proc/sys; cat net/ipv4/ip_forward kernel/msgmax fs/mqueue/msg_max kernel/shm_rmid_forced kernel/domainname kernel/sem | tr "\t" " "'
	equal "$output" "1
12345
11
1
dom.ain
250 32000 100 128"
	equal "$(cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax /proc/sys/fs/mqueue/msg_max)" "$before"
}

@test "sysctl: slashes separate too (L-12)" {
	config '.linux.sysctl = {"net/ipv4/ip_forward": "1", "net/ipv4/conf/lo/rp_filter": "2"}'
	ok_container 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/lo/rp_filter'
	equal "$output" "1
2"
}

@test "sysctl: others are refused and the host's are unchanged (L-13)" {
	for k in vm.swappiness kernel.hostname kernel.core_pattern kernel.sysrq fs.file-max kernel.pid_max net kernel ../../etc/passwd \
		net/../vm/swappiness net.ipv4...ip_forward; do
		config --arg k "$k" '.linux.sysctl = {($k): "1"}'
		create_refused web sysctl
	done
}

@test "sysctl: without its namespace is refused (L-13)" {
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .linux.namespaces |= map(select(.type != "network"))'
	create_refused web net.ipv4.ip_forward
	config '.linux.sysctl = {"kernel.msgmax": "12345"} | .linux.namespaces |= map(select(.type != "ipc"))'
	create_refused web kernel.msgmax
}

@test "sysctl: a missing file and a bad value are errors with the name (L-11)" {
	config '.linux.sysctl = {"net.nosuch.thing": "1"}'
	create_refused web nosuch
	config '.linux.sysctl = {"net.ipv4.ip_forward": "abc"}'
	create_refused web ip_forward
}

@test "sysctl: works with /proc/sys read-only and without a proc mount" {
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .linux.readonlyPaths = ["/proc/sys"]'
	ok_container 'cat /proc/sys/net/ipv4/ip_forward'
	equal "$output" 1
	config '.mounts |= map(select(.destination != "/proc")) | .linux.readonlyPaths = [] | .linux.maskedPaths = []'
	ok_container 'true'
}
