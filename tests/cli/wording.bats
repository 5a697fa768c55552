# What callers send and what they look for in our answers: the forms of options, the texts that
# engines compare, and documents that must be as their schemas say.
load helpers

commands() { "$OCIRUN" --complete | grep -v '^-'; }

@test "every command answers -h, --help and -help on stdout, with status 0" {
	local c h
	for c in $(commands); do
		for h in -h --help -help; do
			oci "$c" "$h"
			succeeded
			printed "Usage: ocirun $c"
			equal "$stderr" ""
		done
	done
	for h in -h --help -help; do
		oci "$h"
		succeeded
		printed 'Usage: ocirun'
	done
}

@test "every command names the option it does not know" {
	local c word
	for c in $(commands); do
		for word in --no-such-option --no-such-option=1; do
			oci "$c" "$word"
			exited "$([ "$c" = exec ] && echo 255 || echo 1)"
			[[ "$stderr" == *--no-such-option* ]] || say
		done
	done
	refused --no-such-option --no-such-option list
}

@test "checkpoint and restore: help, complaints about options, and a clear no" {
	ok checkpoint --help
	ok restore --help
	refused 'flag needs an argument: --lsm-mount-context' restore --lsm-mount-context
	refused 'this version of ocirun has no checkpoints' checkpoint --image-path /x --work-path /y --leave-running --tcp-established \
		--file-locks --ext-unix-sk --shell-job --manage-cgroups-mode soft --pre-dump --parent-path ../p "$ID"
	refused 'this version of ocirun has no checkpoints' restore --image-path /x --work-path /y --bundle "$B" --detach --pid-file "$T/pid" \
		--console-socket /s --no-pivot -no-subreaper --lsm-profile apparmor:x --lsm-mount-context c --tcp-close "$ID"
	refused 'too few arguments' checkpoint
	[ ! -e "$ROOT" ]
}

@test "options may follow the arguments, with one dash or two" {
	args sleep 100
	create_it
	ok kill "$ID" WINCH --all
	ok state "$ID" --
	ok delete "$ID" -force
	args true
	ok run "$ID" --bundle "$B"
	ok run "$ID" -bundle="$B" -no-subreaper
}

@test "flags take true and false, and nothing else" {
	args true
	ok --debug=false --systemd-cgroup=false run --keep=false --detach=false -b "$B" "$ID"
	ok run --keep=true -b "$B" "$ID"
	ok delete --force=true "$ID"
	refused 'invalid value "maybe" for flag --debug' --debug=maybe list
	refused 'invalid value "2" for flag --keep' run --keep=2 -b "$B" "$ID"
}

@test "global options: the last one wins, none after the command, old ones are accepted" {
	args true
	ok --root /nonexistent --log /nonexistent/log --log "$T/log" --log-format json --log-format text --root "$ROOT" run -b "$B" "$ID"
	ok --systemd-cgroup --systemd-cgroup=false run -b "$B" "$ID"
	refused --root state --root "$ROOT" "$ID"
	ok --criu /usr/bin/criu run -b "$B" "$ID"
	ok --criu=/usr/bin/criu --systemd-log run -b "$B" "$ID"
	ok -criu /usr/bin/criu -rootless auto run -b "$B" "$ID"
	refused 'flag needs an argument: --root' --root
	refused '--rootless: expected true, false or auto, found "perhaps"' --rootless perhaps list
}

@test "container ids: the characters and the length" {
	local id
	args true
	for id in a A0 _x a+b a.b a-b "$(printf 'x%.0s' {1..64})"; do
		ok run -b "$B" "$id"
	done
	for id in .a -a a:b a@b 'a b' a/b .. "" "$(printf 'x%.0s' {1..256})"; do
		refused 'invalid container ID format' run -b "$B" -- "$id"
	done
}

@test "terminals: who needs a console socket and who must not have one" {
	config '.process.terminal = true'
	refused 'cannot allocate tty if ocirun will detach without setting console socket' create -b "$B" "$ID"
	refused 'cannot allocate tty if ocirun will detach without setting console socket' run -d -b "$B" "$ID"
	refused 'cannot use console socket if ocirun will not detach or allocate tty' run --console-socket /s -b "$B" "$ID"
	config '.process.terminal = false'
	refused 'cannot use console socket if ocirun will not detach or allocate tty' create --console-socket /s -b "$B" "$ID"
}

@test "the states a verb does not like are named" {
	args sleep 100
	create_it
	refused 'container with given ID already exists' create -b "$B" "$ID"
	ok start "$ID"
	refused 'cannot start an already running container' start "$ID"
	refused 'that is not stopped: running' delete "$ID"
	ok kill "$ID" KILL
	wait_for 10 has_status stopped
	refused 'cannot start a container that has stopped' start "$ID"
	refused 'container not running' kill "$ID" TERM
	equal "$(state_of pid)" 0
	ok delete "$ID"
	refused 'container does not exist' delete "$ID"
	ok delete --force "$ID"
}

