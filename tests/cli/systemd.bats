#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The systemd cgroup manager: the scope, its properties, what outlives daemon-reload, and its end.
load helpers

prepare() {
	[ -d /run/systemd/system ] || return 0
	export OCIRUN_LIBEXEC=${OCIRUN_LIBEXEC:-$(dirname "$OCIRUN")}
	UNIT=test-$ID.scope CG=/sys/fs/cgroup/machine.slice/$UNIT
	config '.process.args = ["/bin/sleep", "1000"] | .linux.cgroupsPath = $p' --arg p "machine.slice:test:$ID"
}
property() { systemctl show "$UNIT" -P "$1"; }
scope() { ocirun --systemd-cgroup create -b "$B" "$ID" </dev/null >"$T/out" 2>"$T/err" 3>&- 4>&-; }

@test "the container lives in a delegated scope with its limits, and delete takes the unit away" {
	require systemd
	config '.linux.resources = {memory: {limit: 67108864, swap: 67108864}, pids: {limit: 50}} |
		.annotations = {"org.systemd.property.TimeoutStopSec": "uint64 7"}'
	scope
	equal "$(cat /proc/"$(state_of pid)"/cgroup)" "0::/machine.slice/$UNIT"
	equal "$(property Delegate)" yes
	equal "$(property MemoryMax)" 67108864
	equal "$(property MemorySwapMax)" 0
	equal "$(property TasksMax)" 50
	equal "$(property TimeoutStopUSec)" 7s
	ok start "$ID"
	ok update --pids-limit 40 "$ID"
	systemctl daemon-reload
	equal "$(property TasksMax)" 40
	equal "$(cat "$CG/pids.max")" 40
	equal "$(cat "$CG/memory.swap.max")" 0
	ok exec "$ID" cat /proc/self/cgroup
	printed "0::/machine.slice/$UNIT"
	ok delete -f "$ID"
	equal "$(property LoadState)" not-found
	[ ! -e "$CG" ]
}

@test "a failed create leaves no unit" {
	require systemd
	args /nonexistent
	run scope
	[ "$status" -ne 0 ]
	equal "$(property LoadState)" not-found
	[ ! -e "$ROOT/$ID" ]
}

@test "a wrong path is refused by its name" {
	require systemd
	config '.linux.cgroupsPath = "/a/b"'
	refused "/linux/cgroupsPath: expected cgroupsPath to be of format \"slice:prefix:name\"" \
		--systemd-cgroup create -b "$B" "$ID"
}
