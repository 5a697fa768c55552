# NOTIFY_SOCKET: the program says READY=1 to a socket of its own; only that, and the pid, go on.
load helpers

# The service manager: prints what it gets, a line each, and closes descriptors at once.
manager() { # NAME
	python3 - "$1" >"$T/told" 2>&1 3>&- 4>&- <<'PY' &
import socket, sys, os
name = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\0" + name[1:] if name[0] == "@" else name)
print("listening", flush=True)
while True:
    data, fds, _, _ = socket.recv_fds(s, 4096, 4)
    print(data.decode(), flush=True)
    for fd in fds: os.close(fd)
PY
	STARTED+=("$!")
	wait_for 10 grep -q listening "$T/told"
}
prepare() {
	require root
	require command python3
	require command socat
}
# A program that says things to $NOTIFY_SOCKET by the host's socat, bound in.
speaker() { # SCRIPT
	script "$1"
	config '.mounts += ([$d[] | {destination: ., source: ., type: "bind", options: ["rbind", "ro"]}])' \
		--argjson d "$(for d in /usr /lib /lib64; do [ ! -d "$d" ] || echo "$d"; done | jq -R . | jq -sc .)"
}
say_ready='printf "STATUS=x\nREADY=1\nMAINPID=1" | /usr/bin/socat - UNIX-SENDTO:$NOTIFY_SOCKET'

@test "start waits for READY and passes it on with the host's pid; the rest stays inside" {
	manager "$T/n"
	speaker "echo \$NOTIFY_SOCKET >/env; grep ' /run/notify ' /proc/self/mountinfo >/mount; sleep 1; printf FDSTORE=1 | /usr/bin/socat - UNIX-SENDTO:\$NOTIFY_SOCKET; $say_ready; sleep 100"
	NOTIFY_SOCKET=$T/n create_it
	ok start "$ID"
	equal "$(cat "$R/env")" /run/notify/notify.sock
	grep -q ' ro,nosuid,nodev,noexec' "$R/mount"
	equal "$(cat "$T/told")" "$(printf 'listening\nREADY=1\nMAINPID=%s\nBARRIER=1' "$(state_of pid)")"
}

@test "run -d waits too; an abstract socket" {
	manager "@$ID"
	speaker "sleep 1; touch /said; $say_ready; sleep 100"
	NOTIFY_SOCKET=@$ID ocirun run -d -b "$B" "$ID" </dev/null >"$T/out" 2>&1 3>&- 4>&-
	[ -e "$R/said" ]
	grep -qx READY=1 "$T/told"
	grep -qx "MAINPID=$(state_of pid)" "$T/told"
}

@test "run in the foreground passes it on" {
	manager "$T/n"
	speaker "$say_ready; sleep 1; exit 3"
	NOTIFY_SOCKET=$T/n run_it
	exited 3
	equal "$(sed 's/=[1-9][0-9]\+$/=N/' "$T/told")" "$(printf 'listening\nREADY=1\nMAINPID=N\nBARRIER=1')"
}

@test "a read-only root without /run" {
	manager "$T/n"
	speaker "$say_ready; sleep 100"
	rmdir "$R/run"
	config '.root.readonly = true'
	NOTIFY_SOCKET=$T/n create_it
	ok start "$ID"
	grep -qx READY=1 "$T/told"
}

@test "notify in a user namespace, and a read-only root without /run" {
	require newapi
	manager "$T/n"
	speaker "$say_ready; sleep 100"
	rmdir "$R/run"
	config '.root.readonly = true'
	user_ns
	NOTIFY_SOCKET=$T/n create_it
	ok start "$ID"
	grep -qx READY=1 "$T/told"
}

@test "a container that ends without a word does not keep start waiting; huge messages are dropped" {
	manager "$T/n"
	speaker 'head -c 60000 /dev/zero | tr "\\0" x | /usr/bin/socat -b 60000 - UNIX-SENDTO:$NOTIFY_SOCKET; exit 0'
	NOTIFY_SOCKET=$T/n create_it
	ok start "$ID"
	equal "$(cat "$T/told")" listening
}

@test "without NOTIFY_SOCKET nothing is mounted and nothing leaks; start's own does not count" {
	script 'env >/env; grep -c /run/notify /proc/self/mountinfo >/mount; sleep 100'
	create_it
	NOTIFY_SOCKET=/nonexistent ok start "$ID"
	wait_for 5 test -s "$R/mount"
	equal "$(cat "$R/mount")" 0
	not grep -q NOTIFY "$R/env"
}
