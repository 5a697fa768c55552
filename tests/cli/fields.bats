# Linux fields that have no topic of their own: memory policy, propagation of the root, personality,
# scheduler and io priority at their edges, time.
load helpers

policy() { config '.linux.memoryPolicy = ($j | fromjson)' --arg j "$1"; }
first_policy() {
	script 'while read -r _ p _; do echo "$p"; break; done </proc/self/numa_maps'
	run_it
	succeeded
}

@test "memoryPolicy: the kernel has it for every mapping" {
	require numa
	first_policy
	equal "$output" default
	policy '{"mode": "MPOL_BIND", "nodes": "0"}'
	first_policy
	equal "$output" bind:0
	policy '{"mode": "MPOL_INTERLEAVE", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}'
	first_policy
	equal "$output" interleave=static:0
	policy '{"mode": "MPOL_PREFERRED", "nodes": "0"}'
	first_policy
	equal "$output" prefer:0
	policy '{"mode": "MPOL_LOCAL"}'
	first_policy
	equal "$output" local
	policy '{"mode": "MPOL_DEFAULT"}'
	first_policy
	equal "$output" default
}

@test "memoryPolicy: what the kernel refuses is told with the mode" {
	require numa
	policy '{"mode": "MPOL_BIND", "nodes": "1000"}'
	refused '/linux/memoryPolicy: set MPOL_BIND' run -b "$B" "$ID"
}

@test "memoryPolicy: combinations that cannot be are refused" {
	policy '{"mode": "MPOL_BIND"}'
	refused '/linux/memoryPolicy/nodes: is required' run -b "$B" "$ID"
	policy '{"mode": "MPOL_DEFAULT", "nodes": "0"}'
	refused '/linux/memoryPolicy/nodes: must be empty' run -b "$B" "$ID"
	policy '{"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_NONSENSE"]}'
	refused '/linux/memoryPolicy/flags/0' run -b "$B" "$ID"
	policy '{"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"]}'
	refused '/linux/memoryPolicy/flags' run -b "$B" "$ID"
}

@test "personality: LINUX, LINUX32, flags are only a warning, other words are refused" {
	config '.linux.personality = {domain: "LINUX"}'
	run_guest
	seen '.personality == 0 and .machine != "i686"'
	config '.linux.personality = {domain: "LINUX32", flags: ["NONSENSE"]}'
	run_guest
	seen '.personality == 8'
	[[ $stderr == *"/linux/personality/flags"* ]] || say
	config '.linux.personality = {domain: "LINUX64"}'
	refused '/linux/personality/domain' run -b "$B" "$ID"
}

@test "scheduler: every policy that can be had, seen in the kernel" {
	local p n
	while read -r p n; do
		config '.process.scheduler = {policy: $p}' --arg p "$p"
		run_guest
		seen --argjson n "$n" '.sched.policy == $n'
	done <<-END
		SCHED_OTHER 0
		SCHED_BATCH 3
		SCHED_IDLE 5
	END
	config '.process.scheduler = {policy: "SCHED_RR", priority: 3, flags: ["SCHED_FLAG_RESET_ON_FORK"]}'
	run_guest
	seen '.sched.policy == (2 + 1073741824) and .sched.priority == 3'
	config '.process.scheduler = {policy: "SCHED_OTHER", nice: -5}'
	run_guest
	seen '.sched.nice == -5'
}

@test "scheduler: values that do not go together are refused" {
	config '.process.scheduler = {policy: "SCHED_NONSENSE"}'
	refused /process/scheduler/policy run -b "$B" "$ID"
	config '.process.scheduler = {policy: "SCHED_OTHER", priority: 5}'
	refused /process/scheduler/priority run -b "$B" "$ID"
	config '.process.scheduler = {policy: "SCHED_FIFO"}'
	refused /process/scheduler/priority run -b "$B" "$ID"
	config '.process.scheduler = {policy: "SCHED_OTHER", nice: 40}'
	refused /process/scheduler/nice run -b "$B" "$ID"
	config '.process.scheduler = {policy: "SCHED_OTHER", runtime: 5}'
	refused /process/scheduler run -b "$B" "$ID"
	config '.process.scheduler = {policy: "SCHED_OTHER", flags: ["NONSENSE"]}'
	refused /process/scheduler/flags/0 run -b "$B" "$ID"
	# the kernel's own no is told with the policy
	config '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 100, deadline: 50, period: 10}'
	refused '/process/scheduler: set SCHED_DEADLINE' run -b "$B" "$ID"
}

