# ocirun run by a real, unprivileged user: tests/cli/run --env rootless, or a login session of a user
# with subordinate ids.
load helpers

prepare() {
	[ "$(id -u)" -ne 0 ] || { echo "run this topic with tests/cli/run --env rootless"; return 1; }
	ME=$(id -u) MYGID=$(id -g) NAME=$(id -un)
	# the first range of each kind, and how many ids there are in all
	SUB=$(awk -F: -v n="$NAME" '$1 == n { print $2; exit }' /etc/subuid)
	SUBS=$(awk -F: -v n="$NAME" -v u="$ME" '$1 == n || $1 == u { s += $3 } END { print s }' /etc/subuid)
	SUBGID=$(awk -F: -v n="$NAME" '$1 == n { print $2; exit }' /etc/subgid)
	: "${SUB:?$NAME has no subordinate ids}" "${SUBGID:?}"
	rm "$B/config.json"
	ocirun spec --rootless -b "$B"
	config '.process.terminal = false | .process.args = ["/bin/guest"] | .root.readonly = false'
}
maps() { # UIDMAP GIDMAP as jq
	config ".linux.uidMappings = $1 | .linux.gidMappings = $2"
}
one_id() {
	maps "[{containerID: 0, hostID: $ME, size: 1}]" "[{containerID: 0, hostID: $MYGID, size: 1}]"
}
# What a person at a terminal is told besides the error.
hinted() { # TEXT ARGS...
	local text=$1 nnp=()
	shift
	[[ "$text" != no_new_privs* ]] || nnp=(setpriv --no-new-privs)
	run timeout 60 script -qefc "$(printf '%q ' "${nnp[@]}" "$OCIRUN" --root "$ROOT" "$@")" /dev/null </dev/null 3>&- 4>&-
	[ "$status" -eq 1 ] && [[ "$output" == *"hint: "*"$text"* ]] || say
}
user_config() { # a config.json written for root
	rm "$B/config.json"
	ocirun spec -b "$B"
	config '.process.terminal = false | .process.args = ["/bin/guest"] | .root.readonly = false'
}

@test "spec --rootless maps the caller and all subordinate ids, and runs at once" {
	run_guest
	seen '.pid == 1 and .uid == [0,0,0] and .gid == [0,0,0] and .hostname == "ocirun"'
	seen '[.uid_map[] | [scan("[0-9]+") | tonumber]] | .[0] == [0, $me, 1] and .[1][:2] == [1, $sub]' --argjson me "$ME" --argjson sub "$SUB"
	seen '[.uid_map[] | [scan("[0-9]+") | tonumber][2]] | add == $n + 1' --argjson n "$SUBS"
	seen '[.gid_map[] | [scan("[0-9]+") | tonumber]] | .[0] == [0, $me, 1] and .[1][:2] == [1, $sub]' --argjson me "$MYGID" --argjson sub "$SUBGID"
}

@test "spec --rootless: one id for who has no new privileges, and it runs" {
	command -v setpriv >/dev/null || skip "needs setpriv"
	rm "$B/config.json"
	setpriv --no-new-privs "$OCIRUN" spec --rootless -b "$B"
	equal "$(jq -c '[.linux.uidMappings[], .linux.gidMappings[]]' "$B/config.json")" \
		"[{\"containerID\":0,\"hostID\":$ME,\"size\":1},{\"containerID\":0,\"hostID\":$MYGID,\"size\":1}]"
	config '.process.terminal = false | .process.args = ["/bin/cat", "/proc/self/setgroups"]'
	run --separate-stderr setpriv --no-new-privs "$OCIRUN" --root "$ROOT" run -b "$B" "$ID" 3>&- 4>&-
	succeeded
	equal "$output" deny
}

@test "a config for root gets a user namespace, and the saved copy has it" {
	user_config
	run_guest
	seen '[.uid_map[] | [scan("[0-9]+") | tonumber]] | .[0] == [0, $me, 1] and .[1][:2] == [1, $sub]' --argjson me "$ME" --argjson sub "$SUB"
	args sleep 100
	create_it
	jq -e '[.linux.namespaces[].type] | index("user")' "$ROOT/$ID/config.json"
	ok start "$ID" # before, the process is not ours to look at
	equal "$(jq -c .linux.uidMappings "$ROOT/$ID/config.json")" \
		"$(jq -Rnc '[inputs | [scan("[0-9]+") | tonumber] | {containerID: .[0], hostID: .[1], size: .[2]}]' </proc/"$(cat "$T/pid")"/uid_map)"
	ok delete -f "$ID"
}