@test "capabilities: unknown and impossible ones are warnings with these words" {
	config '.process.capabilities.bounding += ["CAP_UNKNOWN"] | .process.capabilities.ambient = ["CAP_CHOWN"]'
	run_guest
	[[ ${stderr//\\\"/\"} == *'ignoring unknown or unavailable capabilities: [CAP_UNKNOWN]'* ]] || say
	[[ $stderr == *"can't raise ambient capability CAP_CHOWN"* ]] || say
}

@test "the version: lines, order, nothing else on stderr" {
	oci --version
	succeeded
	equal "$stderr" ""
	[[ ${lines[0]} =~ ^ocirun\ version\ [0-9]+\.[0-9]+\.[0-9]+[^\ ]*$ ]] || say
	[[ ${lines[1]} =~ ^commit:\ [^\ ]+$ ]] || say
	equal "${lines[2]}" 'spec: 1.3.0'
	[[ ${lines[3]} =~ ^libseccomp:\ [0-9]+\.[0-9]+\.[0-9]+$ ]] || say
	[[ ${lines[4]} =~ ^(\+[A-Z_]+ ?)+$ ]] || say
	equal "${#lines[@]}" 5
}

# ---- documents -------------------------------------------------------------------------------
spec_dir() { ls -d "${OCI_SCHEMA_DIR:-/nonexistent}"/runtime-spec-* 2>/dev/null | tail -1; }
is_valid() { # SCHEMA FILE
	local all f
	all=$(for f in "$(spec_dir)"/*.json; do jq --arg n "$(basename "$f")" '{key: $n, value: .}' "$f"; done | jq -sc from_entries)
	equal "$(jq -nc -f "$SRC/schema.jq" --arg file "$1" --argjson all "$all" --argjson value "$(cat "$2")")" '[]'
}

@test "features, state and the config of spec are as the specification's schemas say" {
	require schemas
	ok features
	printf '%s' "$output" >"$T/features.json"
	is_valid features-schema.json "$T/features.json"
	args sleep 100
	create_it
	ocirun state "$ID" >"$T/state.json"
	is_valid state-schema.json "$T/state.json"
	mkdir "$T/new"
	ok spec -b "$T/new"
	is_valid config-schema.json "$T/new/config.json"
	# and the check does find what is wrong
	jq '.linux.seccomp.actions = 3 | del(.ociVersionMin)' "$T/features.json" >"$T/bad.json"
	not is_valid features-schema.json "$T/bad.json"
}

@test "features: every field of the specification, from the tables that do the work" {
	ok features
	equal "$stderr" ""
	printf '%s' "$output" >"$T/f.json"
	jq -e '[keys_unsorted[]] == ["ociVersionMin","ociVersionMax","hooks","mountOptions","linux","annotations","potentiallyUnsafeConfigAnnotations"]' "$T/f.json"
	jq -e '.linux | [keys_unsorted[]] == ["namespaces","capabilities","cgroup","seccomp","apparmor","selinux","intelRdt","memoryPolicy","mountExtensions","netDevices"]' "$T/f.json"
	jq -e '.linux.cgroup | keys == ["rdma","systemd","systemdUser","v1","v2"] and .v1 == false and .v2' "$T/f.json"
	jq -e '.linux.seccomp | keys == ["actions","archs","enabled","knownFlags","operators","supportedFlags"] and (.supportedFlags - .knownFlags) == []
		and (.actions | length) == 9 and (.operators | length) == 7' "$T/f.json"
	jq -e '.linux.intelRdt == {enabled: true, schemata: true, monitoring: true} and .linux.netDevices.enabled' "$T/f.json"
	jq -e '.linux.memoryPolicy.modes | contains(["MPOL_BIND", "MPOL_WEIGHTED_INTERLEAVE", "MPOL_LOCAL"])' "$T/f.json"
	jq -e '.linux.memoryPolicy.flags | sort == ["MPOL_F_NUMA_BALANCING","MPOL_F_RELATIVE_NODES","MPOL_F_STATIC_NODES"]' "$T/f.json"
	jq -e '.annotations | keys == ["io.github.seccomp.libseccomp.version","org.opencontainers.ocirun.commit","org.opencontainers.ocirun.version"]' "$T/f.json"
	# what it says of mount options is what a mount takes
	local o
	for o in $(jq -r '.mountOptions[] | select(test("idmap|bind|remount|copy|nofollow|shared|slave|private|unbindable|^(r|no)?(mand|iversion|lazytime)$|silent|loud|sync|symfollow") | not)' "$T/f.json"); do
		config '.mounts |= map(select(.destination != "/mnt")) + [{destination: "/mnt", type: "tmpfs", source: "t", options: [$o]}]' --arg o "$o"
		ok explain -b "$B"
	done
}
