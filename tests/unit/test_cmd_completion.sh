#!/bin/bash
# The completion, asked as bash asks it: COMP_WORDS and COMP_CWORD in, COMPREPLY out.
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=docs/completion/hull.bash
. docs/completion/hull.bash

# shellcheck disable=SC2317 # the completion calls it
hull()
{
	if [ "$*" = "--root /r list --quiet" ]; then
		echo in-r
	elif [ "$*" = "list --quiet" ]; then
		printf 'db\nweb\n'
	fi
}

failed=0
count=0
# check WANTED WORD...: the cursor is behind the last word.
check()
{
	local wanted=$1

	shift
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_hull
	count=$((count + 1))
	if [ "${COMPREPLY[*]}" = "$wanted" ]; then
		echo "ok $count - completion: $*"
	else
		echo "#   '${COMPREPLY[*]}', expected '$wanted'"
		echo "not ok $count - completion: $*"
		failed=1
	fi
}

check "create" hull c
check "start state" hull st
check "--root --rootless" hull --ro
check "create" hull --root /r cr
check "text json" hull --log-format ''
check "json" hull --log-format = j
check "start state" hull --log-format json st
check "--no-pivot --no-new-keyring" hull create --no
check "/etc" hull create --bundle /etc
check "" hull create ''
check "db web" hull state ''
check "web" hull kill --all w
check "in-r" hull --root /r delete --force ''
check "in-r" hull --root = /r delete ''
check "" hull state web ''
check "table json" hull list -f ''
check "SIGKILL" hull kill web SIGKI
check "spec" hull help sp
check "db web" hull ps --format json ''
echo "1..$count"
exit $failed
