#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times commands against each other: in every round each of them once, in random order, so that what
the machine does meanwhile falls on all of them alike.

    bench/interleave.py [-n ROUNDS] [-w WARM-UP] [--csv FILE] [--note TEXT]... NAME COMMAND [NAME COMMAND]...

COMMAND is split into words as a shell would, and run without one. "A && B" is two steps of one
case, whose times are added; a step that begins with @ is run and not timed. {n} in a word is the
number of the round. A step that fails ends the whole thing, with its output.

Printed for each case: median, quartiles and 99th percentile of the wall time (from before the spawn to
after the wait), the median of user and system time as wait4 reports it for the process and all it
waited for, and what the first case's times must be multiplied by; in brackets the interval that holds
95 of 100 ratios of medians of rounds drawn again (bootstrap). The processor time is exact as a sum
on Linux (the scheduler's own count), its split into user and system is not: so only the sum is here.
"""
import argparse
import csv
import os
import random
import shlex
import statistics
import subprocess
import sys
import tempfile
import time


class Step:
    def __init__(self, words):
        self.timed = not words[0].startswith("@")
        self.words = [words[0].removeprefix("@")] + words[1:]


def steps_of(command):
    steps, words = [], []
    for word in shlex.split(command) + ["&&"]:
        if word != "&&":
            words.append(word)
        elif not words:
            raise ValueError(f"an empty step in: {command}")
        else:
            steps.append(Step(words))
            words = []
    if not any(s.timed for s in steps):
        raise ValueError(f"no step is timed in: {command}")
    return steps


class Runner:
    def __init__(self):
        self.null = os.open("/dev/null", os.O_RDWR)
        self.log = tempfile.TemporaryFile()

    def step(self, name, step, round_number):
        """Wall and processor seconds of one step."""
        words = [w.replace("{n}", str(round_number)) for w in step.words]
        out = self.log.fileno()
        os.ftruncate(out, 0)
        files = [(os.POSIX_SPAWN_DUP2, self.null, 0), (os.POSIX_SPAWN_DUP2, out, 1),
                 (os.POSIX_SPAWN_DUP2, out, 2)]
        start = time.perf_counter_ns()
        pid = os.posix_spawnp(words[0], words, os.environ, file_actions=files)
        _, status, usage = os.wait4(pid, 0)
        wall = (time.perf_counter_ns() - start) / 1e9
        if status != 0:
            os.lseek(out, 0, os.SEEK_SET)
            said = os.read(out, 4000).decode(errors="replace")
            sys.exit(f"interleave: {name}: {shlex.join(words)}: exit status "
                     f"{os.waitstatus_to_exitcode(status)}\n{said}")
        os.lseek(out, 0, os.SEEK_SET)
        return wall, usage.ru_utime + usage.ru_stime

    def case(self, name, steps, round_number):
        wall = cpu = 0.0
        for s in steps:
            w, c = self.step(name, s, round_number)
            if s.timed:
                wall += w
                cpu += c
        return wall, cpu


def percentile(values, share):
    """The value below which `share` of them lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def interval(first, other, draws=1000):
    """95 of 100 bootstrap ratios of medians; the same rounds are drawn for both."""
    rng = random.Random(1)
    rounds = range(len(first))
    ratios = []
    for _ in range(draws):
        drawn = rng.choices(rounds, k=len(first))
        ratios.append(statistics.median([other[i] for i in drawn]) /
                      statistics.median([first[i] for i in drawn]))
    return percentile(ratios, 0.025), percentile(ratios, 0.975)


def row(name, walls, cpus, first):
    low, high = interval(first[0], walls)
    return {
        "case": name, "rounds": len(walls),
        "wall_ms": statistics.median(walls) * 1e3,
        "q1_ms": percentile(walls, 0.25) * 1e3, "q3_ms": percentile(walls, 0.75) * 1e3,
        "p99_ms": percentile(walls, 0.99) * 1e3, "min_ms": min(walls) * 1e3,
        "cpu_ms": statistics.median(cpus) * 1e3,
        "ratio": statistics.median(walls) / statistics.median(first[0]),
        "ratio_low": low, "ratio_high": high,
        "p99_ratio": percentile(walls, 0.99) / percentile(first[0], 0.99),
        "cpu_ratio": statistics.median(cpus) / max(statistics.median(first[1]), 1e-9),
    }


def version_of(program):
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10,
                              check=False).stdout.splitlines()
    except OSError as e:
        return str(e)
    return ", ".join(line.strip() for line in said[:2]) or "says no version"


