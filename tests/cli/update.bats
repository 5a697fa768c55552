# update: every option as the cgroup's files show it, the rules between values, all or nothing, and
# what is kept for the next update.
load helpers

dir() { jq -r .cgroup_path "$ROOT/$ID/state.json"; }
file() { cat "$(dir)/$1"; }
has() { equal "$(file "$1")" "$2"; }
kept() { jq -c ".linux.resources$1" "$ROOT/$ID/config.json"; }
resources() { printf '%s' "$1" >"$T/resources.json"; }
up() { ok update "$@" "$ID" && equal "$output$stderr" ""; }
up_json() { resources "$1" && up -r "$T/resources.json"; }
refuse_json() { resources "$2" && refused "$1" update -r "$T/resources.json" "$ID"; }
running() { # [RESOURCES]
	args sleep 100
	[ $# -eq 0 ] || config '.linux.resources = $r' --argjson r "$1"
	create_it
	ok start "$ID"
}
page=$((2 * 1024 * 1024))
huge() { echo '{"hugepageLimits": [{"pageSize": "2MB", "limit": '$(($1 * page))'}]}'; }

# ---- with any controller ----
@test "update -r FILE and -r - change a limit, and the next update keeps it" {
	require controller hugetlb
	running '{"unified": {"cgroup.max.depth": "9"}}'
	up_json "$(huge 4)"
	has hugetlb.2MB.max $((4 * page))
	has hugetlb.2MB.rsvd.max $((4 * page))
	run --separate-stderr ocirun update --resources=- "$ID" <<<"$(huge 5)"
	succeeded
	has hugetlb.2MB.max $((5 * page))
	up_json '{"unified": {"cgroup.max.descendants": "3"}, "of the future": [1]}'
	has cgroup.max.descendants 3
	has cgroup.max.depth 9
	equal "$(kept)" '{"unified":{"cgroup.max.depth":"9","cgroup.max.descendants":"3"},"hugepageLimits":[{"pageSize":"2MB","limit":'$((5 * page))'}]}'
	equal "$(jq -c .process.args "$ROOT/$ID/config.json")" '["sleep","100"]'
}

@test "a failure half way leaves every limit as it was" {
	require controller hugetlb
	running "$(huge 4)"
	local before=$(kept)
	refuse_json "invalid argument" '{"unified": {"cgroup.max.depth": "no number"}, "hugepageLimits": [{"pageSize": "2MB", "limit": '$page'}]}'
	has hugetlb.2MB.max $((4 * page))
	has hugetlb.2MB.rsvd.max $((4 * page))
	has cgroup.max.depth max
	equal "$(kept)" "$before"
	refuse_json 'this kernel has no "hugetlb.3MB.max"' '{"unified": {"cgroup.max.depth": "3", "hugetlb.3MB.max": "0"}}'
	has cgroup.max.depth max
}

@test "a failure to save puts the limits back" {
	require controller hugetlb
	running "$(huge 4)"
	# nothing can replace a directory
	mv "$ROOT/$ID/config.json" "$T/saved" && mkdir "$ROOT/$ID/.config.json.tmp"
	cp "$T/saved" "$ROOT/$ID/config.json"
	resources "$(huge 1)"
	oci update -r "$T/resources.json" "$ID"
	rmdir "$ROOT/$ID/.config.json.tmp"
	failed_with "saving the config of container"
	has hugetlb.2MB.max $((4 * page))
}

@test "created and paused containers are updated, others are not running" {
	require controller hugetlb
	args sleep 100
	create_it
	up_json "$(huge 1)"
	ok pause "$ID"
	up_json "$(huge 2)"
	has hugetlb.2MB.max $((2 * page))
	ok resume "$ID"
	ok kill "$ID" KILL
	wait_for 5 has_status stopped
	resources "$(huge 3)"
	refused "container not running" update -r "$T/resources.json" "$ID"
	refused "container does not exist" update -r "$T/resources.json" nobody
}

@test "a container without a cgroup is not updated" {
	args sleep 100
	ocirun --cgroup-manager disabled create -b "$B" "$ID" </dev/null >/dev/null 2>&1 3>&- 4>&-
	refused "it has no cgroup of its own" update --pids-limit 5 "$ID"
}

@test "what cannot be done is refused" {
	running
	refused "cgroup v2 has no limits of realtime scheduling" update --cpu-rt-period 1000 "$ID"
	refused "cgroup v2 has no limits of realtime scheduling" update --cpu-rt-runtime 1000 "$ID"
	refuse_json "cgroup v2 has no network classes" '{"network": {"classID": 5}}'
	refused 'invalid --memory "5x"' update --memory 5x "$ID"
	refused 'invalid --cpu-quota "lots"' update --cpu-quota lots "$ID"
	refused 'invalid --blkio-weight "70000"' update --blkio-weight 70000 "$ID"
	refused "/linux/resources/blockIO/weight: must be between 10 and 1000" update --blkio-weight 5 "$ID"
	refused "unable to set swap limit without memory limit" update --memory-swap 5m "$ID"
	refused "memory+swap limit should be >= memory limit" update --memory 10m --memory-swap 5m "$ID"
	refuse_json "resources: /pids/limit" '{"pids": {"limit": "many"}}'
	refuse_json "resources: " '{"pids": '
	refused "no such file or directory" update -r "$T/nothing" "$ID"
	up # nothing asked, nothing done
}

@test "a missing controller is named" {
	running
	if grep -qw memory "$(cgroup_root)/cgroup.controllers"; then
		refused 'this kernel has no "memory.no_such_file"' update -r - "$ID" <<<'{"unified": {"memory.no_such_file": "1"}}'
	else
		refused 'controller "memory" not available' update --memory 10m "$ID"
	fi
	equal "$(kept .memory)" null
}

# ---- devices ----
# Opens a device that no driver serves, again and again: EPERM comes from the rules, ENXIO is behind them.
device_prober() {
	script 'mknod /tmp/dev c 61 1
		while :; do
			case $( (: </tmp/dev) 2>&1) in
			*permitted*) echo no ;;
			*"No such device or address"*) echo yes ;;
			esac >/tmp/can.new
			mv /tmp/can.new /tmp/can
			usleep 10000
		done'
}

