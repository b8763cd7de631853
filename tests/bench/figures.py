#!/usr/bin/python3
"""Measures the figures that README.md and tests/bench/README.md state, on this machine, and prints
them as Markdown tables.

    scripts/profiler --version            # builds the release
    tests/bench/figures.py                # everything but the ten-minute recording
    tests/bench/figures.py stacks short   # some parts only
    tests/bench/figures.py memory         # ten minutes at 4 kHz

Every ratio comes from alternated runs of both sides in this one process. Programs that are missing
are named and left out. perf is Debian's linux-perf.
"""

import argparse
import json
import os
import random
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROFILER = os.path.join(ROOT, "build", "release", "profiler")
WORKLOADS = os.path.join(ROOT, "build", "release", "tests", "workloads")

CPP_SOURCE = """
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <string>
#include <unordered_map>
#include <vector>
template <int N> struct Table {
  std::map<std::string, std::vector<std::function<int(int)>>> rows;
  std::unordered_map<int, std::unique_ptr<Table<N - 1>>> next;
  void fill() {
    for (int i = 0; i < N; ++i) {
      rows[std::to_string(i)].push_back([i](int x) { return x + i; });
      next[i] = std::make_unique<Table<N - 1>>();
      next[i]->fill();
    }
  }
};
template <> struct Table<0> { void fill() {} };
int main(int argc, char** argv) {
  std::regex pattern("([a-z]+)-([0-9]+)(?:x|y)*");
  std::smatch match;
  std::string text = argc > 1 ? argv[1] : "abc-123x";
  std::cout << std::regex_match(text, match, pattern) << "\\n";
  Table<40> table;
  table.fill();
  return static_cast<int>(table.rows.size());
}
"""

SQL = """
create table t(a integer, b text);
with recursive c(x) as (select 1 union all select x + 1 from c where x < 1500000)
  insert into t select x, hex(x * 7919 % 100003) from c;
create index i on t(b);
select count(*), sum(a) from t where b like '%3%';
select b, count(*) from t group by b order by 2 desc limit 5;
select count(*) from t x join t y on x.b = y.b where x.a < 400000;
"""

PYTHON = """
import json, re
data = [{"id": i, "name": "row %d" % i, "values": list(range(i % 20))} for i in range(40000)]
for _ in range(25):
    text = json.dumps(data)
    data = json.loads(text)
    re.findall(r"row (\\d+)", text)
"""


RUST = """
use std::collections::HashMap;
use std::fmt::Debug;
fn group<K: std::hash::Hash + Eq + Clone + Debug, V: Debug>(v: Vec<(K, V)>) -> HashMap<K, Vec<V>> {
    let mut m: HashMap<K, Vec<V>> = HashMap::new();
    for (k, x) in v { m.entry(k).or_default().push(x); }
    m
}
macro_rules! each { ($($t:ty),*) => { $(
    println!("{:?}", group((0..9).map(|i| (i as $t % (3 as $t), format!("{i}"))).collect()));
)* } }
fn main() { each!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, usize, isize); }
"""

NODE = """
const rows = Array.from({length: 60000}, (_, i) => ({id: i, name: 'row ' + (i % 977)}));
const fib = n => n < 2 ? n : fib(n - 1) + fib(n - 2);
for (let round = 0; round < 12; round++) {
  const back = JSON.parse(JSON.stringify(rows));
  back.sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : a.id - b.id);
  fib(27);
}
"""

JAVA = """
import java.util.*;
import java.util.stream.*;
class Work {
  public static void main(String[] arguments) {
    long sum = 0;
    for (int round = 0; round < 25; round++) {
      Map<String, List<Integer>> groups = IntStream.range(0, 200000).boxed()
          .collect(Collectors.groupingBy(i -> "row " + i % 977));
      for (List<Integer> group : groups.values()) sum += group.stream().mapToInt(i -> i).sum();
    }
    System.out.println(sum);
  }
}
"""

PERL = """
my %seen; my $text = join ' ', map { 'word' . ($_ * 7919 % 1009) } 1 .. 200000;
for my $round (1 .. 12) { $seen{lc $1}++ while $text =~ /(\\w+?)(?:\\s|$)/g; }
print join ',', (sort { $seen{$b} <=> $seen{$a} || $a cmp $b } keys %seen)[0 .. 9];
"""


def written(directory, name, text):
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return path


