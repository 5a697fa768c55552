# Attacks that worked on other runtimes, one test per known weakness. The oracle is the canary: a
# folder outside the bundle that must be the same afterwards, with no mount of the host added.
# shellcheck disable=SC2030,SC2031,SC2154
load helpers

prepare() {
	mkdir -p "$T/can/deep"
	echo "token $RANDOM$RANDOM" >"$T/can/file"
	touch "$T/can/ptmx"
	BEFORE=$(canary)
}
canary() {
	find "$T/can" -printf '%p %y %m %U:%G %i %T@ %s\n' | sort
	cat "$T/can/file"
	# other tests may run at the same time
	awk -v t="$T/" 'index($5, t) == 1 || $5 !~ /ocirun-/ { print $5 }' /proc/self/mountinfo | sort
	cat /proc/sys/kernel/core_pattern
}
unharmed() { equal "$(canary)" "$BEFORE"; }
no_mount() { config '.mounts |= map(select(.destination as $d | $d != $p and ($d | startswith($p + "/") | not)))' --arg p "$1"; }
mount_add() { # DESTINATION TYPE SOURCE OPTION...
	local d=$1 t=$2 s=$3
	shift 3
	config '.mounts += [{destination: $d, type: $t, source: $s, options: $o}]' --arg d "$d" --arg t "$t" --arg s "$s" --argjson o "$(words "$@")"
}
# It failed with one of our own errors and left nothing; it did not crash or hang.
run_refused() {
	run_it
	exited 1
	[ -n "$stderr" ] || say
	leftovers
}
# Either it is refused or it ran; a crash or a hang is neither.
run_either() {
	run_it
	[ "$status" -le 1 ] || say
}
tty_either() {
	config '.process.terminal = true'
	"$TOOLS/recvtty" "$T/console" "$T/name" </dev/null >"$T/tty" 2>&1 3>&- 4>&- &
	STARTED+=($!)
	wait_for 5 test -S "$T/console"
	if create_it --console-socket "$T/console"; then
		ok start "$ID"
		wait_for 10 has_status stopped
		return 0
	fi
	[ -s "$T/err" ]
}

@test "CVE-2019-5736: /proc/self/exe as the program" {
	local before=$(sha256sum "$OCIRUN"; stat -c '%i %a %Y' "$OCIRUN")
	args /proc/self/exe
	run_it
	[ "$status" -ne 0 ] || say
	rm "$R/bin/sh"
	printf '#!/proc/self/exe\n' >"$R/bin/sh"
	chmod 755 "$R/bin/sh"
	args /bin/sh
	run_it
	[ "$status" -ne 0 ] || say
	equal "$(sha256sum "$OCIRUN"; stat -c '%i %a %Y' "$OCIRUN")" "$before"
}

@test "CVE-2019-5736: somebody inside waits for us and writes to our executable" {
	require root
	local before pid n
	before=$(sha256sum "$OCIRUN"; stat -c '%i %a %Y' "$OCIRUN")
	cp "$TOOLS/poller" "$R/bin/poller"
	all_caps
	args /bin/poller /bin/poller /bin/busybox /bin/guest
	create_it
	ok start "$ID"
	wait_for 10 grep -q ready "$T/out"
	pid=$(cat "$T/pid")
	args /bin/guest
	config '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end)' --arg p "/proc/$pid/ns/pid"
	for n in 1 2 3 4 5 6; do
		oci run -b "$B" "$ID-$n"
		succeeded
	done
	sleep 0.3
	touch "$R/stop"
	wait_for 10 grep -q '^seen' "$T/out"
	# it must have met us, or nothing was shown
	[[ $(tail -1 "$T/out") =~ ^seen\ [1-9][0-9]*\ opened\ [0-9]+\ written\ 0$ ]] || { cat "$T/out"; return 1; }
	equal "$(sha256sum "$OCIRUN"; stat -c '%i %a %Y' "$OCIRUN")" "$before"
}

