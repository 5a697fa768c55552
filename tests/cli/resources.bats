# SPDX-License-Identifier: Apache-2.0
# Every limit of linux.resources, read back from the cgroup's files; and what is refused.
load helpers

# A created container with these resources; $CG is its cgroup.
with() { # RESOURCES (a jq expression)
	config ".linux.resources = $1"
	args sleep 1000
	create_it || { cat "$T/err"; return 1; }
	CG=$(cgroup_root)$(sed -n 's/^0:://p' "/proc/$(cat "$T/pid")/cgroup")
}
again() { # RESOURCES: the same with a new container
	ok delete -f "$ID"
	with "$1"
}
has() { equal "$1: $(cat "$CG/$1")" "$1: $2"; } # FILE TEXT
# The line of a file that begins with a word.
has_line() { grep -qxF "$2" "$CG/$1" || { echo "$1 lacks: $2"; cat "$CG/$1"; return 1; }; }

prepare() { LOOP=; }
# A block device of our own: $LOOP, and its numbers in $DEV
loop_device() {
	truncate -s 16M "$T/disk"
	LOOP=$(losetup -f --show "$T/disk")
	DEV=$(lsblk -dno MAJ:MIN "$LOOP" | tr -d ' ')
	MAJOR=${DEV%:*} MINOR=${DEV#*:}
}
teardown() {
	local r=0
	if [ -n "$LOOP" ]; then
		"$OCIRUN" --root "$ROOT" delete -f "$ID" 2>/dev/null || true
		echo "$DEV enable=0" >"$(cgroup_root)/io.cost.qos" 2>/dev/null || true
		losetup -d "$LOOP" || r=1
	fi
	clean_up || r=1
	return $r
}

# ---- cpu ---------------------------------------------------------------------------------------
@test "cpu: shares become a weight by the curve" {
	require controller cpu
	with '{cpu: {shares: 2}}'
	has cpu.weight 1
	again '{cpu: {shares: 512}}'
	has cpu.weight 59
	again '{cpu: {shares: 1024}}'
	has cpu.weight 100
	again '{cpu: {shares: 262144}}'
	has cpu.weight 10000
}

@test "cpu: quota, period and burst" {
	require controller cpu
	with '{cpu: {quota: 50000}}'
	has cpu.max '50000 100000'
	again '{cpu: {quota: 30000, period: 60000, burst: 10000}}'
	has cpu.max '30000 60000'
	has cpu.max.burst 10000
	again '{cpu: {quota: -1, period: 20000}}'
	has cpu.max 'max 20000'
}

@test "cpu: idle, with which there is no weight" {
	require controller cpu
	with '{cpu: {idle: 1, shares: 2048}}'
	has cpu.idle 1
	again '{cpu: {idle: 0, shares: 1024}}'
	has cpu.idle 0
	has cpu.weight 100
}

@test "cpuset: cpus and mems bind the process" {
	require controller cpuset
	with '{cpu: {cpus: "0", mems: "0"}}'
	has cpuset.cpus 0
	has cpuset.mems 0
	ok start "$ID"
	wait_for 10 grep -qxP 'Cpus_allowed_list:\t0' "/proc/$(cat "$T/pid")/status"
}

@test "cpuset: a processor that the machine lacks is refused" {
	require controller cpuset
	config '.linux.resources = {cpu: {cpus: "5000"}}'
	refused '/linux/resources/cpu/cpus' create -b "$B" "$ID"
}

@test "cpu: a quota that the kernel refuses is an error that names it" {
	require controller cpu
	config '.linux.resources = {cpu: {quota: 10}}'
	refused '/linux/resources/cpu/quota' create -b "$B" "$ID"
}

# ---- memory ------------------------------------------------------------------------------------
@test "memory: limit and reservation" {
	require controller memory
	with '{memory: {limit: 67108864, reservation: 33554432}}'
	has memory.max 67108864
	has memory.low 33554432
	again '{memory: {limit: -1}}'
	has memory.max max
	has memory.swap.max max
}

@test "memory: swap is memory and swap in the config, swap alone in the kernel" {
	require controller memory
	with '{memory: {limit: 67108864, swap: 100663296}}'
	has memory.max 67108864
	has memory.swap.max 33554432
	again '{memory: {limit: 67108864, swap: 67108864}}'
	has memory.swap.max 0
	again '{memory: {limit: 67108864, swap: -1}}'
	has memory.swap.max max
	again '{memory: {limit: 67108864}}'
	has memory.swap.max max
}

@test "memory: swap without a limit, or below it, is refused" {
	config '.linux.resources = {memory: {swap: 67108864}}'
	refused 'unable to set swap limit without memory limit' create -b "$B" "$ID"
	config '.linux.resources = {memory: {limit: 67108864, swap: 33554432}}'
	refused 'memory+swap limit should be >= memory limit' create -b "$B" "$ID"
}

@test "memory: checkBeforeUpdate refuses a limit below what is in use" {
	require controller memory
	local cg=$(cgroup_root)/$ID
	mkdir "$cg"
	# pages of a tmpfs stay charged when their writer is gone
	sh -c "echo \$\$ >$cg/cgroup.procs; head -c 8388608 /dev/zero >/dev/shm/$ID"
	local used=$(cat "$cg/memory.current")
	config '.linux.cgroupsPath = $p | .linux.resources = {memory: {limit: 4096, checkBeforeUpdate: true}}' --arg p "/$ID"
	oci create -b "$B" "$ID"
	local limit=$(cat "$cg/memory.max" 2>/dev/null || echo gone)
	rm -f "/dev/shm/$ID"
	rmdir "$cg" 2>/dev/null || true
	[ "$used" -gt 4194304 ]
	[ "$limit" != 4096 ]
	failed_with 'rejecting memory limit 4096 <= usage'
}

@test "memory: more than the limit is killed" {
	require controller memory
	config '.linux.resources = {memory: {limit: 33554432, swap: 33554432}}'
	script 'tail /dev/zero; echo "tail: $?"'
	run_it
	succeeded
	printed 'tail: 137'
}

@test "memory: kernel limits are noted, swappiness and disableOOMKiller pass" {
	require controller memory
	config '.linux.resources = {memory: {limit: 67108864, kernel: 1000000, kernelTCP: 1000000, swappiness: 0, disableOOMKiller: true}}'
	args true
	run_it
	succeeded
	[[ "$stderr" == *"/linux/resources/memory/kernel has no effect"* ]]
	[[ "$stderr" == *"/linux/resources/memory/kernelTCP has no effect"* ]]
	[[ "$stderr" != *swappiness* && "$stderr" != *OOM* ]]
}

# ---- pids --------------------------------------------------------------------------------------
@test "pids: a limit, none, and 0 which is the smallest that works" {
	require controller pids
	with '{pids: {limit: 20}}'
	has pids.max 20
	again '{pids: {limit: -1}}'
	has pids.max max
	again '{pids: {limit: 0}}'
	has pids.max 1
	ok start "$ID"
}

@test "pids: no more processes than that" {
	require controller pids
	config '.linux.resources = {pids: {limit: 4}}'
	script 'for i in 1 2 3 4 5 6; do sleep 3 & done; echo forked'
	oci run -b "$B" "$ID"
	[[ "$output$stderr" == *"can't fork"* ]] || say
}

# ---- block devices -------------------------------------------------------------------------------
@test "blockIO: weights, for all devices and for one" {
	require controller io
	require command losetup
	loop_device
	echo "$DEV enable=1" >"$(cgroup_root)/io.cost.qos"
	with "{blockIO: {weight: 500, weightDevice: [{major: $MAJOR, minor: $MINOR, weight: 100}]}}"
	if [ -e "$CG/io.bfq.weight" ]; then
		has_line io.bfq.weight 'default 500'
		has_line io.bfq.weight "$DEV 100"
	else
		has_line io.weight 'default 4950'
		has_line io.weight "$DEV 910"
	fi
}

@test "blockIO: the four throttles of a device" {
	require controller io
	require command losetup
	loop_device
	with "{blockIO: {throttleReadBpsDevice: [{major: $MAJOR, minor: $MINOR, rate: 1048576}],
		throttleWriteBpsDevice: [{major: $MAJOR, minor: $MINOR, rate: 2097152}],
		throttleReadIOPSDevice: [{major: $MAJOR, minor: $MINOR, rate: 300}],
		throttleWriteIOPSDevice: [{major: $MAJOR, minor: $MINOR, rate: 400}]}}"
	has io.max "$DEV rbps=1048576 wbps=2097152 riops=300 wiops=400"
	again "{blockIO: {throttleWriteBpsDevice: [{major: $MAJOR, minor: $MINOR, rate: 2097152}]}}"
	has io.max "$DEV rbps=max wbps=2097152 riops=max wiops=max"
}

