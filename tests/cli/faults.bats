# Faults from outside: the runtime is killed at, or refused, one system call at a time. Whatever
# happens, `delete -f` succeeds twice and afterwards nothing is left; and the next create works.
load helpers

# Run create under strace with one injection; $status is create's. -b execve: the children of the
# container's process are not our business.
inject() { # EXPRESSION
	status=0
	timeout -k 5 30 strace -qq -o /dev/null -e trace="${1%%:*}" -e inject="$1" \
		"$OCIRUN" --root "$ROOT" create -b "$B" "$ID" </dev/null >"$T/out" 2>"$T/err" 3>&- 4>&- || status=$?
}
cleaned() {
	ok delete -f "$ID"
	ok delete -f "$ID"
	leftovers
}
prepare() {
	require command strace
	args sleep 100
}

# The command under strace, its first process only; $T/trace has what it did about its own binary.
watch_seal() { # STRACE-OPTION... -- COMMAND ARGS...
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	status=0
	timeout -k 5 30 strace -qq -o "$T/trace" "${options[@]}" \
		-e trace=arch_prctl,execveat,memfd_create,open_tree,mount_setattr,fcntl \
		"$OCIRUN" --root "$ROOT" --log-level error "$@" </dev/null >"$T/out" 2>"$T/err" 3>&- 4>&- || status=$?
}
# Where the static program has its own entry, the first life ends before the C library set up its
# thread pointer (arch_prctl); a dynamic one has the loader first, and is protected all the same.
continued_elsewhere() {
	local before
	equal "$(grep -c '^execveat.*AT_EMPTY_PATH) = 0$' "$T/trace")" 1
	before=$(sed '/^execveat.* = 0$/,$d' "$T/trace")
	if readelf -hlW "$OCIRUN" | grep -Eq 'X86-64' && ! readelf -lW "$OCIRUN" | grep -q INTERP; then
		not grep -q ARCH_SET_FS <<<"$before"
	else
		grep -q ARCH_SET_FS <<<"$before"
	fi
	echo "$before" >"$T/first-life"
}
on_a_mount() {
	continued_elsewhere
	grep -q 'mount_setattr(.*attr_set=MOUNT_ATTR_RDONLY.* = 0$' "$T/first-life"
	not grep -q memfd_create "$T/first-life"
}
on_a_copy() {
	continued_elsewhere
	grep -q 'F_ADD_SEALS, F_SEAL_SEAL|F_SEAL_SHRINK|F_SEAL_GROW|F_SEAL_WRITE.* = 0$' "$T/first-life"
}
# A user who may not mount gets the copy, unless the program is root's.
protected_before_libc() {
	if [ "$(id -u)" -eq 0 ] && may_mount_detached; then
		on_a_mount
	elif [ "$(id -u)" -ne 0 ] && [ "$(stat -c %u "$OCIRUN")" -eq 0 ]; then
		not grep -Eq 'memfd_create|execveat' "$T/trace"
	else
		on_a_copy
	fi
}
may_mount_detached() {
	strace -qq -o "$T/probe" -e trace=open_tree,mount_setattr "$OCIRUN" --root "$ROOT" mounts list none \
		>/dev/null 2>&1 || true
	grep -q 'mount_setattr.* = 0$' "$T/probe"
}

@test "commands that enter a container are out of its reach before the C library starts" {
	require command strace
	script 'exit 0'
	watch_seal -- run -b "$B" "$ID"
	equal "$status" 0
	protected_before_libc
	args sleep 100
	watch_seal -- create -b "$B" "$ID"
	has_status created
	protected_before_libc
	ok start "$ID"
	watch_seal -- exec "$ID" true
	equal "$status" 0
	protected_before_libc
	watch_seal -- mounts add "$ID" "$B/config.json:/seen:ro"
	protected_before_libc
}