@test "CVE-2019-16884: something else mounted over /proc" {
	local cfg
	cfg=$(cat "$B/config.json")
	mount_add /proc tmpfs tmpfs
	run_refused
	echo "$cfg" >"$B/config.json"
	mount_add /proc bind "$T/can" bind
	run_refused
	echo "$cfg" >"$B/config.json"
	mount_add /proc/self bind "$T/can" bind
	run_refused
	unharmed
}

@test "CVE-2019-19921, CVE-2023-27561, CVE-2023-28642: /proc or /sys is a symlink in the image" {
	local p link
	mkdir "$R/evil"
	ln -s evil "$R/chain"
	for p in proc sys; do
		for link in evil /evil chain dangling "$T/can"; do
			rm -rf "${R:?}/$p"
			ln -s "$link" "$R/$p"
			run_refused
		done
		rm "$R/$p"
		mkdir "$R/$p"
	done
	rmdir "$R/proc"
	ln -s evil "$R/proc"
	config '.mounts |= .[1:] + [.[0], .[0]]'
	run_refused
	unharmed
}

@test "CVE-2022-24769, CVE-2022-29162: the inheritable set is empty by default" {
	run_guest
	seen '.caps.inheritable == [] and .caps.ambient == []'
	ok spec -b "$T/can/deep"
	jq -e '.process.capabilities.inheritable == null or .process.capabilities.inheritable == []' "$T/can/deep/config.json"
}

@test "GHSA-g54h-m393-cpwq: without device rules the devices of the host stay closed" {
	require root
	all_caps
	script 'mknod /tmp/k c 1 11; mknod /tmp/b b 8 0; (exec 3</tmp/k) && echo open; (exec 3</tmp/b) && echo open; echo >/dev/null && echo works'
	run_it
	equal "$output" works
}

@test "CVE-2024-21626: the working directory is a descriptor" {
	local n
	for n in {3..64}; do
		config '.process.cwd = $c' --arg c "/proc/self/fd/$n"
		script 'pwd; cat ../../../../../../etc/passwd; ls -d ../../..'"$T/can"
		run_either
		[[ $output != *"$T"* ]] || say
		[ "$n" -le 20 ] || continue
		ln -sfn "/proc/self/fd/$n" "$R/w"
		config '.process.cwd = "/w"'
		run_either
		[[ $output != *"$T"* ]] || say
	done
	unharmed
}

@test "CVE-2021-30465, CVE-2024-45310, CVE-2019-18837: a mount target is a symlink to the host" {
	local link
	for link in "$T/can" "../../../../../../../..$T/can"; do
		ln -sfn "$link" "$R/m"
		config '.mounts |= map(select(.destination | startswith("/m/") | not))'
		mount_add /m/new/dir bind "$T/bundle" bind
		mount_add /m/newfile bind "$T/bundle/config.json" bind
		mount_add /m/tmp tmpfs tmpfs
		run_either
		unharmed
	done
}

@test "CVE-2021-30465: a target that is exchanged for a symlink all the time" {
	local i pid
	mkdir -p "$R/vol/a"
	ln -s "$T/can" "$R/vol/link"
	"$TOOLS/swap" "$R/vol/a" "$R/vol/link" >"$T/swaps" 2>&1 3>&- 4>&- &
	pid=$!
	STARTED+=("$pid")
	mount_add /vol/a/made tmpfs tmpfs
	args true
	for i in $(seq 1 25); do run_either; done
	kill "$pid"
	wait "$pid"
	[ "$(cat "$T/swaps")" -gt 100 ] # or there was no race
	unharmed
}

@test "CVE-2025-31133, CVE-2026-88265: the image's /dev/null is a symlink" {
	no_mount /dev
	config '.linux.maskedPaths = ["/proc/timer_list"]'
	script 'wc -c </proc/timer_list; stat -c %t:%T /proc/timer_list'
	local link
	for link in /proc/sys/kernel/core_pattern /mnt/f "$T/can/file"; do
		ln -sfn "$link" "$R/dev/null"
		run_either
		[ "$status" -ne 0 ] || equal "$output" "$(printf '0\n1:3')"
		unharmed
	done
}

