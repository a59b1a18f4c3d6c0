#!/bin/bash
# The completions, each in its own shell: tests/unit/completion/SHELL reads command lines and
# prints what there is to choose from.
cd "$(dirname "$0")/../.." || exit 1

# shells | what is completed | the words there are, sorted
table="
*        | hull c                            | checkpoint create
*        | hull st                           | start state
*        | hull --ro                         | --root --rootless
*        | hull --root /r cr                 | create
*        | hull --log-format                 | json text
bash zsh | hull --log-format=j               | json
fish     | hull --log-format=j               | --log-format=json
*        | hull --log-format json st         | start state
*        | hull create --no                  | --no-new-keyring --no-pivot
bash     | hull create --bundle /etc         | /etc
fish     | hull create --bundle /etc         | /etc/
bash fish | hull create --bundle /etc/passw  |
*        | hull create                       |
*        | hull state                        | db web
*        | hull kill --all w                 | web
*        | hull --root /r delete --force     | in-r
*        | hull --root=/r delete             | in-r
bash fish | hull state web                   |
zsh      | hull state web                    | --help -h
*        | hull list -f                      | json table
bash     | hull kill web SIGKI               | SIGKILL
fish zsh | hull kill web KI                  | KILL
*        | hull help sp                      | spec
*        | hull ps --format json             | db web
*        | hull exec -e A=B --tty w          | web
bash fish | hull --debug=true state w        | web
bash     | hull exec --env A=d               |
*        | hull exec web basenam             | basename
"
# Words that end here are complete, and the next one is asked for.
finished=' (--log-format|create|state|--force|delete|state web|-f|json)$'

lines() { # SHELL: shell's rows, without blanks around the columns
	local shells line wanted
	while IFS='|' read -r shells line wanted; do
		case " ${shells%"${shells##*[! ]}"} " in
		"  ") continue ;;
		*" $1 "* | " * ") ;;
		*) continue ;;
		esac
		line=$(xargs <<<"$line")
		[[ ! $line =~ $finished ]] || line+=" "
		printf '%s|%s\n' "$line" "$(xargs <<<"$wanted")"
	done <<<"$table"
}

failed=0
count=0
result() { # WHAT OK [COMMENT]
	count=$((count + 1))
	[ "$2" = 0 ] && echo "ok $count - $1" && return
	printf '#   %s\nnot ok %d - %s\n' "$3" "$count" "$1"
	failed=1
}

for shell in bash zsh fish; do
	if ! command -v $shell >/dev/null; then
		count=$((count + 1))
		echo "ok $count - completion: $shell # skip no $shell"
		continue
	fi
	rows=$(lines $shell)
	got=$(cut -d'|' -f1 <<<"$rows" | timeout 300 tests/unit/completion/$shell 2>&1 && echo end)
	while IFS='|' read -r line wanted && IFS= read -r is <&3; do
		[ "$is" = "$wanted" ]
		result "completion: $shell: $line" $? "'$is', expected '$wanted'"
	done <<<"$rows" 3<<<"$got"
	[ "${got##*$'\n'}" = end ]
	result "completion: $shell says no more" $? "$got"
done
echo "1..$count"
exit $failed
