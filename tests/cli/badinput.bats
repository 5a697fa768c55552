# Every field of config.json that can be wrong: one error that names the place, exit status 1, and
# nothing left behind. A row is: what the error must contain, then the jq expression that breaks the
# configuration. "json" rows break the text itself.
load helpers

# Reads rows from stdin; reports all that are not as they should be.
table() {
	local wanted expression bad=0 total=0 good=$B/good.json lines
	cp "$B/config.json" "$good"
	while IFS=$'\t' read -r wanted expression; do
		[ -n "$wanted" ] || continue
		total=$((total + 1))
		jq "$expression" "$good" >"$B/config.json" || { echo "bad row: $expression"; return 1; }
		status=0
		ocirun create -b "$B" "$ID" </dev/null >"$T/out" 2>"$T/err" 3>&- 4>&- || status=$?
		lines=$(wc -l <"$T/err")
		if [ "$status" -ne 1 ] || ! grep -qF -- "$wanted" "$T/err" || [ "$lines" -ne 1 ] || ! leftovers; then
			echo "status $status, $lines lines; wanted \"$wanted\" for: $expression"
			sed 's/^/    /' "$T/err"
			bad=$((bad + 1))
			ocirun delete -f "$ID" >/dev/null 2>&1 || true
		fi
	done
	[ "$total" -gt 0 ] && [ "$bad" -eq 0 ]
}

@test "the table itself is fine: the configuration it breaks works" {
	run_guest
}

@test "top level" {
	table <<-'EOF'
	/ociVersion	del(.ociVersion)
	/ociVersion	.ociVersion = ""
	/ociVersion	.ociVersion = "nonsense"
	/ociVersion	.ociVersion = "2.0.0"
	/ociVersion	.ociVersion = 1
	/root	del(.root)
	/root	.root = []
	/root/path	.root.path = ""
	/root/path	del(.root.path)
	/root/readonly	.root.readonly = "yes"
	/hostname	.hostname = 5
	/hostname	.linux.namespaces |= map(select(.type != "uts"))
	/hostname	.hostname = ("x" * 65)
	/domainname	.domainname = ("x" * 65)
	/domainname	del(.hostname) | .domainname = "d" | .linux.namespaces |= map(select(.type != "uts"))
	/annotations	.annotations = []
	/annotations	.annotations = {"a": 1}
	/mounts	.mounts = {}
	/hooks	.hooks = []
	/linux	.linux = "yes"
	EOF
}

@test "process" {
	table <<-'EOF'
	/process/args	.process.args = []
	/process/args	del(.process.args)
	/process/args	.process.args = "sh"
	/process/args/1	.process.args = ["sh", 1]
	/process/args/0	.process.args = [""]
	/process/cwd	del(.process.cwd)
	/process/cwd	.process.cwd = "relative"
	/process/cwd	.process.cwd = ""
	/process/cwd	.process.cwd = "/" + ("x" * 5000)
	/process/env	.process.env = ["NOEQUALS"]
	/process/env	.process.env = ["=value"]
	/process/env	.process.env = {"A": "b"}
	/process/terminal	.process.terminal = "no"
	/process/consoleSize	.process.consoleSize = {height: 70000, width: 1}
	/process/consoleSize	.process.consoleSize = {height: 1}
	/process/user/uid	.process.user.uid = -1
	/process/user/uid	.process.user.uid = 4294967296
	/process/user/uid	.process.user.uid = 4294967295
	/process/user/uid	.process.user.uid = "0"
	/process/user/uid	.process.user.uid = 1.5
	/process/user/gid	.process.user.gid = 4294967295
	/process/user/umask	.process.user.umask = 512
	/process/user/additionalGids	.process.user.additionalGids = [4294967295]
	/process/user/additionalGids/0	.process.user.additionalGids = ["wheel"]
	/process/capabilities	.process.capabilities = ["CAP_KILL"]
	/process/capabilities/bounding	.process.capabilities.bounding = "CAP_KILL"
	/process/rlimits/0	.process.rlimits = [{type: "RLIMIT_NONSENSE", hard: 1, soft: 1}]
	/process/rlimits/1	.process.rlimits += [.process.rlimits[0]]
	/process/rlimits/0	.process.rlimits = [{type: "RLIMIT_NOFILE", hard: 1, soft: 2}]
	/process/rlimits/0/hard	.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 2}]
	/process/oomScoreAdj	.process.oomScoreAdj = 1001
	/process/oomScoreAdj	.process.oomScoreAdj = -1001
	/process/noNewPrivileges	.process.noNewPrivileges = 1
	/process/scheduler	.process.scheduler = {policy: "SCHED_NONSENSE"}
	/process/scheduler	.process.scheduler = {policy: "SCHED_OTHER", nice: 20}
	/process/scheduler	.process.scheduler = {policy: "SCHED_OTHER", priority: 5}
	/process/scheduler	.process.scheduler = {policy: "SCHED_FIFO", priority: 10, runtime: 5}
	/process/scheduler	.process.scheduler = {policy: "SCHED_OTHER", flags: ["SCHED_FLAG_NONSENSE"]}
	/process/ioPriority	.process.ioPriority = {class: "IOPRIO_CLASS_NONSENSE", priority: 1}
	/process/ioPriority	.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}
	/process/execCPUAffinity	.process.execCPUAffinity = {initial: "a-b"}
	EOF
}

