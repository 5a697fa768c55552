# ps: the rows and numbers of the processes in the cgroup, and nothing of the others.
load helpers

two() { # a shell and its child
	script 'sleep 1234 & wait'
	create_it
	ok start "$ID"
	wait_for 5 has_two
}
has_two() { [ "$(ocirun ps -f json "$ID" | jq length)" = 2 ]; }

@test "ps -f json is one line of the host's pids, those of the cgroup" {
	two
	ok ps --format json "$ID"
	equal "$stderr" ""
	[[ $output =~ ^\[[0-9]+,[0-9]+\]$ ]] || say
	local dir=$(cgroup_root)$(sed -n 's/^0:://p' "/proc/$(cat "$T/pid")/cgroup")
	equal "$(jq -r '.[]' <<<"$output")" "$(sort -n "$dir/cgroup.procs")"
}

@test "ps finds processes in cgroups that the payload made" {
	two
	local dir=$(cgroup_root)$(sed -n 's/^0:://p' "/proc/$(cat "$T/pid")/cgroup")
	mkdir -p "$dir/a/b"
	jq -r '.[1]' <<<"$(ocirun ps -f json "$ID")" >"$dir/a/b/cgroup.procs"
	has_two
}

@test "ps prints the header and rows of ps -ef" {
	require command ps
	two
	ok ps "$ID"
	equal "${#lines[@]}" 3
	[[ ${lines[0]} == UID*PID*CMD ]] || say
	printed "sleep 1234"
	[[ $output != *bats* ]] || say
}

@test "options after the id are those of ps" {
	require command ps
	two
	ok ps "$ID" -e -o pid,comm
	[[ ${lines[0]} == *PID*COMMAND ]] || say
	equal "${#lines[@]}" 3
	refused "couldn't find PID field" ps "$ID" -e -o comm
	refused "failed: exit status" ps "$ID" --no-such-option-of-ps
}

@test "a container that has stopped has no processes" {
	require command ps
	args true
	create_it
	ok start "$ID"
	wait_for 5 has_status stopped
	ok ps "$ID"
	equal "${#lines[@]}" 1
	ok ps -f json "$ID"
	equal "$output" null
	rmdir "$(cgroup_root)$(jq -r .cgroup_path "$ROOT/$ID/state.json" | sed "s,^$(cgroup_root),,")"
	ok ps -f json "$ID"
	equal "$output" null
}

@test "json needs no ps program, a table does" {
	two
	run --separate-stderr env PATH=/nonexistent "$OCIRUN" --root "$ROOT" ps -f json "$ID"
	succeeded
	run --separate-stderr env PATH=/nonexistent "$OCIRUN" --root "$ROOT" ps "$ID"
	failed_with 'exec: "ps": executable file not found in $PATH'
}

@test "without PATH ps is found in the usual places" {
	require command ps
	two
	run --separate-stderr env -i "$OCIRUN" --root "$ROOT" ps "$ID"
	succeeded
	printed "sleep 1234"
}

@test "a container that lives outside its cgroup: one clear answer" {
	require root
	local cgroup other
	script 'sleep 100'
	create_it
	ok start "$ID"
	cgroup=$(jq -r .cgroup_path "$ROOT/$ID/state.json")
	other=$(cgroup_root)/$ID-other
	mkdir "$other"
	cat "$T/pid" >"$other/cgroup.procs"
	oci ps "$ID"
	local one="$status $stderr" two
	rmdir "$cgroup"
	oci ps -f json "$ID"
	two="$status $stderr $output"
	mkdir "$cgroup"
	oci ps "$ID"
	local three="$status $stderr"
	kill -KILL "$(cat "$T/pid")"
	wait_for 5 has_status stopped
	oci ps -f json "$ID"
	local four="$status $output"
	rmdir "$other" "$cgroup"
	[[ $one == '1 '*"nobody is in its cgroup"*"process $(cat "$T/pid") lives"* ]] || { echo "$one"; return 1; }
	[[ $two == '1 '*"there is no longer its cgroup"*"$cgroup"* ]] || { echo "$two"; return 1; }
	[[ $three == '1 '*"there is no longer its cgroup"* ]] || { echo "$three"; return 1; }
	equal "$four" '0 null'
}

@test "ps: bad arguments" {
	refused "container does not exist" ps nobody
	refused 'invalid format option "xml"' ps -f xml nobody
}