@test "device rules are replaced, kept, and closed again" {
	config '.linux.resources = {devices: [{allow: false, access: "rwm"}]}'
	all_caps
	device_prober
	create_it
	ok start "$ID"
	can() { [ "$(cat "$R/tmp/can" 2>/dev/null)" = "$1" ]; }
	wait_for 5 can no
	up_json '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 61, "minor": 1, "access": "r"}]}'
	wait_for 5 can yes
	equal "$(kept '.devices | length')" 2
	# other limits leave the rules alone, and so does an empty list
	up_json '{"devices": [], "unified": {"cgroup.max.depth": "5"}}'
	sleep 0.2
	can yes
	up_json '{"devices": [{"allow": false, "access": "rwm"}]}'
	wait_for 5 can no
	# everything, and back: the old programs are gone, else their answers would still count
	up_json '{"devices": [{"allow": true, "access": "rwm"}]}'
	wait_for 5 can yes
	up_json '{"devices": [{"allow": false, "access": "rwm"}]}'
	wait_for 5 can no
}

@test "device rules come back when a later step fails" {
	config '.linux.resources = {devices: [{allow: false, access: "rwm"}]}'
	all_caps
	device_prober
	create_it
	ok start "$ID"
	can() { [ "$(cat "$R/tmp/can" 2>/dev/null)" = "$1" ]; }
	wait_for 5 can no
	mkdir "$ROOT/$ID/.config.json.tmp"
	resources '{"devices": [{"allow": true, "access": "rwm"}]}'
	oci update -r "$T/resources.json" "$ID"
	rmdir "$ROOT/$ID/.config.json.tmp"
	failed_with "saving the config of container"
	rm "$R/tmp/can"
	wait_for 5 test -s "$R/tmp/can"
	sleep 0.1
	can no
}

# ---- memory ----
m=$((1024 * 1024))
@test "memory: limit, reservation, swap, units" {
	require controller memory
	running
	up --memory 64m --memory-swap 96M --memory-reservation 33554432b
	has memory.max $((64 * m))
	has memory.swap.max $((32 * m))
	has memory.low $((32 * m))
	up --memory 128m # swap alone stays
	has memory.max $((128 * m))
	has memory.swap.max $((32 * m))
	equal "$(kept .memory.swap)" $((160 * m))
	up --memory-swap 128m # with the stored limit: no swap at all
	has memory.swap.max 0
	up --memory-swap -1
	has memory.swap.max max
	up --memory 1g --memory-swap 1g
	has memory.swap.max 0
	up --memory -1
	has memory.max max
	has memory.swap.max max
}

@test "memory: checkBeforeUpdate refuses what would kill" {
	require controller memory
	script 'dd if=/dev/zero of=/tmp/x bs=1M count=1 2>/dev/null; sleep 100'
	config '.linux.resources = {memory: {limit: 67108864}}'
	create_it
	ok start "$ID"
	refuse_json "rejecting memory limit 4096 <= usage" '{"memory": {"limit": 4096, "checkBeforeUpdate": true}}'
	refuse_json "rejecting memory+swap limit 4096 <= usage" '{"memory": {"limit": 4096, "swap": 4096, "checkBeforeUpdate": true}}'
	has memory.max 67108864
}