@test "blockIO: a device that the machine lacks is an error that names the rule" {
	require controller io
	config '.linux.resources = {blockIO: {throttleReadBpsDevice: [{major: 4000, minor: 9, rate: 1048576}]}}'
	refused '/linux/resources/blockIO/throttleReadBpsDevice/0' create -b "$B" "$ID"
}

# ---- the other controllers -------------------------------------------------------------------------
@test "hugetlb: the limit, of pages and of reservations" {
	require controller hugetlb
	with '{hugepageLimits: [{pageSize: "2MB", limit: 4194304}]}'
	has hugetlb.2MB.max 4194304
	has hugetlb.2MB.rsvd.max 4194304
}

@test "hugetlb: a page size that the machine lacks is refused" {
	require controller hugetlb
	config '.linux.resources = {hugepageLimits: [{pageSize: "3MB", limit: 4194304}]}'
	refused '/linux/resources/hugepageLimits/0' create -b "$B" "$ID"
}

@test "rdma: a device that the machine lacks is refused" {
	require controller rdma
	config '.linux.resources = {rdma: {nodev0: {hcaHandles: 3}}}'
	refused '/linux/resources/rdma/nodev0' create -b "$B" "$ID"
}

@test "unified: wins over what was translated, several lines one by one" {
	require controller memory
	require controller io
	require command losetup
	loop_device
	with "{memory: {limit: 67108864}, pids: {limit: 7}, unified: {\"memory.max\": \"33554432\", \"memory.high\": \"25165824\",
		\"pids.max\": \"9\", \"io.max\": \"$DEV rbps=1048576\\n$DEV wiops=50\\n\"}}"
	has memory.max 33554432
	has memory.high 25165824
	has pids.max 9
	has io.max "$DEV rbps=1048576 wbps=max riops=max wiops=50"
}

