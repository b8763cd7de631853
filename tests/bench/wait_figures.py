#!/usr/bin/python3
"""Measures what recording of waiting costs, beside perf, and prints it as Markdown tables.

    scripts/test                                # builds the release with its workloads
    tests/bench/wait_figures.py                 # everything, five minutes
    tests/bench/wait_figures.py storm --rounds 20

Parts: storm (100,000 context switches a second), ordinary (a compile, sqlite loads). In each round
each recorder has its turn, in an order of its own, beside the program without any; a figure is the
median of the rounds' ratios. Needs root. What is missing (perf, sqlite3, gcc) is named and left out.

Times are what the program took, without starting and ending the recorder: CPU time, which holds what
recorders do at its context switches even where others keep the machine busy, and elapsed time, which is
as good on a quiet machine only.
"""

import argparse
import json
import os
import random
import re
import shutil
import statistics
import sys
import tempfile

from bench_common import BUILD, PROFILER, ROOT, run, table, workload

STORM = workload("switch_storm")
SOURCE = "#include <regex>\nstd::regex made() { return std::regex(\"a(b|c)*d\"); }\n"

TABLE = "create table t(a integer primary key, b text);\n"
ROW = "insert into t values(%d, hex(%d));\n"
SUM = "select sum(length(b)) from t;\n"


def inserts(number):
    return "".join(ROW % (i, i * 7919 % 100003) for i in range(number))


DATABASES = {
    "sqlite3, 60,000 inserts in a transaction":
        TABLE + "begin;\n" + inserts(60000) + "commit;\n" + SUM,
    # Some 20,000 waits a second, each for less than 0.1 ms: what an ordinary program is not.
    "sqlite3, 400 inserts that are synced one by one":
        "pragma cache_size = 10;\n" + TABLE + inserts(400) + SUM,
}


class Recorder:
    """A way to run a command; `ours`: what it records is read again with our report."""

    def __init__(self, name, words, output=None, ours=False):
        self.name, self.words, self.output, self.ours = name, words, output, ours
        self.cpu, self.elapsed, self.sizes, self.lost, self.switches_lost = [], [], [], [], []


def recorders(scratch):
    ours = os.path.join(scratch, "profiler.data")
    perf = os.path.join(scratch, "perf.data")
    record = [PROFILER, "record", "-q", "-o", ours]
    found = [Recorder("bare", []),
             Recorder("profiler record --no-wait", record + ["--no-wait", "--"], ours, True),
             Recorder("profiler record --wait=durations", record + ["--wait=durations", "--"], ours,
                      True),
             Recorder("profiler record --wait", record + ["--wait", "--"], ours, True)]
    if shutil.which("perf"):
        found.append(Recorder("perf record -e sched:sched_switch --call-graph dwarf",
                              ["perf", "record", "-q", "-B", "-N", "-o", perf, "-e",
                               "sched:sched_switch", "--call-graph", "dwarf", "--"], perf))
    else:
        print("(perf is not installed: left out)")
    return found


def lost_by(recorder):
    """Samples and switch records that are missing, by our own count; perf's is not asked for."""
    out = run([PROFILER, "report", "-i", recorder.output, "--format", "json", "--limit", "1"]).stdout
    quality = json.loads(out)["quality"]
    return quality["lost"], quality.get("switches_lost") or 0


def rounds_of(found, program, times_of, rounds):
    """Runs the program `rounds` times under each; `times_of`: CPU and elapsed, from what it prints."""
    for _ in range(rounds):
        for recorder in random.sample(found, len(found)):
            done = run(recorder.words + program)
            cpu, elapsed = times_of(done.stdout)
            recorder.cpu.append(cpu)
            recorder.elapsed.append(elapsed)
            if recorder.output:
                recorder.sizes.append(os.path.getsize(recorder.output))
            if recorder.ours:
                samples, switches = lost_by(recorder)
                recorder.lost.append(samples)
                recorder.switches_lost.append(switches)


def added(ours, base):
    """Added time in percent of the base's: the median over the rounds, and the middle half."""
    ratios = sorted(100 * (one / other - 1) for one, other in zip(ours, base))
    quarter = len(ratios) // 4
    return (statistics.median(ratios), ratios[quarter], ratios[-1 - quarter])