class Programs:
    """The programs of the tables, made in a directory that is removed at the end."""

    def __init__(self, directory):
        source = written(directory, "compile.cc", CPP_SOURCE)
        sql = written(directory, "query.sql", SQL)
        script = written(directory, "work.py", PYTHON)
        random_file = os.path.join(directory, "input")
        with open(random_file, "wb") as out:
            for name in ("/usr/bin/gdb", "/usr/bin/python3", "/bin/bash"):
                if os.path.exists(name):
                    with open(name, "rb") as file:
                        out.write(file.read(8 << 20))
        self.commands = {
            "g++ -O2 -g": ["g++", "-std=c++17", "-O2", "-g", "-c", source, "-o", "/dev/null"],
            "sqlite3": ["sqlite3", ":memory:", ".read " + sql],
            "python3": ["/usr/bin/python3", script],
            "xz": ["xz", "-3", "-k", "-c", random_file],
            "dd bs=512": ["dd", "if=/dev/zero", "of=/dev/null", "bs=512", "count=4000000"],
        }
        # Other compilers and runtimes: only their stacks are looked at.
        self.more = {
            "recursion": [os.path.join(WORKLOADS, "recursion"), "300", "2"],
            "heap_grow_shrink": [os.path.join(WORKLOADS, "heap_grow_shrink")],
            "clang++ -O2 -g": ["clang++-19", "-std=c++17", "-O2", "-g", "-c", source, "-o",
                               "/dev/null"],
            "rustc -O": ["rustc", "-O", "-g", written(directory, "work.rs", RUST), "-o",
                         os.path.join(directory, "work_rs")],
            "node": ["node", written(directory, "work.js", NODE)],
            "java": ["java", "-XX:+PreserveFramePointer", written(directory, "Work.java", JAVA)],
            "perl": ["perl", written(directory, "work.pl", PERL)],
            "static": [os.path.join(WORKLOADS, "call_chain_static"), "2"],
        }
        for programs in (self.commands, self.more):
            for name in list(programs):
                if shutil.which(programs[name][0]) is None:
                    print(f"left out: {name} (not installed)")
                    del programs[name]


def run(command, **kwargs):
    """Runs it with its output thrown away; the elapsed seconds."""
    began = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                   **kwargs)
    return time.monotonic() - began


