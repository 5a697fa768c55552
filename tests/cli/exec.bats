# exec: a process more in a container that runs: who it is, what it may, where it is, what it cannot
# see; its errors and exit status.
load helpers

prepare() { args /bin/sleep 1000; }
started() { ocirun run -d -b "$B" "$@" "$ID" </dev/null >"$T/out" 2>"$T/err" 3>&- 4>&-; }
init_pid() { state_of pid; }
# What a process in the container sees: exec of guest, with the options given.
look() {
	oci exec "$@" "$ID" /bin/guest
	succeeded
	printf '%s\n' "$output" >"$T/guest.json"
}
# Detached: the program holds our stdio, so it must not be bats' pipes.
exec_detached() {
	ocirun exec -d --pid-file "$T/exec.pid" "$@" </dev/null >"$T/out" 2>"$T/err" 3>&- 4>&-
}
exec_fails() { # TEXT ARGS...: our own failure is 255
	local text=$1
	shift
	oci exec "$@"
	exited 255
	[[ "${stderr//\\\"/\"}" == *"$text"* ]] || { echo "wanted: $text"; say; }
}
process_file() { # JQ EXPRESSION on {args, cwd}
	jq -n "{args: [\"/bin/guest\"], cwd: \"/\"} | $1" >"$T/process.json"
}

@test "the namespaces are those of init, all of them" {
	ns_add cgroup
	ns_add time
	started
	oci exec "$ID" sh -c 'for n in mnt pid net ipc uts cgroup time user; do readlink /proc/self/ns/$n; done'
	succeeded
	local n want=""
	for n in mnt pid net ipc uts cgroup time user; do want+="$(readlink "/proc/$(init_pid)/ns/$n")"$'\n'; done
	equal "$output"$'\n' "$want"
}

@test "a process of the container's pid namespace, in its own session, child of nobody inside" {
	started
	oci exec "$ID" sh -c 'cut -d" " -f4,6 /proc/self/stat; echo $$'
	succeeded
	equal "${lines[0]##* }" "${lines[1]}"
	oci exec "$ID" sh -c 'cut -d" " -f4 /proc/$$/stat'
	equal "$output" 0
}

@test "it is in the container's cgroup" {
	started
	oci exec "$ID" cat /proc/self/cgroup
	succeeded
	equal "$(grep '^0:' <<<"$output")" "$(grep '^0:' "/proc/$(init_pid)/cgroup")"
	printed "$ID"
}

@test "the exit status is the program's, 128+n after a signal" {
	started
	oci exec "$ID" sh -c 'exit 7'
	exited 7
	oci exec "$ID" sh -c 'kill -TERM $$'
	exited 143
	oci exec "$ID" sh -c 'kill -KILL $$'
	exited 137
	oci exec "$ID" sh -c 'exit 255'
	exited 255
	equal "$stderr" ""
}

@test "stdin, stdout and stderr are the caller's" {
	started
	run --separate-stderr ocirun exec "$ID" sh -c 'cat; echo err >&2' <<<hello 3>&- 4>&-
	succeeded
	equal "$output" hello
	equal "$stderr" err
}

@test "signals reach the program" {
	started
	"$OCIRUN" --root "$ROOT" exec "$ID" sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done' </dev/null >"$T/out" 3>&- 4>&- &
	local pid=$! r=0
	wait_for 10 grep -q ready "$T/out"
	kill -TERM "$pid"
	wait "$pid" || r=$?
	equal "$r" 9
}

@test "user, groups, environment, working directory" {
	mkdir "$R/work"
	started
	look --user 1000:1000 -g 7 -g 8 -e A=1 -e B=2 -e A=3 --cwd /work
	seen '.uid[0] == 1000 and .gid[0] == 1000 and .groups == [7, 8]'
	seen '.env | index("A=3") and index("B=2") and (index("A=1") | not)'
	seen '.env | index("HOME=/home/user")'
	seen '.cwd == "/work"'
}

