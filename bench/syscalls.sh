#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The system calls of every verb, process by process (strace), up to the execve of the container's
# program; a docker-like container, whose filter is in the cache.
#   bench/syscalls.sh [--check | --update | --calls] [OCIRUN]
# --check compares with bench/expected/syscalls.txt and fails when a process makes more; --update writes
# that file; --calls prints the calls, too. Who waits for whom differs from round to round: --check takes
# the least of five, the others the median. The numbers hold for one kind of machine and libraries, which the file names; on
# another one --check is skipped, by name.
set -eu
# shellcheck source=bench/bundles.sh
. "$(dirname "$0")/bundles.sh"
# shellcheck source=bench/expected.sh
. "$bench/expected.sh"
enter_cgroup2 "$0" "$@"
close_descriptors
mode=print
case ${1:-} in --check | --update | --calls) mode=${1#--} && shift ;; esac
ocirun=$(realpath "${1:-./ocirun}")
need jq:jq busybox:busybox-static strace:strace readelf:binutils
expected=$bench/expected/syscalls.txt
key=$(machine_key)
[ "$mode" != check ] || same_key "system calls" "$expected" "$key" || exit 0
work_folder
trap 'cd /; cleanup' EXIT
cleanup() {
	$c delete -f $me-calls >/dev/null 2>&1 || true
	remove_work
}
c="$ocirun --root $work/run/ocirun"
export PATH
for name in $(compgen -e); do [ "$name" = PATH ] || unset "$name"; done
# the runtime always has to wait for this one: fewer calls would be an accident
bundle "$work/short" docker /bin/sleep 0.2
bundle "$work/box" docker /bin/sleep 100000

# Traces a verb into files of $work/trace/VERB.PID; returns when its own process has ended, although
# strace goes on with the container it made.
trace() { # VERB ARGUMENTS...
	local verb=$1 out=$work/trace/$1 own i
	shift
	strace -q -ff -o "$out" -e signal=none $c "$@" </dev/null >"$work/out" 2>&1 &
	for ((i = 0; i < 1000; i++)); do
		own=$(grep -lm1 "^execve(\"$ocirun\"" "$out".* 2>/dev/null) && grep -q '^+++ ' "$own" && break
		sleep 0.01
	done
	grep -q '^+++ exited with 0' "$own" || { echo "$verb does not work:" >&2; cat "$work/out" >&2; exit 1; }
}
# "VERB PROCESS CALL COUNT" lines of one round. The verb's own process is the one that begins with its
# execve; a child ends with the execve of what it runs.
count() { # ROUND
	local f verb role n
	for verb in run create start exec state list kill delete delete-force; do
		n=0
		while IFS= read -r f; do
			if head -1 "$f" | grep -qF "execve("; then role=parent; else n=$((n + 1)) role=child-$n; fi
			[ "$role" = parent ] || sed -i '/^execve("\/bin\/.*= 0$/q' "$f"
			sed -nE 's/^([a-z0-9_]+)\(.*/\1/p' "$f" | sort | uniq -c | awk -v v="$verb" -v r="$role" '{ print v, r, $2, $1 }'
		done < <(find "$work/trace" -name "$verb.[0-9]*" | sort -V)
	done >"$work/round.$1"
}
one_round() { # ROUND
	mkdir "$work/trace"
	cd "$work/short"
	trace run run $me-calls
	cd "$work/box"
	trace create create $me-calls
	trace start start $me-calls
	trace exec exec $me-calls /bin/sleep 0.2
	trace state state $me-calls
	trace list list
	trace kill kill $me-calls KILL
	wait_status stopped
	trace delete delete $me-calls
	$c run -d $me-calls </dev/null >/dev/null 2>&1
	trace delete-force delete -f $me-calls
	wait
	count "$1"
	rm -rf "$work/trace"
}
(cd "$work/short" && $c run $me-calls) # the filter into the cache
for round in 1 2 3 4 5; do one_round $round; done

# For each process the calls of one round: of the one with the fewest, or of the median.
awk -v median="$([ "$mode" = check ] || echo 1)" '
	{ k = $1 " " $2; sum[k, FILENAME] += $4; lines[k, FILENAME] = lines[k, FILENAME] " " $3 ":" $4
		if (!(k in seen)) { seen[k]; key[++n] = k } files[FILENAME] }
	# how many rounds are before this one, by number of calls
	function rank(k, f,   g, r) {
		for (g in files) if ((k, g) in sum && (sum[k, g] < sum[k, f] || sum[k, g] == sum[k, f] && g < f)) r++
		return r + 0
	}
	END { for (i = 1; i <= n; i++) for (f in files)
		if ((key[i], f) in sum && rank(key[i], f) == (median ? 2 : 0)) print key[i], sum[key[i], f] lines[key[i], f]
	}' "$work"/round.? >"$work/now"
[ "$mode" = print ] && cut -d' ' -f1-3 "$work/now" | column -t && exit 0
[ "$mode" = calls ] && cat "$work/now" && exit 0
if [ "$mode" = update ]; then
	write_expected "$expected" "$key" "VERB PROCESS TOTAL CALL:COUNT..." <"$work/now"
else
	compare "system calls" "$expected" "$work/now" 0 "bench/syscalls.sh --update OCIRUN"
fi
