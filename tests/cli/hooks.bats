# Hooks: when they run, where, with what, and what their failure means.
load helpers

hook() { # KIND SCRIPT [EXTRA-JSON]
	config '.hooks[$k] += [{path: "/bin/sh", args: ["hook", "-c", $s]} + ($x | fromjson)]' --arg k "$1" --arg s "$2" --arg x "${3:-{\}}"
}

@test "all six run once, in their order, with their status" {
	local k
	for k in prestart createRuntime createContainer poststart poststop; do
		hook $k "cat >$T/$k.json; echo $k >>$T/order"
	done
	config '.hooks.createContainer[0].args[2] = "true"'
	config '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "cat >/startContainer.json"]}]'
	args true
	run_it
	succeeded
	equal "$(cat "$T/order")" "$(printf 'prestart\ncreateRuntime\npoststart\npoststop')"
	jq -e --arg id "$ID" --arg b "$B" '.id == $id and .bundle == $b and .status == "creating" and .pid > 1 and (.ociVersion | startswith("1."))' "$T/createRuntime.json"
	jq -e '.status == "creating"' "$T/prestart.json"
	jq -e '.status == "running" and .pid > 1' "$T/poststart.json"
	jq -e '.status == "stopped" and (.pid // 0) == 0' "$T/poststop.json"
	jq -e '.status == "created"' "$R/startContainer.json"
}

@test "createRuntime runs in the runtime's namespaces, createContainer in the container's" {
	hook createRuntime "readlink /proc/self/ns/mnt >$T/runtime"
	hook createContainer "readlink /proc/self/ns/mnt >$T/container"
	args true
	run_it
	succeeded
	equal "$(cat "$T/runtime")" "$(readlink /proc/self/ns/mnt)"
	[ "$(cat "$T/container")" != "$(cat "$T/runtime")" ]
}

@test "startContainer runs inside, before the process" {
	config '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "pwd; echo hook >>/log"], env: ["X=1"]}]'
	script 'echo process >>/log'
	run_it
	succeeded
	equal "$(cat "$R/log")" "$(printf 'hook\nprocess')"
}

@test "createRuntime sees the mounts before the pivot" {
	hook createRuntime "pid=\$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/'); grep -c ' $R/proc ' /proc/\$pid/mountinfo >$T/n"
	args true
	run_it
	succeeded
	[ "$(cat "$T/n")" -ge 1 ]
}

@test "the environment is exactly the hook's, argv[0] too" {
	hook createRuntime "env >$T/env; tr '\\0' ' ' </proc/\$\$/cmdline >$T/argv" '{"env":["ONE=1","TWO=2"]}'
	SECRET=1 run_guest
	grep -qx ONE=1 "$T/env"
	grep -qx TWO=2 "$T/env"
	not grep -q SECRET "$T/env"
	[[ $(cat "$T/argv") == "hook -c"* ]]
}

@test "a hook that fails undoes the creation and says which" {
	hook createRuntime true
	hook createRuntime 'echo to-stdout; echo to-stderr >&2; exit 3'
	hook poststop "echo x >>$T/poststop"
	refused 'error running createRuntime hook #1' run -b "$B" "$ID"
	[[ $stderr == *"exit status 3"*to-stdout*to-stderr* ]] || say
	[ ! -e "$ROOT/$ID" ]
}

@test "each kind that fails before the process starts fails the command" {
	local k
	for k in prestart createRuntime createContainer; do
		config 'del(.hooks)'
		hook $k 'exit 1'
		refused "error running $k hook #0" create -b "$B" "$ID"
	done
	config '.hooks = {startContainer: [{path: "/bin/false"}]}'
	oci run -b "$B" "$ID"
	[ "$status" -ne 0 ]
	[[ $stderr == *startContainer* ]] || say
}

@test "poststart failing is an error, poststop failing only a warning" {
	hook poststop 'exit 1'
	args true
	run_it
	succeeded
	config 'del(.hooks)'
	hook poststart 'exit 1'
	args sleep 100
	create_it
	refused poststart start "$ID"
	has_status stopped
}

# Commands that read the saved config, by their system calls.
reads_config() { # COMMAND...
	strace -qq -e trace=openat -o "$T/opens" "$OCIRUN" --root "$ROOT" "$@" </dev/null >"$T/out" 2>"$T/err" 3>&- 4>&-
	grep -q 'config.json' "$T/opens"
}

