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

@test "limits are the unit's, too: a daemon-reload undoes none of them" {
	require systemd
	config '.linux.resources = {cpu: {shares: 2048, quota: 50000, period: 100000, cpus: "0"}, pids: {limit: 50},
		memory: {limit: 67108864, reservation: 33554432, swap: 100663296}, unified: {"memory.high": "60000000"}}'
	scope
	local before=$(grep -H . "$CG"/{cpu.weight,cpu.max,cpuset.cpus,pids.max,memory.max,memory.low,memory.high,memory.swap.max})
	printf '%s\n' "$before"
	[[ "$before" == *"cpu.max:50000 100000"* && "$before" == *"cpuset.cpus:0"* && "$before" == *"memory.low:33554432"* ]]
	systemctl daemon-reload
	# setting one property makes systemd write all of them
	systemctl set-property --runtime "$UNIT" TasksMax=49
	equal "$(grep -H . "$CG"/{cpu.weight,cpu.max,cpuset.cpus,pids.max,memory.max,memory.low,memory.high,memory.swap.max})" \
		"${before/pids.max:50/pids.max:49}"
	ok delete -f "$ID"
}

@test "the device program outlives a daemon-reload, and an update of it is exact" {
	require systemd
	# /dev/loop-control, which nobody needs
	config '.linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 237, access: "r"}]'
	all_caps
	scope
	ok start "$ID"
	systemctl daemon-reload
	systemctl set-property --runtime "$UNIT" TasksMax=49
	ok exec "$ID" sh -c 'mknod /dev/lc c 10 237 && head -c 0 /dev/lc && echo reads; true >/dev/lc || echo refused'
	equal "$output" $'reads\nrefused'
	[[ "$stderr" == *"not permitted"* ]] || say
	ok delete -f "$ID"
}

@test "a failed unit of the same name that is left over gives way" {
	require systemd
	systemd-run --quiet --scope --unit="$UNIT" --slice=machine.slice -p RuntimeMaxSec=1 sleep 1000 >/dev/null 2>&1 3>&- 4>&- || true
	wait_for 5 eval '[ "$(property ActiveState)" = failed ]'
	scope
	equal "$(property ActiveState)" active
	equal "$(cat /proc/"$(state_of pid)"/cgroup)" "0::/machine.slice/$UNIT"
	ok delete -f "$ID"
	equal "$(property LoadState)" not-found
}

@test "a unit of the same name with processes in it is somebody's: refused, and left alone" {
	require systemd
	systemd-run --quiet --scope --unit="$UNIT" --slice=machine.slice sleep 1000 >/dev/null 2>&1 3>&- 4>&- &
	wait_for 5 eval '[ "$(property ActiveState)" = active ]'
	local pid=$(cat "$CG/cgroup.procs")
	refused "unit \"$UNIT\" exists already and has processes in it" --systemd-cgroup create -b "$B" "$ID"
	kill -0 "$pid"
	[ ! -e "$ROOT/$ID" ]
	kill "$pid"
	wait_for 5 eval '[ "$(property LoadState)" = not-found ]'
}

@test "a bus that does not speak: an error within the time, and nothing stays" {
	require systemd
	systemd-socket-activate -l "$T/stuck" sleep 1000 >/dev/null 2>&1 3>&- 4>&- &
	STARTED+=($!)
	wait_for 5 test -S "$T/stuck"
	local start=$SECONDS
	export OCIRUN_SYSTEMD_TIMEOUT=2
	DBUS_SYSTEM_BUS_ADDRESS=unix:path=$T/stuck refused "no answer within 2 seconds: connect to the bus at \"unix:path=$T/stuck\"" \
		--systemd-cgroup create -b "$B" "$ID"
	[ $((SECONDS - start)) -lt 20 ]
	[ ! -e "$ROOT/$ID" ]
	equal "$(property LoadState)" not-found
}

@test "no bus, and a bus without systemd: an error that says so" {
	require systemd
	DBUS_SYSTEM_BUS_ADDRESS=unix:path=$T/none refused "connect to the bus at \"unix:path=$T/none\": no such file or directory" \
		--systemd-cgroup create -b "$B" "$ID"
	dbus-daemon --session --nofork --nopidfile --address="unix:path=$T/bus" >/dev/null 2>&1 3>&- 4>&- &
	STARTED+=($!)
	wait_for 5 test -S "$T/bus"
	DBUS_SYSTEM_BUS_ADDRESS=unix:path=$T/bus refused "error creating systemd unit \"$UNIT\"" \
		--systemd-cgroup create -b "$B" "$ID"
	[[ "$stderr" == *org.freedesktop.systemd1* ]] || say
	[ ! -e "$ROOT/$ID" ]
}

