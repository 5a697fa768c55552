# kill: names, numbers, everybody in the cgroup, init gone, and several containers by one expression.
load helpers

# A container that notes the signals it gets.
listener() {
	script 'for s in HUP INT QUIT USR1 USR2 TERM WINCH; do trap "echo $s >>/got" $s; done; touch /ready; while :; do sleep 0.05; done'
	create_it
	ok start "$ID"
	wait_for 10 test -e "$R/ready"
}
got() { grep -qx "$1" "$R/got" 2>/dev/null; }
pids_of() { sed -n 's/^0:://p' "/proc/$(cat "$T/pid")/cgroup"; }
alive() { # how many processes the cgroup kept in $group has
	{ cat "$(cgroup_root)$group/cgroup.procs" 2>/dev/null || true; } | wc -l
}
nobody() { [ "$(alive)" -eq 0 ]; }

@test "signals by name, with and without SIG, in any case, and by number" {
	listener
	ok kill "$ID" HUP
	wait_for 5 got HUP
	ok kill "$ID" SIGINT
	wait_for 5 got INT
	ok kill "$ID" sigquit
	wait_for 5 got QUIT
	ok kill "$ID" 10
	wait_for 5 got USR1
	ok kill "$ID" usr2
	wait_for 5 got USR2
	ok kill "$ID"
	wait_for 5 got TERM
	ok kill "$ID" 0
	has_status running
}

@test "real-time signals, counted from both ends" {
	local s
	args sleep 100
	create_it
	ok start "$ID"
	for s in RTMIN+3 SIGRTMIN+3 rtmin+3; do ok kill "$ID" $s; done
	# sleep as init of its pid namespace ignores what it does not handle; in the host's it dies
	has_status running
	ok delete -f "$ID"
	ns_del pid
	create_it
	ok start "$ID"
	ok kill "$ID" RTMAX-1
	wait_for 10 has_status stopped
}

@test "what is no signal is refused, before anything is looked up" {
	local s
	args sleep 100
	create_it
	for s in NONSENSE SIG -1 65 99999 RTMIN+99 RTMAX+1 TERMX "" 9x; do
		refused "unknown signal \"$s\"" kill "$ID" -- "$s"
	done
	refused 'unknown signal "X"' kill nosuch X
	has_status created
}

@test "SIGKILL without a pid namespace takes the whole cgroup, init alive" {
	ns_del pid
	script 'sleep 1000 & (setsid sleep 1000 &) ; touch /ready; wait'
	create_it
	local group
	group=$(pids_of)
	ok start "$ID"
	wait_for 10 test -e "$R/ready"
	[ "$(alive)" -ge 3 ]
	ok kill "$ID" KILL
	wait_for 10 nobody
}

@test "SIGKILL without a pid namespace takes the whole cgroup, init gone" {
	ns_del pid
	script '(setsid sleep 1000 &); (setsid sleep 1000 &); touch /ready'
	create_it
	local group
	group=$(pids_of)
	ok start "$ID"
	wait_for 10 has_status stopped
	[ "$(alive)" -eq 2 ]
	refused 'container not running' kill "$ID" TERM
	[ "$(alive)" -eq 2 ]
	ok kill "$ID" KILL
	wait_for 10 nobody
	ok delete "$ID"
}

@test "--all signals every process, and is content when there is none" {
	script 'sh -c "trap \"touch /child\" USR1; touch /ready; while :; do sleep 0.05; done" & trap "touch /init" USR1; while :; do sleep 0.05; done'
	create_it
	ok start "$ID"
	wait_for 10 test -e "$R/ready"
	ok kill --all "$ID" USR1
	wait_for 5 test -e "$R/init" -a -e "$R/child"
	ok kill -a "$ID" 0
	ok kill -a "$ID" KILL
	wait_for 10 has_status stopped
	ok kill -a "$ID" KILL
	ok kill --all "$ID" TERM
	refused 'container does not exist' kill -a nosuch
}

@test "--all without a pid namespace reaches the children" {
	ns_del pid
	script 'sleep 1000 & touch /ready; wait'
	create_it
	local group
	group=$(pids_of)
	ok start "$ID"
	wait_for 10 test -e "$R/ready"
	ok kill --all "$ID" TERM
	wait_for 10 nobody
}

@test "--regex: all that match, the others not; delete too" {
	local i
	args sleep 100
	for i in a b c; do
		ocirun run -d -b "$B" --stdio null "$ID-$i" 3>&- 4>&-
	done
	ok kill --regex "^$ID-[ab]\$" KILL
	wait_for 10 has_status_of stopped a
	wait_for 10 has_status_of stopped b
	has_status_of running c
	refused "container \"$ID-c\"" delete --regex "^$ID-"
	[ ! -e "$ROOT/$ID-a" ] && [ ! -e "$ROOT/$ID-b" ] && [ -e "$ROOT/$ID-c" ]
	ok delete -f -r "^$ID-"
	equal "$(ls "$ROOT")" ""
	ok kill -r 'matches-nothing' KILL
	refused '--regex: "["' kill -r '[' KILL
}
has_status_of() { [ "$(state_of status "$ID-$2")" = "$1" ]; }

@test "a pid that another process has is not hit" {
	args sleep 100
	create_it
	sleep 0.05 # start times are counted in hundredths of a second
	sleep 100 3>&- 4>&- &
	local other=$!
	STARTED+=("$other")
	local record=$ROOT/$ID/state.json init
	init=$(cat "$T/pid")
	jq -c --argjson p "$other" '.init_process_pid = $p' "$record" >"$record.new"
	chmod 600 "$record.new"
	mv "$record.new" "$record"
	refused 'container not running' kill "$ID" KILL
	kill -0 "$other"
	jq -c --argjson p "$init" '.init_process_pid = $p' "$record" >"$record.new"
	mv "$record.new" "$record"
	ok delete -f "$ID"
	kill -0 "$other"
}
