# The cgroup: path, membership, limits, refusals, removal.
load helpers

root_of() { cgroup_root; }
path_of() { sed -n 's/^0:://p' "/proc/$1/cgroup"; }

@test "the process is in a cgroup of its own, which goes away" {
	args sleep 100
	create_it
	local path=$(path_of "$(cat "$T/pid")")
	[[ $path == *"$ID"* ]]
	[ -d "$(root_of)$path" ]
	ok delete -f "$ID"
	[ ! -d "$(root_of)$path" ]
}

@test "an absolute cgroupsPath is below the mount" {
	config '.linux.cgroupsPath = $p' --arg p "/$ID-parent/child"
	args sleep 100
	create_it
	equal "$(path_of "$(cat "$T/pid")")" "/$ID-parent/child"
	ok delete -f "$ID"
	rmdir "$(root_of)/$ID-parent" 2>/dev/null || [ ! -d "$(root_of)/$ID-parent" ]
}

@test "a cgroup with processes in it is refused" {
	config '.linux.cgroupsPath = $p' --arg p "/$ID"
	mkdir "$(root_of)/$ID"
	sleep 100 3>&- 4>&- &
	local pid=$!
	echo "$pid" >"$(root_of)/$ID/cgroup.procs"
	oci create -b "$B" "$ID"
	kill "$pid"
	wait "$pid" 2>/dev/null || true
	wait_for 5 rmdir "$(root_of)/$ID" || true
	failed_with "container's cgroup is not empty: 1 process(es) found"
}

@test "a frozen cgroup is refused" {
	config '.linux.cgroupsPath = $p' --arg p "/$ID"
	mkdir "$(root_of)/$ID"
	echo 1 >"$(root_of)/$ID/cgroup.freeze"
	oci create -b "$B" "$ID"
	echo 0 >"$(root_of)/$ID/cgroup.freeze"
	rmdir "$(root_of)/$ID"
	failed_with "container's cgroup unexpectedly frozen"
}

@test "a frozen container is paused, and SIGKILL still works" {
	args sleep 100
	create_it
	ok start "$ID"
	echo 1 >"$(root_of)$(path_of "$(cat "$T/pid")")/cgroup.freeze"
	wait_for 5 has_status paused
	ok kill "$ID" KILL
	wait_for 10 has_status stopped
}

@test "cgroups that the payload made are removed too" {
	args sleep 100
	create_it
	ok start "$ID"
	local dir=$(root_of)$(path_of "$(cat "$T/pid")")
	mkdir -p "$dir/a/b/c/d"
	ok delete -f "$ID"
	[ ! -d "$dir" ]
}

@test "a limit whose controller is missing is a clear error that names it" {
	if grep -qw memory "$(root_of)/cgroup.controllers"; then
		config '.linux.resources = {memory: {limit: 67108864}}'
		script 'cat /proc/self/cgroup; sleep 100'
		create_it
		equal "$(cat "$(root_of)$(path_of "$(cat "$T/pid")")/memory.max")" 67108864
	else
		config '.linux.resources = {memory: {limit: 67108864}}'
		refused memory create -b "$B" "$ID"
	fi
}

@test "pids limit" {
	require controller pids
	config '.linux.resources = {pids: {limit: 20}}'
	args sleep 100
	create_it
	equal "$(cat "$(root_of)$(path_of "$(cat "$T/pid")")/pids.max")" 20
}

@test "unified keys are written as they are" {
	config '.linux.resources = {unified: {"cgroup.max.descendants": "7"}}'
	args sleep 100
	create_it
	equal "$(cat "$(root_of)$(path_of "$(cat "$T/pid")")/cgroup.max.descendants")" 7
}

@test "disabled manager: no cgroup is made" {
	args sleep 100
	ocirun --cgroup-manager disabled create -b "$B" --pid-file "$T/pid" "$ID" </dev/null >/dev/null 2>&1 3>&- 4>&-
	equal "$(path_of "$(cat "$T/pid")")" "$(path_of self)"
	ok delete -f "$ID"
}

