#!/usr/bin/python3
"""Measures `profiler export` in each format, and prints a Markdown table.

    scripts/profiler --version             # builds the release
    tests/bench/export_figures.py          # of a made-up compile, and of a million samples
    tests/bench/export_figures.py FILE...  # of profiles of yours

CPU and elapsed time of whole runs of the program, the least of several; its peak memory; the size
of what it writes. "load" is `report --limit 1` of the same file: reading the profile is part of
every export.
"""

import os
import subprocess
import sys
import tempfile
import time

from bench_common import BUILD, PROFILER, run, table

FORMATS = ["folded", "speedscope", "firefox", "pprof", "perf-script", "callgrind"]
MADE = os.path.join(BUILD, "tests", "bench", "made_compile")
# Samples, and how many of them are different.
PROFILES = [("compile", 5_000, 5_000), ("million", 1_000_000, 57_000)]


def cost(command):
    """CPU seconds, elapsed seconds and peak memory in MB of one run."""
    start = time.monotonic()
    child = subprocess.Popen(command)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{' '.join(command)} failed with {child.returncode}")
    return (usage.ru_utime + usage.ru_stime, time.monotonic() - start, usage.ru_maxrss * 1024 / 1e6)


def least(command, rounds):
    costs = [cost(command) for _ in range(rounds)]
    return [min(column) for column in zip(*costs)]


def measure(title, path, directory):
    size = os.path.getsize(path)
    rounds = 9 if size < 4_000_000 else 3
    out = os.path.join(directory, "out")
    commands = {"load": [PROFILER, "report", "-i", path, "--limit", "1", "-o", out]}
    commands |= {f: [PROFILER, "export", "-i", path, "--format", f, "-o", out] for f in FORMATS}
    commands["firefox --gzip"] = commands["firefox"] + ["--gzip"]
    rows = []
    for name, command in commands.items():
        cpu, elapsed, memory = least(command, rounds)
        written = "" if name == "load" else f"{os.path.getsize(out) / 1e6:,.2f}"
        rows.append([name, f"{elapsed * 1e3:,.0f}", f"{cpu * 1e3:,.0f}", f"{memory:,.0f}", written])
    table(f"{title} ({size / 1e6:.2f} MB)", ["format", "elapsed ms", "CPU ms", "peak MB", "MB written"],
          rows)


def main():
    with tempfile.TemporaryDirectory() as directory:
        if len(sys.argv) > 1:
            for path in sys.argv[1:]:
                measure(path, path, directory)
            return
        for name, samples, distinct in PROFILES:
            path = os.path.join(directory, name)
            run([MADE, path, str(samples), str(distinct)])
            measure(f"{name}: {samples:,} samples", path, directory)


if __name__ == "__main__":
    main()