def rows_of(found, switches=None):
    bare, plain = found[0], found[1]
    rows = []
    for recorder in found:
        row = [recorder.name, f"{statistics.median(recorder.cpu):.3f}"]
        if recorder is bare:
            row += ["", "", "", ""]
        else:
            percent, low, high = added(recorder.cpu, bare.cpu)
            row += [f"{percent:+.1f} %", f"{low:+.1f} to {high:+.1f}",
                    f"{added(recorder.cpu, plain.cpu)[0]:+.1f} %",
                    f"{added(recorder.elapsed, bare.elapsed)[0]:+.1f} %"]
        if switches:
            growth = statistics.median(recorder.sizes) - (
                statistics.median(plain.sizes) if recorder.ours else 0) if recorder.sizes else None
            row.append("" if growth is None or recorder is plain else f"{growth / switches:.1f}")
        row += [max(recorder.lost), max(recorder.switches_lost)] if recorder.lost else ["", ""]
        rows.append(row)
    return rows


COLUMNS = ["under", "CPU s", "added", "middle half", "added to --no-wait", "added elapsed"]
LOSSES = ["samples lost", "switches lost"]


def steps_for(per_second):
    """Steps of computing that leave so many switches a second."""
    def measured(steps):
        return statistics.median(json.loads(run([STORM, "20000", str(steps)]).stdout)["per_second"]
                                 for _ in range(5))

    low, high = 0, 20000
    while high - low > 50:
        middle = (low + high) // 2
        if measured(middle) > per_second:
            low = middle
        else:
            high = middle
    return low


def times_of_storm(out):
    printed = json.loads(re.search(r"\{.*\}", out).group())
    return printed["cpu_s"], printed["real_s"]


def part_storm(scratch, arguments):
    steps = steps_for(arguments.per_second)
    for how in ("pipe", "futex"):
        found = recorders(scratch)
        rounds_of(found, [STORM, str(arguments.per_second), str(steps), how],
                  times_of_storm,
                  arguments.rounds)
        switches = 2 * arguments.per_second
        bare = statistics.median(found[0].cpu)
        table(f"{switches} context switches by a {how}, {switches / bare:,.0f} a second", COLUMNS +
              ["bytes of file a switch"] + LOSSES, rows_of(found, switches))
        if not found[-1].ours:
            theirs, ours = (added(one.cpu, found[0].cpu)[0] for one in (found[-1], found[-2]))
            print(f"\nperf adds {theirs / ours:.1f} times what ours does.")


def timed(words):
    return ["bash", "-c", 'TIMEFORMAT="T%U %S %RT"; { time "$@" > /dev/null 2>&1; } 2>&1', "bash"] + words


def times_of_timed(out):
    user, system, real = (float(part) for part in re.search(r"T(\S+) (\S+) (\S+)T", out).groups())
    return user + system, real


def part_ordinary(scratch, arguments):
    programs = []
    if shutil.which("g++"):
        source = os.path.join(scratch, "made.cc")
        with open(source, "w") as file:
            file.write(SOURCE)
        programs.append(("g++ -O2 of a file", ["g++", "-O2", "-g", "-c", "-o",
                                              os.path.join(scratch, "made.o"), source]))
    if shutil.which("sqlite3"):
        database = os.path.join(scratch, "load.db")
        for number, (name, text) in enumerate(DATABASES.items()):
            script = os.path.join(scratch, f"load{number}.sql")
            with open(script, "w") as file:
                file.write(text)
            programs.append((name, ["sh", "-c",
                                    f"rm -f {database}; sqlite3 {database} < {script}"]))
    for name, words in programs:
        found = recorders(scratch)
        rounds_of(found, timed(words), times_of_timed, arguments.rounds)
        table(name, COLUMNS + LOSSES, rows_of(found))


PARTS = {"storm": part_storm, "ordinary": part_ordinary}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--per-second", type=int, default=100_000)
    arguments = parser.parse_args()
    for part in arguments.parts:
        if part not in PARTS:
            parser.error(f"no part {part}: there are {', '.join(PARTS)}")
    if not os.path.exists(PROFILER):
        sys.exit(f"{PROFILER} is not built: run scripts/test")
    # Not in memory: what waits for a disk should.
    with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
        for part in arguments.parts or PARTS:
            PARTS[part](scratch, arguments)


if __name__ == "__main__":
    main()
