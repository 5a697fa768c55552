#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How long a container takes to start: hyperfine over `run true` and create+start+delete, for ocirun
# and for crun and runc where they are installed and work here; minimal and docker-like bundles.
#   bench/startup.sh [OCIRUN] [RUNS]
# All of them get the same cgroup v2 on /sys/fs/cgroup, in a private mount namespace, because crun
# does not run on a hybrid host. The ratios of one run are what counts.
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
trap 'rm -rf --one-file-system "$work"' EXIT

bundle() { # NAME JQ-EXPRESSION
	mkdir -p "$work/$1"/rootfs/{bin,dev,etc,proc,sys,tmp}
	cp "$(command -v busybox)" "$work/$1/rootfs/bin/busybox"
	ln -s busybox "$work/$1/rootfs/bin/true"
	jq "$2 | .process.args = [\"/bin/true\"]" "$here/../tests/cli/base.json" >"$work/$1/config.json"
}
bundle minimal '.linux.namespaces = [{type: "pid"}, {type: "mount"}] | del(.hostname, .linux.maskedPaths, .linux.readonlyPaths) | .mounts = [.mounts[0]] | .ociVersion = "1.0.2"'
seccomp='{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"],"syscalls":[{"names":'"$(cat "$here/../tests/cli/docker-syscalls.json")"',"action":"SCMP_ACT_ALLOW"}]}'
bundle docker '.linux.namespaces += [{type: "cgroup"}] | .ociVersion = "1.0.2" | .linux.seccomp = '"$seccomp"

# What each runtime needs to run here; a runtime that cannot is named and left out.
command_of() { # RUNTIME
	case $1 in
	ocirun) echo "$ocirun --root $work/state-ocirun" ;;
	crun) echo "crun --root $work/state-crun" ;;
	runc) echo "runc --root $work/state-runc" ;;
	esac
}
for kind in minimal docker; do
	cd "$work/$kind"
	run=() cycle=()
	for runtime in ocirun crun runc; do
		[ "$runtime" = ocirun ] || command -v $runtime >/dev/null || continue
		c=$(command_of $runtime)
		if ! $c run probe >"$work/log" 2>&1 </dev/null; then
			echo "$kind: $runtime does not run here: $(head -1 "$work/log")"
			$c delete -f probe >/dev/null 2>&1 || true
			continue
		fi
		run+=(-n "$runtime run" "$c run bench")
		cycle+=(-n "$runtime create+start+delete" "$c create bench && $c start bench && $c delete -f bench")
	done
	hyperfine -N -w 5 -r "$runs" --export-csv "$work/$kind-run.csv" "${run[@]}"
	hyperfine -w 5 -r "$runs" --export-csv "$work/$kind-cycle.csv" "${cycle[@]}"
done
echo
echo "kernel $(uname -r), $(nproc) CPUs, $(sed -n 's/^model name[\t ]*: //p' /proc/cpuinfo | head -1)"
for f in "$work"/*.csv; do
	awk -F, -v kind="$(basename "$f" .csv)" 'NR == 2 { first = $2 }
		NR > 1 { printf "%-14s %-28s %8.2f ms  +- %5.2f   %5.2f x\n", kind, $1, $2 * 1000, $3 * 1000, $2 / first }' "$f"
done
