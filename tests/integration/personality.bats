load helpers

@test "personality: LINUX32 and LINUX, for exec as well (L-14)" {
	config '.linux.personality = {"domain": "LINUX32"}'
	ok_container 'uname -m; cat /proc/self/personality'
	# PER_LINUX32 is 8.
	equal "$output" "$(setarch linux32 uname -m)
00000008"
	args sleep 1000
	start_it web
	run -0 hull exec web uname -m
	equal "$output" "$(setarch linux32 uname -m)"
	echo '{"cwd": "/", "args": ["/bin/cat", "/proc/self/personality"], "env": ["PATH=/bin"]}' > "$T/p.json"
	run -0 hull exec --process "$T/p.json" web
	equal "$output" 00000008
	hull delete --force web
	# Not what the caller has.
	config '.linux.personality = {"domain": "LINUX", "flags": []}'
	script 'cat /proc/self/personality'
	run -0 setarch linux32 -R "$HULL" --root "$ROOT" run web
	equal "$output" 00000000
}

@test "personality: as the caller's without the object" {
	script 'cat /proc/self/personality'
	run -0 setarch linux32 "$HULL" --root "$ROOT" run web
	equal "$output" 00000008
}

@test "personality: other domains, and flags, are refused (L-14, L-15)" {
	each_refused .linux.personality <<- 'EOT'
	{}	linux.personality.domain
	{"domain": "linux"}	linux.personality.domain
	{"domain": "LINUX64"}	linux.personality.domain
	{"domain": "LINUX", "flags": ["ADDR_NO_RANDOMIZE"]}	linux.personality.flags[0]
	EOT
}
