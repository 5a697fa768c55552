# SPDX-License-Identifier: Apache-2.0
# Numbers that are checked in (sourced by syscalls.sh and callgrind.sh): bench/expected/NAME.txt has a
# "# key: ..." line that says for which machine and libraries they hold, then "VERB PROCESS NUMBER
# [DETAIL...]" lines.
# shellcheck shell=bash disable=SC2154

# No descriptor of who called may be in the counts.
close_descriptors() {
	local f
	for f in /proc/self/fd/*; do
		f=${f##*/}
		[ "$f" -le 2 ] || [ "$f" -ge 255 ] || eval "exec $f>&-" 2>/dev/null || true
	done
}

# What decides about the numbers besides our sources: kernel, controllers, security modules, how the
# program was compiled, and the libraries in it.
machine_key() {
	local libraries producer
	# of the options only what makes a different kind of program: others are ours to answer for
	producer=$(readelf --debug-dump=info --dwarf-depth=1 "$ocirun" 2>/dev/null | sed -n 's/.*DW_AT_producer.*: \(GNU C[0-9].*\|clang.*\)/\1/p' | sort -u |
		awk '{ print $1, $2, $3 (/ -O[23s]/ ? "" : " not optimized") (/ -fsanitize/ ? " sanitized" : "") }' | sort -u | paste -sd';')
	libraries=$(dpkg-query -W -f='${Package} ${Version}, ' libc6-dev libseccomp-dev libcap-dev libyajl-dev libselinux1-dev 2>/dev/null)
	echo "Linux $(uname -r | cut -d. -f1,2) $(uname -m), controllers $(cat /sys/fs/cgroup/cgroup.controllers)," \
		"LSM $(cat /sys/kernel/security/lsm 2>/dev/null || echo unknown), ${libraries:-unknown libraries, }${producer:-no debug information}"
}
# 1 and a result line that says "skipped", when the numbers are another machine's.
same_key() { # NAME FILE KEY
	local theirs
	theirs=$(sed -n 's/^# key: //p' "$2")
	[ "$theirs" != "$3" ] || return 0
	printf '# skip: %s is for another machine\n#   there: %s\n#   here:  %s\n%s: 0 passed, 0 failed, 1 skipped\n' "${2#"$bench"/}" "$theirs" "$3" "$1"
	return 1
}
write_expected() { # FILE KEY FORMAT: the lines on stdin
	mkdir -p "$(dirname "$1")"
	{ echo "# $3"; echo "# key: $2"; cat; } >"$1"
	echo "$1 is renewed: $(grep -vc '^#' "$1") numbers"
}
# Every line of NOW against FILE; more than PERCENT above is a failure, and so is a process that the
# file does not know, or that is not there any more.
compare() { # NAME FILE NOW PERCENT HOW-TO-RENEW
	awk -v name="$1" -v percent="$4" -v renew="$5" '
		/^#/ { next }
		FILENAME == ARGV[1] { was[$1 " " $2] = $3; for (i = 4; i <= NF; i++) { split($i, p, ":"); calls[$1, $2, p[1]] = p[2] } next }
		{
			k = $1 " " $2; here[k]
			if (!(k in was)) { bad(k ": " $3 ", and nothing is expected"); next }
			if ($3 > was[k] * (1 + percent / 100)) {
				more = ""
				for (i = 4; i <= NF; i++) {
					split($i, p, ":")
					if (p[2] > calls[$1, $2, p[1]] + 0) more = more " " p[1] " " calls[$1, $2, p[1]] + 0 " -> " p[2]
				}
				bad(k ": " $3 ", expected " was[k] (percent ? " and at most " percent " % more" : " at most") (more ? ":" more : ""))
				next
			}
			passed++
			if ($3 < was[k] * (1 - percent / 100)) fewer = fewer sprintf("# %s: %s, fewer than %s: keep it with %s\n", k, $3, was[k], renew)
		}
		function bad(text) { print "FAIL " name ": " text; failed++ }
		END {
			for (k in was) if (!(k in here)) bad(k ": expected, and not there any more")
			printf "%s", fewer
			if (failed) print "FAIL " name ": if this is meant: " renew
			printf "%s: %d passed, %d failed\n", name, passed, failed
			exit failed > 0
		}' "$2" "$3"
}

# Of the container $me-calls, asked by the command $c.
wait_status() { # STATUS
	local i
	for ((i = 0; i < 1000; i++)); do
		[ "$($c state $me-calls | jq -r .status)" != "$1" ] || return 0
		sleep 0.01
	done
	echo "the container did not become $1" >&2
	exit 1
}
