#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Memory: the peak of the runtime's own process in `run` and `create` (VmHWM, read while strace holds it
# in exit_group), what the process that waits in a created container has (smaps_rollup), and the smallest
# memory limit with which `run true` works five times of five, where cgroup v2 has that controller.
#   bench/memory.sh [OCIRUN]
# A docker-like container; CRUN, RUNC, BEFORE: see bench/bundles.sh.
set -eu
# shellcheck source=bench/bundles.sh
. "$(dirname "$0")/bundles.sh"
enter_cgroup2 "$0" "$@"
ocirun=$(realpath "${1:-./ocirun}")
need jq:jq busybox:busybox-static strace:strace
work_folder
trap remove_work EXIT
bundle "$work/box" docker /bin/true
cd "$work/box"
runtimes "$ocirun" docker
keep_those_that_run memory

# The last VmHWM that could be read of strace's child: the delay is longer than the pause between looks.
peak() { # COMMAND...
	local tracer child kb last=''
	strace -qq -o "$work/trace" -e trace=exit_group -e inject=exit_group:delay_enter=300ms "$@" </dev/null >"$work/log" 2>&1 &
	tracer=$!
	while kill -0 $tracer 2>/dev/null; do
		child=$(cat "/proc/$tracer/task/$tracer/children" 2>/dev/null) || true
		kb=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/${child%% *}/status" 2>/dev/null) || true
		[ -z "$kb" ] || last=$kb
		sleep 0.05
	done
	wait $tracer || { cat "$work/log" >&2; exit 1; }
	echo "$last"
}
field() { sed -n "s/^$1:[^0-9]*\([0-9]*\).*/\1/p" "$2"; }

printf '%-8s %14s %14s %12s %12s %12s\n' "KiB" "peak of run" "peak of create" "init: RSS" "anonymous" "page tables"
for name in "${names[@]}"; do
	c=${call[$name]} id=$me-$name
	# shellcheck disable=SC2086
	{
		run=$(peak $c run "$id")
		create=$(peak $c create "$id")
		case $name in
		floor) pid=$(cat "$work/run/floor/$id/pid") ;;
		*) pid=$($c state "$id" | jq .pid) ;;
		esac
		cp "/proc/$pid/smaps_rollup" "$work/rollup"
		tables=$(field VmPTE "/proc/$pid/status")
		$c delete -f "$id"
	}
	printf '%-8s %14s %14s %12s %12s %12s\n' "$name" "$run" "$create" "$(field Rss "$work/rollup")" "$(field Anonymous "$work/rollup")" "$tables"
done

if ! grep -qw memory /sys/fs/cgroup/cgroup.controllers; then
	echo "skip: the smallest memory limit: cgroup v2 has no memory controller here"
	exit 0
fi
grep -qw memory /sys/fs/cgroup/cgroup.subtree_control || echo +memory >/sys/fs/cgroup/cgroup.subtree_control
cp config.json "$work/config.json"
for name in "${names[@]}"; do
	[ "$name" != floor ] || continue
	smallest="none up to 8192"
	for kib in 64 96 128 192 256 384 512 768 1024 1536 2048 3072 4096 6144 8192; do
		jq ".linux.resources.memory = {limit: $((kib * 1024))}" "$work/config.json" >config.json
		works=1
		for i in 1 2 3 4 5; do
			# shellcheck disable=SC2086
			${call[$name]} run "$me-$name-$i" </dev/null >/dev/null 2>&1 ||
				{ works=0; ${call[$name]} delete -f "$me-$name-$i" >/dev/null 2>&1 || true; break; }
		done
		[ $works = 0 ] || { smallest=$kib; break; }
	done
	echo "smallest memory limit, KiB: $name $smallest"
done
