#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Where the time of a create goes, step by step of src/init/create_steps.c.
#   bench/steps.sh [OCIRUN] [ROUNDS] [KIND]
# The child notes the time of every step in the recorder (src/handshake/recorder.c), a page that it has
# in common with the runtime. A created container still waits in "wait for start" and still has that
# page, so it is read from there, through /proc/PID/mem: no program of ours knows that it is measured.
# The steps after the start signal leave no trace: execve takes the page away.
set -eu
# shellcheck source=bench/bundles.sh
. "$(dirname "$0")/bundles.sh"
enter_cgroup2 "$0" "$@"
ocirun=$(realpath "${1:-./ocirun}")
rounds=${2:-50}
kind=${3:-docker}
need jq:jq busybox:busybox-static python3:python3
work_folder
trap remove_work EXIT
bundle "$work/box" "$kind" /bin/true
cd "$work/box"
python3 - "$ocirun" "$work/run/ocirun" "$rounds" "$bench/../src/init/create_steps.c" "$me" <<'P'
import json, os, re, statistics, struct, subprocess, sys, time

program, state, rounds, table, box = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5]
with open(table, encoding="utf-8") as f:
    names = re.findall(r'^\t\{ "([^"]+)", step_', f.read(), re.M)
STEPS = 64  # RECORDER_STEPS; the page is two 32-bit words, then so many 64-bit times


def ocirun(*words, **more):
    return subprocess.run([program, "--root", state, *words], check=True, stdin=subprocess.DEVNULL, **more)


def stamps(pid):
    with open(f"/proc/{pid}/maps", encoding="ascii", errors="replace") as f:
        shared = [line for line in f if "rw-s" in line and "/dev/zero" in line]
    if len(shared) != 1:
        sys.exit(f"init has {len(shared)} shared mappings, wanted the recorder's one")
    with open(f"/proc/{pid}/mem", "rb") as f:
        f.seek(int(shared[0].split("-")[0], 16))
        entered, _, *times = struct.unpack(f"<II{STEPS}Q", f.read(8 + 8 * STEPS))
    if not 0 < entered <= len(names) or names[entered - 1] != "wait for start":
        sys.exit("the recorder does not say that init waits: its layout has changed")
    return times[:entered]


took = {}
order = []


def note(name, ns):
    if name not in took:
        order.append(name)
    took.setdefault(name, []).append(ns / 1e3)


for n in range(rounds + 3):
    begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    ocirun("create", box, stdout=subprocess.DEVNULL)
    end = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    said = ocirun("state", box, stdout=subprocess.PIPE).stdout
    times = stamps(json.loads(said)["pid"])
    ocirun("delete", "-f", box)
    if n < 3:
        continue
    note("(before the first step)", times[0] - begin)
    for i in range(len(times) - 1):
        note(names[i], times[i + 1] - times[i])
    note("(all of create)", end - begin)
print(f"{'step':36} median us      q1      q3")
for name in order:
    v = sorted(took[name])
    print(f"{name:36} {statistics.median(v):9.0f} {v[len(v) // 4]:7.0f} {v[len(v) * 3 // 4]:7.0f}")
P
