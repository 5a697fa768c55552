# mounts[]: every kind, every option word, order and targets.
load helpers

mount_add() { # DESTINATION TYPE SOURCE OPTION...
	local d=$1 t=$2 s=$3
	shift 3
	config '.mounts += [{destination: $d, type: $t, source: $s, options: $o}]' --arg d "$d" --arg t "$t" --arg s "$s" --argjson o "$(words "$@")"
}
at() { jq -r --arg p "$1" '[.mounts[] | select(.point == $p)] | last | .opts + " " + .super + " " + .optional' "$T/guest.json"; }
has() { local o; o=$(at "$1"); [[ ",${o// /,}," == *",$2,"* ]] || { echo "$1: no $2 in: $o"; return 1; }; }
lacks() { local o; o=$(at "$1"); [[ ",${o// /,}," != *",$2,"* ]] || { echo "$1: $2 in: $o"; return 1; }; }

prepare() {
	mkdir -p "$T/src/sub"
	echo hello >"$T/src/file"
}

@test "the usual mounts are there, with their types and options" {
	run_guest
	seen '[.mounts[] | {(.point): .type}] | add | .["/proc"] == "proc" and .["/dev"] == "tmpfs" and .["/dev/pts"] == "devpts" and .["/dev/shm"] == "tmpfs" and .["/dev/mqueue"] == "mqueue" and .["/sys"] == "sysfs"'
	has /sys ro
	has /sys nosuid
	has /dev/shm noexec
	has /dev/pts mode=620
	has /dev/pts gid=5
	has /dev mode=755
}

@test "bind of a directory and of a file" {
	mount_add /data bind "$T/src" bind,ro
	mount_add /etc/file none "$T/src/file" bind
	config '.mounts[-2].options = ["bind", "ro"] | .process.args = ["/bin/sh", "-c", "cat /data/file /etc/file; echo x >/data/new"]'
	run_it
	[ "$status" -ne 0 ]
	equal "$output" "$(printf 'hello\nhello')"
	[ ! -e "$T/src/new" ]
}

@test "bind creates a missing target of the right kind" {
	mount_add /a/b/c bind "$T/src" rbind
	mount_add /x/y/file bind "$T/src/file" rbind
	script 'test -d /a/b/c && test -f /x/y/file && cat /a/b/c/file'
	run_it
	succeeded
	printed hello
}

@test "a relative bind source is relative to the bundle" {
	mkdir "$B/vol"
	echo inbundle >"$B/vol/f"
	mount_add /vol bind vol rbind
	script 'cat /vol/f'
	run_it
	succeeded
	printed inbundle
}

@test "a bind source that does not exist is named" {
	mount_add /data bind /nonexistent/dir bind
	refused /nonexistent/dir run -b "$B" "$ID"
}

@test "options of the virtual file system: ro noexec nodev nosuid noatime nodiratime" {
	mount_add /opt1 tmpfs tmpfs ro noexec nodev nosuid
	mount_add /opt2 tmpfs tmpfs noatime nodiratime
	mount_add /opt3 tmpfs tmpfs relatime
	mount_add /opt4 tmpfs tmpfs strictatime
	mount_add /opt5 tmpfs tmpfs ro rw noexec exec nodev dev nosuid suid
	run_guest
	local o
	for o in ro noexec nodev nosuid; do
		has /opt1 $o
		lacks /opt5 $o
	done
	has /opt2 noatime
	has /opt2 nodiratime
	has /opt3 relatime
	lacks /opt4 relatime
	lacks /opt4 noatime
}

@test "bind mounts take flags: ro nosuid nodev noexec" {
	mount_add /data bind "$T/src" bind ro nosuid nodev noexec
	run_guest
	local o
	for o in ro nosuid nodev noexec; do has /data $o; done
}

@test "nosymfollow" {
	require kernel 5.10
	require newapi
	mount_add /data bind "$T/src" bind nosymfollow
	run_guest
	has /data nosymfollow
}