@test "commands that stay outside do not pay for that" {
	require command strace
	args sleep 100
	create_it
	local command
	for command in "state $ID" "start $ID" list "ps $ID" "kill $ID KILL" "delete -f $ID" features; do
		# shellcheck disable=SC2086
		watch_seal -- $command
		equal "$status" 0
		not grep -Eq 'memfd_create|execveat' "$T/trace"
		grep -q ARCH_SET_FS "$T/trace"
	done
}

@test "a sealed copy where the read-only mount is refused" {
	require command strace
	script 'exit 7'
	local no
	for no in open_tree:error=ENOSYS open_tree:error=EPERM mount_setattr:error=EINVAL; do
		watch_seal -e inject="$no:when=1" -- run -b "$B" "$ID"
		equal "$status" 7
		on_a_copy
	done
}

# One that gives no right to write: a user with CAP_SETUID, say, could start a container as root.
@test "an ordinary user with a capability gets the copy" {
	require command strace
	require command setpriv
	[ "$(stat -c %u "$OCIRUN")" -eq 0 ] || skip "needs a program of root"
	status=0
	strace -qq -o "$T/trace" -e trace=memfd_create,execveat,fcntl \
		setpriv --reuid 1000 --clear-groups --inh-caps +dac_read_search --ambient-caps +dac_read_search \
		"$OCIRUN" --root "$ROOT" exec none true </dev/null >"$T/out" 2>"$T/err" 3>&- 4>&- || status=$?
	grep -q 'F_ADD_SEALS, F_SEAL_SEAL|F_SEAL_SHRINK|F_SEAL_GROW|F_SEAL_WRITE.* = 0$' "$T/trace"
	grep -q '^execveat.* = 0$' "$T/trace"
}

@test "no sealed copy where memory files may not be programs: the mount does" {
	[ -e /proc/sys/vm/memfd_noexec ] || skip "Linux 6.3 has vm.memfd_noexec"
	script 'exit 7'
	status=0
	timeout 30 unshare --pid --fork --kill-child --mount --mount-proc sh -c '
		echo 2 >/proc/sys/vm/memfd_noexec && exec "$@"' sh "$OCIRUN" --root "$ROOT" run -b "$B" "$ID" \
		</dev/null >"$T/out" 2>"$T/err" 3>&- 4>&- || status=$?
	equal "$status" 7
}

@test "neither mount nor copy: refused" {
	require command strace
	[ -e /proc/sys/vm/memfd_noexec ] || skip "Linux 6.3 has vm.memfd_noexec"
	script 'exit 7'
	status=0
	# twice: before the C library has started, and after
	timeout 30 unshare --pid --fork --kill-child --mount --mount-proc sh -c '
		echo 2 >/proc/sys/vm/memfd_noexec && exec "$@"' sh \
		strace -qq -o "$T/trace" -e trace=open_tree -e inject=open_tree:error=ENOSYS:when=1..2 \
		"$OCIRUN" --root "$ROOT" run -b "$B" "$ID" </dev/null >"$T/out" 2>"$T/err" 3>&- 4>&- || status=$?
	equal "$status" 1
	grep -q 'protect our binary from the container with a sealed copy: permission denied' "$T/err"
	leftovers
}

@test "create killed at each of its steps" {
	local call when fired=0
	for call in clone3 mkdirat renameat openat socketpair sendmsg recvmsg sendto recvfrom write close mmap flock; do
		for when in 1 2 3 5 8 13; do
			inject "$call:signal=SIGKILL:when=$when"
			[ "$status" -eq 0 ] || fired=$((fired + 1))
			cleaned || { echo "killed at $call #$when"; return 1; }
		done
	done

	[ "$fired" -ge 20 ]
	create_it
	has_status created
}