@test "ioPriority: all classes, for the whole process group, and bad ones" {
	config '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}'
	run_guest
	seen '.sched.ioprio == 3 * 8192'
	config '.process.ioPriority = {class: "IOPRIO_CLASS_RT", priority: 7}'
	run_guest
	seen '.sched.ioprio == 8192 + 7'
	config '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}'
	refused /process/ioPriority/priority run -b "$B" "$ID"
	config '.process.ioPriority = {class: "IOPRIO_CLASS_NONE", priority: 1}'
	refused /process/ioPriority/class run -b "$B" "$ID"
}

@test "time offsets are in the clocks" {
	ns_add time
	config '.linux.timeOffsets = {monotonic: {secs: 1000000}, boottime: {secs: 2000000}}'
	local mono boot
	read -r boot _ </proc/uptime
	run_guest
	seen --argjson b "${boot%.*}" '.clock.boottime >= $b + 2000000 and .clock.boottime < $b + 2000100 and .clock.monotonic < .clock.boottime - 900000'
}

@test "time offsets without a time namespace, and too large, are refused" {
	config '.linux.timeOffsets = {boottime: {secs: 1}}'
	refused /linux/timeOffsets run -b "$B" "$ID"
	ns_add time
	config '.linux.timeOffsets = {boottime: {secs: 1, nanosecs: 1000000000}}'
	refused /linux/timeOffsets/boottime/nanosecs run -b "$B" "$ID"
	config '.linux.timeOffsets = {boottime: {secs: -1000000000}}'
	refused '/linux/timeOffsets: setting the clocks of the time namespace' run -b "$B" "$ID"
}

on_shared_mount() {
	mkdir "$T/shared"
	mount -t tmpfs tmpfs "$T/shared"
	mount --make-shared "$T/shared"
	mv "$B" "$T/shared/bundle"
	B=$T/shared/bundle R=$T/shared/bundle/rootfs
}
root_is() { # WORD: the optional fields of the mount of /
	run_guest
	seen --arg w "$1" '[.mounts[] | select(.point == "/")][0].optional | contains($w)'
}
root_is_not() {
	seen --arg w "$1" '[.mounts[] | select(.point == "/")][0].optional | contains($w) | not'
}

@test "rootfsPropagation: every word on a shared mount, recursive ones too" {
	require root
	on_shared_mount
	local p
	for p in slave rslave; do
		config '.linux.rootfsPropagation = $p' --arg p "$p"
		root_is master:
		root_is_not shared:
	done
	for p in private rprivate; do
		config '.linux.rootfsPropagation = $p' --arg p "$p"
		run_guest
		root_is_not shared:
		root_is_not master:
	done
	for p in shared rshared; do
		config '.linux.rootfsPropagation = $p' --arg p "$p"
		root_is shared:
	done
	for p in unbindable runbindable; do
		config '.linux.rootfsPropagation = $p' --arg p "$p"
		root_is unbindable
	done
	config '.linux.rootfsPropagation = "nonsense"'
	refused /linux/rootfsPropagation run -b "$B" "$ID"
	umount "$T/shared"
}

@test "rootfsPropagation slave: the host's later mounts are seen inside, ours not outside" {
	require root
	on_shared_mount
	all_caps
	config '.linux.rootfsPropagation = "slave"'
	script 'mount -t tmpfs inner /tmp; touch /tmp/inner; while [ ! -e /mnt/late ]; do sleep 0.05; done; echo seen >/run/done; sleep 100'
	create_it
	ok start "$ID"
	mount -t tmpfs late "$R/mnt"
	touch "$R/mnt/late"
	wait_for 10 test -s "$R/run/done"
	[ ! -e "$R/tmp/inner" ]
	ok delete -f "$ID"
	umount "$R/mnt"
	umount "$T/shared"
}