@test "--rootless=false: such a config is refused, and the error names the way out" {
	user_config
	refused "a user namespace is needed" --rootless=false run -b "$B" "$ID"
	[[ "$stderr" == *"spec --rootless"* ]] || say
}

@test "a user namespace without mappings gets those of the caller" {
	maps '[]' '[]'
	run_guest
	seen '[.uid_map[] | [scan("[0-9]+") | tonumber]] | .[0] == [0, $me, 1]' --argjson me "$ME"
	maps '[{containerID: 0, hostID: 5, size: 1}]' '[]'
	refused "/linux/gidMappings: a new user namespace needs at least one mapping" run -b "$B" "$ID"
}

@test "one mapped id needs no helper; setgroups is denied" {
	one_id
	script 'cat /proc/self/setgroups /proc/self/uid_map | tr -s " "'
	run_it
	succeeded
	equal "$output" "deny
 0 $ME 1"
}

@test "no id 0: the first mapped id is root's stand-in" {
	maps "[{containerID: 1000, hostID: $ME, size: 1}]" "[{containerID: 1000, hostID: $MYGID, size: 1}]"
	config '.process.user = {uid: 1000, gid: 1000}'
	run_guest
	seen '.uid == [1000,1000,1000] and .gid == [1000,1000,1000]'
	maps "[{containerID: 5, hostID: $SUB, size: 10}]" "[{containerID: 7, hostID: $SUBGID, size: 10}]"
	config '.process.user = {uid: 6, gid: 8, additionalGids: [9]}'
	run_guest
	seen '.uid == [6,6,6] and .gid == [8,8,8] and .groups == [9]'
	config '.process.user.uid = 0'
	refused "/process/user/uid: cannot set uid to unmapped user in user namespace: 0" run -b "$B" "$ID"
}

@test "ids that are not ours: newuidmap's words and a way out" {
	maps '[{containerID: 0, hostID: 0, size: 1}]' "[{containerID: 0, hostID: $MYGID, size: 1}]"
	refused "newuidmap: uid range" run -b "$B" "$ID"
	hinted "\`spec --rootless\`" run -b "$B" "$ID"
	one_id
	config '.linux.uidMappings[0].size = 2'
	hinted "no_new_privs is set" run -b "$B" "$ID"
}

@test "newuidmap is not looked for in PATH" {
	mkdir "$T/bin"
	for p in newuidmap newgidmap; do
		printf '#!/bin/sh\ntouch %s\n' "$T/ran" >"$T/bin/$p"
		chmod 755 "$T/bin/$p"
	done
	PATH=$T/bin:$PATH run_guest
	seen '[.uid_map[] | [scan("[0-9]+") | tonumber][2]] | add == $n + 1' --argjson n "$SUBS"
	[ ! -e "$T/ran" ]
}

@test "create, start, state, list, kill, delete" {
	args sleep 100
	create_it
	has_status created
	ok start "$ID"
	has_status running
	equal "$(awk '/^Uid:/ { print $2 }' "/proc/$(cat "$T/pid")/status")" "$ME"
	ok list
	printed "$NAME"
	ok kill "$ID" KILL
	wait_for 10 has_status stopped
	ok delete "$ID"
}

@test "mounts add and remove in a created container" {
	require newapi
	args grep -c ' /mnt ' /proc/self/mountinfo
	ocirun create -b "$B" "$ID" </dev/null >"$T/count" 2>&1 3>&- 4>&-
	echo '[{"destination": "/mnt", "type": "tmpfs", "source": "tmpfs"}, {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}]' >"$T/m.json"
	ok mounts add "$ID" "$T/m.json"
	oci exec "$ID" grep -c ' /tmp ' /proc/self/mountinfo
	equal "$output" 1
	echo '[{"destination": "/tmp"}]' >"$T/m.json"
	ok mounts remove "$ID" "$T/m.json"
	oci exec "$ID" grep -c ' /tmp ' /proc/self/mountinfo
	equal "$output" 0
	ok start "$ID"
	wait_for 10 has_status stopped
	equal "$(cat "$T/count")" 1
}

