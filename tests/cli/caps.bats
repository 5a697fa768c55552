# Capabilities: the five sets, what is dropped, no_new_privs.
load helpers
# numbers: KILL 5, NET_BIND_SERVICE 10, NET_RAW 13, SYS_CHROOT 18, AUDIT_WRITE 29, CHOWN 0

sets() { config '.process.capabilities = ($j | fromjson)' --arg j "$1"; }

@test "root gets exactly the sets of the config" {
	sets '{"bounding":["CAP_CHOWN","CAP_KILL","CAP_NET_RAW"],"permitted":["CAP_CHOWN","CAP_KILL"],"effective":["CAP_CHOWN"],"inheritable":["CAP_KILL"]}'
	config '.process.user = {uid: 1000, gid: 1000}'
	run_guest
	seen '.caps.bounding == [0,5,13] and .caps.inheritable == [5]'
}

@test "no capabilities object: everything is dropped" {
	config 'del(.process.capabilities)'
	run_guest
	seen '.caps | .bounding == [] and .permitted == [] and .effective == [] and .ambient == []'
}

@test "bounding, permitted and effective of root" {
	run_guest
	seen '.caps | .bounding == [5,10,29] and .permitted == [5,10,29] and .effective == [5,10,29] and .inheritable == [] and .ambient == []'
}

@test "a user without ambient capabilities has none after execve" {
	config '.process.user = {uid: 1000, gid: 1000}'
	run_guest
	seen '.caps | .permitted == [] and .effective == [] and .bounding == [5,10,29]'
}

@test "ambient capabilities survive execve" {
	sets '{"bounding":["CAP_KILL"],"permitted":["CAP_KILL"],"effective":["CAP_KILL"],"inheritable":["CAP_KILL"],"ambient":["CAP_KILL"]}'
	config '.process.user = {uid: 1000, gid: 1000}'
	run_guest
	seen '.caps | .ambient == [5] and .permitted == [5] and .effective == [5]'
}

@test "an ambient capability that is not inheritable is a warning" {
	sets '{"bounding":["CAP_KILL"],"permitted":["CAP_KILL"],"effective":["CAP_KILL"],"ambient":["CAP_KILL"]}'
	run ocirun --log "$T/log" --log-level warning run -b "$B" "$ID" 3>&- 4>&-
	equal "$status" 0
	grep -q "can't raise ambient capability CAP_KILL" "$T/log"
}

@test "an unknown capability is a warning" {
	sets '{"bounding":["CAP_KILL","CAP_NONSENSE"],"permitted":["CAP_KILL","CAP_NONSENSE"],"effective":["CAP_KILL"]}'
	run ocirun --log "$T/log" --log-level warning run -b "$B" "$ID" 3>&- 4>&-
	equal "$status" 0
	grep -q 'ignoring unknown or unavailable capabilities: \[CAP_NONSENSE\]' "$T/log"
}

@test "noNewPrivileges" {
	run_guest
	seen '.nnp == 1'
	config '.process.noNewPrivileges = false'
	run_guest
	seen '.nnp == 0'
}