@test "--user takes numbers only, and all of them" {
	started
	look --user 1; seen '.uid[0] == 1 and .gid[0] == 0'
	look --user 1:2; seen '.uid[0] == 1 and .gid[0] == 2'
	look --user 0; seen '.uid[0] == 0'
	look --user 65534:65534; seen '.uid[0] == 65534 and .gid[0] == 65534'
	local bad
	for bad in "" " 1" +1 -1 1: :1 1x 0x1 4294967295 4294967296 root 1:2:3; do
		exec_fails user --user "$bad" "$ID" true
	done
}

@test "a name that looks like a number is a number (CVE-2016-3697)" {
	printf '1000:x:0:0::/:/bin/sh\n' >>"$R/etc/passwd"
	started
	oci exec --user 1000 "$ID" id -u
	equal "$output" 1000
}

@test "--cap adds to three sets, never to inheritable or ambient (CVE-2022-29162)" {
	started
	look --cap CAP_NET_RAW --user 1000:1000
	seen '.caps.bounding | index(13) != null'
	seen '.caps.inheritable == [] and .caps.ambient == []'
	look --cap CAP_NET_RAW
	seen '.caps.effective | index(13) != null'
	look
	seen '[.caps.effective, .caps.bounding, .caps.permitted] | flatten | index(13) == null'
}

@test "no more capabilities than init has" {
	args /bin/guest /guest.json
	run_it --keep
	succeeded
	ocirun delete -f "$ID"
	jq -S .caps "$R/guest.json" >"$T/init"
	prepare
	started
	look
	equal "$(jq -S .caps "$T/guest.json")" "$(cat "$T/init")"
	process_file .
	oci exec -p "$T/process.json" "$ID"
	succeeded
	equal "$(jq -S .caps <<<"$output")" "$(cat "$T/init")"
}

@test "no descriptor and no variable of the caller comes in (FDLIST)" {
	started
	run --separate-stderr env SECRET=x bash -c 'for i in $(seq 5 20); do eval "exec $i</"; done; "$0" --root "$1" exec "$2" /bin/guest' \
		"$OCIRUN" "$ROOT" "$ID" 3>&- 4>&-
	succeeded
	printf '%s\n' "$output" >"$T/guest.json"
	seen '[.fds[].fd] == [0, 1, 2]'
	seen '[.env[] | select(startswith("SECRET"))] == []'
}

@test "--preserve-fds passes just these" {
	started
	run --separate-stderr bash -c 'exec 3</etc 4</proc 5</sys; "$0" --root "$1" exec --preserve-fds 2 "$2" /bin/guest' "$OCIRUN" "$ROOT" "$ID"
	succeeded
	printf '%s\n' "$output" >"$T/guest.json"
	seen '[.fds[].fd] == [0, 1, 2, 3, 4]'
}

@test "LISTEN_FDS are passed, with the pid of the program" {
	started
	run --separate-stderr bash -c 'exec 3</etc; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$0" --root "$1" exec "$2" /bin/guest' "$OCIRUN" "$ROOT" "$ID"
	succeeded
	printf '%s\n' "$output" >"$T/guest.json"
	seen '[.fds[].fd] == [0, 1, 2, 3]'
	seen '.env | index("LISTEN_FDS=1") != null'
}

@test "seccomp and noNewPrivileges of the container hold" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 38}]}'
	started
	look
	seen '.nnp == 1 and .seccomp == 2'
	oci exec "$ID" mkdir /tmp/x
	exited 1
	[ ! -e "$R/tmp/x" ]
}

@test "noNewPrivileges off in the config: off, and on with the option" {
	config '.process.noNewPrivileges = false'
	started
	look
	seen '.nnp == 0'
	look --no-new-privs
	seen '.nnp == 1'
}