@test "a created container of subordinate ids alone is seen, killed and deleted" {
	maps "[{containerID: 0, hostID: $SUB, size: 10}]" "[{containerID: 0, hostID: $SUBGID, size: 10}]"
	chmod 755 "$B" "$R"
	args sleep 100
	create_it
	has_status created
	oci exec "$ID" cat /proc/self/uid_map
	succeeded
	equal "$(tr -s ' ' <<<"$output")" " 0 $SUB 10"
	ok start "$ID"
	has_status running
	equal "$(stat -c %u "/proc/$(cat "$T/pid")")" "$SUB"
	ok delete -f "$ID"
}

@test "exec: by the user into its container" {
	args sleep 100
	create_it
	ok start "$ID"
	oci exec "$ID" sh -c 'id -u; for n in user pid mnt; do readlink /proc/self/ns/$n; done'
	succeeded
	equal "${lines[0]}" 0
	local n i=1
	for n in user pid mnt; do
		equal "${lines[i]}" "$(readlink "/proc/$(cat "$T/pid")/ns/$n")"
		i=$((i + 1))
	done
	jq -n '{args: ["/bin/cat", "/proc/self/oom_score_adj"], cwd: "/", oomScoreAdj: 777}' >"$T/process.json"
	oci exec -p "$T/process.json" "$ID"
	succeeded
	equal "$output" 777
	oci exec "$ID" sh -c 'exit 7'
	exited 7
	oci exec "$ID" nosuch
	exited 255
	ok kill "$ID" KILL
	wait_for 10 has_status stopped
	ok delete "$ID"
}

@test "oomScoreAdj is raised" {
	config '.process.oomScoreAdj = 500'
	script 'cat /proc/self/oom_score_adj'
	run_it
	succeeded
	equal "$output" 500
}

# ---- mounts ------------------------------------------------------------------------------------

@test "/sys without a network namespace is the host's, read-only all the way down" {
	config '(.mounts[] | select(.destination == "/sys")) |= {destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"]}'
	config '.mounts |= map(select(.destination != "/sys/fs/cgroup"))'
	script 'grep " /sys" /proc/self/mountinfo; ls /sys/class/net; echo x 2>/dev/null >/sys/kernel/uevent_helper || echo denied'
	run_it
	succeeded
	printed "$(ls /sys/class/net)"
	printed denied
	[ "$(grep -c ' /sys' <<<"$output")" -ge 1 ]
	equal "$(grep ' /sys' <<<"$output" | awk '{ print $6 }' | grep -v '^ro,' || true)" ""
}

@test "/sys asked for writable stays as it is on the host" {
	config '(.mounts[] | select(.destination == "/sys")) |= {destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid"]}'
	script 'cat /proc/self/mountinfo'
	run_it
	succeeded
	[[ ",$(awk '$5 == "/sys" { print $6 }' <<<"$output")," == *,nosuid,* ]] || say
}

@test "/proc and /dev/mqueue of a shared namespace are the host's" {
	ns_del pid
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	script "readlink /proc/self/ns/pid; grep -c ' /proc ' /proc/self/mounts"
	run_it
	succeeded
	equal "$output" "$(readlink /proc/self/ns/pid)
1"
	ns_add pid
	ns_del ipc
	config '.mounts |= map(select(.destination != "/dev/shm"))'
	if [ "$(stat -f -c %t /dev/mqueue)" = 19800202 ]; then
		script 'stat -f -c %t /dev/mqueue'
		run_it
		succeeded
		equal "$output" 19800202
	else
		refused 'mounting "mqueue" on "/dev/mqueue"' run -b "$B" "$ID"
		hinted "without a new ipc namespace" run -b "$B" "$ID"
	fi
}

@test "devpts with a group that is not mapped: the hint says which option" {
	one_id
	config '(.mounts[] | select(.type == "devpts")).options += ["gid=5"]'
	refused 'mounting "devpts" on "/dev/pts" (/mounts/2)' run -b "$B" "$ID"
	hinted '"gid=5" must be an id that is mapped' run -b "$B" "$ID"
}

@test "a file system that users may not mount" {
	config '.mounts += [{destination: "/mnt", type: "ext4", source: "/dev/null"}]'
	refused 'mounting "ext4" on "/mnt" (/mounts/' run -b "$B" "$ID"
	hinted "few file systems may be mounted in a user namespace" run -b "$B" "$ID"
}

