# --stdin, --stdout, --stderr, --stdio: a container that lives on does not hold its caller's pipes.
load helpers

ends() { readlink "/proc/$(cat "$T/pid")/fd/$1"; }

@test "the caller's pipe ends while the container lives on: create, run -d" {
	args sleep 100
	local start=$SECONDS
	# the command substitution reads until the last holder of the pipe is gone
	equal "$(ocirun create -b "$B" --pid-file "$T/pid" --stdio null "$ID" 2>&1 3>&- 4>&-)" ""
	[ $((SECONDS - start)) -lt 20 ]
	has_status created
	equal "$(ends 0) $(ends 1) $(ends 2)" "/dev/null /dev/null /dev/null"
	ok delete -f "$ID"
	equal "$(ocirun run -d -b "$B" --pid-file "$T/pid" --stdio null "$ID" 2>&1 3>&- 4>&-)" ""
	[ $((SECONDS - start)) -lt 40 ]
	has_status running
}

@test "without the options the pipe stays open, as callers of runc expect" {
	args sleep 100
	(ocirun create -b "$B" --pid-file "$T/pid" "$ID" </dev/null 2>/dev/null 3>&- 4>&-; echo created >"$T/created") | (cat; touch "$T/eof") 3>&- 4>&- &
	wait_for 10 test -e "$T/created"
	sleep 0.3
	[ ! -e "$T/eof" ]
	ok delete -f "$ID"
	wait_for 10 test -e "$T/eof"
	wait
}

@test "files: made 0600, appended to, each where it was asked" {
	script 'read line; echo "out $line"; echo "err $line" >&2'
	echo hello >"$T/in"
	echo before >"$T/log"
	run_it --stdin "$T/in" --stdout "$T/log" --stderr "$T/errors"
	succeeded
	equal "$output$stderr" ""
	equal "$(cat "$T/log")" "$(printf 'before\nout hello')"
	equal "$(cat "$T/errors")" "err hello"
	equal "$(stat -c %a "$T/errors")" 600
}

@test "one file for both; the rest is ours; relative to the caller" {
	script 'echo one; echo two >&2; cat'
	run bash -c "cd '$T' && echo three | '$OCIRUN' --root '$ROOT' run -b '$B' --stdout=both --stderr both '$ID' 3>&- 4>&-"
	succeeded
	equal "$(cat "$T/both")" "$(printf 'one\ntwo\nthree')"
	run_it --stderr null
	succeeded
	equal "$output" one
}

@test "the container's user writes to a file that stays ours" {
	config '.process.user = {uid: 1000, gid: 1000}'
	script 'echo x'
	run_it --stdout "$T/log"
	succeeded
	equal "$(stat -c %u:%a "$T/log")" 0:600
	equal "$(cat "$T/log")" x
}

@test "in a user namespace as well" {
	require userns
	user_ns
	script 'echo inside'
	run_it --stdio null --stdout "$T/log"
	succeeded
	equal "$(cat "$T/log")" inside
}

@test "what cannot be opened is refused by its option, and nothing is made" {
	refused "--stdout: open \"$T/none/log\"" create -b "$B" --stdout "$T/none/log" "$ID"
	refused "--stdin: open \"$T/none\"" create -b "$B" --stdin "$T/none" "$ID"
	refused "--stdin: \"$T\" is a directory" create -b "$B" --stdin "$T" "$ID"
	refused '--stderr: ' create -b "$B" --stderr "$T" "$ID"
	mkfifo "$T/fifo"
	refused 'without a reader' create -b "$B" --stdout "$T/fifo" "$ID"
	refused '--stdio: expected null' create -b "$B" --stdio "$T/log" "$ID"
	[ ! -e "$ROOT/$ID" ]
	config '.process.terminal = true'
	refused '--stdin: the container has a terminal' create -b "$B" --console-socket "$T/s" --stdin null "$ID"
	refused '--stdio: the container has a terminal' run -b "$B" --stdio null "$ID"
}

@test "a fifo with a reader works and blocks as usual" {
	script 'echo through'
	mkfifo "$T/fifo"
	cat "$T/fifo" >"$T/got" 3>&- 4>&- &
	STARTED+=("$!")
	sleep 0.2
	run_it --stdout "$T/fifo"
	succeeded
	wait_for 5 grep -q through "$T/got"
}

@test "a created container without a process lets go as well" {
	config 'del(.process)'
	equal "$(ocirun create -b "$B" --stdio null "$ID" 2>&1 3>&- 4>&-)" ""
	has_status created
}
