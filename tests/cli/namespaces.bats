# Namespaces: new, joined, their number and their order.
load helpers

host_ns() { stat -Lc %i "/proc/self/ns/$1"; }

@test "each new namespace differs from the host's, the others are the host's" {
	ns_add cgroup
	run_guest
	local n
	for n in pid net ipc uts mnt cgroup; do
		seen --argjson h "$(host_ns $n)" --arg n $n '.ns[$n] != $h'
	done
	for n in user time; do
		seen --argjson h "$(host_ns $n)" --arg n $n '.ns[$n] == $h'
	done
}

@test "no namespaces but mount: everything else is the host's" {
	config '.linux.namespaces = [{type: "mount"}] | del(.hostname) | .mounts |= map(select(.type | . != "sysfs" and . != "mqueue"))'
	run_guest
	local n
	for n in pid net ipc uts cgroup user; do
		seen --argjson h "$(host_ns $n)" --arg n $n '.ns[$n] == $h'
	done
}

@test "the process is pid 1 of a new pid namespace and leads a session" {
	run_guest
	seen '.pid == 1 and .sid == 1 and .ppid == 0'
}

@test "hostname and domainname are set in the new uts namespace" {
	config '.hostname = "box" | .domainname = "example.org"'
	run_guest
	seen '.hostname == "box" and .domainname == "example.org"'
}

@test "order of the list does not matter" {
	config '.linux.namespaces |= reverse'
	run_guest
	seen '.pid == 1 and .hostname == "ocirun"'
}

@test "loopback is up in a new network namespace, and nothing else is there" {
	script 'ifconfig lo | grep -c UP; ls /sys/class/net'
	run_it
	succeeded
	equal "$output" "$(printf '1\nlo')"
}

@test "joined namespaces: net, uts, ipc, pid of another container" {
	args sleep 100
	create_it
	ok start "$ID"
	local pid=$(cat "$T/pid") n
	args /bin/guest
	config '.linux.namespaces = [{type: "mount"}, {type: "network", path: $n}, {type: "uts", path: $u}, {type: "ipc", path: $i}, {type: "pid", path: $p}] | del(.hostname)' \
		--arg n "/proc/$pid/ns/net" --arg u "/proc/$pid/ns/uts" --arg i "/proc/$pid/ns/ipc" --arg p "/proc/$pid/ns/pid"
	oci run -b "$B" "$ID-2"
	succeeded
	echo "$output" >"$T/guest.json"
	for n in net uts ipc pid; do
		seen --argjson h "$(stat -Lc %i "/proc/$pid/ns/$n")" --arg n $n '.ns[$n] == $h'
	done
	seen '.hostname == "ocirun" and .pid > 1'
	ok kill "$ID" KILL
}

@test "a joined mount namespace: root is changed in it" {
	unshare -m --propagation private sleep 100 3>&- 4>&- &
	STARTED+=($!)
	local holder=$!
	wait_for 2 test "$(stat -Lc %i /proc/self/ns/mnt)" != "$(stat -Lc %i "/proc/$holder/ns/mnt")"
	script 'echo inside; ls /bin/guest'
	config '.linux.namespaces = [{type: "mount", path: $p}] | .mounts = [] | del(.hostname, .linux.maskedPaths, .linux.readonlyPaths)' --arg p "/proc/$holder/ns/mnt"
	run_it
	succeeded
	printed inside
}

@test "a namespace file of another type is refused" {
	config '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/uts" else . end)'
	refused /linux/namespaces/1 run -b "$B" "$ID"
}

@test "a namespace path that is not a namespace is refused" {
	config '.linux.namespaces |= map(if .type == "network" then .path = "/etc/passwd" else . end)'
	refused /linux/namespaces/1 run -b "$B" "$ID"
}

@test "a namespace path that does not exist is refused by name" {
	config '.linux.namespaces |= map(if .type == "uts" then .path = "/nonexistent/ns" else . end)'
	refused /nonexistent/ns run -b "$B" "$ID"
}

@test "user namespace: maps are exactly those of the config" {
	user_ns 0 100000 65536
	config '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}, {containerID: 10, hostID: 200000, size: 5}, {containerID: 15, hostID: 300000, size: 1}, {containerID: 1000, hostID: 400000, size: 2}, {containerID: 2000, hostID: 500000, size: 7}]'
	run_guest
	seen '[.uid_map[] | [scan("[0-9]+") | tonumber]] == [[0,100000,10],[10,200000,5],[15,300000,1],[1000,400000,2],[2000,500000,7]]'
	seen '[.gid_map[] | [scan("[0-9]+") | tonumber]] == [[0,100000,65536]]'
	seen --argjson h "$(host_ns user)" '.ns.user != $h and .uid == [0,0,0]'
}

@test "user namespace with a user that is not root" {
	user_ns
	config '.process.user = {uid: 1000, gid: 1000, additionalGids: [5, 6]}'
	run_guest
	seen '.uid == [1000,1000,1000] and .gid == [1000,1000,1000] and (.groups | contains([5,6]))'
}

@test "user namespace without id 0 mapped" {
	user_ns 1000 100000 100
	config '.process.user = {uid: 1000, gid: 1000} | .mounts |= map(if .type == "devpts" then .options -= ["gid=5"] else . end)'
	run_guest
	seen '.uid == [1000,1000,1000]'
}