@test "--process: the whole object" {
	mkdir "$R/work"
	started
	process_file '.cwd = "/work" | .user = {uid: 3, gid: 4, umask: 63, additionalGids: [9]} | .env = ["PATH=/bin", "X=y"]
		| .capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"]}
		| .rlimits = [{type: "RLIMIT_NOFILE", soft: 77, hard: 99}] | .noNewPrivileges = true | .oomScoreAdj = 321'
	oci exec --process "$T/process.json" "$ID"
	succeeded
	printf '%s\n' "$output" >"$T/guest.json"
	seen '.uid[0] == 3 and .gid[0] == 4 and .groups == [9] and .cwd == "/work"'
	seen '.env | index("X=y") != null and (map(select(startswith("TERM"))) == [])'
	seen '.caps.bounding == [5] and .caps.effective == []'
	seen '.limits.nofile == ["77", "99"]'
	seen '.nnp == 1 and .oom_score_adj == "321" and .umask == "0077"'
}

@test "--process - is standard input" {
	started
	process_file '.args = ["/bin/sh", "-c", "echo from stdin"]'
	run --separate-stderr ocirun exec -p - "$ID" <"$T/process.json" 3>&- 4>&-
	succeeded
	equal "$output" "from stdin"
}

@test "--process: limits of the container's process hold where it says nothing" {
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 55, hard: 66}] | .process.oomScoreAdj = 444'
	started
	process_file .
	oci exec -p "$T/process.json" "$ID"
	succeeded
	printf '%s\n' "$output" >"$T/guest.json"
	seen '.limits.nofile == ["55", "66"] and .oom_score_adj == "444"'
}

@test "a bad process file is one clear error" {
	started
	exec_fails "$T/absent.json" -p "$T/absent.json" "$ID"
	echo '{"args": ["x"]}' >"$T/process.json"
	exec_fails /cwd -p "$T/process.json" "$ID"
	echo '{"cwd": "/", "args": []}' >"$T/process.json"
	exec_fails /args -p "$T/process.json" "$ID"
	echo '{"cwd": "/", "args": ["x"], "user": {"uid": -1, "gid": 0}}' >"$T/process.json"
	exec_fails /user/uid -p "$T/process.json" "$ID"
	echo '{' >"$T/process.json"
	exec_fails "$T/process.json" -p "$T/process.json" "$ID"
}

@test "the saved config counts, not the bundle's" {
	config '.process.env += ["FROM=first"]'
	started
	echo '{}' >"$B/config.json"
	look
	seen '.env | index("FROM=first") != null'
	mv "$B/config.json" "$B/gone"
	look
}

@test "programs that cannot run, as engines expect the words" {
	printf 'text' >"$R/plain"
	chmod 644 "$R/plain"
	printf '\177ELFbad' >"$R/badelf"
	chmod 755 "$R/badelf"
	started
	exec_fails 'exec: "nosuch": executable file not found in $PATH' "$ID" nosuch
	exec_fails 'exec: "/nosuch": stat /nosuch: no such file or directory' "$ID" /nosuch
	exec_fails 'exec: "/plain": permission denied' "$ID" /plain
	exec_fails 'exec: "/tmp": is a directory' "$ID" /tmp
	exec_fails 'exec format error' "$ID" /badelf
	has_status running
}

@test "refusals: unknown, stopped, no arguments, bad options" {
	exec_fails 'container does not exist' nosuch true
	started
	exec_fails 'exec args cannot be empty' "$ID"
	exec_fails '--env' -e NOVALUE "$ID" true
	exec_fails '--nonsense' --nonsense "$ID" true
	exec_fails '/process/cwd' --cwd relative "$ID" true
	ok kill "$ID" KILL
	wait_for 10 has_status stopped
	exec_fails 'cannot exec in a stopped container' "$ID" true
}

@test "options end at the id" {
	started
	oci exec "$ID" echo -d --tty --help
	succeeded
	equal "$output" "-d --tty --help"
	oci exec --env A=b -- "$ID" sh -c 'echo $A'
	equal "$output" b
}

@test "in a created container" {
	create_it
	oci exec "$ID" sh -c 'cat /proc/1/comm; hostname'
	succeeded
	printed ocirun
	has_status created
	ok start "$ID"
	wait_for 10 grep -q sleep "/proc/$(init_pid)/comm"
}