@test "id-mapped mounts are refused with the reason, bad maps with the row" {
	config '.mounts += [{destination: "/mnt", type: "bind", source: "/tmp", options: ["bind"], uidMappings: [{containerID: 0, hostID: 0, size: 1}], gidMappings: [{containerID: 0, hostID: 0, size: 1}]}]'
	refused "id-mapped mounts need privileges" run -b "$B" "$ID"
	config '.mounts[-1].gidMappings += [{containerID: 0, hostID: 5, size: 1}]'
	refused "/mounts/$(jq '.mounts | length - 1' "$B/config.json")/gidMappings/1: container ids overlap" run -b "$B" "$ID"
}

@test "device nodes are the host's, masks and read-only paths hold, the root is read-only" {
	config '.root.readonly = true'
	script 'for d in null zero full random urandom tty; do stat -c "%n %t:%T" /dev/$d; done
		grep -c " /dev/null " /proc/self/mounts
		touch /x 2>&1; (echo x >/proc/sys/kernel/domainname) 2>&1; wc -c </proc/timer_list'
	run_it
	succeeded
	equal "$output" "/dev/null 1:3
/dev/zero 1:5
/dev/full 1:7
/dev/random 1:8
/dev/urandom 1:9
/dev/tty 5:0
1
touch: /x: Read-only file system
/bin/sh: can't create /proc/sys/kernel/domainname: Read-only file system
0"
}

@test "a root file system in a private folder" {
	chmod 700 "$B"
	run_guest
	seen '.uid == [0,0,0]'
	maps "[{containerID: 0, hostID: $SUB, size: 10}]" "[{containerID: 0, hostID: $SUBGID, size: 10}]"
	refused "opening the root filesystem \"$R\": permission denied" run -b "$B" "$ID"
	hinted "pass the folders above" run -b "$B" "$ID"
}

@test "a terminal" {
	config '.process.terminal = true | (.mounts[] | select(.type == "devpts")).options += ["gid=5"]'
	script 'test -t 0 && stat -c "%t %u %g" /dev/console; tty'
	run timeout 60 script -qefc "$OCIRUN --root $ROOT run -b $B $ID" /dev/null </dev/null 3>&- 4>&-
	succeeded
	printed "88 0 5"
	printed /dev/pts/0
}

# ---- groups and limits -----------------------------------------------------------------------------

@test "additional groups: with a helper they are set, without they are an error" {
	config '.process.user.additionalGids = [5, 0]'
	run_guest
	seen '.groups == [0, 5]'
	one_id
	config '.process.user.additionalGids = [0]'
	refused "/process/user/additionalGids: cannot set any additional groups in a rootless container" run -b "$B" "$ID"
	config '.process.user.additionalGids = [5]'
	refused "/process/user/additionalGids/0: gid 5 is not mapped" run -b "$B" "$ID"
}

# ---- the state directory -------------------------------------------------------------------------

# ocirun without --root, with another environment.
bare() { # VAR=VALUE... -- ARGS
	local vars=()
	while [ "$1" != -- ]; do vars+=("$1"); shift; done
	shift
	run --separate-stderr timeout 60 env -u XDG_RUNTIME_DIR "${vars[@]}" "$OCIRUN" "$@" 3>&- 4>&-
}

@test "the state is in XDG_RUNTIME_DIR: made 0700 and sticky" {
	args sleep 100
	XDG_RUNTIME_DIR=$T/run "$OCIRUN" create -b "$B" "$ID" </dev/null >"$T/out" 2>&1 3>&- 4>&-
	equal "$(stat -c %a:%u "$T/run/ocirun")" "1700:$ME"
	[ -d "$T/run/ocirun/$ID" ]
	bare XDG_RUNTIME_DIR="$T/run" -- list -q
	equal "$output" "$ID"
	bare XDG_RUNTIME_DIR="$T/run" -- delete -f "$ID"
	succeeded
	chmod 777 "$T/run/ocirun"
	bare XDG_RUNTIME_DIR="$T/run" -- list
	failed_with "can be written by others"
}

