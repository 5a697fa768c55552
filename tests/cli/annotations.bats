# Annotations that change what we do (src/config/annotations.c); all others are kept and do nothing.
load helpers

note() { config '.annotations[$k] = $v' --arg k "$1" --arg v "$2"; }
hook() { # KIND SCRIPT
	config '.hooks[$k] += [{path: "/bin/sh", args: ["sh", "-c", $s]}]' --arg k "$1" --arg s "$2"
}

@test "what nobody knows is kept in the state and changes nothing" {
	note io.example.anything '{"a": [1]}'
	note run.oci.no_such_thing 1
	note run.oci.hooks 1
	note org.criu.config /etc/criu.conf
	note org.systemd.nonsense x
	args sleep 100
	create_it
	ocirun state "$ID" | jq -e '.annotations == {"io.example.anything": "{\"a\": [1]}", "run.oci.no_such_thing": "1",
		"run.oci.hooks": "1", "org.criu.config": "/etc/criu.conf", "org.systemd.nonsense": "x"}'
}

@test "features lists every one of them as potentially unsafe" {
	ok features
	local k
	for k in run.oci.keep_original_groups run.oci.mount_context_type run.oci.hooks.stdout run.oci.hooks.stderr \
		run.oci.seccomp.receiver run.oci.seccomp_fail_unknown_syscall run.oci.pidfd_receiver org.criu.config; do
		jq -e --arg k "$k" '.potentiallyUnsafeConfigAnnotations | contains([$k])' <<<"$output"
	done
}

@test "keep_original_groups: the caller's groups stay, and only with 1" {
	require root
	config '.process.user = {uid: 1000, gid: 1000}'
	note run.oci.keep_original_groups 1
	run --separate-stderr setpriv --groups 4242,4343 "$OCIRUN" --root "$ROOT" run -b "$B" "$ID" 3>&- 4>&-
	succeeded
	echo "$output" >"$T/guest.json"
	seen '.groups == [4242, 4343]'
	note run.oci.keep_original_groups 0
	run --separate-stderr setpriv --groups 4242,4343 "$OCIRUN" --root "$ROOT" run -b "$B" "$ID" 3>&- 4>&-
	echo "$output" >"$T/guest.json"
	seen '.groups - [1000] == []'
}

@test "pidfd_receiver: the socket gets a pidfd of init" {
	"$TOOLS/recvfd" "$T/sock" "$T/got" 3>&- 4>&- &
	STARTED+=($!)
	wait_for 5 test -S "$T/sock"
	note run.oci.pidfd_receiver "$T/sock"
	args sleep 100
	create_it
	wait_for 5 test -s "$T/got"
	equal "$(sed -n 1p "$T/got")" standard
	[[ $(sed -n 2p "$T/got") == *pidfd* ]]
	equal "$(awk '$1 == "Pid:" { print $2 }' "$T/got")" "$(cat "$T/pid")"
}

@test "--pidfd-socket wins over the annotation; a socket that is not there is named" {
	"$TOOLS/recvfd" "$T/sock" "$T/got" 3>&- 4>&- &
	STARTED+=($!)
	wait_for 5 test -S "$T/sock"
	note run.oci.pidfd_receiver "$T/nosuch"
	args sleep 100
	create_it --pidfd-socket "$T/sock"
	wait_for 5 test -s "$T/got"
	equal "$(awk '$1 == "Pid:" { print $2 }' "$T/got")" "$(cat "$T/pid")"
	refused /annotations/run.oci.pidfd_receiver create -b "$B" "$ID-2"
	refused --pidfd-socket create -b "$B" --pidfd-socket "$T/nosuch" "$ID-2"
}

@test "hooks.stdout and hooks.stderr: what hooks print is appended to files" {
	note run.oci.hooks.stdout "$T/hook.out"
	note run.oci.hooks.stderr "$T/hook.err"
	echo before >"$T/hook.out"
	hook createRuntime 'echo one; echo bad >&2'
	hook createContainer 'echo two'
	hook poststart 'echo three'
	hook poststop 'echo four'
	args true
	run_it
	succeeded
	equal "$(cat "$T/hook.out")" "$(printf 'before\none\ntwo\nthree\nfour')"
	equal "$(cat "$T/hook.err")" bad
}

@test "hooks.stdout: the output of a failing hook is there too, and in the error" {
	note run.oci.hooks.stdout "$T/hook.out"
	hook createRuntime 'echo said; exit 3'
	refused 'error running createRuntime hook #0: exit status 3 of "/bin/sh" (/hooks/createRuntime/0), stdout: said' create -b "$B" "$ID"
	equal "$(cat "$T/hook.out")" said
	note run.oci.hooks.stdout "$T/no/such/dir"
	refused "$T/no/such/dir" create -b "$B" "$ID"
}

@test "seccomp.receiver is the listener when the profile has none" {
	"$TOOLS/agent" "$T/agent.sock" "$T/agent.json" 42 3>&- 4>&- &
	STARTED+=($!)
	wait_for 5 test -S "$T/agent.sock"
	note run.oci.seccomp.receiver "$T/agent.sock"
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerMetadata: "m", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY"}]}'
	script 'mkdir /tmp/x'
	run_it
	exited 1
	[[ $stderr == *"No message of desired type"* ]] || say
	jq -e --arg id "$ID" --arg b "$B" --arg r "$T/agent.sock" '.metadata == "m" and .state.id == $id and .state.bundle == $b
		and .state.annotations == {"run.oci.seccomp.receiver": $r} and .pid == .state.pid' "$T/agent.json"
}

@test "seccomp_fail_unknown_syscall: names that nobody knows are an error" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "no_such_call"], action: "SCMP_ACT_ERRNO"}]}'
	args true
	run_it
	succeeded
	note run.oci.seccomp_fail_unknown_syscall 1
	refused '/linux/seccomp/syscalls/0/names/1: unknown system call "no_such_call"' run -b "$B" "$ID"
	config '.linux.seccomp.syscalls[0].names = ["mkdir"]'
	run_it
	succeeded
}

@test "mount_context_type: an unknown word is refused" {
	note run.oci.mount_context_type nonsense
	refused '/annotations/run.oci.mount_context_type' run -b "$B" "$ID"
	note run.oci.mount_context_type rootcontext
	run_guest
}
