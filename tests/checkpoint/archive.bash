# Rows of archive.bats, run in the tree (engines-tree): archive.bash ROW HULL
B=/var/tmp/bundle
W=/var/tmp/work
COUNT='rm -rf /gone /opaque /etc/group; mkdir /opaque; echo new > /opaque/kept; echo x > "/srv/-rf
x"; ln /srv/n0 /srv/n1; mkfifo /srv/pipe; i=0; while :; do i=$((i+1)); echo $i > /srv/n; sleep 0.05; done'

until_true() {
	local end=$((SECONDS + 60))

	until "$@" > /dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { echo "waited 60 s for: $*"; return 1; }
		sleep 0.1
	done
}

more_than() { # NUMBER BUNDLE
	[ "$(cat "$2/rootfs/srv/n")" -gt "$1" ]
}

does() {
	rm -f /tmp/log
	"$HULL" --log /tmp/log "$@" < /dev/null > /dev/null 2>&1 || tail -n 5 /tmp/log
}

# It fails, and its error has the text.
fails() { # TEXT ARGS...
	rm -f /tmp/log
	if "$HULL" --log /tmp/log "${@:2}" < /dev/null > /dev/null 2>&1; then
		echo "no failure"
	elif ! grep -qF -- "$1" /tmp/log; then
		echo "no '$1' in:"
		cat /tmp/log
	fi
}

goes_on() { # BUNDLE
	until_true more_than "$(cat "$1/rootfs/srv/n")" "$1" && echo "goes on"
}

# A container on an overlay that counts.
begin() {
	mkdir -p "$B"/{upper,work,rootfs} "$W"
	cp -a /var/tmp/rootfs "$W/lower"
	mkdir -p "$W"/lower/{gone/far,opaque}
	touch "$W/lower/opaque/hidden" "$W/lower/opaque/kept" "$W/lower/srv/n0"
	mount -t overlay -o "lowerdir=$W/lower,upperdir=$B/upper,workdir=$B/work" overlay "$B/rootfs"
	(cd "$B" && "$HULL" spec)
	jq --arg c "$COUNT" '.process.terminal = false | .root.readonly = false | .process.args = ["sh", "-c", $c]' \
		"$B/config.json" > "$B/new" && mv "$B/new" "$B/config.json"
	does run -d --bundle "$B" web
	until_true more_than 3 "$B"
}

# What another host has: the image.
other_host() {
	mkdir -p "$W/other"
	cp "$B/config.json" "$W/other"
	cp -a "$W/lower" "$W/other/rootfs"
}

end() {
	"$HULL" delete -f web > /dev/null 2>&1
	umount "$B/rootfs"
	umount /mnt 2> /dev/null
	rm -rf "$B" "$W"
}

# ---- rows ------------------------------------------------------------------------------------------

brought_up() {
	local format n

	other_host
	for format in tar tar.gz tar.zst; do
		does checkpoint --leave-running --export "$W/x.$format" web
		stat -c %a "$W/x.$format"
	done
	does checkpoint --export "$W/x.tar" web # over the one that is there
	n=$(cat "$B/rootfs/srv/n")
	find "$W" "$B" -maxdepth 1 -name '.*' ! -name .
	does restore -d --bundle "$W/other" --import "$W/x.tar" web
	until_true more_than "$n" "$W/other" && echo "goes on"
	(cd "$W/other/rootfs" && ls -d gone opaque/* etc/group 2> /dev/null
		test -p srv/pipe && test srv/n0 -ef srv/n1 && test -e "srv/-rf
x" && echo "all files")
	ls -A "$W/other"
	fails "already exists" restore -d --bundle "$W/other" --import "$W/x.tar" web
}

layout() {
	does checkpoint --export "$W/x.tar" web
	tar tf "$W/x.tar" | grep -v 'checkpoint/.*[.]img$' | LC_ALL=C sort
	tar xOf "$W/x.tar" deleted.files | jq -c sort
	tar xOf "$W/x.tar" config.dump | jq -c '[.id, .runtime]'
	tar xOf "$W/x.tar" rootfs-diff.tar | tar t | grep -v '/$' | LC_ALL=C sort
}

read_by_checkpointctl() {
	does checkpoint --export "$W/x.tar.zst" web
	checkpointctl show "$W/x.tar.zst" | awk '$1 == "web" { print $3, $4, $6 }'
	checkpointctl inspect "$W/x.tar.zst" | grep -E 'Runtime|Engine' | sed 's/.* //'
}

# Nothing is left of it, and the container runs on.
full_disk() {
	mount -t tmpfs -o size=16k small /mnt
	fails "no space left on device" checkpoint --image-path "$W/images" --export /mnt/x.tar web
	fails "o space left on device" checkpoint --image-path "$W/images" --export /mnt/x.tar.gz web
	fails "hull: " checkpoint --export /mnt/x.tar web 2>&1 | grep -v "^no 'hull\|time=" # CRIU's own images
	ls -A /mnt
	goes_on "$B"
}

refusals() {
	fails "end it in .tar" checkpoint --export "$W/x" web
	fails "is not none, gzip or zstd" checkpoint --compress lzma --export "$W/x" web
	fails "is not auto, whole, upper or none" checkpoint --rootfs half --export "$W/x.tar" web
	fails "--pre-dump" checkpoint --pre-dump --export "$W/x.tar" web
	goes_on "$B"
	ls -A "$W"
}

# Of a damaged or hostile archive nothing is left, and nothing comes to life.
hostile() {
	does checkpoint --export "$W/x.tar.zst" web
	other_host
	head -c 9000 "$W/x.tar.zst" > "$W/cut.tar.zst"
	fails "ends too early" restore -d --bundle "$W/other" --import "$W/cut.tar.zst" web
	fails "holds more than it may" restore -d --bundle "$W/other" --max-size 20k --import "$W/x.tar.zst" web
	(mkdir -p "$W/h/checkpoint" && cd "$W/h" && ln -s /etc/passwd checkpoint/core-1.img && tar cf "$W/h.tar" checkpoint)
	fails "is no file" restore -d --bundle "$W/other" --import "$W/h.tar" web
	(cd "$W/h" && rm checkpoint/* && touch checkpoint/x && tar cf "$W/h.tar" --transform 's,x,../../x,' -P checkpoint)
	fails "holds no checkpoint" restore -d --bundle "$W/other" --import "$W/h.tar" web
	echo text > "$W/h.tar"
	fails "too early" restore -d --bundle "$W/other" --import "$W/h.tar" web
	ls -A "$W/other"
	"$HULL" list -q
}

HULL=$2
begin
"$1" 2>&1
end
