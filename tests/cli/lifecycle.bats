# create, start, state, kill, delete, list: transitions, texts, races, and what a killed create leaves.
load helpers

pid_dead() { [ ! -d "/proc/$1" ] || [ "$(sed -n 's/^State:.\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null)" = Z ]; }

@test "created, running, stopped, gone" {
	args sleep 100
	create_it
	has_status created
	ok start "$ID"
	has_status running
	ok kill "$ID" KILL
	wait_for 10 has_status stopped
	equal "$(state_of pid)" 0
	ok delete "$ID"
	refused 'does not exist' state "$ID"
}

@test "state is one object with the fields engines read, and nothing on stderr" {
	config '.annotations = {"a.b": "c"}'
	args sleep 100
	create_it
	ok state "$ID"
	equal "$stderr" ""
	jq -e --arg id "$ID" --arg b "$B" --arg r "$R" '.ociVersion == "1.3.0" and .id == $id and .status == "created" and .bundle == $b and .rootfs == $r and (.pid | type == "number") and .annotations == {"a.b": "c"} and (.created | test("^20[0-9-]+T[0-9:.]+Z$"))' <<<"$output"
	equal "$(state_of pid)" "$(cat "$T/pid")"
}

@test "the program runs only after start" {
	script 'echo ran >/ran'
	create_it
	sleep 0.3
	[ ! -e "$R/ran" ]
	ok start "$ID"
	wait_for 5 test -e "$R/ran"
}

@test "the pid file has the pid and nothing else, relative to the caller" {
	args sleep 100
	(cd "$T" && ocirun create -b "$B" --pid-file relative.pid "$ID" </dev/null >/dev/null 2>&1 3>&- 4>&-)
	equal "$(wc -l <"$T/relative.pid")" 0
	equal "$(cat "$T/relative.pid")" "$(state_of pid)"
}

@test "start twice, start after the end" {
	args sleep 100
	create_it
	ok start "$ID"
	refused 'cannot start an already running container' start "$ID"
	ok kill "$ID" KILL
	wait_for 10 has_status stopped
	refused 'cannot start a container that has stopped' start "$ID"
}

@test "start tells of a program that cannot be executed" {
	printf 'garbage' >"$R/bin/bad"
	chmod 755 "$R/bin/bad"
	args /bin/bad
	create_it
	refused 'exec format error' start "$ID"
}

@test "a container without a process can be created, not started" {
	config 'del(.process)'
	create_it
	has_status created
	oci start "$ID"
	exited 1
	[[ $stderr == *process* ]] || say
}

@test "an id can be taken once" {
	args sleep 100
	create_it
	refused 'container with given ID already exists' create -b "$B" "$ID"
	has_status created
}

@test "unknown ids: the words engines look for" {
	local c
	for c in state start kill delete; do refused 'container does not exist' $c nosuch; done
	ok delete -f nosuch
	equal "$output$stderr" ""
}

@test "delete refuses a running container, unless forced" {
	args sleep 100
	create_it
	ok start "$ID"
	local pid=$(cat "$T/pid")
	refused 'that is not stopped: running' delete "$ID"
	has_status running
	ok delete -f "$ID"
	pid_dead "$pid"
}

@test "delete of a created container kills it" {
	args sleep 100
	create_it
	ok delete -f "$ID"
	pid_dead "$(cat "$T/pid")"
}

@test "kill: names, numbers, probes, the dead" {
	script 'trap "exit 9" USR1; trap "exit 8" TERM; touch /ready; while :; do sleep 0.05; done'
	create_it
	ok start "$ID"
	wait_for 5 test -e "$R/ready"
	ok kill "$ID" 0
	refused 'unknown signal "NONSENSE"' kill "$ID" NONSENSE
	ok kill "$ID" sigusr1
	wait_for 10 has_status stopped
	refused 'container not running' kill "$ID" TERM
	ok kill --all "$ID" KILL
}

@test "kill sends SIGTERM when no signal is named" {
	script 'trap "touch /term; exit" TERM; touch /ready; while :; do sleep 0.05; done'
	create_it
	ok start "$ID"
	wait_for 5 test -e "$R/ready"
	ok kill "$ID"
	wait_for 10 test -e "$R/term"
}

@test "kill KILL without a pid namespace of its own kills all of the container" {
	ns_del pid
	script 'sleep 1000 & sleep 1000 & touch /ready; wait'
	create_it
	ok start "$ID"
	wait_for 5 test -e "$R/ready"
	ok kill "$ID" KILL
	wait_for 10 has_status stopped
	ok delete "$ID"
}

@test "children that outlive init in the host's pid namespace die with delete" {
	ns_del pid
	script 'sleep 1000 & sleep 1000 & touch /ready; exit 0'
	create_it
	ok start "$ID"
	wait_for 10 has_status stopped
	ok delete -f "$ID"
}