@test "namespaces and ids" {
	table <<-'EOF'
	/linux/namespaces/0/type	.linux.namespaces[0].type = "nett"
	/linux/namespaces/0/type	del(.linux.namespaces[0].type)
	/linux/namespaces/5	.linux.namespaces += [{type: "pid"}]
	/linux/namespaces/0/path	.linux.namespaces[0].path = "relative/path"
	/linux/uidMappings	.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}]
	/linux/gidMappings	.linux.gidMappings = [{containerID: 0, hostID: 0, size: 1}]
	/linux/uidMappings	.linux.namespaces += [{type: "user"}]
	/linux/gidMappings	.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}]
	/linux/uidMappings/0/size	.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000}]
	/linux/uidMappings/0	.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 0}] | .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 1}]
	/linux/uidMappings/1	.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}, {containerID: 5, hostID: 200000, size: 10}] | .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 10}]
	/process/user/uid	.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}] | .linux.gidMappings = .linux.uidMappings | .process.user.uid = 50
	/linux/timeOffsets	.linux.timeOffsets = {monotonic: {secs: 1}}
	/linux/timeOffsets	.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {monotonic: {secs: 1, nanosecs: 1000000000}}
	/linux/timeOffsets	.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {realtime: {secs: 1}} | .linux.timeOffsets.monotonic = "x"
	EOF
}

@test "mounts and paths" {
	table <<-'EOF'
	/mounts/0/destination	del(.mounts[0].destination)
	/mounts/0/destination	.mounts[0].destination = ""
	/mounts/0/destination	.mounts[0].destination = 5
	/mounts/6	.mounts += [{destination: "/", type: "tmpfs", source: "t"}]
	/mounts/6	.mounts += [{destination: "/a/../..", type: "tmpfs", source: "t"}]
	/mounts/6	.mounts += [{destination: "/x", source: "/tmp", type: "nosuchfs"}]
	/mounts/6	.mounts += [{destination: "/x", source: "/no/such/source", options: ["bind"]}]
	/mounts/6	.mounts += [{destination: "/x", source: "tmpfs", type: "tmpfs", options: ["size=banana"]}]
	/mounts/6/options	.mounts += [{destination: "/x", source: "tmpfs", type: "tmpfs", options: "ro"}]
	/mounts/6	.mounts += [{destination: "/x", source: "/tmp", options: ["bind", "size=1m"]}]
	/mounts/6	.mounts += [{destination: "/proc", source: "/tmp", options: ["bind"]}]
	/mounts/6	.mounts += [{destination: "/proc/self", source: "/tmp", options: ["bind"]}]
	/mounts/6	.mounts += [{destination: "/proc/sys/kernel", source: "tmpfs", type: "tmpfs"}]
	/mounts/6	.mounts += [{destination: "/x", source: "/tmp", options: ["bind"], uidMappings: [{containerID: 0, hostID: 1, size: 1}]}]
	/mounts/6	.mounts += [{destination: "/x", source: "t", type: "tmpfs", uidMappings: [{containerID: 0, hostID: 1, size: 1}], gidMappings: [{containerID: 0, hostID: 1, size: 1}]}]
	/linux/maskedPaths/0	.linux.maskedPaths = ["relative"]
	/linux/readonlyPaths/0	.linux.readonlyPaths = ["relative"]
	/linux/maskedPaths	.linux.maskedPaths = "x"
	/linux/maskedPaths	.linux.namespaces |= map(select(.type != "mount"))
	/linux/rootfsPropagation	.linux.rootfsPropagation = "sideways"
	EOF
}

