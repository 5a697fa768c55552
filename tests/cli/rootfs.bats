# The root itself: read-only, propagation, pivot_root and its alternatives.
load helpers

@test "a read-only root refuses writes, the mounts in it do not" {
	config '.root.readonly = true'
	script 'touch /new 2>/dev/null && echo wrote; touch /dev/shm/x && echo shm; grep " / / " /proc/self/mountinfo >/dev/null; true'
	run_it
	succeeded
	equal "$output" shm
	[ ! -e "$R/new" ]
}

@test "a writable root is written to" {
	script 'echo x >/new'
	run_it
	succeeded
	[ -e "$R/new" ]
}

@test "the old root is gone after the pivot: one mount at /" {
	run_guest
	seen '[.mounts[] | select(.point == "/")] | length == 1'
	seen --arg t "$T" '[.mounts[] | select(.point | startswith($t))] | length == 0'
}

@test "..  of / is /" {
	script 'cd /; cd ../../..; pwd; ls -d /bin/guest'
	run_it
	succeeded
	equal "$output" "$(printf '/\n/bin/guest')"
}

@test "--no-pivot: the root is moved instead" {
	run_guest --no-pivot
	seen '.cwd == "/" and ([.mounts[] | select(.point == "/proc")] | length >= 1)'
}

@test "an absolute root path" {
	config '.root.path = $p' --arg p "$R"
	run_guest
}

@test "a root that is missing or a file is refused by name" {
	config '.root.path = "nothere"'
	refused nothere run -b "$B" "$ID"
	echo >"$B/file"
	config '.root.path = "file"'
	refused file run -b "$B" "$ID"
}

@test "rootfsPropagation: shared, slave, private, unbindable" {
	local p
	for p in shared slave private unbindable; do
		config '.linux.rootfsPropagation = $p' --arg p "$p"
		run_guest
		case $p in
		shared) seen '[.mounts[] | select(.point == "/")][0].optional | contains("shared:")' ;;
		unbindable) seen '[.mounts[] | select(.point == "/")][0].optional | contains("unbindable")' ;;
		private) seen '[.mounts[] | select(.point == "/")][0].optional | contains("shared:") | not' ;;
		esac
	done
}

@test "a root that lies on a shared mount is fine and leaks nothing" {
	mkdir "$T/shared"
	mount -t tmpfs tmpfs "$T/shared"
	mount --make-rshared "$T/shared"
	mv "$B" "$T/shared/bundle"
	B=$T/shared/bundle
	local before=$(grep -c "$T" /proc/self/mountinfo)
	run_guest
	equal "$(grep -c "$T" /proc/self/mountinfo)" "$before"
	umount "$T/shared"
}

@test "without a mount namespace the process is in a chroot of the root" {
	config '.linux.namespaces = [{type: "pid"}] | .mounts = [] | del(.hostname, .linux.maskedPaths, .linux.readonlyPaths)'
	script 'test -x /bin/guest && test ! -e /proc/self && echo inside'
	run_it
	succeeded
	equal "$output" inside
}
