#!/usr/bin/env bats
# hull migrate: services that have clients on another host, who must not notice more than a pause.
load helpers
load hosts
load services

@test "migrate: TCP connections go on, and no byte of them is lost or comes twice" {
	service echo /data/talk serve 7
	cp "$HOSTS/bin/talk" "$HOSTED/talk"
	service_up echo
	wait_for 60 answers 7
	clients 3 echo 7
	moves A B echo
	clients_talk
	moves B A echo
	clients_talk
	clients_end
	[[ $LONGEST -lt 5000 ]]
}

# The example of docs/migration.md, line by line.
@test "migrate: Redis under load loses no write that it acknowledged" {
	local host line talking='' n=0

	service redis redis-server --bind 0.0.0.0 --protected-mode no --save ''
	while read -r host line; do
		if [[ $line == "hull migrate"* && -z $talking ]]; then
			talking=1
			on C ip neigh flush dev eth0
			wait_for 60 answers 6379
			clients 4 redis 6379
		fi
		quietly "$HOSTS/on" "${host%#}" sh -c "$line" || {
			echo "$host $line: $(cat "$ERR")"
			false
		}
		[[ -z $talking ]] || clients_talk
		n=$((n + 1))
	done < <(sed -n '/^## Example/,/^## Limits/s/^    \([AB]# \)/\1/p' "$SRC/docs/migration.md")
	[[ $n -ge 11 ]]
	[[ -e $HOSTS/A/run/hull/redis && ! -e $HOSTS/B/run/hull/redis ]]
	clients_end
	[[ $LONGEST -lt 5000 ]]
}
