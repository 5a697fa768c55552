#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What looking at containers costs: state of one, and list, with 1, 100 and 500 living containers of each
# runtime, in turns.
#   bench/query.sh [OCIRUN] [ROUNDS] [COUNT...]
# CRUN, RUNC, BEFORE, BENCH_CSV: see bench/bundles.sh. RUNC= saves the minute that its 500 take to come.
set -eu
# shellcheck source=bench/bundles.sh
. "$(dirname "$0")/bundles.sh"
enter_cgroup2 "$0" "$@"
ocirun=$(realpath "${1:-./ocirun}")
rounds=${2:-100}
shift $(($# < 2 ? $# : 2))
[ $# -gt 0 ] || set -- 1 100 500
need jq:jq busybox:busybox-static python3:python3
work_folder
trap 'end_population; remove_work' EXIT
bundle "$work/probe" small /bin/true
bundle "$work/box" small /bin/sleep 100000
cd "$work/probe"
runtimes "$ocirun" small
keep_those_that_run query
cd "$work/box"
quiet=()
for count in "$@"; do
	for name in "${names[@]}"; do populate "$name" "$count"; done
	state=() list=()
	for name in "${names[@]}"; do
		state+=("state, $count live: $name" "${call[$name]} state $me-live-$name-1")
		list+=("list, $count live: $name" "${call[$name]} list")
	done
	csv_option "query-state-$count"
	"$bench/interleave.py" -n "$rounds" "${csv[@]}" "${quiet[@]}" "${state[@]}"
	quiet=(--quiet)
	csv_option "query-list-$count"
	"$bench/interleave.py" -n "$rounds" "${csv[@]}" "${quiet[@]}" "${list[@]}"
	echo
done
