# Cache and memory bandwidth (linux.intelRdt). Few machines have it: the program under test is the
# same but for the file that names the resctrl tree and makes its directories, which is a stand-in
# (tests/tools/fake_resctrlfs.c). What a group holds is read back from that tree.
load helpers

prepare() {
	OCIRUN_PLAIN=$OCIRUN
	OCIRUN=$TOOLS/ocirun-resctrl
	export OCIRUN_RESCTRL=$T/resctrl
	mkdir -p "$T/resctrl/mon_groups"
	: >"$T/resctrl/tasks"
	echo "    L3:0=00ff" >"$T/resctrl/schemata"
	rdt '{}'
}
rdt() { config '.linux.intelRdt = ($j | fromjson)' --arg j "$1"; }
group() { echo "$T/resctrl/$1"; }
prepared_group() { # NAME
	mkdir -p "$(group "$1")/mon_groups"
	: >"$(group "$1")/tasks"
	printf '    L3:0=00ff;1=00ff\n    MB:0= 100;1= 100\n' >"$(group "$1")/schemata"
}

@test "without closID: a group named after the container, removed with it" {
	rdt '{"l3CacheSchema": "L3:0=f;1=f0", "memBwSchema": "MB:0=20"}'
	args sleep 100
	create_it
	equal "$(cat "$(group "$ID")/schemata")" "$(printf 'L3:0=f;1=f0\nMB:0=20')"
	equal "$(cat "$(group "$ID")/tasks")" "$(cat "$T/pid")"
	[ -z "$(ls "$(group "$ID")/mon_groups")" ]
	ok delete -f "$ID"
	[ ! -e "$(group "$ID")" ]
}

@test "the process is in its group before it runs, in every kind of pid namespace" {
	script "exit 0"
	run_it
	succeeded
	[ ! -e "$(group "$ID")" ]
	ns_del pid
	args sleep 100
	create_it
	equal "$(cat "$(group "$ID")/tasks")" "$(cat "$T/pid")"
}

@test "a closID without a schema must be there, and stays" {
	rdt '{"closID": "gold"}'
	refused '/linux/intelRdt/closID: without a schema the group must exist' create -b "$B" "$ID"
	[ ! -e "$(group gold)" ]
	prepared_group gold
	create_it
	equal "$(cat "$(group gold)/tasks")" "$(cat "$T/pid")"
	ok delete -f "$ID"
	[ -d "$(group gold)" ]
	printf '    L3:0=00ff;1=00ff\n    MB:0= 100;1= 100\n' | cmp - "$(group gold)/schemata"
}

@test "a closID with a schema is made, or must be the same" {
	rdt '{"closID": "silver", "schemata": ["L3:0=f", "MB:0=10"]}'
	args sleep 100
	create_it
	equal "$(cat "$(group silver)/schemata")" "$(printf 'L3:0=f\nMB:0=10')"
	ID=$ID-2 create_it
	rdt '{"closID": "silver", "l3CacheSchema": "L3:0=1"}'
	refused 'exists already with other schemata' create -b "$B" "$ID-3"
	equal "$(cat "$(group silver)/schemata")" "$(printf 'L3:0=f\nMB:0=10')"
	ok delete -f "$ID"
	ok delete -f "$ID-2"
	[ -d "$(group silver)" ]
}

@test "closID / is the group of everybody" {
	rdt '{"closID": "/", "enableMonitoring": true}'
	create_it
	equal "$(cat "$T/resctrl/tasks")" "$(cat "$T/pid")"
	equal "$(cat "$T/resctrl/mon_groups/$ID/tasks")" "$(cat "$T/pid")"
	ok delete -f "$ID"
	[ ! -e "$T/resctrl/mon_groups/$ID" ]
	[ -d "$T/resctrl/mon_groups" ]
}

@test "enableMonitoring: a monitoring group below the class, removed with the container" {
	prepared_group gold
	rdt '{"closID": "gold", "enableMonitoring": true}'
	create_it
	equal "$(cat "$(group gold)/mon_groups/$ID/tasks")" "$(cat "$T/pid")"
	equal "$(cat "$(group gold)/tasks")" "$(cat "$T/pid")"
	ok delete -f "$ID"
	[ -z "$(ls "$(group gold)/mon_groups")" ]
}