@test "an XDG_RUNTIME_DIR of somebody else, or open to others, is refused" {
	bare XDG_RUNTIME_DIR=/var -- run -b "$B" "$ID"
	exited 1
	[[ "$stderr" == *'XDG_RUNTIME_DIR \"/var\" belongs to uid '* ]]
	mkdir "$T/open"
	chmod 777 "$T/open"
	bare XDG_RUNTIME_DIR="$T/open" -- run -b "$B" "$ID"
	exited 1
	[[ "$stderr" == *"can be written by others (mode 777)"* ]]
	equal "$(ls -A "$T/open")" ""
}

@test "without a usable XDG_RUNTIME_DIR root's directory is tried, and the hint says what to do" {
	local dir
	for dir in "" run; do
		bare XDG_RUNTIME_DIR="$dir" -- run -b "$B" "$ID"
		exited 1
		[[ "$stderr" == *"the state directory"*"/run/ocirun"* ]] || say
	done
	run timeout 60 script -qefc "env -u XDG_RUNTIME_DIR $OCIRUN run -b $B $ID" /dev/null </dev/null 3>&- 4>&-
	printed "hint: XDG_RUNTIME_DIR is not set"
}

@test "a relative --root" {
	args /bin/id -u
	cd "$T"
	run --separate-stderr "$OCIRUN" --root relative run -b "$B" "$ID" 3>&- 4>&-
	succeeded
	equal "$output" 0
	equal "$(stat -c %a "$T/relative")" 700
	run --separate-stderr "$OCIRUN" --root / list 3>&- 4>&-
	failed_with '"/" cannot be the state directory'
}

# ---- cgroups -------------------------------------------------------------------------------------

mine() { echo "$(cgroup_root)$(sed -n 's/^0:://p' /proc/self/cgroup)"; } # the cgroup we are in
delegated() { # the one above it, when that is ours
	[ -w "$(dirname "$(mine)")/cgroup.procs" ] && dirname "$(mine)"
}

@test "a delegated cgroup: the container's is made beside ours, belongs to the user and goes" {
	delegated >/dev/null || skip "needs a delegated cgroup"
	local cg
	cg=$(delegated)/$ID
	args sleep 100
	create_it
	equal "$(cat "$cg/cgroup.procs")" "$(cat "$T/pid")"
	equal "$(stat -c %u "$cg/cgroup.procs")" "$ME"
	ok start "$ID"
	ok delete -f "$ID"
	[ ! -e "$cg" ]
	config '.linux.cgroupsPath = "sub/\($id)"' --arg id "$ID"
	create_it
	[ -n "$(cat "$(delegated)/sub/$ID/cgroup.procs")" ]
	ok delete -f "$ID"
	[ ! -e "$(delegated)/sub" ]
}

@test "a delegated cgroup: limits are set where the controller was passed on" {
	delegated >/dev/null || skip "needs a delegated cgroup"
	args sleep 100
	if grep -qw pids "$(delegated)/cgroup.controllers"; then
		config '.linux.resources = {pids: {limit: 7}, memory: {limit: 67108864}}'
		create_it
		equal "$(cat "$(delegated)/$ID/pids.max") $(cat "$(delegated)/$ID/memory.max")" "7 67108864"
		ok delete -f "$ID"
	else
		config '.linux.resources = {pids: {limit: 7}}'
		refused 'setting /linux/resources/pids/limit: container could not join or create cgroup: controller "pids" not available' run -b "$B" "$ID"
	fi
	if grep -qw hugetlb "$(delegated)/cgroup.controllers"; then
		config '.linux.resources = {hugepageLimits: [{pageSize: "2MB", limit: 2097152}]}'
		create_it
		equal "$(cat "$(delegated)/$ID/hugetlb.2MB.max")" 2097152
		ok delete -f "$ID"
	fi
}

@test "a delegated cgroup: the container manages its own when that is mounted writable" {
	delegated >/dev/null || skip "needs a delegated cgroup"
	ns_add cgroup
	config '.linux.namespaces |= unique | (.mounts[] | select(.type == "cgroup")).options = ["nosuid", "noexec", "nodev", "rw"]'
	script 'mkdir /sys/fs/cgroup/sub && echo $$ >/sys/fs/cgroup/sub/cgroup.procs && tail -1 /proc/self/cgroup'
	run_it
	succeeded
	equal "$output" "0::/sub"
	# another id than the caller's gets no ownership: that is no error
	config '.process.user = {uid: 1, gid: 1}'
	script 'mkdir /sys/fs/cgroup/sub 2>/dev/null || echo denied'
	run_it
	succeeded
	equal "$output" denied
}

