# wait: the status of a container that somebody else has started, or clear words that it is unknown.
load helpers

# A foreground run is the parent that reaps; wait is a stranger.
run_behind() {
	ocirun run --keep -b "$B" "$ID" </dev/null >"$T/out" 2>&1 3>&- 4>&- &
	STARTED+=("$!")
	wait_for 10 has_status running
}
wait_behind() {
	rm -f "$T/wait.rc"
	(LIMIT=30 ocirun wait "$ID" </dev/null >"$T/wait.out" 2>"$T/wait.err" 3>&- 4>&- && r=0 || r=$?; echo $r >"$T/wait.rc") &
	waiter=$!
	sleep 0.3
	[ ! -e "$T/wait.rc" ]
}
# Where the kernel tells strangers (6.15), the status; elsewhere 255 and the reason, or the status,
# when we were faster than the parent.
told() { # STATUS
	wait "$waiter"
	[ ! -s "$T/wait.out" ]
	if [ -z "${ENOSYS:-}" ] && [ "$(printf '6.15\n%s\n' "$(uname -r)" | sort -V | head -1)" = 6.15 ]; then
		equal "$(cat "$T/wait.rc")" "$1"
	elif [ "$(cat "$T/wait.rc")" != "$1" ]; then
		equal "$(cat "$T/wait.rc")" 255
		grep -q 'status that is not known' "$T/wait.err"
	fi
}

@test "wait blocks until the end and gives the status" {
	script 'trap "exit 37" TERM; touch /ready; while :; do sleep 0.05; done'
	run_behind
	wait_for 10 test -e "$R/ready"
	wait_behind
	ok kill "$ID" TERM
	told 37
}

@test "wait gives 128 + n for a signal, 0 for success, and waits from created on" {
	args sleep 100
	run_behind
	wait_behind
	ok kill "$ID" KILL
	told 137
	ok delete -f "$ID"
	args true
	create_it
	wait_behind
	ok start "$ID"
	told 0
}

@test "several wait for one" {
	script 'touch /ready; sleep 1; exit 5'
	run_behind
	local i
	for i in 1 2 3; do
		(ocirun wait "$ID" </dev/null >/dev/null 2>&1 3>&- 4>&- && r=0 || r=$?; echo $r >"$T/rc.$i") &
		STARTED+=("$!")
	done
	wait_for 20 test -s "$T/rc.1" -a -s "$T/rc.2" -a -s "$T/rc.3"
	for i in 1 2 3; do [[ $(cat "$T/rc.$i") == 5 || $(cat "$T/rc.$i") == 255 ]]; done
}

@test "run --keep leaves the status for a later wait" {
	args sh -c 'exit 9'
	run_it --keep
	exited 9
	oci wait "$ID"
	exited 9
	oci wait "$ID"
	exited 9
	ok delete "$ID"
}

@test "an end that nobody has seen: 255 and words" {
	args sh -c 'exit 9'
	create_it
	local pid
	pid=$(cat "$T/pid")
	ok start "$ID"
	wait_for 10 has_status stopped
	oci wait "$ID"
	# until its parent reaps it, a zombie tells
	[ "$status" -eq 9 ] || { exited 255 && [[ $stderr == *'status that is not known'* ]]; } || say
	oci wait nosuch
	exited 255
	[[ $stderr == *'container does not exist'* ]] || say
}

@test "the kernel that cannot tell: it waits all the same" {
	local shim=("$TOOLS/enosys" pidfd_info)
	script 'trap "exit 37" TERM; touch /ready; while :; do sleep 0.05; done'
	run_behind
	wait_for 10 test -e "$R/ready"
	(timeout 30 "${shim[@]}" "$OCIRUN" --root "$ROOT" wait "$ID" </dev/null >/dev/null 2>"$T/wait.err" 3>&- 4>&- && r=0 || r=$?; echo $r >"$T/wait.rc") &
	waiter=$!
	sleep 0.3
	[ ! -e "$T/wait.rc" ]
	ok kill "$ID" TERM
	wait "$waiter"
	[ "$(cat "$T/wait.rc")" -eq 37 ] || { [ "$(cat "$T/wait.rc")" -eq 255 ] && grep -q 'not known' "$T/wait.err"; }
}
