#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How long a process more takes: hyperfine over `exec ID true` in a docker-like container, for ocirun
# and for crun and runc where they are installed and work here.
#   bench/exec.sh [OCIRUN] [RUNS]
# Each runtime has a container of its own, from the same bundle; the ratios of one run are what counts.
set -eu
if [ -z "${OCIRUN_BENCH_INSIDE:-}" ]; then
	OCIRUN_BENCH_INSIDE=1 exec unshare -m --propagation private sh -c \
		'umount -l /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' sh "$0" "$@"
fi
here=$(cd "$(dirname "$0")" && pwd)
ocirun=$(realpath "${1:-./ocirun}")
runs=${2:-100}
for program in hyperfine jq busybox; do
	command -v $program >/dev/null || { echo "bench needs $program: apt-get install hyperfine jq busybox-static" >&2; exit 1; }
done
work=$(mktemp -d)
started=()
cleanup() {
	for c in "${started[@]}"; do $c delete -f bench >/dev/null 2>&1 || true; done
	rm -rf --one-file-system "$work"
}
trap cleanup EXIT

mkdir -p "$work"/rootfs/{bin,dev,etc,proc,sys,tmp}
cp "$(command -v busybox)" "$work/rootfs/bin/busybox"
ln -s busybox "$work/rootfs/bin/true"
ln -s busybox "$work/rootfs/bin/sleep"
seccomp='{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"],"syscalls":[{"names":'"$(cat "$here/../tests/cli/docker-syscalls.json")"',"action":"SCMP_ACT_ALLOW"}]}'
jq '.linux.namespaces += [{type: "cgroup"}] | .ociVersion = "1.0.2" | .process.args = ["/bin/sleep", "100000"] | .linux.seccomp = '"$seccomp" \
	"$here/../tests/cli/base.json" >"$work/config.json"

cd "$work"
cases=()
for runtime in ocirun crun runc; do
	program=$runtime
	[ "$runtime" != ocirun ] || program=$ocirun
	command -v "$program" >/dev/null || continue
	c="$program --root $work/state-$runtime"
	if ! $c run -d bench </dev/null >"$work/log" 2>&1 || ! $c exec bench true </dev/null >"$work/log" 2>&1; then
		echo "$runtime does not run here: $(head -1 "$work/log")"
		$c delete -f bench >/dev/null 2>&1 || true
		continue
	fi
	started+=("$c")
	cases+=(-n "$runtime exec" "$c exec bench true")
done
hyperfine -N -w 5 -r "$runs" --export-csv "$work/exec.csv" "${cases[@]}"
echo
echo "kernel $(uname -r), $(nproc) CPUs, $(sed -n 's/^model name[\t ]*: //p' /proc/cpuinfo | head -1)"
awk -F, 'NR == 2 { first = $2 }
	NR > 1 { printf "%-16s %8.2f ms  +- %5.2f   %5.2f x\n", $1, $2 * 1000, $3 * 1000, $2 / first }' "$work/exec.csv"
