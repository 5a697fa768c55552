# Turns base.json into what docker gives a container by default: capabilities, masks, mounts, seccomp.
# $syscalls is docker-syscalls.json.
.process.capabilities = (["CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID",
	"SETUID", "SETFCAP", "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"]
	| map("CAP_" + .) | {bounding: ., effective: ., permitted: .})
| .process.noNewPrivileges = false
| .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 1024, hard: 4096}]
| .mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
	options: ["ro", "nosuid", "noexec", "nodev"]}]
| .linux.namespaces += [{type: "cgroup"}]
| .linux.resources = {devices: [{allow: false, access: "rwm"},
	{allow: true, type: "c", major: 1, minor: 5, access: "rwm"},
	{allow: true, type: "c", major: 1, minor: 3, access: "rwm"},
	{allow: true, type: "c", major: 1, minor: 9, access: "rwm"},
	{allow: true, type: "c", major: 5, minor: 0, access: "rwm"}]}
| .linux.maskedPaths = ["/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys",
	"/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
	"/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"]
| .linux.readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
| .linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 1,
	architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
	syscalls: [{names: $syscalls, action: "SCMP_ACT_ALLOW"},
		{names: ["clone"], action: "SCMP_ACT_ALLOW",
		 args: [{index: 0, value: 2114060288, op: "SCMP_CMP_MASKED_EQ"}]},
		{names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38},
		{names: ["personality"], action: "SCMP_ACT_ALLOW",
		 args: [{index: 0, value: 0, op: "SCMP_CMP_EQ"}]}]}