@test "exec joins the container's groups, with and without a pid namespace" {
	prepared_group gold
	rdt '{"closID": "gold", "enableMonitoring": true}'
	args sleep 100
	local i
	for i in 1 2; do
		create_it
		ok start "$ID"
		: >"$(group gold)/tasks"
		: >"$(group gold)/mon_groups/$ID/tasks"
		ocirun exec -d --pid-file "$T/exec.pid" "$ID" sleep 100 </dev/null >/dev/null 2>&1 3>&- 4>&-
		equal "$(cat "$(group gold)/tasks")" "$(cat "$T/exec.pid")"
		equal "$(cat "$(group gold)/mon_groups/$ID/tasks")" "$(cat "$T/exec.pid")"
		ok delete -f "$ID"
		ns_del pid
	done
}

@test "a create that fails leaves no group" {
	rdt '{"enableMonitoring": true}'
	args /no/such
	refused 'no such file' create -b "$B" "$ID"
	[ ! -e "$(group "$ID")" ]
	rdt '{"closID": "new", "l3CacheSchema": "L3:0=f"}'
	refused 'no such file' create -b "$B" "$ID"
	[ ! -e "$(group new)" ]
	prepared_group "$ID"
	rdt '{}'
	refused 'exists already' create -b "$B" "$ID"
	[ -d "$(group "$ID")" ]
}

@test "a create that was killed is cleaned up by delete" {
	rdt '{"enableMonitoring": true}'
	config '.hooks = {createRuntime: [{path: "/bin/sleep", args: ["sleep", "100"]}]}'
	"$OCIRUN" --root "$ROOT" create -b "$B" "$ID" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	local creator=$!
	wait_for 5 test -s "$(group "$ID")/tasks"
	kill -KILL "$creator"
	wait "$creator" || true
	: >"$(group "$ID")/tasks" # the kernel takes the dead out by itself
	: >"$(group "$ID")/mon_groups/$ID/tasks"
	ok delete -f "$ID"
	[ ! -e "$(group "$ID")" ]
}

@test "events and stats: what the group may use and has used" {
	local t=$T/resctrl i
	printf '    L3:0=00ff;1=00ff\n    MB:0= 100;1= 100\n' >"$t/schemata"
	mkdir -p "$t/info/L3" "$t/info/MB"
	(cd "$t/info" && echo ffff >L3/cbm_mask && echo 2 >L3/min_cbm_bits && echo 16 >L3/num_closids &&
		echo 10 >MB/bandwidth_gran && echo 1 >MB/delay_linear && echo 20 >MB/min_bandwidth && echo 8 >MB/num_closids)
	rdt '{"schemata": ["L3:0=f;1=f0", "MB:0=20"], "enableMonitoring": true}'
	args sleep 100
	create_it
	ok start "$ID"
	local info='"l3_cache_info":{"cbm_mask":"ffff","min_cbm_bits":2,"num_closids":16},"l3_cache_schema_root":"L3:0=00ff;1=00ff","l3_cache_schema":"L3:0=f;1=f0","mem_bw_info":{"bandwidth_gran":10,"delay_linear":1,"min_bandwidth":20,"num_closids":8},"mem_bw_schema_root":"MB:0= 100;1= 100","mem_bw_schema":"MB:0=20","schemata":["L3:0=f;1=f0","MB:0=20"]'
	ok events --stats "$ID"
	equal "$(jq -c .data.intel_rdt <<<"$output")" "{$info}"
	# Of the monitoring group, in the order of the caches; a cache without a number keeps its place.
	for i in 00 01; do
		mkdir -p "$(group "$ID")/mon_groups/$ID/mon_data/mon_L3_$i" "$(group "$ID")/mon_data/mon_L3_$i"
		echo 7 >"$(group "$ID")/mon_data/mon_L3_$i/llc_occupancy"
		(cd "$(group "$ID")/mon_groups/$ID/mon_data/mon_L3_$i" && echo "1${i}0" >llc_occupancy &&
			echo "18446744073709551615" >mbm_total_bytes && echo "2$i" >mbm_local_bytes)
	done
	echo Unavailable >"$(group "$ID")/mon_groups/$ID/mon_data/mon_L3_00/mbm_local_bytes"
	ok stats -f json "$ID"
	[[ $output == *'"mbm_stats":[{"mbm_total_bytes":18446744073709551615},{"mbm_total_bytes":18446744073709551615,"mbm_local_bytes":201}],"cmt_stats":[{"llc_occupancy":1000},{"llc_occupancy":1010}]}'* ]] || say
	rm -r "$t/info" "$(group "$ID")/mon_groups/$ID/mon_data"
	: >"$(group "$ID")/schemata"
	: >"$t/schemata"
	ok events --stats "$ID"
	equal "$(jq -c .data.intel_rdt <<<"$output")" '{}'
	ok delete -f "$ID"
	config 'del(.linux.intelRdt)'
	create_it
	ok events --stats "$ID"
	equal "$(jq -c .data.intel_rdt <<<"$output")" '{}'
}

