#!/usr/bin/python3
"""Measures what counting system calls costs, beside other tools, and prints it as Markdown tables.

    scripts/test                                # builds the release with its workloads
    tests/bench/syscall_figures.py              # everything, ten minutes
    tests/bench/syscall_figures.py loop dd      # some parts only: times loop ring dd load tax start

Runs of all tools alternate in this one process; a figure is the median. Needs root. Tools that are
missing (strace, perf, bpftrace, sqlite3) are named and left out.

On a virtual machine a wake-up of another process costs far more than on bare metal: what tools that
wake a reader for every event (perf trace, strace) cost there would look better elsewhere.
"""

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from bench_common import BUILD, PROFILER, run, table, workload

LOOP = workload("call_loop")
CLOCKED = workload("clocked_calls")
PROBES = os.path.join(BUILD, "tests", "bench", "syscall_probes")

# One transaction a statement, with a small cache: many small reads and writes.
SQL = "pragma cache_size = 10;\npragma journal_mode = memory;\npragma synchronous = off;\n" + \
    "create table t(a integer primary key, b text);\n" + \
    "".join("insert into t values(%d, hex(%d));\n" % (i, i * 7919 % 100003) for i in range(20000)) + \
    "select sum(length(b)) from t;\n"

BPFTRACE = ("tracepoint:raw_syscalls:sys_enter { @start[tid] = nsecs; } "
            "tracepoint:raw_syscalls:sys_exit /@start[tid]/ "
            "{ @ns[args->id] = sum(nsecs - @start[tid]); @calls[args->id] = count(); "
            "delete(@start[tid]); }")


class Tool:
    """A way to run a command under a tool, and how many calls are worth measuring with it."""

    def __init__(self, name, prefix, share=1.0):
        self.name, self.prefix, self.share = name, prefix, share

    def command(self, command):
        if callable(self.prefix):
            return self.prefix(command)
        return self.prefix + command


def under_bpftrace(command):
    return ["bpftrace", "-q", "-e", BPFTRACE, "-c", " ".join(command)]


def tools(scratch):
    found = [Tool("bare", [])]
    if os.path.exists(PROBES):
        found += [Tool("empty pair of BPF probes", [PROBES, "empty"]),
                  Tool("pair that reads the clock", [PROBES, "clock"]),
                  Tool("two hashes, as perf's BPF summary", [PROBES, "hash"])]
    ours = [PROFILER, "syscalls", "-o", os.path.join(scratch, "out")]
    found += [Tool("profiler syscalls --no-callers", ours + ["--backend", "bpf", "--no-callers", "--"]),
              Tool("profiler syscalls", ours + ["--backend", "bpf", "--"]),
              Tool("profiler syscalls --backend ring", ours + ["--backend", "ring", "--"], 0.5)]
    for name, prefix, share in (
            ("bpftrace, two maps", under_bpftrace, 0.5),
            ("perf record -e raw_syscalls:*",
             ["perf", "record", "-q", "-o", os.path.join(scratch, "perf.data"), "-e", "raw_syscalls:*"],
             0.2),
            ("perf trace -s", ["perf", "trace", "-s", "-o", os.path.join(scratch, "trace")], 0.02),
            ("strace -c", ["strace", "-f", "-c", "-o", os.path.join(scratch, "strace")], 0.005)):
        program = name.split()[0].rstrip(",")
        if shutil.which(program):
            found.append(Tool(name, prefix, share))
        else:
            print(f"({program} is not installed: left out)")
    return found


def median_by_tool(found, measure, rounds):
    values = {tool.name: [] for tool in found}
    for _ in range(rounds):
        for tool in found:
            values[tool.name].append(measure(tool))
    return {name: statistics.median(of_tool) for name, of_tool in values.items()}


def times(value, other):
    return f"{value / other:.2f}" if other > 0 else "-"


def loop(scratch, rounds, processes=1, calls=2_000_000, only=None):
    """Nanoseconds of CPU time that each getppid(2) takes."""
    found = [tool for tool in tools(scratch) if only is None or only(tool)]

    def measure(tool):
        command = [LOOP, str(max(2000, int(calls * tool.share))), str(processes)]
        out = run(tool.command(command)).stdout
        return json.loads(re.search(r"\{.*\}", out).group())["ns"]

    return median_by_tool(found, measure, rounds)


