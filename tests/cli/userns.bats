# As the root of a user namespace with one id: what an unprivileged user can do. tests/cli/run
# --env userns enters it.
load helpers

rootless_config() {
	rm "$B/config.json"
	ocirun spec --rootless -b "$B"
	config '.process.terminal = false | .process.args = ["/bin/guest"] | .root.readonly = false'
}
prepare() {
	: "${USERNS:?run this topic with tests/cli/run --env userns}"
	rootless_config
}

@test "the rootless spec runs" {
	run_guest
	seen '.pid == 1 and .uid == [0,0,0] and .hostname == "ocirun"'
	seen '[.uid_map[] | [scan("[0-9]+")]] == [["0","0","1"]]'
}

@test "create, start, kill, delete" {
	args sleep 100
	create_it
	has_status created
	ok start "$ID"
	has_status running
	ok kill "$ID" KILL
	wait_for 10 has_status stopped
	ok delete "$ID"
}

@test "devices are the host's, masks and read-only paths hold" {
	script 'echo x >/dev/null && stat -c %t:%T /dev/null && touch /proc/sys/x 2>&1'
	run_it
	printed 1:3
}

@test "additional groups cannot be set, and the error says so" {
	config '.process.user.additionalGids = [5]'
	refused additional run -b "$B" "$ID"
}

@test "a limit that nobody may set is an error" {
	config '.linux.resources = {memory: {limit: 67108864}}'
	refused memory run -b "$B" "$ID"
}
