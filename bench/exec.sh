#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How long a process more takes: `exec ID true` in a docker-like container, in turns, of ocirun and of
# crun and runc where they are installed and work here.
#   bench/exec.sh [OCIRUN] [ROUNDS]
# Each runtime has a container of its own, of the same bundle. CRUN, RUNC, BEFORE, BENCH_CSV: see
# bench/bundles.sh.
set -eu
# shellcheck source=bench/bundles.sh
. "$(dirname "$0")/bundles.sh"
enter_cgroup2 "$0" "$@"
ocirun=$(realpath "${1:-./ocirun}")
rounds=${2:-100}
need jq:jq busybox:busybox-static python3:python3
work_folder
started=()
cleanup() {
	local name
	cd /
	# shellcheck disable=SC2086
	for name in "${started[@]}"; do ${call[$name]} delete -f "$me-$name" >/dev/null 2>&1 || true; done
	remove_work
}
trap cleanup EXIT

bundle "$work/probe" docker /bin/true
bundle "$work/box" docker /bin/sleep 100000
cd "$work/probe"
runtimes "$ocirun" docker
keep_those_that_run exec
call[floor]=${call[floor]:+${call[floor]/ docker / docker-sleep }}
cd "$work/box"
cases=()
for name in "${names[@]}"; do
	c=${call[$name]} id=$me-$name
	$c create "$id" </dev/null >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
	started+=("$name")
	$c start "$id"
	cases+=("exec: $name" "$c exec $id /bin/true")
done
csv_option exec
"$bench/interleave.py" -n "$rounds" "${csv[@]}" "${cases[@]}"