@test "in a created container: the namespaces are those of init, often and at once" {
	local i p n want=""
	create_it
	p=$(init_pid)
	for i in 1 2 3 4 5 6; do
		ocirun exec "$ID" sh -c 'for n in mnt pid net ipc uts user; do readlink /proc/self/ns/$n; done' \
			</dev/null >"$T/out.$i" 2>"$T/err.$i" 3>&- 4>&- &
	done
	wait
	has_status created
	equal "$(init_pid)" "$p"
	equal "$(find "$ROOT/$ID" -name 'lend*')" ""
	ok start "$ID"
	wait_for 10 grep -q sleep "/proc/$p/comm"
	for n in mnt pid net ipc uts user; do want+="$(readlink "/proc/$p/ns/$n")"$'\n'; done
	for i in 1 2 3 4 5 6; do equal "$(cat "$T/out.$i" "$T/err.$i")"$'\n' "$want"; done
}

@test "in a created container whose process may have few descriptors: exec or a clear no, then start" {
	local n made=0
	for n in 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: $n, hard: $n}]' --argjson n "$n"
		# A limit too low to build a container with; what is kept for exec must not be the reason.
		create_it || { not grep namespace "$T/err"; continue; }
		made=$((made + 1))
		oci exec "$ID" sh -c 'ulimit -n'
		[ "$status" -eq 0 ] && equal "$output" "$n" || [[ $stderr == *RLIMIT_NOFILE* ]] || say
		ok start "$ID"
		wait_for 10 has_status running
		ok delete -f "$ID"
	done
	[ "$status" -eq 0 ] && [ "$made" -gt 3 ]
}

@test "in a created container that is paused: refused, or a clear end" {
	[ -d "$(own_cgroup)" ]
	create_it
	ok pause "$ID"
	exec_fails 'cannot exec in a paused container' "$ID" true
	ok resume "$ID"
	oci exec "$ID" true
	succeeded
}

@test "the init of a created container may not be traced" {
	local owner
	create_it
	owner=$(stat -c %u "/proc/$(init_pid)/mem" 2>/dev/null) || owner="hidden, as hidepid does with the undumpable"
	[[ $owner = 0 || $owner = hidden* ]] || say
	ocirun exec -d "$ID" sleep 100 </dev/null >"$T/out" 2>&1 3>&- 4>&-
	oci exec "$ID" sh -c 'readlink /proc/1/exe || readlink /proc/1/cwd || cat /proc/1/environ'
	exited 1
	equal "$output" ""
}

@test "detached: the pid file names the program, which goes on" {
	started
	exec_detached "$ID" sleep 987
	local pid
	pid=$(cat "$T/exec.pid")
	equal "$(wc -c <"$T/exec.pid")" "${#pid}"
	equal "$(tr '\0' ' ' <"/proc/$pid/cmdline")" 'sleep 987 '
	equal "$(readlink "/proc/$pid/ns/pid")" "$(readlink "/proc/$(init_pid)/ns/pid")"
}

@test "detached: a program that cannot run is an error, and leaves no pid file" {
	started
	exec_fails 'executable file not found' --detach --pid-file "$T/exec.pid" "$ID" nosuch
	[ ! -e "$T/exec.pid" ]
	oci exec "$ID" ps
	succeeded
	[[ "$output" != *nosuch* && "$output" != *ocirun* ]] || say
}

@test "--pidfd-socket gets a pidfd of the program, with the word setns" {
	started
	python3 - "$T/pidfd.sock" >"$T/pidfd.out" 3>&- 4>&- <<-'PY' &
	import os, socket, sys
	s = socket.socket(socket.AF_UNIX)
	s.bind(sys.argv[1])
	s.listen()
	s.settimeout(20)
	c, _ = s.accept()
	data, fds, _, _ = socket.recv_fds(c, 64, 4)
	info = open(f"/proc/self/fdinfo/{fds[0]}").read()
	print(data.decode(), [l.split()[1] for l in info.splitlines() if l.startswith("Pid:")][0])
	PY
	local py=$!
	wait_for 10 test -S "$T/pidfd.sock"
	exec_detached --pidfd-socket "$T/pidfd.sock" "$ID" sleep 5
	wait "$py"
	equal "$(cat "$T/pidfd.out")" "setns $(cat "$T/exec.pid")"
}