@test "propagation words: private, shared, slave, unbindable" {
	local p
	for p in private shared slave unbindable; do
		mount_add /p-$p bind "$T/src" rbind $p
	done
	run_guest
	lacks /p-private shared
	[[ $(at /p-shared) == *shared:* ]]
	[[ $(at /p-unbindable) == *unbindable* ]]
	[[ $(at /p-private) != *shared:* ]]
	[[ $(at /p-slave) != *shared:* ]]
}

@test "file system data: size, mode, nr_inodes" {
	mount_add /t tmpfs tmpfs size=1m mode=0700 nr_inodes=100
	run_guest
	has /t size=1024k
	has /t mode=700
	has /t nr_inodes=100
}

@test "an unknown option of the file system fails with the mount's name" {
	mount_add /t tmpfs tmpfs nosuchoption=1
	refused '/t' run -b "$B" "$ID"
}

@test "a tmpfs keeps mode and owner of the directory below" {
	mkdir -m 1751 "$R/kept"
	chown 12:34 "$R/kept"
	mount_add /kept tmpfs tmpfs nosuid
	script 'stat -c "%a %u %g" /kept'
	run_it
	succeeded
	equal "$output" "1751 12 34"
}

@test "tmpcopyup keeps what was there" {
	mkdir -p "$R/up/deep"
	echo data >"$R/up/deep/f"
	ln -s deep/f "$R/up/link"
	chmod 640 "$R/up/deep/f"
	mount_add /up tmpfs tmpfs tmpcopyup
	script 'cat /up/link; stat -c %a /up/deep/f; echo more >/up/new; stat -f -c %T /up'
	run_it
	succeeded
	equal "$output" "$(printf 'data\n640\ntmpfs')"
	[ ! -e "$R/up/new" ]
}

@test "recursive read-only: rro" {
	require newapi
	mount -t tmpfs tmpfs "$T/src/sub"
	mount_add /rec bind "$T/src" rbind rro
	mount_add /top bind "$T/src" rbind ro
	run_guest
	umount "$T/src/sub"
	has /rec ro
	has /rec/sub ro
	has /top ro
	lacks /top/sub ro
}

@test "recursive words: rnosuid rnodev rnoexec rnoatime and their opposites" {
	require newapi
	mount -t tmpfs tmpfs "$T/src/sub"
	mount_add /rec bind "$T/src" rbind rnosuid rnodev rnoexec rnoatime
	mount_add /off bind "$T/src" rbind nosuid rsuid rexec
	run_guest
	umount "$T/src/sub"
	local o
	for o in nosuid nodev noexec noatime; do
		has /rec $o
		has /rec/sub $o
	done
	lacks /off nosuid
	lacks /off/sub nosuid
}

@test "recursive attributes without the new interface are refused, not ignored" {
	[ -n "${ENOSYS:-}" ] || ENOSYS=new
	mount_add /rec bind "$T/src" rbind rro
	refused 'recursive mount attributes' run -b "$B" "$ID"
}

@test "id-mapped bind: owners are shifted" {
	require newapi
	require kernel 5.12
	chown 1234:1234 "$T/src/file"
	config '.mounts += [{destination: "/idm", type: "bind", source: $s, options: ["rbind"], uidMappings: [{containerID: 1000, hostID: 5000, size: 1000}], gidMappings: [{containerID: 1000, hostID: 6000, size: 1000}]}]' --arg s "$T/src"
	script 'stat -c "%u %g" /idm/file'
	run_it
	succeeded
	equal "$output" "5234 6234"
}

@test "idmap option uses the container's own maps" {
	require newapi
	require kernel 5.12
	user_ns
	chown 7:8 "$T/src/file"
	mount_add /idm bind "$T/src" rbind idmap
	script 'stat -c "%u %g" /idm/file'
	run_it
	succeeded
	equal "$output" "7 8"
}

