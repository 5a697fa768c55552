# The process: user, environment, directory, limits, and everything else it starts with.
load helpers

@test "args are passed as they are" {
	config '.process.args = ["/bin/sh", "-c", "for a; do echo \"<$a>\"; done", "sh", "", "a b", "*", "-x", "é"]'
	run_it
	succeeded
	equal "$output" "$(printf '<>\n<a b>\n<*>\n<-x>\n<é>')"
}

@test "a program without a slash is found along PATH of the config" {
	args guest
	run_it
	succeeded
}

@test "uid, gid, additional groups, umask" {
	config '.process.user = {uid: 1000, gid: 1001, additionalGids: [5, 6], umask: 63}'
	run_guest
	seen '.uid == [1000,1000,1000] and .gid == [1001,1001,1001] and .groups == [5,6] and .umask == "0077"'
}

@test "the umask is 0022 when not given, and no group comes along" {
	run_guest
	seen '.umask == "0022" and (.groups - [0]) == []'
}

@test "environment: exactly the config's; the last of two wins; HOME from passwd" {
	config '.process.env = ["PATH=/bin", "A=1", "A=2", "MULTI=a\nb", "EMPTY="]'
	SECRET=x run_guest
	seen '.env | sort == (["PATH=/bin", "A=2", "MULTI=a\nb", "EMPTY=", "HOME=/root"] | sort)'
}

@test "HOME: given, empty, of a user, of an unknown user" {
	config '.process.env = ["HOME=/given"]'
	run_guest
	seen '.env == ["HOME=/given"]'
	config '.process.env = ["HOME="] | .process.user = {uid: 1000, gid: 1000}'
	run_guest
	seen '.env == ["HOME=/home/user"]'
	config '.process.user = {uid: 4242, gid: 1000}'
	run_guest
	seen '.env == ["HOME=/"]'
}

@test "working directory: existing, missing, of the user" {
	config '.process.cwd = "/tmp"'
	run_guest
	seen '.cwd == "/tmp"'
	config '.process.cwd = "/made/for/me"'
	run_guest
	seen '.cwd == "/made/for/me"'
}

@test "working directory that is a file is refused" {
	config '.process.cwd = "/etc/passwd"'
	refused 'not a directory' run -b "$B" "$ID"
	[[ $stderr == */etc/passwd* ]] || say
}

@test "exit status: 0, 7, and 128+n for a signal" {
	script 'exit 7'
	run_it
	exited 7
	ns_del pid
	script 'kill -KILL $$'
	run_it
	exited 137
	script 'kill -TERM $$'
	run_it
	exited 143
}

@test "rlimits" {
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}, {type: "RLIMIT_CORE", soft: 0, hard: 0}, {type: "RLIMIT_FSIZE", soft: 1000000, hard: 2000000}]'
	run_guest
	seen '.limits.nofile == ["100","200"] and .limits.core == ["0","0"] and .limits.fsize == ["1000000","2000000"]'
}

@test "oomScoreAdj" {
	config '.process.oomScoreAdj = 500'
	run_guest
	seen '.oom_score_adj == "500"'
}

@test "scheduler: batch with a nice value, fifo with a priority" {
	config '.process.scheduler = {policy: "SCHED_BATCH", nice: 5}'
	run_guest
	seen '.sched.policy == 3 and .sched.nice == 5'
	config '.process.scheduler = {policy: "SCHED_FIFO", priority: 10}'
	run_guest
	seen '.sched.policy == 1 and .sched.priority == 10'
}

@test "ioPriority" {
	config '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
	run_guest
	seen '.sched.ioprio == 2 * 8192 + 6'
}

@test "CPU affinity of the caller is not inherited" {
	run --separate-stderr taskset -c 0 "$OCIRUN" --root "$ROOT" run -b "$B" "$ID" 3>&- 4>&-
	succeeded
	echo "$output" >"$T/guest.json"
	seen --argjson n "$(nproc --all)" '.sched.cpus == $n'
}

@test "personality LINUX32" {
	config '.linux.personality = {domain: "LINUX32"}'
	run_guest
	seen '.machine == "i686" and .personality == 8'
}

@test "sysctls of the container's namespaces" {
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shmmax": "4096", "kernel/msgmax": "5000"}'
	script 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax /proc/sys/kernel/msgmax'
	run_it
	succeeded
	equal "$output" "$(printf '1\n4096\n5000')"
}

@test "a sysctl of the whole machine is refused" {
	local before=$(cat /proc/sys/kernel/panic)
	config '.linux.sysctl = {"kernel.panic": "7"}'
	refused 'kernel.panic' run -b "$B" "$ID"
	[[ $stderr == *"is not in a separate kernel namespace"* ]] || say
	equal "$(cat /proc/sys/kernel/panic)" "$before"
}

@test "no descriptor but 0, 1 and 2, even when the caller has more" {
	run_guest
	seen '[.fds[].fd] == [0,1,2]'
	exec 7</etc 8</ 9</dev/null
	run_guest
	seen '[.fds[].fd] == [0,1,2]'
	exec 7<&- 8<&- 9<&-
}

@test "--preserve-fds passes exactly so many" {
	run --separate-stderr bash -c 'exec 3</etc/passwd 4</etc/group 5</etc/hostname; exec "$@"' bash \
		"$OCIRUN" --root "$ROOT" run -b "$B" --preserve-fds 2 "$ID"
	succeeded
	echo "$output" >"$T/guest.json"
	seen '[.fds[].fd] == [0,1,2,3,4] and .fds[3].target == "/etc/passwd"'
}

@test "LISTEN_FDS of the runtime is for the container" {
	run --separate-stderr bash -c 'exec 3</etc/passwd; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"' bash \
		"$OCIRUN" --root "$ROOT" run -b "$B" "$ID"
	succeeded
	echo "$output" >"$T/guest.json"
	seen '[.fds[].fd] == [0,1,2,3] and (.env | contains(["LISTEN_FDS=1", "LISTEN_PID=1"]))'
}

@test "stdin is passed on, to its end" {
	args cat
	run --separate-stderr bash -c 'printf "one\ntwo\n" | "$@"' bash "$OCIRUN" --root "$ROOT" run -b "$B" "$ID"
	succeeded
	equal "$output" "$(printf 'one\ntwo')"
}

@test "pipes of the caller belong to the container's user" {
	config '.process.user = {uid: 1000, gid: 1000}'
	run_guest
	seen '.fds[1].uid == 1000'
	equal "$(stat -c %u:%a /dev/null)" 0:666
}

@test "no signal is blocked or ignored, no death signal" {
	run_guest
	seen '.signals_blocked_or_ignored == [] and .pdeathsig == 0'
}

@test "the program cannot see ocirun as its executable" {
	args /proc/self/exe
	local before=$(sha256sum "$OCIRUN")
	run_it
	[ "$status" -ne 0 ]
	equal "$(sha256sum "$OCIRUN")" "$before"
}

@test "a session keyring of its own" {
	config '.process.args = ["/bin/sh", "-c", "cat /proc/keys"] | .linux.maskedPaths = []'
	run_it
	if grep -q . /proc/keys; then printed "_ses.$ID"; fi
}