def machine(cases, notes):
    """Lines about what was measured where."""
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    here = os.path.dirname(os.path.realpath(__file__))
    commit = subprocess.run(["git", "-c", f"safe.directory={os.path.dirname(here)}", "-C", here, "describe", "--always",
                             "--dirty", "--exclude=*"], capture_output=True, text=True, check=False).stdout.strip()
    uname = os.uname()
    lines = [f"kernel {uname.release}, {os.cpu_count()} CPUs, {model}",
             f"commit {commit or 'unknown'}, load {os.getloadavg()[0]:.1f}"]
    seen = []
    for _, steps in cases:
        for s in steps:
            if s.timed and s.words[0] not in seen:
                seen.append(s.words[0])
    return lines + [f"{p}: {version_of(p)}" for p in seen] + notes


def report(cases, times, first, lines, out):
    rows = [row(name, [w for w, _ in times[name]], [c for _, c in times[name]], first)
            for name, _ in cases]
    width = max(len(r["case"]) for r in rows)
    print(f"{'':{width}}   wall ms  q1 .. q3          p99     cpu    wall x [95 of 100]       p99 x  cpu x")
    for r in rows:
        print(f"{r['case']:{width}}  {r['wall_ms']:8.2f}  {r['q1_ms']:7.2f} .. {r['q3_ms']:<7.2f}"
              f" {r['p99_ms']:7.2f} {r['cpu_ms']:7.2f}   {r['ratio']:6.2f} [{r['ratio_low']:.2f}, {r['ratio_high']:.2f}]"
              f"{'':6}{r['p99_ratio']:6.2f} {r['cpu_ratio']:6.2f}", flush=True)
    if out:
        with open(out, "w", encoding="utf-8", newline="") as f:
            f.writelines(f"# {line}\n" for line in lines)
            table = csv.DictWriter(f, rows[0].keys(), lineterminator="\n")
            table.writeheader()
            for r in rows:
                table.writerow({k: round(v, 4) if isinstance(v, float) else v for k, v in r.items()})


def main():
    p = argparse.ArgumentParser(description="times commands against each other, in turns")
    p.add_argument("-n", "--rounds", type=int, default=100)
    p.add_argument("-w", "--warm-up", type=int, default=5, help="rounds before, not counted")
    p.add_argument("--csv", help="write the numbers to this file, too")
    p.add_argument("--note", action="append", default=[], help="a line for the head of the CSV file")
    p.add_argument("--quiet", action="store_true", help="no lines about the machine")
    p.add_argument("words", nargs="+", metavar="NAME COMMAND")
    o = p.parse_args()
    if len(o.words) % 2 or o.rounds < 1 or o.warm_up < 0:
        p.error("wanted: NAME COMMAND pairs, at least one round")
    try:
        cases = [(o.words[i], steps_of(o.words[i + 1])) for i in range(0, len(o.words), 2)]
    except ValueError as e:
        p.error(str(e))
    if len({name for name, _ in cases}) < len(cases):
        p.error("two cases have the same name")
    lines = machine(cases, o.note)
    if not o.quiet:
        print("\n".join(lines))
    runner, rng = Runner(), random.Random()
    times = {name: [] for name, _ in cases}
    for n in range(o.warm_up + o.rounds):
        for name, steps in rng.sample(cases, len(cases)):
            taken = runner.case(name, steps, n)
            if n >= o.warm_up:
                times[name].append(taken)
    first = list(zip(*times[cases[0][0]]))
    report(cases, times, first, lines, o.csv)


if __name__ == "__main__":
    main()
