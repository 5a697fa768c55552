#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A run of a container as the kernel sees it: every system call of the runtime and of its child up to
# the payload's execve, when it began, how long it took, and how long our own code ran before it. Medians
# over the runs whose calls are the most common ones.
#   bench/timeline.sh [OCIRUN] [RUNS] [KIND]
# perf's tracepoints cost about a microsecond each. Real-time priority (chrt -f) keeps other load out.
set -eu
# shellcheck source=bench/bundles.sh
. "$(dirname "$0")/bundles.sh"
enter_cgroup2 "$0" "$@"
ocirun=$(realpath "${1:-./ocirun}")
runs=${2:-30}
kind=${3:-docker}
need jq:jq busybox:busybox-static python3:python3 perf:linux-perf strace:strace
work_folder
trap remove_work EXIT
bundle "$work/box" "$kind" /bin/sleep 0.05
cd "$work/box"
c="$ocirun --root $work/run/ocirun"
$c run $me-timeline </dev/null # the filter into the cache
mkdir "$work/traces"
for ((i = 0; i < runs; i++)); do
	perf record -q -m 4M -e raw_syscalls:sys_enter,raw_syscalls:sys_exit,sched:sched_process_fork -o "$work/data" \
		chrt -f 50 $c run $me-timeline </dev/null >/dev/null 2>"$work/log"
	perf script -i "$work/data" --ns -F tid,time,event,trace >"$work/traces/$i" 2>/dev/null
done
# numbers to names, of the kernel's own headers
printf '#include <asm/unistd.h>\n' | cc -E -dM -x c - | sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\2 \1/p' >"$work/names"
python3 - "$work/names" "$work"/traces/* <<'P'
import collections, re, statistics, sys

LINE = re.compile(r"^\s*(\d+)\s+(\d+)\.(\d+):\s+(\S+):\s*(.*)$")
EXEC = ("execve", "execveat")
with open(sys.argv[1], encoding="ascii") as f:
    names = {int(n): name for n, name in (line.split() for line in f)}


def read(path):
    """{role: [(name, begin, end)]}, times in us since the runtime's execve was through."""
    calls, order, children = {}, [], {}
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            m = LINE.match(line)
            if not m:
                continue
            tid, t, event, rest = int(m[1]), int(m[2]) * 10**9 + int(m[3].ljust(9, "0")), m[4], m[5]
            if event.endswith("sys_enter"):
                name = names.get(int(re.match(r"NR (\d+)", rest)[1]), "?")
                if tid not in calls:
                    order.append(tid)
                calls.setdefault(tid, []).append([name, t, None])
            elif event.endswith("sys_exit") and calls.get(tid):
                calls[tid][-1][2] = t
            elif event.endswith("sched_process_fork"):
                children[int(re.search(r"child_pid=(\d+)", rest)[1])] = t
    parent = order[0]
    mine = calls[parent]
    # chrt's own calls come first: begin after its execve
    first = next(i for i, c in enumerate(mine) if c[0] == "execve")
    # the exec of perf itself, then that of chrt
    while any(c[0] == "sched_setscheduler" for c in mine[first + 1:]):
        first = next(i for i, c in enumerate(mine) if i > first and c[0] == "execve")
    zero = mine[first][2]
    child = next((t for t in order[1:] if t in children), None)
    result = {"parent": mine[first + 1:]}
    if child:
        own = calls[child]
        last = next((i for i, c in enumerate(own) if c[0] in EXEC), len(own) - 1)
        result["child"] = own[:last + 1]
    return {role: [(n, (b - zero) / 1e3, ((e or b) - zero) / 1e3) for n, b, e in c] for role, c in result.items()}


runs = [read(p) for p in sys.argv[2:]]
for role in ("parent", "child"):
    sequences = collections.Counter(tuple(c[0] for c in r.get(role, [])) for r in runs)
    usual, times = sequences.most_common(1)[0]
    same = [r[role] for r in runs if tuple(c[0] for c in r.get(role, [])) == usual]
    print(f"{role}: {len(usual)} calls, {times} of {len(runs)} runs alike; median us: begin, ours before it, the call")
    for i, name in enumerate(usual):
        begin = statistics.median(r[i][1] for r in same)
        before = statistics.median(r[i][1] - (r[i - 1][2] if i else r[i][1]) for r in same)
        took = statistics.median(r[i][2] - r[i][1] for r in same)
        print(f"{begin:9.0f} {before:7.0f} {took:7.0f}  {name}")
P