@test "unified: a file that is not there, or a value that is none, is an error that names the key" {
	require controller memory
	config '.linux.resources = {unified: {"memory.nonsense": "1"}}'
	refused '/linux/resources/unified/memory.nonsense' create -b "$B" "$ID"
	config '.linux.resources = {unified: {"memory.high": "a lot"}}'
	refused '/linux/resources/unified/memory.high' create -b "$B" "$ID"
	config '.linux.resources = {unified: {"../memory.high": "1"}}'
	refused 'without any slash' create -b "$B" "$ID"
	config '.linux.resources = {unified: {"cgroup.kill": "1"}}'
	refused 'is not a limit' create -b "$B" "$ID"
}

@test "what only cgroup v1 had is refused: realtime, network classes" {
	config '.linux.resources = {cpu: {realtimeRuntime: 950000}}'
	refused '/linux/resources/cpu/realtimeRuntime' create -b "$B" "$ID"
	config '.linux.resources = {cpu: {realtimePeriod: 1000000}}'
	refused '/linux/resources/cpu/realtimePeriod' create -b "$B" "$ID"
	config '.linux.resources = {network: {classID: 1048577}}'
	refused '/linux/resources/network/classID' create -b "$B" "$ID"
	config '.linux.resources = {network: {priorities: [{name: "lo", priority: 3}]}}'
	refused '/linux/resources/network/priorities' create -b "$B" "$ID"
}

@test "a failed limit leaves no cgroup" {
	require controller cpu
	config '.linux.cgroupsPath = $p | .linux.resources = {cpu: {quota: 10}}' --arg p "/$ID"
	oci create -b "$B" "$ID"
	exited 1
	[ ! -e "$(cgroup_root)/$ID" ]
}