@test "a cgroup below a frozen one is refused, not waited for" {
	config '.linux.cgroupsPath = $p' --arg p "/$ID/child"
	mkdir "$(root_of)/$ID"
	echo 1 >"$(root_of)/$ID/cgroup.freeze"
	LIMIT=10 oci create -b "$B" "$ID"
	local made=0
	[ ! -d "$(root_of)/$ID/child" ] || made=1
	echo 0 >"$(root_of)/$ID/cgroup.freeze"
	rmdir "$(root_of)/$ID"
	failed_with "container's cgroup unexpectedly frozen"
	equal "$made" 0
}

@test "the cgroup of another container is refused, even when that one has ended" {
	ns_del pid
	config '.linux.cgroupsPath = $p' --arg p "/$ID"
	args sleep 100
	create_it
	refused "container's cgroup is not empty" create -b "$B" "$ID-2"
	ok kill "$ID" KILL
	wait_for 10 has_status stopped
	refused "belongs to container \"$ID\"" create -b "$B" "$ID-2"
	[ -d "$(root_of)/$ID" ]
	ok delete "$ID"
	args true
	oci run -b "$B" "$ID-2"
	succeeded
}

@test "asked for by annotation, containers share a cgroup, and each ends alone" {
	ns_del pid
	config '.linux.cgroupsPath = $p | .annotations = {"org.ocirun.cgroup.shared": "true"}' --arg p "/$ID"
	script 'sleep 100 & wait'
	create_it
	ocirun run -d -b "$B" --stdio null "$ID-2" 3>&- 4>&-
	ok start "$ID"
	local first second
	first=$(state_of pid)
	second=$(state_of pid "$ID-2")
	equal "$(path_of "$first") $(path_of "$second")" "/$ID /$ID"
	ok kill "$ID" KILL
	wait_for 10 has_status stopped
	kill -0 "$second"
	ok delete "$ID"
	kill -0 "$second"
	equal "$(state_of status "$ID-2")" running
	ok delete -f "$ID-2"
	# the children of both belong to nobody now: they cannot be told from those of others
	echo 1 >"$(root_of)/$ID/cgroup.kill"
	wait_for 5 rmdir "$(root_of)/$ID"
}

@test "a cgroup that was made anew at the same place is not ours to kill or remove" {
	ns_del pid
	config '.linux.cgroupsPath = $p' --arg p "/$ID"
	args sleep 100
	create_it
	ok kill "$ID" KILL
	wait_for 10 has_status stopped
	wait_for 5 rmdir "$(root_of)/$ID"
	mkdir "$(root_of)/$ID"
	sleep 100 3>&- 4>&- &
	local other=$!
	STARTED+=("$other")
	echo "$other" >"$(root_of)/$ID/cgroup.procs"
	oci kill "$ID" KILL
	local killed=$status
	oci delete "$ID"
	kill -0 "$other"
	kill "$other"
	wait "$other" 2>/dev/null || true
	wait_for 5 rmdir "$(root_of)/$ID"
	succeeded
	equal "$killed" 1
}

@test "a create that fails takes the parents away that it made, not those it found" {
	mkdir "$(root_of)/$ID"
	config '.linux.cgroupsPath = $p | .linux.resources.unified = {"nosuch.limit": "1"}' --arg p "/$ID/a/b/c"
	oci create -b "$B" "$ID"
	local left
	left=$(find "$(root_of)/$ID" -mindepth 1 -type d)
	rmdir "$(root_of)/$ID"
	exited 1
	equal "$left" ""
}

@test "removing waits for a process that dies slowly, and names who stays" {
	config '.linux.cgroupsPath = $p' --arg p "/$ID"
	args sleep 100
	create_it
	sleep 100 3>&- 4>&- &
	local slow=$!
	STARTED+=("$slow")
	echo "$slow" >"$(root_of)/$ID/cgroup.procs"
	(sleep 2; kill "$slow") 3>&- 4>&- &
	local start=$SECONDS
	ok delete -f "$ID"
	[ $((SECONDS - start)) -lt 8 ]
	[ ! -d "$(root_of)/$ID" ]
	create_it
	sleep 100 3>&- 4>&- &
	slow=$!
	STARTED+=("$slow")
	echo "$slow" >"$(root_of)/$ID/cgroup.procs"
	refused "1 process(es) still in it after 10 seconds: $slow (sleep)" delete -f "$ID"
	kill "$slow"
	wait "$slow" 2>/dev/null || true
	ok delete -f "$ID"
}