@test "a joined user namespace" {
	unshare -U sleep 100 3>&- 4>&- &
	local holder=$!
	STARTED+=("$holder")
	wait_for 2 test "$(stat -Lc %i /proc/self/ns/user)" != "$(stat -Lc %i "/proc/$holder/ns/user")"
	echo "0 100000 65536" >"/proc/$holder/uid_map"
	echo "0 100000 65536" >"/proc/$holder/gid_map"
	chown -R 100000:100000 "$R"
	ns_add user "/proc/$holder/ns/user"
	run_guest
	seen --argjson h "$(stat -Lc %i "/proc/$holder/ns/user")" '.ns.user == $h and .uid == [0,0,0]'
}

@test "time namespace with offsets" {
	ns_add time
	config '.linux.timeOffsets = {monotonic: {secs: 7881, nanosecs: 2718281}, boottime: {secs: 1337, nanosecs: 3141519}}'
	run_guest
	seen '[.timens_offsets[] | [scan("[a-z]+|[0-9]+")]] == [["monotonic","7881","2718281"],["boottime","1337","3141519"]]'
	seen --argjson h "$(host_ns time)" '.ns.time != $h'
}

@test "time namespace without offsets" {
	ns_add time
	run_guest
	seen --argjson h "$(host_ns time)" '.ns.time != $h and .pid == 1'
}

@test "time and user namespace together" {
	ns_add time
	user_ns
	config '.linux.timeOffsets = {boottime: {secs: 1000}}'
	run_guest
	seen '.pid == 1 and ([.timens_offsets[] | scan("[0-9]+")] | contains(["1000"]))'
}

@test "joined time namespace" {
	unshare -T --monotonic 5000 sleep 100 3>&- 4>&- &
	local holder=$!
	STARTED+=("$holder")
	wait_for 2 test "$(stat -Lc %i /proc/self/ns/time)" != "$(stat -Lc %i "/proc/$holder/ns/time_for_children")"
	ns_add time "/proc/$holder/ns/time_for_children"
	run_guest
	seen '[.timens_offsets[] | scan("[0-9]+")] | contains(["5000"])'
}

@test "cgroup namespace: the container's cgroup is its root" {
	ns_add cgroup
	run_guest
	seen '[.cgroup[] | select(startswith("0::"))] == ["0::/"]'
}

@test "container in a new network namespace but the host's pid namespace" {
	ns_del pid
	run_guest
	seen '.pid > 1 and .sid == .pid'
}

@test "an unprivileged user's subordinate ids go through newuidmap" {
	require root
	require command newuidmap
	mkdir -p -m 700 "$T/user"
	chown 1000:1000 "$T/user"
	chown -R 1000:1000 "$B"
	rm "$B/config.json"
	ocirun spec --rootless -b "$B"
	config '.process.terminal = false | .process.args = ["/bin/guest"] | .root.readonly = false
		| .linux.uidMappings = [{containerID: 0, hostID: 1000, size: 1}, {containerID: 1, hostID: 300000, size: 1000}]
		| .linux.gidMappings = .linux.uidMappings'
	cp "$OCIRUN" "$T/ocirun" # the folder it was built in may be closed to the user
	mkdir "$T/etc"
	printf 'root:x:0:0::/:/bin/sh\nbuilder:x:1000:1000::/:/bin/sh\n' >"$T/etc/passwd"
	echo 'builder:300000:1000' | tee "$T/etc/subuid" >"$T/etc/subgid"
	cat >"$T/as-user" <<-END
		mount --bind "$T/etc" /etc
		exec setpriv --reuid 1000 --regid 1000 --clear-groups env XDG_RUNTIME_DIR="$T/user" "$T/ocirun" run -b "$B" "$ID"
	END
	run --separate-stderr unshare -m --propagation private sh "$T/as-user" </dev/null 3>&- 4>&-
	succeeded
	printf '%s\n' "$output" >"$T/guest.json"
	seen '[.uid_map[] | [scan("[0-9]+")]] == [["0","1000","1"],["1","300000","1000"]]'
	seen '[.gid_map[] | [scan("[0-9]+")]] == [["0","1000","1"],["1","300000","1000"]]'
	equal "$(ls "$T/user/ocirun")" ""
	# a range that is not ours is refused, with a word on what to do
	config '.linux.uidMappings[1].hostID = 900000'
	run --separate-stderr unshare -m --propagation private sh "$T/as-user" </dev/null 3>&- 4>&-
	failed_with newuidmap
}

@test "a joined mount namespace may have the proc of other processes" {
	require root
	require newapi
	unshare -mpf --mount-proc --propagation private sleep 100 3>&- 4>&- &
	STARTED+=("$!")
	wait_for 5 pgrep -P "$!"
	local holder
	holder=$(pgrep -P "$!")
	STARTED+=("$holder")
	wait_for 5 sh -c "! [ /proc/$holder/ns/mnt -ef /proc/self/ns/mnt ]"
	ns_del mount
	ns_add mount "/proc/$holder/ns/mnt"
	config 'del(.linux.maskedPaths, .linux.readonlyPaths)'
	run_guest
	seen --arg ns "$(stat -Lc %i "/proc/$holder/ns/mnt")" '(.ns.mnt | tostring) == $ns and .pid == 1'
	kill "$holder"
}