@test "devices and resources" {
	table <<-'EOF'
	/linux/devices/0/type	.linux.devices = [{path: "/dev/x", type: "z", major: 1, minor: 3}]
	/linux/devices/0/path	.linux.devices = [{path: "dev/x", type: "c", major: 1, minor: 3}]
	/linux/devices/0	.linux.devices = [{path: "/dev/x", type: "c"}]
	/linux/devices/0/major	.linux.devices = [{path: "/dev/x", type: "c", major: "1", minor: 3}]
	/linux/resources/devices/0/access	.linux.resources = {devices: [{allow: true, access: "rwx"}]}
	/linux/resources/devices/0/type	.linux.resources = {devices: [{allow: true, type: "z", access: "r"}]}
	/linux/resources/memory/limit	.linux.resources = {memory: {limit: "1m"}}
	/linux/resources/pids	.linux.resources = {pids: {limit: "ten"}}
	/linux/resources/hugepageLimits/0	.linux.resources = {hugepageLimits: [{pageSize: "../memory.max", limit: 1}]}
	/linux/resources/hugepageLimits/0	.linux.resources = {hugepageLimits: [{pageSize: "", limit: 1}]}
	/linux/resources/unified	.linux.resources = {unified: {"../cgroup.procs": "1"}}
	/linux/resources/unified	.linux.resources = {unified: {"nodot": "1"}}
	/linux/cgroupsPath	.linux.cgroupsPath = "/a/../../b"
	EOF
}

@test "kernel settings" {
	table <<-'EOF'
	/linux/sysctl	.linux.sysctl = {"kernel.panic": "1"}
	/linux/sysctl	.linux.sysctl = {"net.ipv4.ip_forward": 1}
	/linux/sysctl	.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .linux.namespaces |= map(select(.type != "network"))
	/linux/sysctl	.linux.sysctl = {"kernel.hostname": "x"}
	/linux/sysctl	.linux.sysctl = {"kernel.shmmax": "1"} | .linux.namespaces |= map(select(.type != "ipc"))
	/linux/sysctl	.linux.sysctl = {"../../etc/passwd": "1"}
	/linux/sysctl	.linux.sysctl = {"net..ipv4": "1"}
	/linux/personality	.linux.personality = {domain: "LINUX64"}
	/linux/memoryPolicy	.linux.memoryPolicy = {mode: "MPOL_NONSENSE", nodes: "0"}
	/linux/memoryPolicy	.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "zero"}
	/linux/netDevices	.linux.netDevices = {"nosuchdev0": {}}
	/linux/netDevices	.linux.netDevices = {"../x": {}}
	/linux/mountLabel	.linux.mountLabel = 5
	/process/apparmorProfile	.process.apparmorProfile = "nosuch"
	/process/selinuxLabel	.process.selinuxLabel = "a:b:c:d"
	EOF
}