@test "list: table, json, quiet, and none" {
	mkdir -m 700 "$ROOT"
	ok list
	printed 'ID'
	ok list -f json
	equal "$output" null
	args sleep 100
	create_it
	ok list -q
	equal "$output" "$ID"
	ok list --format json
	jq -e --arg id "$ID" 'length == 1 and .[0].id == $id and .[0].status == "created" and .[0].owner == $me' --arg me "$(id -un)" <<<"$output"
	ok list
	[[ $output == *PID*STATUS*BUNDLE*CREATED*OWNER* && $output == *"$ID"* ]] || say
	refused 'invalid format option' list -f yaml
}

@test "run: deletes at the end; --keep does not; --detach does not" {
	args true
	run_it
	succeeded
	[ ! -e "$ROOT/$ID" ]
	run_it --keep
	succeeded
	has_status stopped
	ok delete "$ID"
	args sleep 100
	ocirun run -d -b "$B" --pid-file "$T/pid" "$ID" </dev/null >"$T/out" 2>&1 3>&- 4>&-
	has_status running
}

@test "run forwards signals" {
	script 'trap "exit 21" TERM; touch /ready; while :; do sleep 0.05; done'
	ocirun run -b "$B" "$ID" </dev/null >"$T/out" 2>&1 3>&- 4>&- &
	local job=$!
	wait_for 10 test -e "$R/ready"
	local pid=$(pgrep -P "$job" | head -1)
	kill -TERM "${pid:-$job}"
	status=0
	wait "$job" || status=$?
	exited 21
}

@test "a create that fails leaves nothing: state, cgroup, process" {
	args /no/such/program
	refused 'no such file or directory' create -b "$B" --pid-file "$T/pid" "$ID"
	[ ! -e "$T/pid" ]
	leftovers
}

@test "a create killed at any moment can be deleted and repeated" {
	args sleep 100
	local delay
	for delay in 0.001 0.002 0.004 0.006 0.008 0.01 0.015 0.02 0.03 0.05; do
		timeout -s KILL $delay "$OCIRUN" --root "$ROOT" create -b "$B" "$ID" </dev/null >/dev/null 2>&1 3>&- 4>&- || true
		oci delete -f "$ID"
		[ "$status" -eq 0 ] || say
		leftovers || { echo "after $delay s"; return 1; }
	done
	create_it
	has_status created
}

@test "eight creates of one id at once: one wins, and its container works" {
	args sleep 100
	local i won=0
	for i in 1 2 3 4 5 6 7 8; do
		(ocirun create -b "$B" "$ID" </dev/null >/dev/null 2>"$T/err.$i" 3>&- 4>&- && r=0 || r=$?; echo $r >"$T/rc.$i") &
	done
	wait
	for i in 1 2 3 4 5 6 7 8; do
		if [ "$(cat "$T/rc.$i")" -eq 0 ]; then won=$((won + 1)); else grep -q 'already exists' "$T/err.$i"; fi
	done
	equal "$won" 1
	ok start "$ID"
	has_status running
}

@test "twenty containers at once" {
	args true
	local i
	for i in $(seq 20); do
		(ocirun run -b "$B" "$ID-$i" </dev/null >/dev/null 2>"$T/err.$i" 3>&- 4>&- && r=0 || r=$?; echo $r >"$T/rc.$i") &
	done
	wait
	for i in $(seq 20); do [ "$(cat "$T/rc.$i")" -eq 0 ] || { cat "$T/err.$i"; return 1; }; done
}

@test "two starts at once: one wins" {
	args sleep 100
	create_it
	(ocirun start "$ID" >/dev/null 2>&1 3>&- 4>&- && r=0 || r=$?; echo $r >"$T/rc.1") &
	(ocirun start "$ID" >/dev/null 2>&1 3>&- 4>&- && r=0 || r=$?; echo $r >"$T/rc.2") &
	wait
	equal "$(cat "$T/rc.1" "$T/rc.2" | sort | tr -d '\n')" 01
}

@test "deletes at once are harmless" {
	args sleep 100
	create_it
	local i
	for i in 1 2 3 4; do (ocirun delete -f "$ID" >/dev/null 2>&1 3>&- 4>&- && r=0 || r=$?; echo $r >"$T/rc.$i") & done
	wait
	for i in 1 2 3 4; do equal "$(cat "$T/rc.$i")" 0; done
}

@test "two deletes at once without force: one does it, the other says that it is gone" {
	args true
	create_it
	ok start "$ID"
	wait_for 10 has_status stopped
	local i
	for i in 1 2; do (ocirun delete "$ID" >/dev/null 2>"$T/err.$i" 3>&- 4>&- && r=0 || r=$?; echo $r >"$T/rc.$i") & done
	wait
	equal "$(cat "$T/rc.1" "$T/rc.2" | sort | tr -d '\n')" 01
	grep -q 'does not exist' "$T/err.1" "$T/err.2"
}

@test "a damaged record: list goes on, delete -f works" {
	args sleep 100
	create_it
	mkdir -p "$ROOT/$ID-broken"
	ok list -q
	printed "$ID"
	ok delete -f "$ID-broken"
	[ ! -e "$ROOT/$ID-broken" ]
}

@test "a short-lived process, many times" {
	args true
	local i
	for i in $(seq 20); do
		run_it
		succeeded
	done
}
