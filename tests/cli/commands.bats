# The command line: options, help, version, spec, features, explain, log records, wording.
load helpers

@test "--version: the lines engines parse" {
	oci --version
	succeeded
	equal "$stderr" ""
	[[ ${lines[0]} =~ ^ocirun\ version\ [0-9]+\.[0-9]+\.[0-9]+ ]] || say
	[[ ${lines[1]} =~ ^commit:\  ]] || say
	equal "${lines[2]}" "spec: 1.3.0"
	[[ ${lines[3]} =~ ^libseccomp:\ [0-9] ]] || say
	oci -v
	succeeded
}

@test "help is on stdout and not an error, for each command" {
	local c
	for c in "" create start run state kill delete list spec features explain; do
		# shellcheck disable=SC2086
		oci $c --help
		succeeded
		[ -n "$output" ]
		equal "$stderr" ""
		# shellcheck disable=SC2086
		oci $c -h
		succeeded
	done
}

@test "unknown options and commands, missing values" {
	refused --nonsense --nonsense list
	refused --nonsense run --nonsense x
	refused nonsense nonsense
	refused 'flag needs an argument' run --bundle
	oci
	[ "$status" -ne 0 ]
}

@test "too few and too many arguments" {
	local c
	for c in create start run state kill delete; do refused '' $c; done
	refused '' state a b
	refused '' delete a b
}

@test "spellings: --x=v, -x, single dash, bool values, after positionals, --, last wins" {
	args true
	ok run "--bundle=$B" "$ID"
	ok run -b "$B" "$ID"
	ok run -no-subreaper --bundle "$B" "$ID"
	ok run "$ID" -bundle "$B"
	ok run --no-subreaper=true --keep=false --bundle "$B" -- "$ID"
	ok --systemd-cgroup=false --rootless=false run --bundle /nonexistent --bundle "$B" "$ID"
	ok --root /nonexistent --root "$ROOT" run -b "$B" "$ID"
}

@test "options of other runtimes are accepted" {
	args true
	ok --criu /x --rootless auto --cgroup-manager cgroupfs run -b "$B" --no-new-keyring "$ID"
}

@test "the bundle is the working directory by default" {
	args true
	cd "$B"
	ok run "$ID"
}

@test "--config names another file" {
	mv "$B/config.json" "$T/other.json"
	ok run -b "$B" --config "$T/other.json" "$ID"
}

@test "--root: made 0700; / is refused; a missing explicit one cannot be listed" {
	refused "$T/missing" --root "$T/missing" list
	args sleep 100
	create_it
	equal "$(stat -c %a "$ROOT/$ID")" 700
	refused / --root / state x
}

@test "spec writes a config that runs, and does not overwrite" {
	rm "$B/config.json"
	(cd "$B" && ocirun spec)
	jq -e '.process.terminal == true and .process.args == ["sh"] and .root == {path: "rootfs", readonly: true} and .ociVersion == "1.3.0" and (.process.capabilities | has("inheritable") or has("ambient") | not)' "$B/config.json"
	refused 'exists' spec -b "$B"
	config '.process.terminal = false | .process.args = ["/bin/guest"]'
	run_guest
	seen '.pid == 1 and .nnp == 1 and .hostname == "ocirun"'
	seen '[.mounts[] | select(.point == "/")][0].opts | contains("ro")'
}

@test "spec --rootless has a user namespace and no network namespace" {
	rm "$B/config.json"
	ok spec --rootless -b "$B"
	jq -e '[.linux.namespaces[].type] | contains(["user"]) and (contains(["network"]) | not)' "$B/config.json"
	jq -e '.linux.uidMappings[0].size == 1 and (.linux | has("resources") | not) and ([.mounts[].options // [] | .[] | select(startswith("gid="))] == [])' "$B/config.json"
}

@test "features is truthful JSON with nothing on stderr" {
	ok features
	equal "$stderr" ""
	jq -e '.ociVersionMax == "1.3.0" and (.ociVersionMin | startswith("1.0")) and .hooks == ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]' <<<"$output"
	jq -e '.linux.namespaces == ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"]' <<<"$output"
	jq -e '.linux.cgroup.v1 == false and .linux.cgroup.v2 == true and .linux.mountExtensions.idmap.enabled == true' <<<"$output"
	jq -e '.linux.seccomp.enabled and (.linux.seccomp.actions | contains(["SCMP_ACT_ERRNO", "SCMP_ACT_NOTIFY"])) and (.linux.capabilities | contains(["CAP_CHOWN", "CAP_BPF"]))' <<<"$output"
	jq -e '(.mountOptions | . == sort and contains(["rro", "rnosuid", "idmap", "ridmap", "tmpcopyup", "nosymfollow"])) and .annotations["org.opencontainers.ocirun.version"]' <<<"$output"
}

@test "explain prints the plan and changes nothing" {
	local before=$(find "$B" | sort | sha256sum)
	ok explain -b "$B"
	equal "$stderr" ""
	[[ $output == *ns*pid*mount*/proc*process*guest* ]] || say
	equal "$(find "$B" | sort | sha256sum)" "$before"
	[ ! -e "$ROOT" ]
	config '.linux.sysctl = {"kernel.panic": "1"}'
	refused /linux/sysctl explain "$B"
}

@test "an error is one line on stderr and one JSON record in the log" {
	config '.process.cwd = "x"'
	oci --log "$T/log" --log-format json create -b "$B" "$ID"
	exited 1
	equal "$(wc -l <<<"$stderr")" 1
	equal "$(jq -s length "$T/log")" 1
	jq -e '.level == "error" and (.msg | contains("/process/cwd")) and (.time | test("^20..-..-..T..:..:..([+-]..:..|Z)$"))' "$T/log"
}

@test "the text log, --debug, and a bad format" {
	oci --log "$T/log" state nosuch
	exited 1
	grep -qE '^time="[^"]+" level=error msg="' "$T/log"
	refused 'invalid log-format: xml' --log-format xml list
	args true
	ok --debug --log "$T/debug" run -b "$B" "$ID"
	equal "$stderr" ""
}

@test "programs that cannot be: the words engines look for" {
	args nosuchprogram
	refused 'exec: "nosuchprogram": executable file not found in $PATH' create -b "$B" "$ID"
	args /no/such
	refused 'exec: "/no/such": stat /no/such: no such file or directory' create -b "$B" "$ID"
	args /etc/passwd
	refused 'exec: "/etc/passwd": permission denied' create -b "$B" "$ID"
	args /etc
	refused 'exec: "/etc": is a directory' create -b "$B" "$ID"
}

@test "the systemd driver is a clear error until it exists" {
	oci --systemd-cgroup run -b "$B" "$ID"
	exited 1
	[[ $stderr == *systemd* ]] || say
}

@test "--cgroup-manager: words" {
	args true
	ok --cgroup-manager disabled run -b "$B" "$ID"
	refused nonsense --cgroup-manager nonsense list
}

@test "oci-image-tool answers --help and --version" {
	local tool=${OCIRUN%/*}/oci-image-tool
	run "$tool" --version
	equal "$status" 0
	[[ $output == "oci-image-tool version "* ]]
	run "$tool" --help
	equal "$status" 0
	run "$tool" nonsense
	[ "$status" -ne 0 ]
}
