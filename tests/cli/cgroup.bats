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
