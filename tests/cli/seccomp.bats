# Seccomp: actions, arguments, errno values, the unknown, the listener.
load helpers

profile() { config '.linux.seccomp = ($j | fromjson)' --arg j "$1"; }
deny() { profile '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"'"$1"'"'"${2:+,$2}"'}]}'; }

@test "without a profile no filter is loaded" {
	run_guest
	seen '.seccomp == 0'
}

@test "errno: EPERM by default, or as given" {
	deny SCMP_ACT_ERRNO
	script 'mkdir /tmp/x'
	run_it
	exited 1
	[[ $stderr == *"Operation not permitted"* ]] || say
	deny SCMP_ACT_ERRNO '"errnoRet":38'
	run_it
	exited 1
	[[ $stderr == *"not implemented"* ]] || say
}

@test "kill: the process dies of SIGSYS" {
	deny SCMP_ACT_KILL_PROCESS
	script 'mkdir /tmp/x; exit 0'
	run_it
	exited 0
	args mkdir /tmp/x
	run_it
	exited 159
}

@test "trap: SIGSYS as well" {
	deny SCMP_ACT_TRAP
	args mkdir /tmp/x
	run_it
	exited 159
}

@test "log and allow let it pass" {
	deny SCMP_ACT_LOG
	args mkdir /tmp/x
	run_it
	succeeded
}

@test "an argument decides: personality with one value only" {
	profile '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["kill"],"action":"SCMP_ACT_ERRNO","errnoRet":1,"args":[{"index":1,"value":15,"op":"SCMP_CMP_EQ"}]}]}'
	script 'kill -WINCH $$ && echo winch; kill -TERM $$ || echo refused'
	run_it
	printed winch
	printed refused
}

@test "an allow list: defaultAction errno with a default errno" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 38, architectures: ["SCMP_ARCH_X86_64"], syscalls: [{names: ($s - ["mkdir", "mkdirat"] + ["clone"]), action: "SCMP_ACT_ALLOW"}]}' \
		--argjson s "$(cat "$SRC/docker-syscalls.json")"
	script 'mkdir /tmp/x'
	run_it
	exited 1
	[[ $stderr == *"not implemented"* ]] || say
}

@test "docker's profile, with and without noNewPrivileges" {
	config -f "$SRC/docker.jq" --argjson syscalls "$(cat "$SRC/docker-syscalls.json")"
	run_guest
	seen '.seccomp == 2 and .nnp == 0'
	config '.process.noNewPrivileges = true'
	run_guest
	seen '.seccomp == 2 and .nnp == 1'
}

@test "docker's profile for a user that is not root" {
	config -f "$SRC/docker.jq" --argjson syscalls "$(cat "$SRC/docker-syscalls.json")"
	config '.process.user = {uid: 1000, gid: 1000}'
	run_guest
	seen '.seccomp == 2 and .uid == [1000,1000,1000]'
}

@test "unknown names are skipped" {
	profile '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["no_such_call","mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}'
	script 'mkdir /tmp/x'
	run_it
	exited 1
}

@test "a system call newer than the profile gets ENOSYS, not the default action" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_KILL_PROCESS", syscalls: [{names: ($s + ["clone", "clone3", "personality"]), action: "SCMP_ACT_ALLOW"}]}' \
		--argjson s "$(jq -c 'map(select(test("futex_|cachestat|fchmodat2|map_shadow|mseal|lsm_|statmount|listmount|xattrat|file_|open_tree_attr|uretprobe") | not))' "$SRC/docker-syscalls.json")"
	run_guest
	seen '.seccomp == 2 and .newest_call_errno == 38'
}

@test "notify: as the default action and on write it is refused" {
	profile '{"defaultAction":"SCMP_ACT_NOTIFY","listenerPath":"/run/x"}'
	refused SCMP_ACT_NOTIFY run -b "$B" "$ID"
	profile '{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/run/x","syscalls":[{"names":["write"],"action":"SCMP_ACT_NOTIFY"}]}'
	refused 'SCMP_ACT_NOTIFY cannot be used for the write syscall' run -b "$B" "$ID"
}

@test "notify: the agent gets the descriptor and the state, and answers" {
	"$TOOLS/agent" "$T/agent.sock" "$T/agent.json" 42 3>&- 4>&- &
	STARTED+=($!)
	wait_for 5 test -S "$T/agent.sock"
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $p, listenerMetadata: "hello", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY"}]}' --arg p "$T/agent.sock"
	script 'mkdir /tmp/x'
	run_it
	exited 1
	[[ $stderr == *"No message of desired type"* ]] || say
	jq -e --arg id "$ID" '.metadata == "hello" and .fds == ["seccompFd"] and .pid > 1 and .state.id == $id and .state.status == "creating"' "$T/agent.json"
}

@test "notify: no agent is a failure that says so" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/nonexistent/agent", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}'
	refused 'failed to connect with seccomp agent' run -b "$B" "$ID"
}