# ---- devices ---------------------------------------------------------------------------------------
@test "device rules: open and mknod by type, number and access, seen from inside" {
	require command losetup
	require controller io
	loop_device
	all_caps
	config '.linux.resources = {devices: [{allow: false, access: "rwm"}, {allow: true, type: "b", major: $a, minor: $b, access: "r"}, {allow: true, type: "c", major: 1, minor: 11, access: "w"}, {allow: false, type: "c", major: 1, minor: 5, access: "w"}]}' \
		--argjson a "$MAJOR" --argjson b "$MINOR"
	script "cd /tmp; mknod disk b $MAJOR $MINOR; mknod mem c 1 1; mknod kmsg c 1 11; mknod other b $MAJOR 200
		t() { \"\$@\" 2>/dev/null && echo yes || echo no; }
		echo read disk \$(t dd if=disk of=/dev/null bs=512 count=1)
		echo write disk \$(t dd if=/dev/zero of=disk bs=512 count=1)
		echo read mem \$(t dd if=mem of=/dev/null bs=1 count=1)
		echo write kmsg \$(t sh -c ': >kmsg')
		echo read kmsg \$(t sh -c ': <kmsg')
		echo read other \$(t dd if=other of=/dev/null bs=512 count=1)
		echo read zero \$(t dd if=/dev/zero of=/dev/null bs=1 count=1)"
	run_it
	succeeded
	equal "$output" "$(printf '%s\n' 'read disk yes' 'write disk no' 'read mem no' 'write kmsg yes' 'read kmsg no' 'read other no' 'read zero yes')"
}

@test "device rules: an access list without mknod cannot make the node" {
	all_caps
	config '.linux.resources = {devices: [{allow: false, access: "rwm"}]}'
	script 'mknod /tmp/x c 1 3 && echo made; grep -c . /proc/self/cgroup'
	run_it
	succeeded
	printed made
}

# ---- delegation --------------------------------------------------------------------------------------
delegated() { # a container of user 1000 that sees its cgroup writable in a namespace of its own
	config '.process.user = {uid: 1000, gid: 1000} | .mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["nosuid", "noexec", "nodev"]}]'
	ns_add cgroup
}

@test "delegation: the cgroup's files belong to the container's user, and limits do not" {
	require controller memory
	delegated
	with '{memory: {limit: 67108864}}'
	local f
	equal "$(stat -c %u "$CG")" 1000
	for f in cgroup.procs cgroup.threads cgroup.subtree_control; do equal "$f $(stat -c %u "$CG/$f")" "$f 1000"; done
	for f in memory.max pids.max cgroup.freeze; do equal "$f $(stat -c %u "$CG/$f")" "$f 0"; done
}

@test "delegation: the container's user can make cgroups below" {
	require controller memory
	delegated
	config '.linux.resources = {memory: {limit: 67108864}}'
	script 'cd /sys/fs/cgroup && mkdir a b && echo 0 >a/cgroup.procs && cat /proc/self/cgroup && echo max >memory.max || echo denied'
	run_it
	succeeded
	printed '0::/a'
	printed denied
}

@test "delegation: read-only, or without a namespace of its own, nothing is given away" {
	require controller memory
	config '.process.user = {uid: 1000, gid: 1000} | .mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"]}]'
	ns_add cgroup
	with '{}'
	equal "$(stat -c %u "$CG" "$CG/cgroup.procs" | sort -u)" 0
	ns_del cgroup
	delegated
	ns_del cgroup
	again '{}'
	equal "$(stat -c %u "$CG" "$CG/cgroup.procs" | sort -u)" 0
}

# ---- what takes CAP_SYS_RESOURCE -----------------------------------------------------------------------
@test "oomScoreAdj below that of the caller" {
	require capability sys_resource
	config '.process.oomScoreAdj = -500'
	script 'cat /proc/self/oom_score_adj'
	run_it
	succeeded
	equal "$output" -500
}

@test "rlimits above the caller's hard limit" {
	require capability sys_resource
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", hard: 3000, soft: 2000}, {type: "RLIMIT_CORE", hard: 8192, soft: 4096}]'
	script 'grep -E "open files|core file" /proc/self/limits'
	ulimit -Hn 1024
	ulimit -Hc 0
	run_it
	succeeded
	[[ "$output" =~ "open files"\ +2000\ +3000 ]] || say
	[[ "$output" =~ "core file size"\ +4096\ +8192 ]] || say
}