@test "CVE-2026-88265: stdio is not replaced by a file at /dev/null" {
	no_mount /dev
	ln -sfn /mnt/f "$R/dev/null"
	mount_add /mnt/f bind "$T/can/file" bind
	args /bin/guest
	run_either
	[ "$status" -ne 0 ] || { echo "$output" >"$T/guest.json"; seen '.fds[1].target | startswith("pipe:")'; }
	unharmed
}

@test "CVE-2025-52565, CVE-2026-88264: the console is a symlink in the image" {
	no_mount /dev
	mkdir -p "$R/dev/pts"
	ln -s "$T/can/file" "$R/dev/pts/0"
	ln -s "$T/can/new" "$R/dev/console"
	script 'stat -Lc %t:%T /dev/console /proc/self/fd/0'
	tty_either
	[ ! -e "$T/can/new" ]
	unharmed
}

@test "CVE-2026-88264: and with a read-only root" {
	no_mount /dev
	config '.root.readonly = true'
	ln -s "$T/can/new" "$R/dev/console"
	args true
	tty_either
	[ ! -e "$T/can/new" ]
	unharmed
}

@test "CVE-2026-88264: and in a user namespace, where nodes are bound" {
	no_mount /dev
	ln -s "$T/can/new" "$R/dev/console"
	args true
	user_ns
	tty_either
	[ ! -e "$T/can/new" ]
	unharmed
	config '.root.readonly = true'
	rm -f "$T/console"
	tty_either
	[ ! -e "$T/can/new" ]
	unharmed
}

@test "CVE-2025-52881: a file planted over a sysctl is not what is written" {
	echo planted >"$T/plant"
	mount_add /proc/sys/net/ipv4/ping_group_range bind "$T/plant" bind
	config '.linux.sysctl = {"net.ipv4.ping_group_range": "0 0"}'
	run_refused
	equal "$(cat "$T/plant")" planted
	unharmed
}

@test "CVE-2026-41579, CVE-2026-47766: /dev is a symlink to the host" {
	no_mount /dev
	rmdir "$R/dev"
	ln -s "$T/can" "$R/dev"
	run_either
	unharmed
	config '.root.readonly = true'
	run_either
	unharmed
}

@test "CVE-2025-24965, CVE-2026-87766: nothing we make goes through a symlink of the image" {
	local name
	no_mount /dev
	for name in null zero full tty random urandom ptmx pts shm fd stdin stdout stderr core mqueue; do
		ln -s "$T/can/new-$name" "$R/dev/$name"
	done
	run_either
	unharmed
	ln -s "$T/can" "$R/p"
	config '.linux.devices = [{path: "/p/device", type: "c", major: 1, minor: 3}]'
	run_either
	unharmed
}

@test "CVE-2026-55686: a working directory is made inside the root only" {
	ln -s "$T/can" "$R/w"
	config '.process.cwd = "/w/new/deep"'
	run_either
	unharmed
}

@test "CVE-2026-115521: descriptors planted in the image do not keep the root writable" {
	local n
	no_mount /proc
	config '.root.readonly = true | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	mkdir -p "$R/proc/self/fd"
	for n in $(seq 0 40); do ln -s /tmp "$R/proc/self/fd/$n"; done
	script 'touch /x 2>&1 && echo written'
	run_either
	[[ $output != *written* ]] || say
	[ ! -e "$R/x" ]
}

@test "CVE-2026-119101: checkpoint and restore do not exist" {
	oci checkpoint "$ID"
	exited 1
	oci restore "$ID"
	exited 1
}

