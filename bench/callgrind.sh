#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The instructions that the runtime's own process executes in every verb (valgrind's callgrind), for a
# docker-like container; create once with a profile that is new to the cache, and once with one in it.
#   bench/callgrind.sh [--check | --update | --keep DIR] [OCIRUN]
# --check compares with bench/expected/callgrind.txt and fails when a verb needs 3 % more; --update
# writes that file; --keep leaves the profiles in DIR, for callgrind_annotate. On another machine or
# with other libraries than the file names, --check is skipped, by name.
#
# The verbs that enter a container execute themselves once more before the C library starts, from a
# mount or a copy that nobody can write to (src/sys/selfexe_entry.c), which valgrind cannot follow. A
# file that nobody can change needs neither: so the program is made immutable (chattr +i) on a tmpfs
# of our private mount namespace.
# What is counted is not the whole truth. valgrind knows neither clone3 nor the mount calls by
# descriptor nor seccomp: fallbacks are counted, that second execution is not, and run goes without a profile. exec, kill
# and delete -f cannot be counted, for want of pidfds. Single steps by ptrace would show all of it, and
# need half a minute for one run.
set -eu
# shellcheck source=bench/bundles.sh
. "$(dirname "$0")/bundles.sh"
# shellcheck source=bench/expected.sh
. "$bench/expected.sh"
enter_cgroup2 "$0" "$@"
close_descriptors
mode=print keep=
case ${1:-} in
--check | --update) mode=${1#--} && shift ;;
--keep) mkdir -p "$2" && keep=$(realpath "$2") && shift 2 ;;
esac
ocirun=$(realpath "${1:-./ocirun}")
need jq:jq busybox:busybox-static chattr:e2fsprogs valgrind:valgrind readelf:binutils
expected=$bench/expected/callgrind.txt
key="$(machine_key) $(valgrind --version), $(grep -m1 '^vendor_id' /proc/cpuinfo | cut -d: -f2)$(grep -m1 '^flags' /proc/cpuinfo | grep -oE ' (avx2|erms|fsrm|bmi2|rtm)\>' | tr -d '\n')"
[ "$mode" != check ] || same_key instructions "$expected" "$key" || exit 0
work=$(mktemp -d)
trap 'cd /; cleanup' EXIT
c="$ocirun --root $work/state"
cleanup() {
	$c delete -f $me-calls >/dev/null 2>&1 || true
	umount -l "$work"
	rmdir "$work"
}
export PATH
for name in $(compgen -e); do [ "$name" = PATH ] || unset "$name"; done
mount -t tmpfs none "$work"
cp "$ocirun" "$work/ocirun"
chattr +i "$work/ocirun"
bundle "$work/box" docker /bin/sleep 100000
bundle "$work/plain" docker /bin/true
jq 'del(.linux.seccomp)' "$work/plain/config.json" >"$work/new" && mv "$work/new" "$work/plain/config.json"
for b in plain box; do # valgrind keeps descriptors for itself, and lets nobody set that limit
	jq 'del(.process.rlimits)' "$work/$b/config.json" >"$work/new" && mv "$work/new" "$work/$b/config.json"
done

# "VERB parent INSTRUCTIONS": what the process that valgrind started has executed; its child's count
# stays in the container, or is lost in its execve.
measure() { # VERB ARGUMENTS...
	local verb=$1 pid total
	shift
	valgrind -q --tool=callgrind --callgrind-out-file="$work/callgrind.$verb.%p" "$work/ocirun" --root "$work/state" "$@" >"$work/out" 2>&1 </dev/null &
	pid=$!
	wait $pid || { echo "$verb does not work under valgrind:" >&2; grep -v '^[-=]' "$work/out" >&2; exit 1; }
	total=$(sed -n 's/^\(summary\|totals\): *//p' "$work/callgrind.$verb.$pid" | head -1)
	[ -n "$total" ] || { echo "$verb: callgrind wrote no total" >&2; exit 1; }
	echo "$verb parent $total"
	[ -z "$keep" ] || cp "$work/callgrind.$verb.$pid" "$keep/callgrind.$verb"
}
# Natively, where a verb under valgrind needs a container that works.
native() { $c "$@" </dev/null >"$work/out" 2>&1 || { cat "$work/out" >&2; exit 1; }; }
cd "$work/box"
{
	measure create-new-profile create $me-calls
	native delete -f $me-calls
	measure create create $me-calls
	native delete -f $me-calls
	native create $me-calls
	measure start start $me-calls
	measure state state $me-calls
	measure list list
	native kill $me-calls KILL
	wait_status stopped
	measure delete delete $me-calls
	cd "$work/plain"
	measure run run $me-calls
} >"$work/now"
case $mode in
print) column -t "$work/now" ;;
update) write_expected "$expected" "$key" "VERB PROCESS INSTRUCTIONS" <"$work/now" ;;
check) compare instructions "$expected" "$work/now" 3 "bench/callgrind.sh --update OCIRUN" ;;
esac
