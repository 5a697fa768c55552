#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The systemd cgroup manager of an unprivileged user: the user's bus, scopes of the user's manager, and
# exec from a cgroup that shares no parent of the user's with the container.
load helpers

prepare() {
	require session
	export OCIRUN_LIBEXEC=${OCIRUN_LIBEXEC:-$(dirname "$OCIRUN")}
	UNIT=test-$ID.scope
	MANAGED=/user.slice/user-$(id -u).slice/user@$(id -u).service
	CG=/sys/fs/cgroup$MANAGED/user.slice/$UNIT
	rm "$B/config.json"
	ocirun spec --rootless -b "$B"
	config '.process.terminal = false | .process.args = ["/bin/sleep", "1000"] | .root.readonly = false |
		.linux.cgroupsPath = "user.slice:test:" + $id' --arg id "$ID"
}
property() { systemctl --user show "$UNIT" -P "$1"; }
scope() { ocirun --systemd-cgroup create -b "$B" "$ID" </dev/null >"$T/out" 2>"$T/err" 3>&- 4>&- || { cat "$T/err"; return 1; }; }

@test "the scope is one of the user's manager, with its limits, and goes with delete" {
	config '.linux.resources = {memory: {limit: 67108864}, pids: {limit: 50}}'
	scope
	equal "$(cat /proc/"$(state_of pid)"/cgroup)" "0::${CG#/sys/fs/cgroup}"
	equal "$(property Delegate)" yes
	equal "$(property MemoryMax)" 67108864
	equal "$(cat "$CG/memory.max") $(cat "$CG/pids.max")" "67108864 50"
	ok start "$ID"
	ok update --pids-limit 40 "$ID"
	systemctl --user daemon-reload
	equal "$(property TasksMax)" 40
	equal "$(cat "$CG/memory.max") $(cat "$CG/pids.max")" "67108864 40"
	ok pause "$ID"
	equal "$(state_of status)" paused
	ok resume "$ID"
	ok delete -f "$ID"
	equal "$(property LoadState)" not-found
	[ ! -e "$CG" ]
}

@test "exec's process is in the scope, wherever the caller is" {
	scope
	ok start "$ID"
	# the names in there are seen from outside
	ocirun exec "$ID" sleep 1000 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	STARTED+=($!)
	wait_for 10 eval '[ "$(wc -l <"$CG/cgroup.procs")" -eq 2 ]'
	ok exec "$ID" sh -c 'echo inside'
	equal "$output" inside
	oci exec "$ID" sh -c 'exit 42'
	exited 42
	ok delete -f "$ID"
}

@test "exec's process is in the subgroup of the scope, too" {
	config '.annotations = {"run.oci.systemd.subgroup": "inner"}'
	scope
	equal "$(cat /proc/"$(state_of pid)"/cgroup)" "0::${CG#/sys/fs/cgroup}/inner"
	ok start "$ID"
	ocirun exec "$ID" sleep 1000 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	STARTED+=($!)
	wait_for 10 eval '[ "$(wc -l <"$CG/inner/cgroup.procs")" -eq 2 ]'
	ok delete -f "$ID"
	[ ! -e "$CG" ]
}

@test "the root of a user namespace uses the bus of the user that it is outside" {
	config '.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] | .linux.gidMappings = .linux.uidMappings'
	local inside=(unshare -U -r "$OCIRUN" --root "$ROOT")
	timeout 200 "${inside[@]}" --systemd-cgroup create -b "$B" "$ID" </dev/null >"$T/out" 2>"$T/err" 3>&- 4>&- ||
		{ cat "$T/err"; return 1; }
	equal "$(cat /proc/"$(state_of pid)"/cgroup)" "0::${CG#/sys/fs/cgroup}"
	equal "$(property ActiveState)" active
	run --separate-stderr apart "${inside[@]}" delete -f "$ID"
	succeeded
	equal "$(property LoadState)" not-found
}

@test "without a bus: an error that names what is missing" {
	unset DBUS_SESSION_BUS_ADDRESS
	local XDG_RUNTIME_DIR=
	refused "neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set" --systemd-cgroup create -b "$B" "$ID"
	[ ! -e "$ROOT/$ID" ]
}

@test "a bus that does not speak: an error within the time" {
	systemd-socket-activate -l "$T/stuck" sleep 1000 >/dev/null 2>&1 3>&- 4>&- &
	STARTED+=($!)
	wait_for 5 test -S "$T/stuck"
	local start=$SECONDS
	export OCIRUN_SYSTEMD_TIMEOUT=2
	DBUS_SESSION_BUS_ADDRESS=unix:path=$T/stuck refused "no answer within 2 seconds" --systemd-cgroup create -b "$B" "$ID"
	[ $((SECONDS - start)) -lt 20 ]
	[ ! -e "$ROOT/$ID" ]
}