@test "--tty in the foreground: a terminal of the container, owned by the user" {
	started
	oci exec -t --user 1000:1000 "$ID" sh -c 'tty; stat -Lc owner=%u /proc/self/fd/0; exit 3'
	exited 3
	printed /dev/pts/
	printed owner=1000
}

@test "--tty with a console socket" {
	started
	"$TOOLS/recvtty" "$T/console" "$T/name" </dev/null >"$T/tty" 2>&1 3>&- 4>&- &
	STARTED+=($!)
	wait_for 5 test -S "$T/console"
	exec_detached -t --console-socket "$T/console" "$ID" sh -c 'tty; echo done'
	wait_for 10 grep -q 'done' "$T/tty"
	grep -q /dev/pts/ "$T/tty"
	[ -s "$T/name" ]
}

@test "terminal and console socket must fit together" {
	started
	exec_fails 'console socket' -d -t "$ID" true
	exec_fails 'console socket' --console-socket "$T/x" "$ID" true
	exec_fails 'console socket' -d --console-socket "$T/x" "$ID" true
}

@test "--cgroup: a cgroup below the container's" {
	started
	local cg
	cg=$(cgroup_root)$(sed -n 's/^0:://p' "/proc/$(init_pid)/cgroup")
	mkdir -p "$cg/sub/deep" "${cg}2"
	oci exec --cgroup sub/deep "$ID" cat /proc/self/cgroup
	succeeded
	[[ "$(grep '^0:' <<<"$output")" == *"$ID/sub/deep" ]] || say
	oci exec --cgroup /sub "$ID" cat /proc/self/cgroup
	succeeded
	local bad
	for bad in .. "../$ID"2 "/../${ID}2" "sub/../../${ID}2" sub/..; do
		exec_fails 'bad sub cgroup path' --cgroup "$bad" "$ID" true
	done
	exec_fails 'no such file or directory' --cgroup absent "$ID" true
	exec_fails 'unknown controller "memory"' --cgroup memory:sub "$ID" true
	rmdir "$cg/sub/deep" "$cg/sub" "${cg}2"
}

@test "a container that moved its init into a cgroup of its own: exec follows (EBUSY)" {
	started
	local cg c
	cg=$(cgroup_root)$(sed -n 's/^0:://p' "/proc/$(init_pid)/cgroup")
	[ -s "$cg/cgroup.controllers" ] || echo +hugetlb >"$(dirname "$cg")/cgroup.subtree_control"
	c=$(grep -owE 'memory|io|hugetlb' "$cg/cgroup.controllers" | head -1)
	mkdir "$cg/init"
	init_pid >"$cg/init/cgroup.procs"
	echo "+$c" >"$cg/cgroup.subtree_control"
	oci exec "$ID" cat /proc/self/cgroup
	succeeded
	[[ "$(grep '^0:' <<<"$output")" == *"$ID/init" ]] || say
	exec_fails 'busy' --cgroup / "$ID" true
}

@test "in a user namespace: ids and maps are the container's" {
	require root
	user_ns
	started
	look --user 1000:1000
	seen '.uid[0] == 1000'
	equal "user:[$(jq -r '.ns.user' "$T/guest.json")]" "$(readlink "/proc/$(init_pid)/ns/user")"
	exec_detached --user 5 "$ID" sleep 300
	equal "$(awk '/^Uid/ {print $2}' "/proc/$(cat "$T/exec.pid")/status")" 100005
	exec_fails 'unmapped' --user 70000 "$ID" true
}

@test "without a pid namespace of its own" {
	ns_del pid
	config '.mounts |= map(select(.destination != "/proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	started
	oci exec "$ID" echo here
	succeeded
	equal "$output" here
}

@test "without a mount namespace of its own: init's root is the root" {
	ns_del mount
	config '.mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	echo inside >"$R/etc/where"
	if [ "$(id -u)" -ne 0 ]; then
		refused 'a new user namespace needs a mount namespace' run -d -b "$B" "$ID"
		return
	fi
	started
	oci exec "$ID" cat /etc/where
	succeeded
	equal "$output" inside
}

