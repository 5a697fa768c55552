# Terminals: the console socket, size, foreground.
load helpers

tty_config() { config '.process.terminal = true'; }
receive() { # start a receiver on $T/console
	"$TOOLS/recvtty" "$T/console" "$T/name" </dev/null >"$T/tty" 2>&1 3>&- 4>&- &
	STARTED+=($!)
	wait_for 5 test -S "$T/console"
}

@test "the console socket gets the terminal, with a name" {
	tty_config
	script 'tty; test -t 0 && test -t 1 && test -t 2 && echo all; stty size; cat /proc/self/stat | cut -d" " -f7'
	config '.process.consoleSize = {height: 33, width: 99}'
	receive
	create_it --console-socket "$T/console"
	ok start "$ID"
	wait_for 10 has_status stopped
	[ -s "$T/name" ]
	grep -q /dev/pts/0 "$T/tty"
	grep -q all "$T/tty"
	grep -q '33 99' "$T/tty"
}

@test "/dev/console is the terminal, which belongs to the user" {
	tty_config
	config '.process.user = {uid: 1000, gid: 1000}'
	script 'test "$(stat -c %t:%T /dev/console)" = "$(stat -Lc %t:%T /proc/self/fd/0)" && echo same; stat -Lc owner=%u /proc/self/fd/0; echo x >/dev/tty'
	receive
	create_it --console-socket "$T/console"
	ok start "$ID"
	wait_for 10 has_status stopped
	grep -q same "$T/tty"
	grep -q owner=1000 "$T/tty"
	grep -q x "$T/tty"
}

@test "in a user namespace" {
	tty_config
	user_ns
	script 'tty'
	receive
	create_it --console-socket "$T/console"
	ok start "$ID"
	wait_for 10 has_status stopped
	grep -q /dev/pts/0 "$T/tty"
}

@test "foreground: run on a terminal of ours" {
	tty_config
	script 'tty; stty size; exit 5'
	run python3 - "$OCIRUN" "$ROOT" "$B" "$ID" 3>&- 4>&- <<-'PY'
	import fcntl, os, pty, struct, sys, termios
	pid, fd = pty.fork()
	if pid == 0:
	    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 41, 77, 0, 0))
	    os.execv(sys.argv[1], [sys.argv[1], "--root", sys.argv[2], "run", "-b", sys.argv[3], sys.argv[4]])
	out = b""
	while True:
	    try:
	        got = os.read(fd, 4096)
	    except OSError:
	        break
	    if not got:
	        break
	    out += got
	print(out.decode(), "status", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	PY
	printed /dev/pts/0
	printed '41 77'
	printed 'status 5'
}

@test "foreground with a stdin that is no terminal works" {
	tty_config
	script 'tty && echo fine'
	run_it
	succeeded
	printed fine
}

@test "a terminal without a console socket is refused when detached" {
	tty_config
	refused 'console socket' create -b "$B" "$ID"
	refused 'console socket' run -d -b "$B" "$ID"
}

@test "a console socket without a terminal is refused" {
	refused 'console socket' create -b "$B" --console-socket "$T/console" "$ID"
}

@test "a console socket nobody listens on" {
	tty_config
	refused "$T/console" create -b "$B" --console-socket "$T/console" "$ID"
}

@test "a console socket with a long path" {
	tty_config
	script 'echo through'
	local deep=$T/$(printf 'd%.0s' {1..100})
	mkdir "$deep"
	(cd "$deep" && exec "$TOOLS/recvtty" c "$T/name" </dev/null >"$T/tty" 2>&1 3>&- 4>&-) &
	STARTED+=($!)
	wait_for 5 test -S "$deep/c"
	create_it --console-socket "$deep/c"
	ok start "$ID"
	wait_for 10 grep -q through "$T/tty"
}

# Run ocirun on a terminal of its own, 30x90, resize it to 40x100 when the program is ready; print
# what came out, and whether the terminal's modes were raw meanwhile and are as before at the end.
on_a_terminal() {
	python3 - "$OCIRUN" --root "$ROOT" run -b "$B" "$ID" <<-'END'
		import fcntl, os, pty, select, signal, struct, subprocess, sys, termios, time
		def resize(rows, cols):
		    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
		master, slave = pty.openpty()
		resize(30, 90)
		before, raw, out, sent = termios.tcgetattr(slave), False, b"", False
		p = subprocess.Popen(sys.argv[1:], stdin=slave, stdout=slave, stderr=slave)
		end = time.time() + 30
		while p.poll() is None and time.time() < end:
		    if select.select([master], [], [], 0.1)[0]:
		        out += os.read(master, 4096)
		    if b"ready" in out and not sent:
		        raw = not termios.tcgetattr(slave)[3] & (termios.ICANON | termios.ECHO)
		        resize(40, 100)
		        p.send_signal(signal.SIGWINCH)
		        sent = True
		while select.select([master], [], [], 0.2)[0]:
		    out += os.read(master, 4096)
		print(out.decode().replace("\r", ""), end="")
		print("raw" if raw else "cooked", "restored" if termios.tcgetattr(slave) == before else "changed", p.poll())
	END
}

@test "foreground: the size follows, the terminal is raw meanwhile and restored" {
	config '.process.terminal = true'
	script 'trap "stty size; exit 3" WINCH; stty size; echo ready; while :; do sleep 0.05; done'
	run on_a_terminal 3>&- 4>&-
	printed '30 90'
	printed '40 100'
	printed 'raw restored 3'
}
