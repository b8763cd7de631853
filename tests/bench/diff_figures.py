#!/usr/bin/python3
"""Measures `profiler diff` beside `perf diff`, and prints a Markdown table.

    scripts/profiler --version             # builds the release
    tests/bench/diff_figures.py            # two recordings of a C++ compile
    tests/bench/diff_figures.py -F 9999    # of more samples
    tests/bench/diff_figures.py OLD NEW    # recordings at hand, of ours

CPU time of whole commands, the least of alternated runs in this one process, and peak memory. perf is
Debian's linux-perf; it compares its own recordings of the same program, without call graphs of user
code, and by symbol only.
"""

import argparse
import os
import subprocess
import tempfile
import time

from bench_common import PROFILER, run, table
from figures import CPP_SOURCE

ROUNDS = 5


def cost(command):
    """CPU seconds, elapsed seconds and peak memory in MB of one run."""
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    assert status == 0, command
    return usage.ru_utime + usage.ru_stime, time.monotonic() - start, usage.ru_maxrss * 1024 / 1e6


def has_perf():
    try:
        return subprocess.run(["perf", "--version"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", nargs="*", metavar="OLD NEW")
    parser.add_argument("-F", dest="frequency", default="999", help="of the recordings made here")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        def path(name):
            return os.path.join(directory, name)

        with open(path("some.cc"), "w", encoding="utf-8") as source:
            source.write(CPP_SOURCE)
        old, new = given.recordings if len(given.recordings) == 2 else (path("old"), path("new"))
        perf_old, perf_new = path("old.perf"), path("new.perf")
        if not given.recordings:
            for ours, perfs, level in ((old, perf_old, "-O1"), (new, perf_new, "-O2")):
                compile_it = ["g++", "-std=c++20", level, "-c", path("some.cc"), "-o", path("some.o")]
                run([PROFILER, "record", "-q", "-F", given.frequency, "-o", ours, "--", *compile_it])
                if has_perf():
                    run(["perf", "record", "-q", "-B", "-N", "-e", "cpu-clock", "-F", given.frequency,
                         "-o", perfs, "--", *compile_it])
        commands = {
            "profiler diff": [PROFILER, "diff", old, new],
            "profiler diff --format json": [PROFILER, "diff", old, new, "--format", "json"],
            "profiler diff -o diff.svg": [PROFILER, "diff", old, new, "-o", path("diff.svg")],
        }
        if os.path.exists(perf_new):
            commands["perf diff"] = ["perf", "diff", "-q", perf_old, perf_new]
        costs = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                costs[name].append(cost(command))
        rows = []
        for name, runs in costs.items():
            cpu, elapsed, memory = (min(run[i] for run in runs) for i in range(3))
            rows.append((f"`{name}`", f"{1000 * cpu:.0f} ms", f"{1000 * elapsed:.0f} ms",
                         f"{memory:.0f} MB"))
        head = subprocess.run([PROFILER, "diff", old, new, "--limit", "1"], capture_output=True,
                              text=True, check=True).stdout.splitlines()
        print("\n".join(head[:2]))
        table("Comparing two recordings", ("command", "CPU", "elapsed", "peak"), rows)


if __name__ == "__main__":
    main()