@test "seccomp" {
	table <<-'EOF'
	/linux/seccomp/defaultAction	.linux.seccomp = {}
	/linux/seccomp/defaultAction	.linux.seccomp = {defaultAction: "SCMP_ACT_NONSENSE"}
	/linux/seccomp/architectures	.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_NONSENSE"]}
	/linux/seccomp/flags	.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_NONSENSE"]}
	/linux/seccomp/syscalls/0/action	.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "X"}]}
	/linux/seccomp/syscalls/0/names	.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: [], action: "SCMP_ACT_ERRNO"}]}
	/linux/seccomp/syscalls/0/args/0	.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO", args: [{index: 6, value: 1, op: "SCMP_CMP_EQ"}]}]}
	/linux/seccomp/syscalls/0/args/0/op	.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 1, op: "SCMP_CMP_XX"}]}]}
	/linux/seccomp	.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", defaultErrnoRet: 1}
	/linux/seccomp	.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerMetadata: "x"}
	/linux/seccomp	.linux.seccomp = {defaultAction: "SCMP_ACT_NOTIFY", listenerPath: "/x"}
	EOF
}

@test "hooks" {
	table <<-'EOF'
	/hooks/prestart/0/path	.hooks = {prestart: [{}]}
	/hooks/createRuntime/0	.hooks = {createRuntime: [{path: "relative"}]}
	/hooks/createRuntime/0/timeout	.hooks = {createRuntime: [{path: "/bin/true", timeout: 0}]}
	/hooks/poststop/0/timeout	.hooks = {poststop: [{path: "/bin/true", timeout: -1}]}
	/hooks/poststart/1	.hooks = {poststart: [{path: "/bin/true"}, {path: ""}]}
	/hooks/createContainer/0/env	.hooks = {createContainer: [{path: "/bin/true", env: ["NOEQUALS"]}]}
	/hooks/startContainer	.hooks = {startContainer: {}}
	EOF
}

@test "text that is no JSON, or no good JSON" {
	local text
	for text in '' '{' '[]' 'null' '{"ociVersion": "1.0.0", "ociVersion": "1.0.0"}' '{"ociVersion": "1.0.0"} trailing' \
		'{"ociVersion": "1.\u0000.0"}' $'{"ociVersion": "\xff\xfe"}' '{"ociVersion": "1.0.0", "root": {"path": "a\u0000b"}}'; do
		printf '%s' "$text" >"$B/config.json"
		refused config.json create -b "$B" "$ID"
		leftovers
	done
	rm "$B/config.json"
	refused 'no such file or directory' create -b "$B" "$ID"
	mkdir "$B/config.json"
	refused config.json create -b "$B" "$ID"
	rmdir "$B/config.json"
	mkfifo "$B/config.json"
	refused config.json create -b "$B" "$ID"
}

@test "NUL in strings is refused with its place" {
	local p
	for p in '.mounts[0].destination' '.mounts[0].source' '.hostname' '.process.env[0]' '.process.args[0]' '.process.cwd' '.root.path'; do
		jq "$p = \"a\\u0000b\"" "$SRC/base.json" >"$B/config.json"
		refused / create -b "$B" "$ID"
		leftovers
	done
}

@test "too deep and too big" {
	python3 -c 'print("{\"x\":" * 100 + "1" + "}" * 100)' >"$B/config.json"
	refused config.json create -b "$B" "$ID"
	python3 -c 'print("{\"ociVersion\": \"" + "x" * 20000000 + "\"}")' >"$B/config.json"
	refused config.json create -b "$B" "$ID"
}

@test "unknown keys are ignored" {
	config '.unknown = {a: [1, 2]} | .process.unknown = 1 | .linux.unknown = null'
	run_guest
}

@test "bad ids" {
	local id
	for id in '' . .. a/b ../x 'a b' 'a:b' $'new\nline' ünicode "$(printf 'x%.0s' {1..1100})"; do
		oci create -b "$B" -- "$id"
		exited 1
		[ -z "$(ls -A "$ROOT" 2>/dev/null)" ]
	done
	refused 'invalid container ID format' create -b "$B" 'a/b'
	for id in a/b .. 'x y'; do
		refused 'invalid container ID format' state "$id"
		refused 'invalid container ID format' kill "$id"
		refused 'invalid container ID format' delete "$id"
	done
}