@test "a create that was killed: of the way to its cgroup goes what it made" {
	local top when call fired=0 missed=0
	top=$(cgroup_root)/$ID-top
	config '.linux.cgroupsPath = $p' --arg p "/$ID-top/mid/deep/leaf"
	for call in mkdirat openat clone3 sendmsg recvmsg close; do
		for when in 1 2 3 5 8 13; do
			inject "$call:signal=SIGKILL:when=$when"
			[ "$status" -eq 0 ] || fired=$((fired + 1))
			[ ! -d "$top" ] || missed=$((missed + 1))
			cleaned || { echo "killed at $call #$when"; return 1; }
		done
	done
	[ "$fired" -ge 20 ] && [ "$missed" -ge 5 ]
	# Others' stay, empty or not, and what they have put into ours.
	mkdir "$top"
	inject clone3:signal=SIGKILL:when=2
	[ -d "$top/mid/deep/leaf" ]
	mkdir "$top/mid/theirs"
	ok delete -f "$ID"
	local stay
	stay=$(cd "$top" && find . -mindepth 1 -type d)
	find "$top" -depth -type d -exec rmdir {} +
	equal "$(sort <<<"$stay")" "$(printf './mid\n./mid/theirs')"
	# Theirs are also those that come into being while we look.
	timeout -k 5 30 strace -qq -o /dev/null -e trace=mkdirat,clone3 \
		-e inject=mkdirat:delay_enter=400000 -e inject=clone3:signal=SIGKILL:when=2 \
		"$OCIRUN" --root "$ROOT" create -b "$B" "$ID" </dev/null >"$T/out" 2>"$T/err" 3>&- 4>&- &
	wait_for 5 test -s "$ROOT/$ID/state.json"
	jq -e --arg t "$top" '.cgroup_made == $t' "$ROOT/$ID/state.json"
	mkdir -p "$top/mid"
	wait $! || true
	[ -d "$top/mid/deep/leaf" ]
	ok delete -f "$ID"
	stay=$(cd "$top" && find . -mindepth 1 -type d)
	find "$top" -depth -type d -exec rmdir {} +
	equal "$stay" ./mid
}

@test "the way to the cgroup of a container that ran stays" {
	local top
	top=$(cgroup_root)/$ID-top
	config '.linux.cgroupsPath = $p' --arg p "/$ID-top/mid/leaf"
	create_it
	ok start "$ID"
	ok delete -f "$ID"
	rmdir "$top/mid" "$top"
	create_it
	ok delete "$ID"
	[ ! -e "$top" ]
}

# A container with processes that only its cgroup knows, and a hook that counts.
running_with_hook() {
	rm -f "$T/hook"
	create_it
	ok start "$ID"
}
delete_under() { # STRACE OPTIONS...
	status=0
	timeout -k 5 30 strace -qq "$@" "$OCIRUN" --root "$ROOT" delete -f "$ID" </dev/null >"$T/out" 2>"$T/err" 3>&- 4>&- || status=$?
}
@test "delete killed at each of its steps: another delete finishes it" {
	# Nothing else changes anything; being killed at a call is being killed after the one before.
	local calls=unlinkat,rmdir,unlink,pidfd_send_signal,kill,write,renameat,flock,wait4,waitid,clone,clone3,vfork,exit_group
	local call n when fired=0 plain=0
	ns_del pid
	config '.linux.cgroupsPath = $p' --arg p "/$ID-top/leaf"
	config '.hooks.poststop = [{path: "/bin/sh", args: ["sh", "-c", $s]}]' --arg s "echo x >>$T/hook"
	script 'sleep 100 & sleep 100'
	mkdir "$(cgroup_root)/$ID-top"
	running_with_hook
	delete_under -o "$T/trace" -e trace="$calls"
	equal "$status" 0
	for call in $(grep -o '^[a-z0-9_]*(' "$T/trace" | tr -d '(' | sort -u); do
		n=$(grep -c "^$call(" "$T/trace")
		for ((when = 1; when <= n; when++)); do
			running_with_hook
			delete_under -o /dev/null -e trace="$call" -e inject="$call:signal=SIGKILL:when=$when"
			[ "$status" -eq 0 ] || fired=$((fired + 1))
			# Without --force, if the container was stopped as yet.
			oci delete "$ID"
			if [ "$status" -eq 0 ]; then
				plain=$((plain + 1))
			else
				[[ $stderr == *"does not exist"* || $stderr == *"that is not stopped"* ]] || { echo "$call $when: $stderr"; return 1; }
			fi
			ok delete -f "$ID"
			[ -s "$T/hook" ] || { echo "$call $when: no hook ran"; return 1; }
			[ -z "$(find "$(cgroup_root)/$ID-top" -mindepth 1 -type d)" ] || { echo "$call $when: a cgroup"; return 1; }
			[ -z "$(ls "$ROOT")" ] || { echo "$call $when: $(find "$ROOT")"; return 1; }
		done
	done
	rmdir "$(cgroup_root)/$ID-top"
	[ "$fired" -ge 12 ] && [ "$plain" -ge 6 ]
}