@test "an update that cannot be saved puts the schemata back" {
	rdt '{"l3CacheSchema": "L3:0=f;1=f0", "memBwSchema": "MB:0=20"}'
	args sleep 100
	create_it
	local kept=$(cat "$ROOT/$ID/config.json")
	mkdir "$ROOT/$ID/.config.json.tmp" # nothing can replace a directory
	refused 'saving the config of container' update --l3-cache-schema L3:0=1 --mem-bw-schema MB:0=10 "$ID"
	equal "$(cat "$(group "$ID")/schemata")" "$(printf 'L3:0=f;1=f0\nMB:0=20')"
	refused 'saving the config of container' update --mem-bw-schema MB:0=10 "$ID"
	equal "$(cat "$(group "$ID")/schemata")" "MB:0=20"
	rmdir "$ROOT/$ID/.config.json.tmp"
	equal "$(cat "$ROOT/$ID/config.json")" "$kept"
	ok update --l3-cache-schema L3:0=1 "$ID"
	equal "$(cat "$(group "$ID")/schemata")" "L3:0=1"
	jq -e '.linux.intelRdt.l3CacheSchema == "L3:0=1"' "$ROOT/$ID/config.json"
}

@test "what the kernel refuses is told with its own words" {
	: >"$T/resctrl/full"
	refused 'no space left on device' create -b "$B" "$ID"
	rm "$T/resctrl/full"
	require root
	: >"$T/resctrl/refuse"
	mkdir "$T/resctrl/info"
	echo 'Mask out of range' >"$T/resctrl/info/last_cmd_status"
	rdt '{"l3CacheSchema": "L3:0=fffff"}'
	refused 'resctrl says "Mask out of range"' create -b "$B" "$ID"
	[ ! -e "$(group "$ID")" ]
}

@test "bad values are refused by name" {
	rdt '{"closID": "a/b"}'
	refused '/linux/intelRdt/closID' create -b "$B" "$ID"
	rdt '{"closID": ".."}'
	refused '/linux/intelRdt/closID' create -b "$B" "$ID"
	rdt '{"memBwSchema": "L3:0=1"}'
	refused '/linux/intelRdt/memBwSchema' create -b "$B" "$ID"
	rdt '{"schemata": ["L3:0=1\nMB:0=1"]}'
	refused '/linux/intelRdt/schemata/0' create -b "$B" "$ID"
}

@test "explain shows the group, and makes none" {
	rdt '{"l3CacheSchema": "L3:0=f", "enableMonitoring": true}'
	ok explain -b "$B"
	printed 'new, removed with the container'
	printed 'schema "L3:0=f"'
	printed "/mon_groups/ID\""
	equal "$(ls "$T/resctrl")" "$(printf 'mon_groups\nschemata\ntasks')"
}

@test "without a resctrl mount it is refused, and the program itself cannot be pointed elsewhere" {
	OCIRUN=$OCIRUN_PLAIN
	grep -q ' - resctrl ' /proc/self/mountinfo ||
		refused '/linux/intelRdt: no resctrl file system is mounted' run -b "$B" "$ID"
	not grep -q OCIRUN_RESCTRL "$OCIRUN"
	config 'del(.linux.intelRdt)'
	run_guest
}