@test "start and delete read the saved config for late hooks only" {
	require command strace
	local kind
	args sleep 100
	config '.hooks = {createRuntime: [{path: "/bin/true"}]}'
	create_it
	not reads_config start "$ID"
	has_status running
	ok kill "$ID" KILL
	wait_for 10 has_status stopped
	not reads_config delete "$ID"
	refused 'does not exist' state "$ID"
	for kind in poststart poststop; do
		config 'del(.hooks)'
		hook $kind "echo $kind >>$T/ran"
		create_it
		reads_config start "$ID"
		reads_config delete -f "$ID"
	done
	equal "$(tr '\n' ' ' <"$T/ran")" "poststart poststop "
}

@test "the error shows the program, its place in config.json and the end of what it said" {
	hook createRuntime 'i=0; while [ $i -lt 2000 ]; do echo noise >&2; i=$((i+1)); done; echo the reason >&2; exit 7'
	refused 'hook #0: exit status 7 of "/bin/sh" (/hooks/createRuntime/0), stdout: , stderr: ...' run -b "$B" "$ID"
	[[ ${stderr//$'\n'/} == *"the reason"* ]] || say
}

@test "with --debug the log has what good hooks print" {
	hook createRuntime 'echo hello from the hook'
	args true
	oci --debug --log "$T/log" run -b "$B" "$ID"
	succeeded
	grep -q 'createRuntime hook #0: exit status 0 of .*hello from the hook' "$T/log"
	rm "$T/log"
	oci --log "$T/log" run -b "$B" "$ID"
	not grep -q hello "$T/log"
}

@test "poststop that fails keeps the container; delete again runs only what has failed" {
	hook poststop "echo one >>$T/ran"
	hook poststop "echo two >>$T/ran; test -e $T/repaired"
	hook poststop "echo three >>$T/ran"
	args true
	create_it
	ok start "$ID"
	wait_for 10 has_status stopped
	refused 'error running poststop hook #1: exit status 1 of "/bin/sh" (/hooks/poststop/1)' delete "$ID"
	equal "$(tr '\n' ' ' <"$T/ran")" "one two three "
	has_status stopped
	[ -z "$(find "$(cgroup_root)" -maxdepth 3 -name "*$ID*")" ]
	refused 'poststop hook #1' delete "$ID"
	equal "$(tr '\n' ' ' <"$T/ran")" "one two three two "
	touch "$T/repaired"
	ok delete "$ID"
	equal "$(tr '\n' ' ' <"$T/ran")" "one two three two two "
	refused 'does not exist' delete "$ID"
}

@test "delete --force goes on when poststop fails" {
	hook poststop 'exit 1'
	args sleep 100
	create_it
	oci delete -f "$ID"
	succeeded
	[[ $stderr == *'poststop hook #0'* ]] || say
	[ ! -e "$ROOT/$ID" ]
}

@test "a timeout kills the hook" {
	hook createRuntime 'sleep 100' '{"timeout":1}'
	local start=$SECONDS
	refused 'hook ran past specified timeout of 1' run -b "$B" "$ID"
	[ $((SECONDS - start)) -lt 20 ]
}

@test "a hook that dies of a signal is named with it" {
	hook createRuntime 'kill -KILL $$'
	refused 'killed' run -b "$B" "$ID"
}

@test "a missing hook program, a relative one and a timeout of 0 are refused" {
	config '.hooks = {createRuntime: [{path: "/nonexistent/hook"}]}'
	refused /nonexistent/hook run -b "$B" "$ID"
	config '.hooks = {createRuntime: [{path: "bin/true"}]}'
	refused /hooks/createRuntime/0 run -b "$B" "$ID"
	config '.hooks = {createRuntime: [{path: "/bin/true", timeout: 0}]}'
	refused /hooks/createRuntime/0 run -b "$B" "$ID"
}

@test "a hook that prints much or closes stdin does no harm" {
	hook createRuntime 'exec <&-; head -c 3000000 /dev/zero'
	args true
	run_it
	succeeded
}

@test "hooks inherit no descriptors" {
	hook createRuntime "ls -l /proc/\$\$/fd >$T/fds"
	args true
	run_it
	succeeded
	! grep -qE ' [3-9] -> (/|socket|anon)' "$T/fds" || { cat "$T/fds"; false; }
}

@test "a hook ends with the runtime that is killed" {
	hook createRuntime "echo \$\$ >$T/hook; exec sleep 100"
	args true
	create_it & # in a shell of its own, so that only the runtime itself is hit
	STARTED+=("$!")
	wait_for 10 test -s "$T/hook"
	local hook
	hook=$(cat "$T/hook")
	kill -KILL "$(sed -n 's/^PPid:\t//p' "/proc/$hook/status")"
	wait_for 5 sh -c "! kill -0 $hook 2>/dev/null"
	ok delete -f "$ID"
}
