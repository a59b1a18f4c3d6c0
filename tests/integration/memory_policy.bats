load helpers

# The numbers are those of <linux/mempolicy.h>: DEFAULT 0, PREFERRED 1, BIND 2, INTERLEAVE 3, LOCAL 4,
# PREFERRED_MANY 5, WEIGHTED_INTERLEAVE 6; STATIC_NODES 0x8000, RELATIVE_NODES 0x4000,
# NUMA_BALANCING 0x2000. The probe prints mode and nodes as get_mempolicy(2) tells them.
policy() {
	config --argjson p "$1" '.linux.memoryPolicy = $p'
	ok_container 'probe mempolicy'
	echo "$output"
}

@test "memory_policy: each mode, in the program and its children (L-16, L-17, L-19)" {
	requires numa
	equal "$(policy '{"mode": "MPOL_DEFAULT"}')" "0x0 0x0"
	equal "$(policy '{"mode": "MPOL_DEFAULT", "nodes": "", "flags": []}')" "0x0 0x0"
	equal "$(policy '{"mode": "MPOL_PREFERRED", "nodes": "0"}')" "0x1 0x1"
	equal "$(policy '{"mode": "MPOL_BIND", "nodes": "0"}')" "0x2 0x1"
	equal "$(policy '{"mode": "MPOL_INTERLEAVE", "nodes": "0-0"}')" "0x3 0x1"
	equal "$(policy '{"mode": "MPOL_LOCAL", "nodes": ""}')" "0x4 0x0"
	equal "$(policy '{"mode": "MPOL_PREFERRED_MANY", "nodes": "0"}')" "0x5 0x1"
	# Without nodes it is the local one (set_mempolicy(2)).
	matches "$(policy '{"mode": "MPOL_PREFERRED"}')" '^0x[14] 0x0$'
	if [[ -d /sys/kernel/mm/mempolicy/weighted_interleave ]]; then # Linux 6.9
		equal "$(policy '{"mode": "MPOL_WEIGHTED_INTERLEAVE", "nodes": "0"}')" "0x6 0x1"
	fi
}

@test "memory_policy: flags (L-18)" {
	requires numa
	equal "$(policy '{"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}')" "0x8002 0x1"
	equal "$(policy '{"mode": "MPOL_INTERLEAVE", "nodes": "0", "flags": ["MPOL_F_RELATIVE_NODES"]}')" "0x4003 0x1"
	equal "$(policy '{"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_NUMA_BALANCING", "MPOL_F_STATIC_NODES"]}')" "0xa002 0x1"
}

@test "memory_policy: for exec as well, by command line and by --process (L-19)" {
	requires numa
	config '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "0"}'
	args sleep 1000
	start_it web
	run -0 hull exec web probe mempolicy
	equal "$output" "0x2 0x1"
	echo '{"cwd": "/", "args": ["/bin/probe", "mempolicy"], "env": ["PATH=/bin"]}' > "$T/p.json"
	run -0 hull exec --process "$T/p.json" web
	equal "$output" "0x2 0x1"
}

@test "memory_policy: nodes that are not there fail create (L-17)" {
	requires numa
	config '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "1023"}'
	create_refused web linux.memoryPolicy
}

@test "memory_policy: what makes no sense is refused with the field's name (L-16, L-17, L-18)" {
	each_refused .linux.memoryPolicy <<- 'EOT'
	{}	linux.memoryPolicy.mode
	{"nodes": "0"}	linux.memoryPolicy.mode
	{"mode": "MPOL_TEST"}	linux.memoryPolicy.mode
	{"mode": "bind", "nodes": "0"}	linux.memoryPolicy.mode
	{"mode": "MPOL_DEFAULT", "nodes": "0"}	linux.memoryPolicy.nodes
	{"mode": "MPOL_LOCAL", "nodes": "0"}	linux.memoryPolicy.nodes
	{"mode": "MPOL_BIND"}	linux.memoryPolicy.nodes
	{"mode": "MPOL_INTERLEAVE", "nodes": ""}	linux.memoryPolicy.nodes
	{"mode": "MPOL_WEIGHTED_INTERLEAVE"}	linux.memoryPolicy.nodes
	{"mode": "MPOL_PREFERRED_MANY"}	linux.memoryPolicy.nodes
	{"mode": "MPOL_BIND", "nodes": "0-"}	linux.memoryPolicy.nodes
	{"mode": "MPOL_BIND", "nodes": "1024"}	linux.memoryPolicy.nodes
	{"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_TEST"]}	linux.memoryPolicy.flags[0]
	{"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"]}	linux.memoryPolicy.flags
	{"mode": "MPOL_INTERLEAVE", "nodes": "0", "flags": ["MPOL_F_NUMA_BALANCING"]}	linux.memoryPolicy.flags
	EOT
}
