# pause and resume: what the freezer of the cgroup says, which states allow it, and what still works.
load helpers

frozen() { grep -c '^frozen 1' "$(cgroup_root)$(sed -n 's/^0:://p' "/proc/$(cat "$T/pid")/cgroup")/cgroup.events"; }
running() {
	args "${@:-sleep}" 100
	create_it
	ok start "$ID"
}

@test "pause stops every process and resume lets them go on" {
	script 'i=0; while :; do i=$((i + 1)); echo $i >/tmp/n; usleep 1000; done'
	create_it
	ok start "$ID"
	wait_for 5 test -s "$R/tmp/n"
	ok pause "$ID"
	equal "$output$stderr" ""
	equal "$(frozen)" 1
	has_status paused
	equal "$(ocirun list -f json | jq -r '.[0].status')" paused
	local a=$(cat "$R/tmp/n")
	sleep 0.2
	equal "$(cat "$R/tmp/n")" "$a"
	ok resume "$ID"
	equal "$output$stderr" ""
	equal "$(frozen || true)" 0
	has_status running
	went_on() { [ "$(cat "$R/tmp/n")" != "$a" ]; }
	wait_for 5 went_on
}

@test "a paused created container reports paused, is not started, and resumes to created" {
	args sleep 100
	create_it
	ok pause "$ID"
	has_status paused
	refused "cannot start a container in the paused state" start "$ID"
	ok resume "$ID"
	has_status created
	ok start "$ID"
	has_status running
}

@test "pause and resume in the wrong state" {
	running
	refused "container not paused" resume "$ID"
	ok pause "$ID"
	refused "container not running" pause "$ID"
	ok resume "$ID"
	ok kill "$ID" KILL
	wait_for 5 has_status stopped
	refused "container not running" pause "$ID"
	refused "container not paused" resume "$ID"
	refused "container does not exist" pause nobody
	refused "container does not exist" resume nobody
}

@test "a paused container dies of SIGKILL and is deleted" {
	running
	ok pause "$ID"
	ok kill "$ID" KILL
	wait_for 10 has_status stopped
	ok delete "$ID"
}

@test "a paused container without a pid namespace of its own dies of SIGKILL" {
	ns_del pid
	running
	ok pause "$ID"
	ok kill "$ID" KILL
	wait_for 10 has_status stopped
}

@test "delete --force of a paused container, and no plain delete" {
	running
	ok pause "$ID"
	refused "that is not stopped: paused" delete "$ID"
	ok delete -f "$ID"
}

@test "another signal waits until resume" {
	script 'trap "exit 3" TERM; while :; do usleep 1000; done'
	create_it
	ok start "$ID"
	ok pause "$ID"
	ok kill "$ID" TERM
	sleep 0.2
	has_status paused
	ok resume "$ID"
	wait_for 5 has_status stopped
}

@test "a container without a cgroup cannot be paused" {
	args sleep 100
	ocirun --cgroup-manager disabled create -b "$B" "$ID" </dev/null >/dev/null 2>&1 3>&- 4>&-
	refused "it has no cgroup of its own to freeze" pause "$ID"
	has_status created
	refused "container not paused" resume "$ID"
}