def part_loop(scratch, rounds):
    ns = loop(scratch, rounds)
    bare = ns["bare"]
    empty = ns.get("empty pair of BPF probes", 0) - bare
    ours = ns["profiler syscalls"] - bare
    table("getppid(2) in a loop: CPU time of a call", ["under", "ns", "added", "times an empty pair",
                                                        "times ours"],
          [(name, f"{value:.0f}", f"{value - bare:.0f}", times(value - bare, empty),
            times(value - bare, ours)) for name, value in ns.items()])


def part_ring(scratch, rounds):
    """A loop on every CPU at once: does the ring keep up?"""
    rows = []
    for _ in range(rounds):
        out = os.path.join(scratch, "ring.json")
        run([PROFILER, "syscalls", "--backend", "ring", "--format", "json", "-o", out, "--", LOOP,
             "2000000", str(os.cpu_count())])
        with open(out) as file:
            account = json.load(file)
        calls = sum(row["calls"] for row in account["syscalls"] if row["name"] == "getppid")
        rows.append((calls, account["lost"]))
    table(f"ring backend, a loop on each of {os.cpu_count()} CPUs", ["calls", "lost"], rows)


def part_dd(scratch, rounds):
    for block in ("512", "1"):
        count = 400_000

        def measure(tool):
            blocks = max(1000, int(count * tool.share))
            err = run(tool.command([shutil.which("dd"), "if=/dev/zero", "of=/dev/null", f"bs={block}",
                                    f"count={blocks}"])).stderr
            seconds = re.search(r"copied, ([0-9.e+-]+) s", err)
            return float(seconds.group(1)) / blocks * 1e9

        ns = median_by_tool(tools(scratch), measure, rounds)
        table(f"dd bs={block}: time of a block (two calls)", ["under", "ns", "times slower"],
              [(name, f"{value:.0f}", times(value, ns["bare"])) for name, value in ns.items()])


def part_load(scratch, rounds):
    if not shutil.which("sqlite3"):
        print("(sqlite3 is not installed: left out)")
        return
    script = os.path.join(scratch, "load.sql")
    with open(script, "w") as file:
        file.write(SQL)

    def measure(tool):
        # bpftrace runs no shell; the slowest would take minutes.
        if tool.share < 0.02 or "bpftrace" in tool.name:
            return float("nan")
        database = os.path.join(scratch, "load.db")
        if os.path.exists(database):
            os.unlink(database)
        began = time.monotonic()
        # Its own time, without that of starting and ending the tool.
        command = ["sh", "-c", f"S=$(date +%s%N); sqlite3 {database} < {script} >/dev/null; "
                   "E=$(date +%s%N); echo T$((E-S))T"]
        done = run(tool.command(command))
        found = re.search(r"T(\d+)T", done.stdout)
        return int(found.group(1)) / 1e9 if found else time.monotonic() - began

    seconds = median_by_tool(tools(scratch), measure, rounds)
    table("sqlite3, 20,000 inserts of their own", ["under", "s", "times slower"],
          [(name, f"{value:.3f}", times(value, seconds["bare"])) for name, value in seconds.items()
           if value == value])


def part_tax(scratch, rounds):
    """What others on the machine pay while one process is watched."""
    bare, taxed, pipe_bare, pipe_taxed = [], [], [], []
    pipe = ["perf", "bench", "sched", "pipe", "-l", "50000"]
    has_perf = shutil.which("perf") is not None

    def measure(to, pipes):
        to.append(json.loads(run([LOOP, "2000000"]).stdout)["ns"])
        if has_perf:
            pipes.append(float(re.search(r"([0-9.]+) usecs/op", run(pipe).stdout).group(1)))

    for _ in range(rounds):
        measure(bare, pipe_bare)
        sleeper = subprocess.Popen(["sleep", "600"])
        watch = subprocess.Popen([PROFILER, "syscalls", "--backend", "bpf", "-o",
                                  os.path.join(scratch, "tax"), "-p", str(sleeper.pid)],
                                 stderr=subprocess.DEVNULL)
        time.sleep(1)
        measure(taxed, pipe_taxed)
        watch.send_signal(signal.SIGINT)
        watch.wait()
        sleeper.kill()
        sleeper.wait()
    rows = [("getppid(2), ns", f"{statistics.median(bare):.0f}", f"{statistics.median(taxed):.0f}")]
    if has_perf:
        rows.append(("perf bench sched pipe, µs a round trip (two switches)",
                     f"{statistics.median(pipe_bare):.2f}", f"{statistics.median(pipe_taxed):.2f}"))
    table("processes that are not watched", ["what", "bare", "while another is watched"], rows)


