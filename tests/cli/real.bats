# Real programs of a real distribution, with the configuration docker would give them: as root, as a
# user, in a user namespace. Python computes; nginx serves a page; SIGTERM ends both.
# shellcheck disable=SC2154
load helpers

setup_file() {
	DEBIAN=$("$BATS_TEST_DIRNAME/make-debian" 2>"$BATS_FILE_TMPDIR/why") || DEBIAN=
	export DEBIAN
}

prepare() {
	require root
	[ -n "$DEBIAN" ] || skip "no Debian tree: $(tail -1 "$BATS_FILE_TMPDIR/why")"
	rm -rf "$R"
	cp -a "$DEBIAN" "$R"
	config -f "$SRC/docker.jq" --argjson syscalls "$(cat "$SRC/docker-syscalls.json")"
	config '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["mode=1777"]}]'
	cat >"$R/etc/test.conf" <<-'END'
		daemon off; pid /tmp/pid; error_log /tmp/error; worker_processes 2; events {}
		http { access_log off; client_body_temp_path /tmp/a; proxy_temp_path /tmp/b;
		fastcgi_temp_path /tmp/c; uwsgi_temp_path /tmp/d; scgi_temp_path /tmp/e;
		server { listen 127.0.0.1:8080; location / { return 200 "the page\n"; } } }
	END
	cat >"$R/etc/serve" <<-'END'
		nginx -e /tmp/error -c /etc/test.conf &
		trap 'kill -TERM $!' TERM
		for i in {1..100}; do
			exec 3<>/dev/tcp/127.0.0.1/8080 && break
			sleep 0.1
		done 2>/dev/null
		printf 'GET / HTTP/1.0\r\n\r\n' >&3
		cat <&3
		exec 3>&-
		echo ready
		wait $!
		wait $!
		echo "nginx $?"
	END
}
user() { config '.process.user = {uid: 1000, gid: 1000}'; }

# Starts the bundle, waits for the words, sends SIGTERM; $status is that of `ocirun run`.
until_term() { # WORDS
	local job
	ocirun run -b "$B" "$ID" </dev/null >"$T/out" 2>"$T/err" 3>&- 4>&- &
	job=$!
	wait_for 30 grep -q "$1" "$T/out" || { cat "$T/out" "$T/err"; return 1; }
	ok kill "$ID" TERM
	status=0
	wait "$job" || status=$?
	output=$(cat "$T/out") stderr=$(cat "$T/err")
}
python_works() {
	args python3 -c 'import os,sys,time,math; print(math.factorial(30), os.getpid(), os.getuid(), flush=True); time.sleep(1) if len(sys.argv) > 1 else None'
	run_it
	succeeded
	equal "$output" "265252859812191058636308480000000 1 $1"
	# pid 1 has no default action for SIGTERM: a handler, as a server has
	args python3 -c 'import signal,sys,time
signal.signal(signal.SIGTERM, lambda *a: sys.exit(143))
print("waiting", flush=True)
time.sleep(60)'
	until_term waiting
	exited 143
}
nginx_works() {
	args bash /etc/serve
	until_term ready
	succeeded
	printed 'HTTP/1.1 200 OK'
	printed 'the page'
	printed 'nginx 0'
	# and as the first process
	args nginx -e /tmp/error -g 'daemon off; error_log stderr notice;' -c /etc/first.conf
	sed 's/daemon off; //; s/error_log [^;]*; //' "$R/etc/test.conf" >"$R/etc/first.conf"
	ocirun run -d -b "$B" --pid-file "$T/pid" "$ID" </dev/null >"$T/out" 2>"$T/err" 3>&- 4>&-
	wait_for 20 grep -q 'start worker process' "$T/err"
	ok kill "$ID" TERM
	wait_for 20 has_status stopped
	grep -q 'exit$' "$T/err"
	ok delete "$ID"
}

@test "python as root" {
	python_works 0
}

@test "python as a user" {
	user
	python_works 1000
}

@test "python in a user namespace" {
	user_ns
	python_works 0
}

@test "nginx as root" {
	nginx_works
}

@test "nginx as a user" {
	user
	nginx_works
}

@test "nginx in a user namespace" {
	user_ns
	nginx_works
}