@test "only one of the two maps is refused" {
	config '.mounts += [{destination: "/idm", type: "bind", source: "/tmp", options: ["bind"], uidMappings: [{containerID: 0, hostID: 5000, size: 1000}]}]'
	refused '/mounts/6' run -b "$B" "$ID"
}

@test "mounts happen in the order of the list" {
	mkdir "$T/over"
	echo second >"$T/over/file"
	mount_add /o bind "$T/src" bind
	mount_add /o bind "$T/over" bind
	script 'cat /o/file'
	run_it
	succeeded
	equal "$output" second
}

@test "a target behind a symlink stays inside the root" {
	ln -s /var/inside "$R/link"
	mkdir "$R/var/inside"
	mount_add /link bind "$T/src" bind
	script 'cat /var/inside/file'
	run_it
	succeeded
	printed hello
}

@test "a symlink to the outside lands inside" {
	mkdir "$T/victim"
	ln -s "$T/victim" "$R/link"
	mount_add /link tmpfs tmpfs
	script 'true'
	run_it
	[ -z "$(ls -A "$T/victim")" ]
	if [ "$status" -eq 0 ]; then [ -d "$R$T/victim" ]; fi
}

@test "destination / is refused" {
	mount_add / tmpfs tmpfs
	refused '/mounts/6' run -b "$B" "$ID"
}

@test "nothing but proc over /proc" {
	mount_add /proc tmpfs tmpfs
	refused '/proc' run -b "$B" "$ID"
}

@test "nothing inside /proc but the known files" {
	mount_add /proc/self bind "$T/src" bind
	refused '/proc/self' run -b "$B" "$ID"
}

@test "a bind over /proc/meminfo is allowed" {
	mount_add /proc/meminfo bind "$T/src/file" bind ro
	script 'cat /proc/meminfo'
	run_it
	succeeded
	equal "$output" hello
}

@test "cgroup mount is the container's own cgroup2" {
	ns_add cgroup
	mount_add /sys/fs/cgroup cgroup cgroup nosuid noexec nodev relatime ro
	run_guest
	seen '[.mounts[] | select(.point == "/sys/fs/cgroup")] | last | .type == "cgroup2" and .root == "/"'
	has /sys/fs/cgroup ro
}

@test "cgroup mount without a cgroup namespace" {
	mount_add /sys/fs/cgroup cgroup cgroup nosuid noexec nodev relatime ro
	run_guest
	seen '[.mounts[] | select(.point | startswith("/sys/fs/cgroup"))] | length >= 1 and all(.opts | contains("ro"))'
}

@test "long options: an overlay of many layers (over 4 KiB)" {
	require newapi
	require kernel 6.5
	local i lower=""
	for i in $(seq 1 60); do
		mkdir -p "$T/layers/$(printf 'layer-%060d' "$i")"
		lower+="${lower:+:}$T/layers/$(printf 'layer-%060d' "$i")"
	done
	echo deep >"$T/layers/$(printf 'layer-%060d' 60)/f"
	mount_add /ov overlay overlay "lowerdir=$lower"
	script 'cat /ov/f'
	run_it
	succeeded
	equal "$output" deep
}

@test "no mount of the container reaches the host, even from a shared tree" {
	mkdir "$T/shared"
	mount -t tmpfs tmpfs "$T/shared"
	mount --make-rshared "$T/shared"
	mount_add /sh bind "$T/shared" rbind
	mount_add /sh/in tmpfs tmpfs
	local before=$(grep -c "$T" /proc/self/mountinfo)
	args true
	run_it
	succeeded
	equal "$(grep -c "$T" /proc/self/mountinfo)" "$before"
	umount "$T/shared"
}

@test "remount is a mount type of its own" {
	mount_add /t tmpfs tmpfs nosuid
	mount_add /t none none remount ro
	run_guest
	has /t ro
}