def map_bytes(pid):
    """Memory of the BPF maps that a process holds, as the kernel accounts for it."""
    total, seen = 0, set()
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}") as file:
                fields = dict(line.split(":", 1) for line in file if ":" in line)
        except OSError:
            continue
        if "map_id" in fields and fields["map_id"] not in seen:
            seen.add(fields["map_id"])
            total += int(fields["memlock"])
    return total


def part_start(scratch, rounds):
    bare, ours = [], []
    for _ in range(5 * rounds):
        for to, command in ((bare, ["true"]),
                            (ours, [PROFILER, "syscalls", "--backend", "bpf", "-o",
                                    os.path.join(scratch, "start"), "--", "true"])):
            began = time.monotonic()
            run(command)
            to.append((time.monotonic() - began) * 1e3)
    maps, resident = [], []
    for _ in range(rounds):
        watch = subprocess.Popen([PROFILER, "syscalls", "--backend", "bpf", "-o",
                                  os.path.join(scratch, "start"), "--", LOOP, "6000000"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.8)
        maps.append(map_bytes(watch.pid) / 1e6)
        with open(f"/proc/{watch.pid}/status") as file:
            fields = dict(line.split(":", 1) for line in file if ":" in line)
        resident.append((int(fields["VmHWM"].split()[0]) * 1024) / 1e6)
        watch.wait()
    table("start and memory", ["what", "figure"],
          [("true", f"{statistics.median(bare):.1f} ms"),
           ("profiler syscalls true", f"{statistics.median(ours):.1f} ms"),
           ("added", f"{statistics.median(ours) - statistics.median(bare):.1f} ms"),
           ("peak resident memory", f"{statistics.median(resident):.1f} MB"),
           ("BPF maps", f"{statistics.median(maps):.1f} MB")])


def stolen_s():
    """What a hypervisor took from all CPUs so far, as Linux knows of it (proc(5))."""
    with open("/proc/stat") as file:
        return int(file.readline().split()[8]) / os.sysconf("SC_CLK_TCK")


def part_times(scratch, _rounds):
    """CPU time of calls of 50 µs and more, against CLOCK_THREAD_CPUTIME_ID around them.

    Less that of a call that does nothing, on either side: clocked_calls says why."""
    calls = ("read", "getrandom", "pwrite64")
    for size, rounds in ((1, 1600), (8, 400)):
        rows, length = [], []
        for name, options in (("bpf, --no-callers", ["--backend", "bpf", "--no-callers"]),
                              ("bpf", ["--backend", "bpf"]), ("ring", ["--backend", "ring"])):
            for threads, moves in (("1", "0"), ("2", "0"), ("4", "0"), ("8", "0"), ("4", "1")):
                errors, sums, stolen = [], [], stolen_s()
                for _ in range(10):
                    out = os.path.join(scratch, "times.json")
                    done = run([PROFILER, "syscalls", *options, "--format", "json", "-o", out, "--",
                                CLOCKED, threads, str(rounds // int(threads)), moves, str(size)])
                    truth = json.loads(done.stdout)
                    with open(out) as file:
                        counted = {row["name"]: row for row in json.load(file)["syscalls"]}
                    nothing = counted["getppid"]["p50_s"]
                    errors += [(counted[call]["cpu_s"] - nothing * counted[call]["calls"]) /
                               (truth[call] - truth["getppid"]) - 1 for call in calls]
                    sums.append(sum(truth[call] for call in calls))
                    length += [truth[call] / truth["rounds"] * 1e6 for call in calls]
                rows.append((name, threads + (", moved about" if moves == "1" else ""),
                             f"{statistics.mean(errors):+.2%}", f"{statistics.median(errors):+.2%}",
                             f"{max(errors, key=abs):+.2%}",
                             f"{(stolen_s() - stolen) / sum(sums):.2%}"))
        table(f"CPU time counted of calls of {min(length):.0f} to {max(length):.0f} µs, against the "
              "thread's clock: three calls in each of ten runs",
              ["backend", "threads", "mean error", "median", "largest of a sum",
               "stolen meanwhile, of the time in calls"], rows)


PARTS = {"times": part_times, "loop": part_loop, "ring": part_ring, "dd": part_dd, "load": part_load, "tax": part_tax,
         "start": part_start}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    for part in arguments.parts:
        if part not in PARTS:
            parser.error(f"no part {part}: there are {', '.join(PARTS)}")
    if not os.path.exists(PROFILER):
        sys.exit(f"{PROFILER} is not built: run scripts/test")
    with tempfile.TemporaryDirectory() as scratch:
        for part in arguments.parts or PARTS:
            PARTS[part](scratch, arguments.rounds)


if __name__ == "__main__":
    main()