@test "a name that ends with .slice: the container lives in the slice itself" {
	require systemd
	UNIT=test${ID//-/_}.slice
	config '.linux.cgroupsPath = "machine.slice:test:" + $u | .linux.resources.pids.limit = 50' --arg u "$UNIT"
	scope
	equal "$(cat /proc/"$(state_of pid)"/cgroup)" "0::/$UNIT"
	equal "$(property TasksMax)" 50
	equal "$(cat "/sys/fs/cgroup/$UNIT/pids.max")" 50
	ok start "$ID"
	ok exec "$ID" cat /proc/self/cgroup
	printed "0::/$UNIT"
	ok delete -f "$ID"
	[ ! -e "/sys/fs/cgroup/$UNIT" ]
	equal "$(property ActiveState)" inactive
}

@test "a slice in which others have processes is refused, and they are left alone" {
	require systemd
	local slice=test${ID//-/_}.slice pid
	systemd-run --quiet --slice="$slice" --unit="other-$ID" sleep 1000
	pid=$(systemctl show "other-$ID" -P MainPID)
	config '.linux.cgroupsPath = "machine.slice:test:" + $u' --arg u "$slice"
	refused "container's cgroup is not empty" --systemd-cgroup create -b "$B" "$ID"
	kill -0 "$pid"
	systemctl stop "other-$ID" "$slice"
	[ ! -e "$ROOT/$ID" ]
}

@test "run.oci.systemd.subgroup: the processes are below the scope, exec's too" {
	require systemd
	config '.annotations = {"run.oci.systemd.subgroup": "inner"} | .linux.resources.pids.limit = 50'
	scope
	equal "$(cat /proc/"$(state_of pid)"/cgroup)" "0::/machine.slice/$UNIT/inner"
	equal "$(property TasksMax)" 50
	equal "$(cat "$CG/inner/pids.max")" 50
	ok start "$ID"
	ok exec "$ID" cat /proc/self/cgroup
	printed "0::/machine.slice/$UNIT/inner"
	systemctl daemon-reload
	equal "$(cat "$CG/inner/pids.max")" 50
	ok delete -f "$ID"
	equal "$(property LoadState)" not-found
	[ ! -e "$CG" ]
}

@test "org.ocirun.cgroup.leaf: a leaf below the scope, and an exec with limits beside it" {
	require systemd
	config '.annotations = {"org.ocirun.cgroup.leaf": "main"} | .linux.resources.pids.limit = 50'
	scope
	equal "$(cat /proc/"$(state_of pid)"/cgroup)" "0::/machine.slice/$UNIT/main"
	equal "$(cat "$CG/pids.max")" 50
	ok start "$ID"
	echo '{"memory": {"limit": 67108864}, "pids": {"limit": 9}}' >"$T/limits.json"
	ocirun exec -d --pid-file "$T/exec.pid" --resources "$T/limits.json" "$ID" sleep 500 </dev/null >"$T/out" 2>&1 3>&- 4>&-
	local at
	at=/sys/fs/cgroup$(sed s/^0::// "/proc/$(cat "$T/exec.pid")/cgroup")
	[[ "$at" == "$CG/ocirun-exec-"* ]]
	systemctl daemon-reload
	ok update --pids-limit 60 "$ID"
	equal "$(cat "$CG/pids.max") $(cat "$at/pids.max") $(cat "$at/memory.max")" "60 9 67108864"
	ok exec "$ID" cat /proc/self/cgroup
	printed "0::/machine.slice/$UNIT/main"
	ok delete -f "$ID"
	[ ! -e "$CG" ]
}

@test "run.oci.systemd.subgroup: a path is refused" {
	require systemd
	config '.annotations = {"run.oci.systemd.subgroup": "a/../b"}'
	refused "/annotations/run.oci.systemd.subgroup: must be one plain name" --systemd-cgroup create -b "$B" "$ID"
}

@test "a container that systemd stopped is a stopped one, and can be deleted" {
	require systemd
	scope
	ok start "$ID"
	systemctl stop "$UNIT"
	wait_for 10 has_status stopped
	ok delete "$ID"
	equal "$(property LoadState)" not-found
}

@test "exec into a container whose processes went into cgroups of their own" {
	require systemd
	scope
	ok start "$ID"
	mkdir "$CG/child"
	echo "$(state_of pid)" >"$CG/child/cgroup.procs"
	echo +pids >"$CG/cgroup.subtree_control"
	ok exec "$ID" cat /proc/self/cgroup
	printed "0::/machine.slice/$UNIT/child"
	ok delete -f "$ID"
	[ ! -e "$CG" ]
}