@test "bad profiles are refused by name" {
	profile '{"defaultAction":"SCMP_ACT_NONSENSE"}'
	refused /linux/seccomp/defaultAction run -b "$B" "$ID"
	profile '{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_NONSENSE"]}'
	refused /linux/seccomp/architectures run -b "$B" "$ID"
	profile '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ALLOW","errnoRet":1}]}'
	refused /linux/seccomp run -b "$B" "$ID"
}

@test "start says so when the filter kills init at execve" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["execve"], action: "SCMP_ACT_KILL_PROCESS"}]}'
	create_it
	refused 'killed by SIGSYS before its program ran' start "$ID"
	has_status stopped
	ok delete "$ID"
	refused 'killed by SIGSYS before its program ran' run -b "$B" "$ID"
	[ ! -e "$ROOT/$ID" ]
}

# The flags of seccomp(2) as the kernel gets them.
flags_of_load() {
	run --separate-stderr strace -f -qq -e trace=seccomp -o "$T/trace" "$OCIRUN" --root "$ROOT" run -b "$B" "$ID" 3>&- 4>&-
	sed -n 's/.*seccomp(SECCOMP_SET_MODE_FILTER, \([^,]*\), {.*/\1/p' "$T/trace"
}

@test "flags: SPEC_ALLOW when the profile has none, nothing for an empty list, else those given" {
	require root
	require command strace
	args true
	profile '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO"}]}'
	equal "$(flags_of_load)" SECCOMP_FILTER_FLAG_SPEC_ALLOW
	config '.linux.seccomp.flags = []'
	equal "$(flags_of_load)" 0
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_LOG"]'
	equal "$(flags_of_load)" SECCOMP_FILTER_FLAG_LOG
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"]'
	equal "$(flags_of_load)" 'SECCOMP_FILTER_FLAG_LOG|SECCOMP_FILTER_FLAG_SPEC_ALLOW'
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_NONSENSE"]'
	refused '/linux/seccomp/flags/0' run -b "$B" "$ID"
}

agent() { # ERRNO
	rm -f "$T/agent.sock"
	"$TOOLS/agent" "$T/agent.sock" "$T/agent.json" "$1" </dev/null >"$T/agent.out" 2>&1 3>&- 4>&- &
	STARTED+=($!)
	wait_for 5 test -S "$T/agent.sock"
}
notifying() {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $p, syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY"}]}' --arg p "$T/agent.sock"
}

@test "notify: the whole message, as the specification has it" {
	agent 0
	notifying
	config '.linux.seccomp.listenerMetadata = $m | .annotations = {"a": "b"}' --arg m $'tab\t "quote" \u00e9 /path,more=1'
	script 'mkdir /tmp/x && test -d /tmp/x && sleep 100'
	create_it
	jq -e --arg id "$ID" --arg b "$B" --argjson pid "$(cat "$T/pid")" --arg m $'tab\t "quote" \u00e9 /path,more=1' '. == {
		ociVersion: "0.2.0", fds: ["seccompFd"], pid: $pid, metadata: $m,
		state: {ociVersion: "1.3.0", id: $id, status: "creating", pid: $pid, bundle: $b, annotations: {a: "b"}}}' "$T/agent.json"
	ok start "$ID"
	wait_for 5 test -d "$R/tmp/x" # the agent let it pass
}

@test "notify: WAIT_KILLABLE_RECV where the kernel has it, and features says so" {
	notifying
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]'
	script 'mkdir /tmp/x'
	if "$OCIRUN" features | jq -e '.linux.seccomp.supportedFlags | contains(["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"])'; then
		agent 42
		run_it
		exited 1
		[[ $stderr == *"No message of desired type"* ]] || say
	else
		refused 'this kernel does not support SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV' run -b "$B" "$ID"
	fi
	config '.linux.seccomp.syscalls[0].action = "SCMP_ACT_ERRNO"'
	refused 'needs a rule with SCMP_ACT_NOTIFY' run -b "$B" "$ID"
}

@test "notify: metadata or a rule without a listener is refused, a listener without a rule is not used" {
	notifying
	config 'del(.linux.seccomp.listenerPath)'
	refused '/linux/seccomp/listenerPath: must be set' run -b "$B" "$ID"
	config '.linux.seccomp.listenerMetadata = "x"'
	refused '/linux/seccomp/listenerMetadata: needs listenerPath' run -b "$B" "$ID"
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/nonexistent/agent", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}'
	args true
	run_it
	succeeded
	notifying
	config '.linux.seccomp.listenerPath = "relative/agent"'
	refused '/linux/seccomp/listenerPath' run -b "$B" "$ID"
}

@test "notify: with noNewPrivileges and in a user namespace" {
	agent 42
	notifying
	user_ns
	config '.process.noNewPrivileges = true'
	script 'mkdir /tmp/x'
	run_it
	exited 1
	[[ $stderr == *"No message of desired type"* ]] || say
}