@test "--no-pivot: init's root is the root" {
	echo inside >"$R/etc/where"
	started --no-pivot
	oci exec "$ID" cat /etc/where
	succeeded
	equal "$output" inside
}

@test "a working directory outside is refused (CVE-2024-21626)" {
	started
	local n
	for n in 3 7 8 9 10 11 12; do
		ln -sfn "/proc/self/fd/$n" "$R/w"
		oci exec --cwd "/proc/self/fd/$n" "$ID" pwd
		exited 255
		oci exec --cwd /w "$ID" pwd
		exited 255
	done
}

@test "nobody inside can look into it before it runs the program (CVE-2016-9962)" {
	started
	# A socket whose queue is full holds exec at its last meeting, with all its handles open.
	python3 -c '
import socket, sys, time
s, c = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1]); s.listen(0); c.connect(sys.argv[1]); print("full", flush=True); time.sleep(60)' "$T/full.sock" </dev/null >"$T/full.out" 2>&1 3>&- 4>&- &
	local full=$! held r=0
	STARTED+=("$full")
	wait_for 10 grep -q full "$T/full.out"
	"$OCIRUN" --root "$ROOT" exec --pidfd-socket "$T/full.sock" "$ID" true </dev/null >"$T/out" 2>"$T/err" 3>&- 4>&- &
	held=$!
	met() { oci exec "$ID" sh -c 'for p in /proc/[0-9]*; do case $(cat "$p/comm") in ocirun*)
		echo met; for l in exe root cwd fd/0 fd/3 fd/4 fd/5 fd/6 fd/7 fd/8 fd/9; do readlink "$p/$l"; done ;; esac; done; true'; [ -n "$output" ]; }
	wait_for 10 met
	equal "$output" met
	kill "$full"
	wait "$held" || r=$?
	equal "$r" 255
}

@test "the session keyring is the container's" {
	config '.linux.maskedPaths = []'
	started
	exec_detached "$ID" sleep 300
	oci exec "$ID" cat /proc/keys
	succeeded
	if grep -q . /proc/keys; then equal "$(grep -c "_ses.$ID" <<<"$output")" 1; fi
}

@test "execCPUAffinity: final is what the program gets" {
	local n
	n=$(nproc)
	[ "$n" -gt 1 ]
	config '.process.execCPUAffinity = {initial: "0-1", final: "1"}'
	started
	oci exec "$ID" grep Cpus_allowed_list /proc/self/status
	succeeded
	printed $'\t1'
	oci exec -p <(jq -n '{args: ["/bin/grep", "Cpus_allowed_list", "/proc/self/status"], cwd: "/", execCPUAffinity: {initial: "0"}}') "$ID"
	succeeded
	printed $'\t0'
}

@test "init's death ends exec with 137, and later ones are refused" {
	started
	ocirun exec "$ID" sh -c 'echo ready; sleep 100' </dev/null >"$T/out" 2>&1 3>&- 4>&- &
	local pid=$! r=0
	wait_for 10 grep -q ready "$T/out"
	ok kill "$ID" KILL
	wait "$pid" || r=$?
	equal "$r" 137
}

@test "a notify socket gets exec's process too" {
	"$TOOLS/agent" "$T/agent.sock" "$T/agent.json" 42 </dev/null >"$T/agent.out" 2>&1 3>&- 4>&- &
	STARTED+=($!)
	wait_for 5 test -S "$T/agent.sock"
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $p, syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY"}]}' --arg p "$T/agent.sock"
	started
	kill "${STARTED[-1]}"
	rm -f "$T/agent.sock" "$T/agent.json"
	"$TOOLS/agent" "$T/agent.sock" "$T/agent.json" 42 </dev/null >"$T/agent.out" 2>&1 3>&- 4>&- &
	STARTED+=($!)
	wait_for 5 test -S "$T/agent.sock"
	oci exec "$ID" mkdir /tmp/x
	exited 1
	jq -e --arg id "$ID" '.pid > 1 and .state.id == $id and .state.status == "running"' "$T/agent.json"
}