@test "ids that would be paths are refused by every command" {
	local id c
	for id in a/b .. . "" "$(printf 'a%.0s' {1..1025})" $'a\nb' -x 'a ' $'\xc3\xa9' '../can'; do
		oci create -b "$B" -- "$id"
		exited 1
		for c in state start delete; do
			oci $c -- "$id"
			exited 1
		done
		oci kill -- "$id" KILL
		exited 1
		oci delete -f -- "$id"
	done
	unharmed
}

@test "page sizes that would be paths are refused" {
	local p
	for p in ../memory.max 2MB/x "" "$(printf '9%.0s' {1..300})"; do
		config '.linux.resources = {hugepageLimits: [{pageSize: $p, limit: 1}]}' --arg p "$p"
		run_refused
	done
}

@test "NUL bytes in strings are refused" {
	local e cfg
	cfg=$(cat "$B/config.json")
	for e in '.mounts[0].destination' '.mounts[0].source' '.mounts[1].options[0]' .hostname '.process.env[0]' '.process.args[0]' .process.cwd .root.path; do
		echo "$cfg" >"$B/config.json"
		config "$e"' = "a\u0000b"'
		run_refused
	done
}

@test "a device of the host is never given away: stdio on /dev/null" {
	require root
	local before=$(stat -c '%u:%g %a' /dev/null)
	config '.process.user = {uid: 1000, gid: 1000}'
	args true
	ocirun run -b "$B" "$ID" </dev/null >/dev/null 2>&1 3>&- 4>&-
	equal "$(stat -c '%u:%g %a' /dev/null)" "$before"
}

@test "descriptors of the caller do not reach the container" {
	run --separate-stderr bash -c 'for n in {3..20}; do eval "exec $n</"; done; exec "$@"' bash "$OCIRUN" --root "$ROOT" run -b "$B" "$ID"
	succeeded
	echo "$output" >"$T/guest.json"
	seen '[.fds[].fd] == [0,1,2]'
}

@test "CVE-2024-25621, CVE-2021-41103: the state is for its owner only, whatever the umask" {
	local mask
	args sleep 100
	for mask in 000 077; do
		(umask $mask && create_it)
		equal "$(stat -c %a "$ROOT")" 700
		equal "$(stat -c %a "$ROOT/$ID")" 700
		ok delete -f "$ID"
		rmdir "$ROOT"
	done
}

@test "CVE-2023-25173, CVE-2022-2989: the groups are those of the config and no other" {
	require root
	config '.process.user = {uid: 1000, gid: 1000, additionalGids: [2000]}'
	run_guest
	seen '(.groups | unique) - [1000] == [2000]'
	config '.process.user = {uid: 1000, gid: 1000}'
	run_guest
	seen '.groups - [1000] == []'
}

@test "CVE-2021-21334: the environment of the caller stays outside" {
	export SECRET_OF_CALLER=x
	run_guest
	seen '[.env[] | select(startswith("SECRET"))] == []'
	script 'tr "\0" "\n" </proc/1/environ'
	run_it
	[[ $output != *SECRET* ]] || say
}

@test "CVE-2022-0811: a sysctl that hides another" {
	local k
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1\nkernel.core_pattern=x"}'
	run_either
	unharmed
	for k in kernel.core_pattern kernel/core_pattern net/../kernel/core_pattern net.ipv4/../../kernel/core_pattern; do
		config '.linux.sysctl = {($k): "x"}' --arg k "$k"
		run_refused
		unharmed
	done
}

@test "CVE-2022-0532: a sysctl of a namespace that is the host's" {
	local before=$(cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax) cfg
	cfg=$(cat "$B/config.json")
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .mounts |= map(select(.type != "sysfs"))'
	ns_del network
	run_refused
	ns_add network /proc/self/ns/net
	run_refused
	echo "$cfg" >"$B/config.json"
	config '.linux.sysctl = {"kernel.shmmax": "4096"} | .mounts |= map(select(.type != "mqueue"))'
	ns_del ipc
	run_refused
	equal "$(cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax)" "$before"
}
