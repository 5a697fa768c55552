# maskedPaths and readonlyPaths.
load helpers

@test "a masked file reads empty and is the null device" {
	config '.linux.maskedPaths = ["/proc/timer_list"]'
	script 'wc -c </proc/timer_list; stat -c "%t:%T" /proc/timer_list'
	run_it
	succeeded
	equal "$output" "$(printf '0\n1:3')"
}

@test "a masked directory is empty and cannot be written" {
	mkdir "$R/secret"
	echo x >"$R/secret/key"
	config '.linux.maskedPaths = ["/secret"]'
	script 'ls -A /secret | wc -l; touch /secret/new 2>&1'
	run_it
	exited 1
	printed 0
	printed 'Read-only'
}

@test "all masked directories share one file system" {
	mkdir "$R/one" "$R/two"
	config '.linux.maskedPaths = ["/one", "/two"]'
	script 'test "$(stat -c %d /one)" = "$(stat -c %d /two)" && test "$(stat -c %d /one)" != "$(stat -c %d /)"'
	run_it
	succeeded
}

@test "paths that do not exist are fine, and so are doubles" {
	config '.linux.maskedPaths = ["/not/there", "/proc/kcore", "/proc/kcore"] | .linux.readonlyPaths = ["/also/missing", "/proc/sys", "/proc/sys"]'
	run_guest
}

@test "a read-only path refuses writes" {
	all_caps
	mkdir "$R/ro"
	config '.linux.readonlyPaths = ["/proc/sys", "/ro"]'
	script 'touch /ro/x 2>&1; echo 1 >/proc/sys/net/ipv4/ip_forward'
	run_it
	exited 1
	printed 'Read-only'
	[[ $stderr == *Read-only* ]] || say
}

@test "a read-only path keeps the flags of its mount" {
	run_guest
	seen '[.mounts[] | select(.point == "/proc/sys")] | last | .opts | contains("ro")'
}

@test "masks hold against unmounting without CAP_SYS_ADMIN" {
	script 'umount /proc/timer_list 2>&1; stat -c "%t:%T" /proc/timer_list'
	run_it
	printed 1:3
}