@test "create refused at each of its steps: one error, nothing left, no delete needed" {
	local rule fired=0
	for rule in clone3:error=EAGAIN mkdirat:error=ENOSPC renameat:error=EIO socketpair:error=EMFILE \
		openat:error=EMFILE:when=12 openat:error=ENOENT:when=14 openat:error=EACCES:when=16 flock:error=EINTR \
		prlimit64:error=EPERM:when=2 epoll_create1:error=EMFILE sendmsg:error=EIO recvmsg:error=EIO; do
		inject "$rule"
		if [ "$status" -ne 0 ]; then
			fired=$((fired + 1))
			[ "$status" -eq 1 ] && [ -s "$T/err" ] || { echo "$rule: status $status: $(cat "$T/err")"; return 1; }
			leftovers || { echo "after $rule: $(cat "$T/err")"; return 1; }
		fi
		cleaned
	done

	[ "$fired" -ge 4 ]
}

@test "a state root without space" {
	mkdir "$ROOT"
	mount -t tmpfs -o size=4k,nr_inodes=3 tmpfs "$ROOT"
	oci create -b "$B" "$ID"
	local was=$status
	umount "$ROOT"
	rmdir "$ROOT"
	equal "$was" 1
	leftovers
}

@test "few descriptors: it works or says why" {
	local n
	for n in 4 8 12 16 24 32; do
		status=0
		(ulimit -n "$n"; exec "$OCIRUN" --root "$ROOT" create -b "$B" "$ID") </dev/null >"$T/out" 2>"$T/err" 3>&- 4>&- || status=$?
		[ "$status" -eq 0 ] || { [ "$status" -eq 1 ] && [ -s "$T/err" ]; } || { echo "$n: status $status: $(cat "$T/err")"; return 1; }
		cleaned
	done
}

@test "standard streams closed, in all combinations" {
	args true
	local in out err
	for in in '' '<&-'; do
		for out in '' '>&-'; do
			for err in '' '2>&-'; do
				eval "\"\$OCIRUN\" --root \"\$ROOT\" run -b \"\$B\" \"\$ID\" $in $out $err 3>&- 4>&-"
			done
		done
	done
}

@test "init killed by somebody while it is created" {
	config '.hooks = {createRuntime: [{path: "/bin/sh", args: ["sh", "-c", $s]}]}' --arg s 'kill -KILL $(sed "s/.*\"pid\": *\([0-9]*\).*/\1/")'
	local start=$SECONDS
	refused killed create -b "$B" "$ID"
	[ $((SECONDS - start)) -lt 10 ]
	leftovers
}

@test "a payload that prints much while the reader is slow loses nothing" {
	script 'head -c 5000000 /dev/zero'
	local n=$("$OCIRUN" --root "$ROOT" run -b "$B" "$ID" 3>&- 4>&- | (sleep 1; wc -c))
	equal "$n" 5000000
}
