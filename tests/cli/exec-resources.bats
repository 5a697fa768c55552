# exec --resources: a cgroup for one exec with limits of its own, below the container's; and the
# annotation that gives the container's processes a leaf, so that every limit can be had.
load helpers

prepare() { args /bin/sleep 1000; }
leaf() { config '.annotations["org.ocirun.cgroup.leaf"] = "main"'; }
started() { # the container's cgroup is then $CG
	ocirun run -d -b "$B" --pid-file "$T/pid" "$ID" </dev/null >"$T/out" 2>"$T/err" 3>&- 4>&-
	CG=$(cgroup_root)$(path_of "$(cat "$T/pid")")
	CG=${CG%/main}
}
path_of() { sed -n 's/^0:://p' "/proc/$1/cgroup"; }
limits() { jq -n "$1" >"$T/limits.json"; }
PAGE=2097152
huge() { limits "{hugepageLimits: [{pageSize: \"2MB\", limit: ($1 * $PAGE)}]}"; } # so many pages
below() { find "$CG" -mindepth 1 -type d -name 'ocirun-exec-*'; }
limited() { oci exec --resources "$T/limits.json" "$@"; }
in_background() { # OUT ARGS...: an exec with limits that stays
	local out=$1
	shift
	ocirun exec -d --pid-file "$T/$out" --resources "$T/limits.json" "$@" </dev/null >"$T/$out.log" 2>&1 3>&- 4>&-
}
limit_fails() { # TEXT ARGS...: our own failure, one line, nothing made
	local text=$1
	shift
	limited "$@"
	exited 255
	[[ "${stderr//\\\"/\"}" == *"$text"* ]] || { echo "wanted: $text"; say; }
	[ ! -d "${CG:-/nonexistent}" ] || equal "$(below)" ""
}

@test "the annotation: the processes are in the leaf, limits and verbs on the whole" {
	leaf
	started
	[[ "$(path_of "$(cat "$T/pid")")" == *"$ID/main" ]]
	equal "$(wc -l <"$CG/cgroup.procs")" 0
	oci exec "$ID" cat /proc/self/cgroup
	succeeded
	ocirun exec -d --pid-file "$T/exec.pid" "$ID" sleep 500 </dev/null >"$T/out" 2>&1 3>&- 4>&-
	[[ "$(path_of "$(cat "$T/exec.pid")")" == *"$ID/main" ]]
	oci ps -f json "$ID"
	equal "$(jq -c sort <<<"$output")" "$(printf '%s\n' "$(cat "$T/pid")" "$(cat "$T/exec.pid")" | jq -sc sort)"
	ok pause "$ID"
	has_status paused
	ok resume "$ID"
	ok kill "$ID" KILL
	wait_for 10 has_status stopped
	ok delete "$ID"
	[ ! -e "$CG" ]
}

@test "the annotation: what is no name is refused" {
	local bad
	for bad in "" / a/b .. .a "a b" memory.max ocirun-exec-1; do
		config '.annotations["org.ocirun.cgroup.leaf"] = $n' --arg n "$bad"
		refused '/annotations/org.ocirun.cgroup.leaf: ' run -b "$B" "$ID"
	done
	leftovers
}

@test "with a leaf: the limit holds for this exec alone, and all is as before afterwards" {
	require controller hugetlb
	leaf
	config '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 8388608}]'
	started
	huge 3
	limited "$ID" cat /proc/self/cgroup
	succeeded
	in_background one "$ID" sleep 500
	local at
	at=$(cgroup_root)$(path_of "$(cat "$T/one")")
	equal "$(dirname "$at")" "$CG"
	equal "$(cat "$at/hugetlb.2MB.max")" $((3 * PAGE))
	not grep -qx $((3 * PAGE)) "$CG/main/hugetlb.2MB.max"
	equal "$(cat "$at/cgroup.type")" domain
	kill -KILL "$(cat "$T/one")"
	wait_for 10 not grep -q 'populated 1' "$at/cgroup.events"
	limits '{}'
	limited "$ID" true
	succeeded
	equal "$(below)" ""
	equal "$(cat "$CG/cgroup.subtree_control")" ""
}

@test "without a leaf: a domain controller is refused by name, and nothing is left" {
	require controller hugetlb
	config '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 8388608}]'
	started
	huge 3
	limit_fails 'setting /linux/resources/hugepageLimits/0' "$ID" true
	[[ "$stderr" == *'does not pass the controller'*hugetlb*'processes are in it'* ]] || say
	oci exec "$ID" true
	succeeded
}

@test "no limits at all: a cgroup of its own, which goes with it" {
	started
	limits '{}'
	run --separate-stderr ocirun exec --resources - "$ID" sh -c 'cat /proc/self/cgroup; exit 7' <"$T/limits.json" 3>&- 4>&-
	exited 7
	printed /ocirun-exec-
	equal "$(below)" ""
}

