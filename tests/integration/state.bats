load helpers

@test "state: is the documented JSON when created, running and stopped (Z-02, Z-03, Z-04, Z-06 to Z-09, Z-11)" {
	config '.annotations = {"a.b": "c", "empty": ""}'
	script 'trap "exit 0" TERM; while :; do sleep 1000 & wait; done'
	create web
	run -0 --separate-stderr hull state web
	[[ -z $stderr ]]
	equal "$(jq -r 'keys_unsorted | join(" ")' <<< "$output")" \
		"ociVersion id pid status bundle rootfs created annotations owner"
	equal "$(jq -r '.id, .status, .bundle, .rootfs, .annotations["a.b"], .annotations.empty, .owner' <<< "$output")" \
		"$(printf '%s\n' web created "$BUNDLE" "$ROOTFS" c '' '')"
	matches "$(jq -r .ociVersion <<< "$output")" '^1\.[0-9]+\.[0-9]+'
	[[ -d /proc/$(jq -r .pid <<< "$output") ]]
	hull start web
	equal "$(status_of web)" running
	kill -9 "$(pid_of web)"
	wait_for 5 is_status web stopped
	equal "$(pid_of web)" 0
}

@test "state: created is an RFC 3339 time in UTC near now (Z)" {
	create web
	created=$(hull state web | jq -r .created)
	matches "$created" '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z$'
	delta=$(($(date +%s) - $(date -d "$created" +%s)))
	((delta >= 0 && delta < 60))
}

@test "state: indents with two spaces and ends without a newline" {
	create web
	hull state web > "$T/state"
	equal "$(sed -n 2p "$T/state")" '  "ociVersion": "'"$(jq -r .ociVersion "$T/state")"'",'
	equal "$(tail -c1 "$T/state")" "}"
}

@test "state: bundle is absolute when created with --bundle . (Z-10)" {
	quietly hull create --bundle . web
	equal "$(hull state web | jq -r .bundle)" "$BUNDLE"
}

@test "state: has no annotations member or an empty one when the config has none (Z-11)" {
	create web
	equal "$(hull state web | jq -r '(.annotations // {}) | length')" 0
}

@test "state: refuses an unknown id (O-02)" {
	refused hull state nosuch
	matches "$line" "container .*does not exist"
}

@test "state: refuses a missing id (O-02)" {
	run --separate-stderr hull state
	[[ $status -eq 1 ]]
}

@test "state: sees a process that died by itself (Z-12)" {
	create web
	pid=$(pid_of web)
	kill -9 "$pid"
	wait_for 5 process_gone "$pid"
	equal "$(status_of web)" stopped
	equal "$(pid_of web)" 0
}

@test "state: is readable with stderr closed" {
	create web
	run -0 --separate-stderr sh -c '"$0" --root "$1" state web 2>&-' "$HULL" "$ROOT"
	equal "$(jq -r .status <<< "$output")" created
}

@test "state: reads nothing from stdin (J-06)" {
	create web
	printf 'one\ntwo\n' > "$T/in"
	{
		hull state web > /dev/null
		read -r first
	} < "$T/in"
	equal "$first" one
}

@test "state: needs no configuration any more after create" {
	create web
	rm config.json
	equal "$(status_of web)" created
	hull start web
	hull delete --force web
}
