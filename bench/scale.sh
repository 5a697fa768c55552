#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Whether anything gets slower with many containers: every verb with 1, 100 and 500 living ones, and how
# many `run true` a second come out of 1, 2 and 8 loops at a time.
#   bench/scale.sh [OCIRUN] [ROUNDS] [COUNT...]
# The verbs are ours alone; their first column with 1 living container is what the others are to be
# compared with. The throughput is compared with other runtimes (CRUN, RUNC, BEFORE: see bench/bundles.sh).
set -eu
# shellcheck source=bench/bundles.sh
. "$(dirname "$0")/bundles.sh"
enter_cgroup2 "$0" "$@"
ocirun=$(realpath "${1:-./ocirun}")
rounds=${2:-50}
shift $(($# < 2 ? $# : 2))
[ $# -gt 0 ] || set -- 1 100 500
need jq:jq busybox:busybox-static python3:python3 xargs:findutils
work_folder
trap 'end_population; remove_work' EXIT
bundle "$work/probe" docker /bin/true
bundle "$work/box" small /bin/sleep 100000
cd "$work/probe"
runtimes "$ocirun" docker
keep_those_that_run scale
c=${call[ocirun]} x=$me-scale
quiet=()
for count in "$@"; do
	cd "$work/box"
	populate ocirun "$count"
	cd "$work/probe"
	csv_option "scale-$count"
	"$bench/interleave.py" -n "$rounds" "${csv[@]}" "${quiet[@]}" \
		"$count live: run" "$c run $x" \
		"$count live: create" "$c create $x && @$c delete -f $x" \
		"$count live: start" "@$c create $x && $c start $x && @$c delete -f $x" \
		"$count live: exec" "$c exec $me-live-ocirun-1 /bin/true" \
		"$count live: state" "$c state $me-live-ocirun-1" \
		"$count live: list" "$c list" \
		"$count live: kill" "@$c create $x && $c kill $x KILL && @$c delete -f $x" \
		"$count live: delete -f" "@$c create $x && $c delete -f $x"
	quiet=(--quiet)
	echo
done
end_population

many=60
echo "runs a second of the docker-like container: median of 3 times $many"
cd "$work/probe"
for parallel in 1 2 8; do
	for i in 1 2 3; do
		for name in "${names[@]}"; do
			begin=$(date +%s%N)
			# shellcheck disable=SC2086
			seq $many | xargs -P $parallel -I{} ${call[$name]} run "$me-$name-{}"
			echo $((many * 1000000000 / ($(date +%s%N) - begin))) >>"$work/rate.$name.$parallel"
		done
	done
	for name in "${names[@]}"; do
		printf '%d at a time: %-8s %5d\n' $parallel "$name" "$(sort -n "$work/rate.$name.$parallel" | sed -n 2p)"
	done
done