@test "side by side: each has its own, and the end of one leaves the other's alone" {
	require controller hugetlb
	leaf
	config '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 8388608}]'
	started
	local i at
	for i in 1 2 3 4; do
		huge "$i"
		cp "$T/limits.json" "$T/limits.$i"
		ocirun exec -d --pid-file "$T/pid.$i" --resources "$T/limits.$i" "$ID" sleep 500 </dev/null >"$T/log.$i" 2>&1 3>&- 4>&- &
	done
	wait
	equal "$(below | wc -l)" 4
	kill -KILL "$(cat "$T/pid.2")"
	limited "$ID" true
	succeeded
	wait_for 10 test ! -e "/proc/$(cat "$T/pid.2")"
	limited "$ID" true
	for i in 1 3 4; do
		at=$(cgroup_root)$(path_of "$(cat "$T/pid.$i")")
		equal "$(cat "$at/hugetlb.2MB.max")" $((i * PAGE))
	done
	equal "$(below | wc -l)" 3
}

@test "ps, pause, kill --all and delete cover it" {
	started
	limits '{}'
	in_background one "$ID" sleep 500
	oci ps -f json "$ID"
	jq -e --argjson p "$(cat "$T/one")" 'index($p) != null and length == 2' <<<"$output"
	ok pause "$ID"
	grep -q 'frozen 1' "$(cgroup_root)$(path_of "$(cat "$T/one")")/cgroup.events"
	ok resume "$ID"
	ok kill --all "$ID" KILL
	wait_for 10 has_status stopped
	wait_for 10 test ! -e "/proc/$(cat "$T/one")/exe"
	ok delete "$ID"
	[ ! -e "$CG" ]
}

@test "a process that outlives its exec keeps the cgroup until the container goes" {
	started
	limits '{}'
	limited "$ID" sh -c 'sleep 500 </dev/null >/dev/null 2>&1 & echo started'
	succeeded
	equal "$(below | wc -l)" 1
	ok delete -f "$ID"
	[ ! -e "$CG" ]
}

@test "a program that cannot run leaves no cgroup" {
	started
	limits '{}'
	limit_fails 'executable file not found' "$ID" nosuch
	limit_fails 'executable file not found' -d --pid-file "$T/exec.pid" "$ID" nosuch
	[ ! -e "$T/exec.pid" ]
}

@test "bad limits are one clear error, before anything is made" {
	started
	limits '{pids: {limit: "many"}}'
	limit_fails '/pids/limit' "$ID" true
	limits '{memory: {limit: 100, swap: 50}}'
	limit_fails '/linux/resources/memory/swap' "$ID" true
	limits '{cpu: {cpus: "x"}}'
	limit_fails '/linux/resources/cpu/cpus' "$ID" true
	limits '{unified: {"cgroup.procs": "1"}}'
	limit_fails '/linux/resources/unified' "$ID" true
	limits '{hugepageLimits: [{pageSize: "3MB", limit: 1}]}'
	limit_fails '/linux/resources/hugepageLimits/0' "$ID" true
	echo '{' >"$T/limits.json"
	limit_fails '--resources' "$ID" true
	rm "$T/limits.json"
	limit_fails "$T/limits.json" "$ID" true
	limits '{}'
	limit_fails 'leave out --cgroup' --cgroup /x "$ID" true
	oci exec --resources - --process - "$ID" </dev/null
	exited 255
	[[ "$stderr" == *'cannot both be standard input'* ]] || say
}

@test "a container without a cgroup has no place for one" {
	ocirun --cgroup-manager disabled run -d -b "$B" "$ID" </dev/null >"$T/out" 2>&1 3>&- 4>&-
	limits '{}'
	limit_fails '--resources: the container has no cgroup' "$ID" true
}

@test "a cgroup that is shared with others is refused" {
	config '.annotations["org.ocirun.cgroup.shared"] = "true"'
	started
	limits '{}'
	limit_fails '--resources: the container shares its cgroup with others' "$ID" true
	oci exec "$ID" true
	succeeded
}

@test "a controller that the host lacks is refused as at create" {
	started
	limits '{unified: {"nosuch.max": "1"}}'
	limit_fails 'setting /linux/resources/unified/nosuch.max' "$ID" true
	[[ "$stderr" == *'controller'*nosuch*'not available'* ]] || say
}

@test "device rules are a bound more" {
	require root
	config '.linux.devices = [{path: "/dev/log-of-kernel", type: "c", major: 1, minor: 11, fileMode: 438}] | .linux.resources.devices = [{allow: true, access: "rwm"}]'
	started
	oci exec "$ID" sh -c ': >/dev/log-of-kernel'
	succeeded
	limits '{devices: [{allow: false, access: "rwm"}]}'
	limited "$ID" sh -c ': >/dev/null && : >/dev/log-of-kernel'
	[ "$status" -ne 0 ]
	[[ "$stderr" == *'log-of-kernel'*'not permitted'* ]] || say
	equal "$(below)" ""
}

