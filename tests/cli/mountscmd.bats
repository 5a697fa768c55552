# mounts add and mounts remove: what /proc/PID/mountinfo of the container's init shows.
load helpers

up() {
	args sleep 100
	create_it
	ok start "$ID"
	pid=$(cat "$T/pid")
}
mounts() { # add|remove JSON
	printf '%s' "$2" >"$T/m.json"
	oci mounts "$1" "$ID" "$T/m.json"
}
line() { awk -v at="$1" '$5 == at { print $6, $0 }' "/proc/$pid/mountinfo"; }
has() { [[ $(line "$1") == *"$2"* ]] || { cat "/proc/$pid/mountinfo"; return 1; }; }
gone() { equal "$(line "$1")" ""; }

@test "add and remove a read-only bind and a tmpfs" {
	require root
	require newapi
	mkdir "$T/src"
	up
	mounts add '[{"destination":"/data/x","source":"'"$T/src"'","options":["bind","ro"]},
		{"destination":"/mnt","type":"tmpfs","source":"tmpfs","options":["size=64k","nosuid"]}]'
	succeeded
	[[ $(line /data/x) == ro,* ]]
	[[ $(line /data/x) != *shared:* ]]
	has /mnt size=64k
	mounts remove '[{"destination":"/data/x"},{"destination":"/mnt"}]'
	succeeded
	gone /data/x
	gone /mnt
}

@test "a symlink to the host stays inside" {
	require root
	require newapi
	ln -s "../../../../../$T/out.d" "$R/trap"
	mkdir "$T/src" "$T/out.d"
	up
	mounts add '[{"destination":"/trap/x","source":"'"$T/src"'","options":["bind"]}]'
	succeeded
	has "$T/out.d/x" "$T/out.d/x"
	[ -z "$(ls "$T/out.d")" ]
}

@test "all or nothing" {
	require root
	require newapi
	up
	mounts add '[{"destination":"/mnt","type":"tmpfs","source":"tmpfs"},
		{"destination":"/tmp","type":"nosuchfs"}]'
	failed_with '(/mounts/1)'
	gone /mnt
	mounts add '[{"destination":"/mnt","type":"tmpfs","source":"tmpfs"}]'
	succeeded
	mounts remove '[{"destination":"/mnt"},{"destination":"/etc"}]'
	failed_with 'm.json: unmounting "/etc" (/mounts/1): it is not a mount point'
	has /mnt tmpfs
}

tree() { (cd "$R" && find . -printf '%p %y %i %m\n' | sort); }
unchanged() { diff <(echo "$before") <(tree); }

@test "what fails takes back the mount points it made" {
	require root
	require newapi
	mkdir "$T/src" "$T/outer"
	touch "$T/file"
	ln -s gone/far "$R/dangling"
	echo old >"$R/old"
	up
	before=$(tree)
	local good='{"destination":"/new/a/b","type":"tmpfs","source":"tmpfs"},
		{"destination":"/new/a/file","source":"'"$T/file"'","options":["bind"]},
		{"destination":"/dangling/c","source":"'"$T/src"'","options":["bind"]},
		{"destination":"/old","source":"'"$T/file"'","options":["bind"]},
		{"destination":"/outer","source":"'"$T/outer"'","options":["bind"]},
		{"destination":"/outer/in/x","type":"tmpfs","source":"tmpfs"}'
	local bad
	for bad in '"type":"nosuchfs"' '"type":"tmpfs","options":["nosuch=1"]' \
		'"type":"tmpfs","options":["size=x"]' '"source":"/etc/passwd","options":["bind"]'; do
		mounts add "[$good,{\"destination\":\"/new/z/y\",$bad},{\"destination\":\"/tmp\",\"type\":\"no\"}]"
		failed_with '(/mounts/'
		unchanged
		[ -z "$(ls "$T/outer")" ]
		gone /old
	done
	equal "$(cat "$R/old")" old
	# What was there stays, and so does what a good one made.
	mounts add "[$good]"
	succeeded
	[ -n "$(line /gone/far/c)" ]
	[ -d "$T/outer/in/x" ]
}

@test "a user namespace: what fails takes back the mount points, too" {
	require root
	require newapi
	user_ns
	up
	before=$(tree)
	mounts add '[{"destination":"/n/a","type":"tmpfs","source":"tmpfs"},{"destination":"/n/b","type":"nosuchfs"}]'
	failed_with '(/mounts/1)'
	unchanged
}

@test "a user namespace: binds from the host, file systems of its own" {
	require root
	require newapi
	user_ns
	mkdir -m 700 "$T/src"
	up
	mounts add '[{"destination":"/data","source":"'"$T/src"'","options":["bind","ro"]},
		{"destination":"/mnt","type":"tmpfs","source":"tmpfs","options":["mode=755"]}]'
	succeeded
	[[ $(line /data) == ro,* ]]
	equal "$(stat -c %u "/proc/$pid/root/mnt")" 100000
	mounts remove '[{"destination":"/mnt"}]'
	succeeded
	gone /mnt
}

@test "what is refused" {
	require root
	require newapi
	up
	mounts add '[{"destination":5}]'
	failed_with 'm.json: /mounts/0/destination'
	mounts add '[], "root": {}'
	failed_with 'm.json: '
	mounts add '{}'
	failed_with 'm.json: expected a list, found an object'
	mounts add '[{"destination":"/","type":"tmpfs"}]'
	failed_with 'm.json: /mounts/0/destination'
	mounts move '[]'
	failed_with 'expected add or remove'
	ok kill "$ID" KILL
	wait_for 10 has_status stopped
	mounts add '[]'
	failed_with 'container not running'
}
