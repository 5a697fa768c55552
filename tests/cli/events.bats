# events and stats: the shape that engines parse, the end, OOM kills and what is left of them.
load helpers

running() {
	args sleep 100
	create_it
	ok start "$ID"
}

@test "events --stats is one line with the keys in order" {
	running
	ok events --stats "$ID"
	equal "$stderr" ""
	equal "${#lines[@]}" 1
	[[ $output == '{"type":"stats","id":"'"$ID"'","data":{"cpu":{'* ]] || say
	equal "$(jq -c '.data | keys_unsorted' <<<"$output")" '["cpu","cpuset","memory","pids","blkio","hugetlb","intel_rdt","network_interfaces"]'
	jq -e '.data.cpu.usage.total > 0 and .data.network_interfaces == null' <<<"$output"
}

@test "huge pages are counted" {
	require controller hugetlb
	config '.linux.resources = {hugepageLimits: [{pageSize: "2MB", limit: 0}]}'
	running
	ok events --stats "$ID"
	jq -e '.data.hugetlb["2MB"].failcnt == 0' <<<"$output"
}

@test "events ends with the container" {
	script 'usleep 600000'
	create_it
	ok start "$ID"
	oci events --interval 100ms "$ID"
	succeeded
	[ "${#lines[@]}" -ge 1 ] || say
	jq -es 'all(.[]; .type == "stats")' <<<"$output"
}

@test "events in the wrong state, bad intervals" {
	running
	refused "duration interval must be greater than 0" events --interval 0s "$ID"
	refused 'invalid --interval "soon"' events --interval soon "$ID"
	ok kill "$ID" KILL
	wait_for 5 has_status stopped
	refused "container with id $ID is not running" events --stats "$ID"
	refused "container with id $ID is not running" stats "$ID"
	refused "container does not exist" events nobody
	equal "$(ocirun state "$ID" | jq .oomKilled)" null
}

@test "stats: a table and a list" {
	running
	ok stats
	equal "${#lines[@]}" 2
	[[ ${lines[0]} == ID*MEMORY*PEAK*PIDS*OOM ]] || say
	printed "$ID"
	ok stats -f json "$ID"
	jq -e --arg id "$ID" 'length == 1 and .[0].id == $id and .[0].oomKills == 0 and .[0].data.cpu.usage.total > 0' <<<"$output"
	refused "container does not exist" stats nobody
	refused 'invalid format option "xml"' stats -f xml
}

@test "memory, pids and their peaks" {
	require controller memory
	config '.linux.resources = {memory: {limit: 67108864}, pids: {limit: 20}}'
	running
	ok events --stats "$ID"
	jq -e '.data.memory.usage.limit == 67108864 and .data.memory.usage.usage > 0 and .data.memory.raw.anon > 0 and .data.pids == {current: 1, limit: 20}' <<<"$output"
	ok stats -f json "$ID"
	jq -e '.[0].peaks.pids >= 1 and .[0].peaks.memory > 0' <<<"$output"
}

# A container whose program is killed for memory, and nobody watches.
killed_alone() {
	config '.linux.resources = {memory: {limit: 16777216, swap: 16777216}}'
	script 'tail /dev/zero'
	create_it
	cgroup=$(jq -r .cgroup_path "$ROOT/$ID/state.json")
	ok start "$ID"
	wait_for 20 has_stopped
}
has_stopped() { ! grep -q . "$cgroup${1:-}/cgroup.procs"; }
noted() { equal "$(jq .oom_killed "$ROOT/$ID/state.json")" "$1"; }

@test "an OOM kill that nobody watched: state, wait and a delete that fails note it" {
	require controller memory
	killed_alone
	noted null
	equal "$(state_of oomKilled)" true
	noted true
	rmdir "$cgroup"
	equal "$(state_of oomKilled)" true
	ok delete "$ID"
	killed_alone
	oci wait "$ID"
	noted true
	ok delete "$ID"
	# In a cgroup below the container's; and a hook keeps the container.
	config '.hooks.poststop = [{path: "/bin/false"}]'
	script 'while [ ! -e /tmp/go ]; do usleep 50000; done; tail /dev/zero'
	create_it
	mkdir "$cgroup/sub"
	cat "$T/pid" >"$cgroup/sub/cgroup.procs"
	echo +memory >"$cgroup/cgroup.subtree_control"
	ok start "$ID"
	touch "$R/tmp/go"
	wait_for 20 has_stopped /sub
	grep -qx 'oom_kill 0' "$cgroup/memory.events.local"
	noted null
	refused poststop delete "$ID"
	[ ! -d "$cgroup" ]
	noted true
	equal "$(state_of oomKilled)" true
	ok delete -f "$ID"
}

@test "what others noted is an event at the end" {
	script 'while [ ! -e /tmp/go ]; do usleep 50000; done'
	create_it
	ok start "$ID"
	ocirun events --interval 1h "$ID" </dev/null >"$T/events" 2>&1 3>&- 4>&- &
	local pid=$!
	sleep 1
	jq -c '.oom_killed = true' "$ROOT/$ID/state.json" >"$T/new" && cat "$T/new" >"$ROOT/$ID/state.json"
	touch "$R/tmp/go"
	wait "$pid"
	equal "$(cat "$T/events")" '{"type":"oom","id":"'"$ID"'"}'
	wait_for 5 has_status stopped
	equal "$(state_of oomKilled)" true
}

@test "an OOM kill is an event, and known after the cgroup is gone" {
	require controller memory
	config '.linux.resources = {memory: {limit: 16777216, swap: 16777216}}'
	script 'while [ ! -e /tmp/go ]; do usleep 50000; done; tail /dev/zero'
	create_it
	ok start "$ID"
	ocirun events --interval 1h "$ID" </dev/null >"$T/events" 2>&1 3>&- 4>&- &
	local pid=$!
	sleep 2
	touch "$R/tmp/go"
	wait "$pid"
	grep -qx '{"type":"oom","id":"'"$ID"'"}' "$T/events"
	wait_for 10 has_status stopped
	equal "$(state_of oomKilled)" true
	rmdir "$(jq -r .cgroup_path "$ROOT/$ID/state.json")"
	equal "$(state_of oomKilled)" true
}