# In a cgroup whose parent is not ours to write.
without_delegation() { # COMMAND...
	if delegated >/dev/null; then
		chmod a-w "$(delegated)"
		"$@" && local r=0 || local r=$?
		chmod u+w "$(delegated)"
		return $r
	fi
	"$@"
}

@test "no permission for cgroups: skipped when nothing needs one, else an error with the way out" {
	script 'sed -n s/^0:://p /proc/self/cgroup'
	ns_del cgroup
	without_delegation run_it
	succeeded
	equal "$output" "$(sed -n 's/^0:://p' /proc/self/cgroup)"
	equal "$stderr" ""
	config '.linux.cgroupsPath = "wanted"'
	without_delegation refused "rootless needs no limits + no cgrouppath when no permission is granted for cgroups" run -b "$B" "$ID"
	without_delegation hinted "systemd-run --user --scope -p Delegate=yes" run -b "$B" "$ID"
	config 'del(.linux.cgroupsPath) | .linux.resources = {pids: {limit: 7}}'
	without_delegation refused "rootless needs no limits + no cgrouppath" run -b "$B" "$ID"
}

@test "without a cgroup: kill works on init, what needs a cgroup says so" {
	args sleep 100
	without_delegation create_it
	equal "$(jq -r .cgroup_path "$ROOT/$ID/state.json")" null
	ok start "$ID"
	oci pause "$ID"
	failed_with cgroup
	oci ps "$ID"
	failed_with cgroup
	ok kill --all "$ID" KILL
	wait_for 10 has_status stopped
	ok delete "$ID"
}

# ---- in a user namespace, as its root ------------------------------------------------------------

@test "root of a user namespace with a few ids: runs, maps what it has, and names what it has not" {
	require command unshare
	unshare -Urm --map-auto true 2>/dev/null || skip "needs unshare --map-auto"
	inside() { run --separate-stderr timeout 60 unshare -Urm --map-auto env USER=me "$OCIRUN" --root "$ROOT" "$@" </dev/null 3>&- 4>&-; }
	rm "$B/config.json"
	inside spec --rootless -b "$B"
	succeeded
	equal "$(jq -c '.linux.uidMappings[0]' "$B/config.json")" '{"containerID":0,"hostID":0,"size":1}'
	[ "$(jq '[.linux.uidMappings[].size] | add' "$B/config.json")" -gt 1 ]
	config '.process.terminal = false | .root.readonly = false | .process.user = {uid: 1, gid: 1}'
	args /bin/id -u
	inside run -b "$B" "$ID"
	succeeded
	equal "$output" 1
	config '.linux.uidMappings += [{containerID: 3000000, hostID: 3000000, size: 1}]'
	inside run -b "$B" "$ID"
	failed_with "/linux/uidMappings/$(jq '.linux.uidMappings | length - 1' "$B/config.json"): host ids 3000000 + 1 are not all mapped"
	# and without a user namespace of the container's own
	config '.linux.namespaces |= map(select(.type != "user")) | .linux.uidMappings = [] | .linux.gidMappings = []'
	inside run -b "$B" "$ID"
	succeeded
	equal "$output" 1
}

# What the first process did about its own program.
runs_itself() { # PROGRAM
	strace -qq -o "$T/trace" -e trace=memfd_create,execveat,fcntl "$1" --root "$ROOT" run -b "$B" "$ID" \
		</dev/null >"$T/out" 2>"$T/err" 3>&- 4>&- || say
}
@test "a program of root is run where it is; one that the user could change is copied and sealed first" {
	require command strace
	[ "$(stat -c %u "$OCIRUN")" -eq 0 ] || skip "needs a program of root"
	runs_itself "$OCIRUN"
	not grep -Eq 'memfd_create|execveat' "$T/trace"
	cp "$OCIRUN" "$T/mine"
	runs_itself "$T/mine"
	grep -q 'F_ADD_SEALS, F_SEAL_SEAL|F_SEAL_SHRINK|F_SEAL_GROW|F_SEAL_WRITE.* = 0$' "$T/trace"
	grep -q '^execveat.* = 0$' "$T/trace"
}