@test "memory: kernel limits have no effect and are only warned about" {
	require controller memory
	running
	run --separate-stderr ocirun --log "$T/log" --log-level warning update --kernel-memory 50m --kernel-memory-tcp 5m --memory 64m "$ID"
	succeeded
	grep -q 'memory/kernel has no effect' "$T/log"
	has memory.max $((64 * m))
}

# ---- cpu ----
@test "cpu: shares, quota, period, burst" {
	require controller cpu
	running
	up --cpu-share 1024
	has cpu.weight 100
	up --cpu-quota 50000 --cpu-period 100000
	has cpu.max "50000 100000"
	up --cpu-period 200000 # with the stored quota
	has cpu.max "50000 200000"
	up --cpu-quota 30000 # with the stored period
	has cpu.max "30000 200000"
	up --cpu-burst 20000
	has cpu.max.burst 20000
	up --cpu-quota 10000 --cpu-burst 5000 # both shrink
	has cpu.max "10000 200000"
	has cpu.max.burst 5000
	up --cpu-quota 90000 --cpu-burst 80000 # both grow
	has cpu.max "90000 200000"
	has cpu.max.burst 80000
	refused "invalid argument" update --cpu-quota 10000 "$ID" # below the burst
	has cpu.max "90000 200000"
	up --cpu-burst 0 --cpu-quota -1
	has cpu.max "max 200000"
	has cpu.max.burst 0
	has cpu.weight 100
}

@test "cpu: idle" {
	require controller cpu
	running '{"cpu": {"shares": 512}}'
	has cpu.weight 59
	up --cpu-idle 1
	has cpu.idle 1
	equal "$(kept .cpu)" '{"idle":1}'
	refused "an idle cgroup has no weight" update --cpu-share 200 "$ID"
	up --cpu-idle 0
	has cpu.idle 0
	has cpu.weight 100
	up --cpu-idle 0 --cpu-share 512
	has cpu.weight 59
	refused "must be 0 or 1" update --cpu-idle 3 "$ID"
}

@test "cpuset" {
	require controller cpuset
	running
	up --cpuset-cpus 0 --cpuset-mems 0
	has cpuset.cpus 0
	has cpuset.mems 0
}

# ---- pids, io ----
@test "pids limit: a number, 0 and none" {
	require controller pids
	running
	up --pids-limit 10
	has pids.max 10
	up --pids-limit 0
	has pids.max 1
	up --pids-limit -1
	has pids.max max
}

@test "pids limit comes back when another limit fails" {
	require controller pids
	require controller cpuset
	running '{"pids": {"limit": 20}}'
	refuse_json "invalid argument" '{"pids": {"limit": 30}, "unified": {"cpuset.cpus": "nonsense"}}'
	has pids.max 20
	equal "$(kept .pids.limit)" 20
}

disk() { # MAJOR MINOR of a whole disk
	local d
	for d in /sys/block/{nvme,vd,sd}*; do
		[ ! -e "$d/dev" ] || { tr : ' ' <"$d/dev"; return; }
	done
	return 1
}
throttle() { # RATE
	echo '{"blockIO": {"throttleReadBpsDevice": [{"major": '"$major"', "minor": '"$minor"', "rate": '"$1"'}]}}'
}

@test "block io: weight and throttles" {
	require controller io
	local major minor
	read -r major minor < <(disk)
	running
	if [ -e "$(dir)/io.bfq.weight" ]; then
		up --blkio-weight 500
		has io.bfq.weight "default 500"
	elif [ -e "$(dir)/io.weight" ]; then
		up --blkio-weight 1000
		has io.weight "default 10000"
	else
		refused 'this kernel has no "io.bfq.weight"' update --blkio-weight 500 "$ID"
	fi
	up_json "$(throttle 1048576)"
	has io.max "$major:$minor rbps=1048576 wbps=max riops=max wiops=max"
	up_json '{"blockIO": {"throttleWriteIOPSDevice": [{"major": '"$major"', "minor": '"$minor"', "rate": 77}]}}'
	has io.max "$major:$minor rbps=1048576 wbps=max riops=max wiops=77"
	refuse_json "invalid argument" "$(throttle 5 | jq -c '.unified = {"cgroup.max.depth": "x"}')"
	has io.max "$major:$minor rbps=1048576 wbps=max riops=max wiops=77"
	up_json "$(throttle 0)"
	has io.max "$major:$minor rbps=max wbps=max riops=max wiops=77"
	equal "$(kept .blockIO.throttleReadBpsDevice)" '[]'
}