def record(command, profile, *options):
    subprocess.run([PROFILER, "record", "-q", "-e", "cpu-clock", *options, "-o", profile, "--",
                    *command],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def report(profile):
    text = subprocess.run([PROFILER, "report", "-i", profile, "--format", "json"],
                          stdout=subprocess.PIPE, check=True).stdout
    return json.loads(text)


def percent(part, whole):
    return f"{100 * part / whole:.2f} %" if whole else "–"


def table(title, head, rows):
    print(f"\n### {title}\n")
    print("| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |", flush=True)


def measure_stacks(programs, directory):
    rows = []
    for name, command in {**programs.commands, **programs.more}.items():
        profile = os.path.join(directory, "stacks.data")
        record(command, profile)
        r = report(profile)
        q, t = r["quality"], r["time"]
        sys_s = t["sampled_sys_s"]
        other = sum(c["sys_s"] for c in r["causes"] if c["kind"] == "other")
        calls = [c for c in r["causes"] if c["kind"] == "syscall"]
        # A call whose name is not known goes by the name of its kind.
        named = sum(c["sys_s"] for c in calls if c["name"] != "syscall")
        all_calls = sum(c["sys_s"] for c in calls)
        charged = t["user_s"] + t["sys_s"]
        sampled = t["sampled_user_s"] + t["sampled_sys_s"]
        complete = q["stacks_complete"]
        rows.append([
            name, q["samples"], q["lost"],
            percent(complete, complete + q["stacks_broken"]), percent(complete, q["samples"]),
            percent(q["stacks_joined"], q["samples"]),
            percent(q["frames_with_symtab_by_symbol"], q["frames_with_symtab"]),
            q["frames_unnamed"], percent(other, sys_s), percent(named, all_calls),
            percent(sampled, charged),
            f"{os.path.getsize(profile) / max(1, q['samples']):.0f} B",
        ])
    table("Stacks, names, causes at 999 Hz",
          ["program", "samples", "lost", "complete / (complete + broken)", "complete / all",
           "of them from other samples", "by symbol where there is a symbol table", "unnamed", "`other` of sys", "calls named",
           "sampled / charged", "file a sample"], rows)


def measure_short(_programs, directory):
    """A shell loop of 400 processes of about 1 ms."""
    short = os.path.join(WORKLOADS, "short_lived")
    profile = os.path.join(directory, "short.data")
    loop = ["sh", "-c", f"i=0; while [ $i -lt 400 ]; do {short} 0.001; i=$((i+1)); done"]
    rows = []
    for coverage, options in (("one event per CPU", []), ("--inherit", ["--inherit"])):
        record(loop, profile, *options)
        r = report(profile)
        t = r["time"]
        rows.append([coverage, r["quality"]["samples"], f"{t['user_s'] + t['sys_s']:.2f} s",
                     percent(t["sampled_user_s"] + t["sampled_sys_s"], t["user_s"] + t["sys_s"])])
    table("400 processes of 1 ms", ["events", "samples", "CPU time", "sampled"], rows)


def median_of(function, times):
    return statistics.median(function() for _ in range(times))


def measure_start(programs, directory):
    profile = os.path.join(directory, "start.data")
    command = programs.commands.get("g++ -O2 -g")
    rows = []
    if command:
        record(command, profile)
        opened = median_of(lambda: run([PROFILER, "report", "-i", profile]), 15)
        rows.append(["`report` of the compile", f"{opened * 1000:.1f} ms"])
    bare, timed, no_wait = [], [], []
    command = [PROFILER, "time", "-e", "cpu-clock", "-o", profile]
    for _ in range(25):
        bare.append(run(["true"]))
        timed.append(run(command + ["--", "true"]))
        no_wait.append(run(command + ["--no-wait", "--", "true"]))
    for name, seconds in (("time", timed), ("time --no-wait", no_wait)):
        added = statistics.median(seconds) - statistics.median(bare)
        rows.append([f"`profiler {name} true` less `true`", f"{added * 1000:.1f} ms"])
    table("Start-up", ["what", "median"], rows)


def timed(command, wrapper, directory):
    """The command's own elapsed seconds, run by itself or by a wrapper that records it."""
    real = os.path.join(directory, "real")
    shell = f"TIMEFORMAT=%R; {{ time {shlex.join(command)} > /dev/null; }} 2> {real}"
    run([*wrapper, "bash", "-c", shell])
    with open(real, encoding="utf-8") as file:
        return float(file.read().split()[-1])


def measure_overhead(_programs, directory, rounds=40):
    """Time added to the child at 4 kHz, next to perf record. Many short runs in a new order each
    round: the machine's own drift over a minute is larger than what is measured."""
    source = os.path.join(directory, "overhead_input")
    with open("/usr/bin/python3", "rb") as file, open(source, "wb") as out:
        out.write(file.read(2500000))
    sql = ("with recursive c(x) as (select 1 union all select x + 1 from c where x < 1000000) "
           "select count(*), max(hex(x * x)) from c;")
    commands = {"xz": ["xz", "-3", "-k", "-c", source], "sqlite3": ["sqlite3", ":memory:", sql]}
    recorders = {
        "none": [],
        "profiler record -F 4000":
            [PROFILER, "record", "-q", "-e", "cpu-clock", "-F", "4000", "-o",
             os.path.join(directory, "ours.data"), "--"],
    }
    if shutil.which("perf"):
        recorders["perf record -F 4000 --call-graph dwarf,32768"] = [
            "perf", "record", "-q", "-e", "cpu-clock", "-F", "4000", "--call-graph", "dwarf,32768",
            "-o", os.path.join(directory, "perf.data"), "--"]
    rows = []
    for name, command in commands.items():
        if shutil.which(command[0]) is None:
            continue
        seconds = {recorder: [] for recorder in recorders}
        for _ in range(rounds):
            for recorder in random.sample(list(recorders), len(recorders)):
                seconds[recorder].append(timed(command, recorders[recorder], directory))
        base = statistics.median(seconds["none"])
        for recorder, times in seconds.items():
            low, middle, high = statistics.quantiles(times, n=4)
            rows.append([name, recorder, f"{middle * 1000:.0f} ms",
                         f"{low * 1000:.0f} to {high * 1000:.0f} ms",
                         f"{(middle - base) * 1000:.0f} ms", percent(middle - base, base)])
    table(f"Time added to the child, medians of {rounds} rounds",
          ["program", "recorder", "elapsed", "middle half", "added", "added / none"], rows)


def measure_recorder(programs, directory):
    """CPU time of the recorder a sample, and losses, at 4 kHz."""
    rows = []
    for name, command in programs.commands.items():
        profile = os.path.join(directory, "cost.data")
        record(command, profile, "-F", "4000")
        r = report(profile)
        q, cost = r["quality"], r.get("recorder", {})
        samples = max(1, q["samples"])
        rows.append([name, q["samples"], q["lost"],
                     f"{cost.get('cpu_s', 0) / samples * 1e6:.1f} us",
                     f"{cost.get('naming_cpu_s', 0) * 1e3:.0f} ms",
                     f"{cost.get('peak_memory_bytes', 0) / 1e6:.0f} MB"])
    spin = [os.path.join(WORKLOADS, "threads")]
    if os.path.exists(spin[0]):
        profile = os.path.join(directory, "cost.data")
        record(spin, profile, "-F", "4000")
        r = report(profile)
        samples = max(1, r["quality"]["samples"])
        cost = r.get("recorder", {})
        rows.append(["threads on both CPUs", samples, r["quality"]["lost"],
                     f"{cost.get('cpu_s', 0) / samples * 1e6:.1f} us",
                     f"{cost.get('naming_cpu_s', 0) * 1e3:.0f} ms",
                     f"{cost.get('peak_memory_bytes', 0) / 1e6:.0f} MB"])
    table("The recorder at 4 kHz",
          ["program", "samples", "lost", "CPU a sample", "naming", "peak memory"], rows)


def measure_memory(programs, directory, seconds=600):
    """Resident memory of the recorder over ten minutes at 4 kHz on both CPUs."""
    command = programs.commands.get("python3")
    loop = ["sh", "-c", "while :; do " + shlex.join(command) + "; done"]
    load = [subprocess.Popen(loop, stdout=subprocess.DEVNULL, start_new_session=True)
            for _ in range(os.cpu_count() or 1)]
    profile = os.path.join(directory, "memory.data")
    recorder = subprocess.Popen([PROFILER, "record", "-q", "-a", "-e", "cpu-clock", "-F", "4000",
                                 "--duration", str(seconds), "-o", profile])
    rows = []
    began = time.monotonic()
    step = max(1, seconds // 10)
    next_row = step
    while recorder.poll() is None:
        time.sleep(0.5)
        elapsed = time.monotonic() - began
        if elapsed < next_row:
            continue
        next_row += step
        try:
            with open(f"/proc/{recorder.pid}/status", encoding="utf-8") as file:
                resident = [line for line in file if line.startswith("VmRSS")]
        except FileNotFoundError:
            break
        if resident:
            size = next((os.path.getsize(p) for p in (profile + ".part", profile)
                         if os.path.exists(p)), 0)
            rows.append([f"{elapsed:.0f} s", f"{int(resident[0].split()[1]) / 1024:.0f} MiB",
                         f"{size / 1e6:.1f} MB"])
    for process in load:
        os.killpg(process.pid, 15)
        process.wait()
    r = report(profile)
    table(f"Memory over {seconds} s at 4 kHz: {r['quality']['samples']} samples, "
          f"{r['quality']['lost']} lost", ["after", "resident", "file"], rows)


def cpu_of(command):
    """CPU seconds of a command, and its peak memory in MB."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(child.pid, 0)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def measure_views(programs, directory):
    """CPU time of each view of a recording with very many stacks."""
    command = programs.commands.get("g++ -O2 -g")
    if not command:
        return
    profile = os.path.join(directory, "views.data")
    record(command, profile, "-F", "9999")
    out = os.path.join(directory, "view")
    views = {
        "report": ["report"], "report --by cause": ["report", "--by", "cause"],
        "report --tree": ["report", "--tree"], "report --callers": ["report", "--callers"],
        "flamegraph": ["flamegraph", "-o", out],
        "export --format folded": ["export", "--format", "folded", "-o", out],
    }
    rows = []
    for name, words in views.items():
        seconds, memory = cpu_of([PROFILER, *words, "-i", profile])
        rows.append([name, f"{seconds:.2f} s", f"{memory:.0f} MB"])
    table(f"Views of {report(profile)['quality']['samples']} samples of a compile",
          ["view", "CPU time", "peak memory"], rows)


def perfparser():
    """hotspot's, where it is installed."""
    for path in ("/usr/lib/x86_64-linux-gnu/libexec/hotspot-perfparser",
                 "/usr/libexec/hotspot-perfparser"):
        if os.path.exists(path):
            return path
    return shutil.which("hotspot-perfparser")


def measure_import(programs, directory):
    """perf's recordings of the compile, opened by us and by others. 8 KiB is perf's default."""
    command = programs.commands.get("g++ -O2 -g")
    if not command or not shutil.which("perf"):
        return
    recording = os.path.join(directory, "perf.data")
    out = os.path.join(directory, "imported.data")
    rows = []
    for frequency, stack in ((999, 8192), (999, 32768), (1999, 65528)):
        run(["perf", "record", "-q", "-B", "-N", "-m", "16M", "-e", "cpu-clock", "-F",
             str(frequency), "--call-graph", f"dwarf,{stack}", "-o", recording, "--", *command])
        size = os.path.getsize(recording) / 1e6
        others = {"perf report --no-inline": ["perf", "report", "--no-inline", "--stdio", "-i",
                                              recording]}
        if perfparser():
            others["hotspot-perfparser"] = [perfparser(), "--input", recording, "--output", out]
        ours, memory = cpu_of([PROFILER, "import", "-o", out, recording])
        shown, _ = cpu_of([PROFILER, "report", "-i", out])
        rows.append([f"{frequency} Hz, {stack} B: {size:.0f} MB", "import, then report",
                     f"{ours:.2f} + {shown:.2f} s", f"{memory:.0f} MB", f"{size / ours:.0f} MB/s",
                     ""])
        for name, words in others.items():
            seconds, memory = cpu_of(words)
            rows.append(["", name, f"{seconds:.2f} s", f"{memory:.0f} MB",
                         f"{size / seconds:.0f} MB/s", f"{seconds / (ours + shown):.1f}×"])
        os.remove(recording)
    table("Reading perf.data", ["recording", "by", "CPU time", "peak memory", "speed",
                                "times ours"], rows)


def measure_unwinding(_programs, _directory):
    """Our unwinder, libdw's and libunwind's on the same stacks, in one run; the medians of five."""
    bench = os.path.join(ROOT, "build", "release", "tests", "bench", "unwind_bench")
    if not os.path.exists(bench):
        print("left out: unwinding (build with -DPROFILER_BENCHMARKS=ON)")
        return
    text = subprocess.run([bench, "--benchmark_repetitions=5", "--benchmark_min_time=0.2",
                           "--benchmark_report_aggregates_only=true", "--benchmark_format=json"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    medians = {}
    for row in json.loads(text)["benchmarks"]:
        if row["aggregate_name"] == "median":
            what, program = row["run_name"].split("/", 1)
            medians.setdefault(program, {})[what] = row.get("ns_per_frame", row["cpu_time"])
    rows = []
    for program, ns in medians.items():
        if "Hot" not in ns:
            print(f"first frame in /{program}: {ns['First'] / 1e6:.2f} ms from mapping it")
            continue
        others = [ns.get("Libdw"), ns.get("Libunwind")]
        rows.append([program, f"{ns['Hot']:.1f}", f"{ns['Cold']:.0f}",
                     *(f"{other:.0f}" if other else "–" for other in others),
                     *(f"{other / ns['Hot']:.0f}" if other else "–" for other in others)])
    table("Unwinding: ns a frame", ["stacks of", "hot", "cold", "libdw", "libunwind", "libdw / hot",
                                    "libunwind / hot"], rows)


PARTS = {
    "stacks": measure_stacks,
    "short": measure_short,
    "start": measure_start,
    "recorder": measure_recorder,
    "overhead": measure_overhead,
    "views": measure_views,
    "import": measure_import,
    "unwinding": measure_unwinding,
    "memory": measure_memory,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help=", ".join(PARTS))
    parser.add_argument("--seconds", type=int, default=600, help="of the memory part")
    arguments = parser.parse_args()
    unknown = [part for part in arguments.parts if part not in PARTS]
    if unknown:
        parser.error(f"no part '{unknown[0]}'; there are: {', '.join(PARTS)}")
    if not os.path.exists(PROFILER):
        sys.exit(f"{PROFILER} is missing: run scripts/profiler --version first")
    chosen = arguments.parts or [part for part in PARTS if part != "memory"]
    with tempfile.TemporaryDirectory() as directory:
        programs = Programs(directory)
        for part in chosen:
            if part == "memory":
                measure_memory(programs, directory, arguments.seconds)
            else:
                PARTS[part](programs, directory)


if __name__ == "__main__":
    main()