@test "pids and cpu, with processes in the container's cgroup: a threaded one" {
	require controller pids
	require controller cpu
	started
	limits '{pids: {limit: 3}, cpu: {quota: 50000, period: 100000}}'
	in_background one "$ID" sleep 500
	local at
	at=$(cgroup_root)$(path_of "$(cat "$T/one")")
	equal "$(cat "$at/pids.max")" 3
	equal "$(cat "$at/cpu.max")" "50000 100000"
	equal "$(cat "$at/cgroup.type")" threaded
	limited "$ID" sh -c 'for i in 1 2 3 4 5; do sleep 1 & done; wait'
	[[ "$stderr" == *fork* ]] || say
	oci exec "$ID" sh -c 'for i in 1 2 3 4 5; do sleep 0.1 & done; wait'
	succeeded
	oci ps -f json "$ID"
	jq -e --argjson p "$(cat "$T/one")" 'index($p) != null' <<<"$output"
	ok kill --all "$ID" TERM
	wait_for 10 not grep -q 'populated 1' "$at/cgroup.events"
	limits '{}'
	limited "$ID" true
	succeeded
	equal "$(below)" ""
	equal "$(cat "$CG/cgroup.type")" domain
	[[ " $(cat "$CG/cgroup.subtree_control") " != *" pids "* ]]
}

@test "memory: refused beside the container's processes, held with a leaf" {
	require controller memory
	started
	limits '{memory: {limit: 33554432}}'
	limit_fails 'setting /linux/resources/memory/limit' "$ID" true
	ok delete -f "$ID"
	leaf
	started
	limits '{memory: {limit: 33554432, swap: 33554432}, pids: {limit: 20}}'
	limited "$ID" sh -c 'x=$(dd if=/dev/zero bs=1M count=100 2>/dev/null | tr "\0" x); echo ${#x}'
	[ "$status" -ne 0 ] || [[ "$output" != 104857600 ]] || say
	oci exec "$ID" sh -c 'x=$(dd if=/dev/zero bs=1M count=100 2>/dev/null | tr "\0" x); echo ${#x}'
	succeeded
	equal "$output" 104857600
	has_status running
	in_background one "$ID" sleep 500
	equal "$(cat "$(cgroup_root)$(path_of "$(cat "$T/one")")/memory.max")" 33554432
}

@test "an exec that is killed at any moment is cleaned up by the next" {
	started
	limits '{}'
	local delay
	for delay in 0.001 0.002 0.003 0.004 0.006 0.008 0.012 0.02; do
		timeout -s KILL $delay "$OCIRUN" --root "$ROOT" exec --resources "$T/limits.json" "$ID" true </dev/null >/dev/null 2>&1 3>&- 4>&- || true
	done
	swept() { limited "$ID" true && succeeded && [ -z "$(below)" ]; } # a process left alone may need a moment
	wait_for 10 swept
	has_status running
}

@test "the container's end, and its deletion, under a foreground exec: 137 and no complaint" {
	started
	limits '{}'
	ocirun exec --resources "$T/limits.json" "$ID" sh -c 'echo ready; sleep 100' </dev/null >"$T/out" 2>"$T/err.exec" 3>&- 4>&- &
	local job=$! r=0
	wait_for 10 grep -q ready "$T/out"
	ok delete -f "$ID"
	wait "$job" || r=$?
	equal "$r" 137
	equal "$(cat "$T/err.exec")" ""
	[ ! -e "$CG" ]
}

@test "many at once, with and without limits, come and go" {
	started
	limits '{}'
	local i
	for i in $(seq 12); do
		(ocirun exec --resources "$T/limits.json" "$ID" sh -c 'cat /proc/self/cgroup' </dev/null >"$T/out.$i" 2>"$T/err.$i" 3>&- 4>&- && r=0 || r=$?; echo $r >"$T/rc.$i") &
		(ocirun exec "$ID" true </dev/null >/dev/null 2>&1 3>&- 4>&- && r=0 || r=$?; echo $r >"$T/rc.p$i") &
	done
	wait
	for i in $(seq 12); do equal "$(cat "$T/rc.$i" "$T/rc.p$i" "$T/err.$i" | tr '\n' ' ')" "0 0 " || return 1; done
	equal "$(cat "$T"/out.* | grep -o 'ocirun-exec-.*' | sort -u | wc -l)" 12
	equal "$(below)" ""
}

@test "it is made under the container's lock, which a plain exec does not need" {
	started
	limits '{}'
	local job r=0
	exec 9<"$ROOT/$ID"
	flock 9
	ocirun exec --resources "$T/limits.json" "$ID" true </dev/null >"$T/out" 2>"$T/err" 3>&- 4>&- 9>&- &
	job=$!
	oci exec "$ID" true 9>&-
	succeeded
	sleep 0.3
	equal "$(below)" ""
	kill -0 "$job"
	flock -u 9
	exec 9<&-
	wait "$job" || r=$?
	equal "$r" 0
	equal "$(below)" ""
}
