#!/usr/bin/python3
"""Measures `profiler symbolize` beside addr2line and llvm-symbolizer, and prints Markdown tables.

    scripts/profiler --version             # builds the release
    tests/bench/symbolize_figures.py       # everything that is at hand
    tests/bench/symbolize_figures.py batches first kallsyms naming

Whole inline chains of random addresses, each function as likely as another; CPU time with start-up,
the least of alternated runs in this one process, and peak memory. vmlinux is a Debian kernel's with
debug information: of an installed linux-image-*-dbg, or unpacked and named in PROFILER_VMLINUX.
"""

import argparse
import glob
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROFILER = os.path.join(ROOT, "build", "release", "profiler")
SAMPLE = os.path.join(ROOT, "tests", "oracle", "symbolizer", "sample.cc")
LIBC = "/lib/x86_64-linux-gnu/libc.so.6"
ROUNDS = 7


def output(command):
    return subprocess.run(command, capture_output=True, text=True, errors="replace",
                          check=False).stdout


def cost(command, input_path):
    """CPU seconds, elapsed seconds and peak memory in MB of one run."""
    start = time.monotonic()
    with open(input_path, encoding="ascii") as questions:
        child = subprocess.Popen(command, stdin=questions, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    return (usage.ru_utime + usage.ru_stime, time.monotonic() - start,
            usage.ru_maxrss * 1024 / 1e6)


def debug_file_of(path):
    found = re.search(r"Build ID: ([0-9a-f]+)", output(["readelf", "-n", path]))
    debug = found and f"/usr/lib/debug/.build-id/{found[1][:2]}/{found[1][2:]}.debug"
    return debug if debug and os.path.exists(debug) else None


def vmlinux():
    for path in [os.environ.get("PROFILER_VMLINUX", ""), *glob.glob("/usr/lib/debug/boot/vmlinux-*")]:
        if path and os.path.exists(path):
            return path
    return None


def write_addresses(path, file, count):
    functions = []
    for line in output(["nm", "-S", "--defined-only", file]).splitlines():
        words = line.split()
        if len(words) == 4 and words[2] in "tTwW" and int(words[1], 16) > 0:
            functions.append((int(words[0], 16), int(words[1], 16)))
    chooser = random.Random(7)
    with open(path, "w", encoding="ascii") as out:
        for _ in range(count):
            start, size = chooser.choice(functions)
            out.write(f"{start + chooser.randrange(size):#x}\n")


def table(title, head, rows):
    print(f"\n**{title}**\n\n| " + " | ".join(head) + " |\n| " + " | ".join("---" for _ in head) + " |")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def files(directory):
    """What to ask, whom to ask about it, and how much: (name, ours, theirs, count)."""
    unit = os.path.join(directory, "unit")
    if subprocess.run(["g++", "-O2", "-g", SAMPLE, "-o", unit], check=False).returncode == 0:
        yield "one C++ unit", unit, unit, 20_000
    if debug_file_of(LIBC):
        yield "libc and its debug file", LIBC, debug_file_of(LIBC), 20_000
    yield "profiler itself", PROFILER, PROFILER, 100_000
    if vmlinux():
        yield "vmlinux", vmlinux(), vmlinux(), 100_000
    else:
        print("left out: vmlinux (none with debug information is at hand)")


def measure_batches(directory):
    rows = []
    addresses = os.path.join(directory, "addresses")
    for name, ours, theirs, count in files(directory):
        write_addresses(addresses, theirs, count)
        commands = {"ours": [PROFILER, "symbolize", "--module", ours],
                    "addr2line": ["addr2line", "-C", "-a", "-f", "-i", "-e", theirs]}
        for tool in ("llvm-symbolizer-14", "llvm-symbolizer-19"):
            commands[tool] = [tool, "-e", theirs]
        commands = {tool: words for tool, words in commands.items() if shutil.which(words[0])}
        costs = {tool: [] for tool in commands}
        for round_number in range(ROUNDS):
            for tool, words in commands.items():
                # Half a minute each: once shows what there is to see.
                if tool == "llvm-symbolizer-14" and name == "vmlinux" and round_number > 0:
                    continue
                costs[tool].append(cost(words, addresses))
        best = {tool: (min(c[0] for c in runs), min(c[2] for c in runs))
                for tool, runs in costs.items()}
        for tool, (seconds, memory) in best.items():
            rows.append([name if tool == "ours" else "", f"{count:,}" if tool == "ours" else "", tool,
                         f"{seconds:.2f} s", f"{memory:.0f} MB",
                         "" if tool == "ours" else f"{seconds / best['ours'][0]:.1f}×",
                         "" if tool == "ours" else f"{memory / best['ours'][1]:.1f}×"])
    table(f"Batches of addresses with inline chains, the least of {ROUNDS} runs",
          ["file", "addresses", "by", "CPU time", "peak memory", "time / ours", "memory / ours"], rows)


def make_large_file(path, directory, megabytes=720):
    """As many copies of one unit, under other names, as make that much debug information; the linker
    keeps of it what differs, 500 MB."""
    unit = os.path.join(directory, "unit.o")
    subprocess.run(["g++", "-O2", "-g", "-c", SAMPLE, "-o", unit], check=True)
    copies = []
    size = 0
    for line in output(["readelf", "-SW", unit]).splitlines():
        found = re.search(r"\]\s+\.debug_\S+\s+\S+\s+\S+\s+\S+\s+([0-9a-f]+)", line)
        size += int(found[1], 16) if found else 0
    for i in range(megabytes * 1_000_000 // size + 1):
        copies.append(os.path.join(directory, f"copy{i}.o"))
        subprocess.run(["objcopy", f"--prefix-symbols=c{i}_", unit, copies[-1]], check=True)
    subprocess.run(["ld", "-O0", "-static", "--unresolved-symbols=ignore-all", "-e", "c0_main",
                    "-o", path, *copies], check=True)
    for copy in copies:
        os.unlink(copy)


def measure_first(directory):
    large = os.path.join(directory, "large")
    make_large_file(large, directory)
    rows = []
    addresses = os.path.join(directory, "addresses")
    for name, path in (("copies of one unit", large), ("vmlinux", vmlinux())):
        if not path:
            continue
        write_addresses(addresses, path, 1)
        debug = 0
        for line in output(["readelf", "-SW", path]).splitlines():
            found = re.search(r"\]\s+\.debug_\S+\s+\S+\s+\S+\s+\S+\s+([0-9a-f]+)", line)
            debug += int(found[1], 16) if found else 0
        for tool, words in (("ours", [PROFILER, "symbolize", "--module", path]),
                            ("addr2line", ["addr2line", "-a", "-f", "-i", "-e", path]),
                            ("llvm-symbolizer-19", ["llvm-symbolizer-19", "-e", path])):
            if shutil.which(words[0]):
                runs = [cost(words, addresses) for _ in range(3)]
                rows.append([name, f"{debug / 1e6:.0f} MB", tool,
                             f"{min(r[1] for r in runs) * 1000:.0f} ms",
                             f"{min(r[2] for r in runs):.0f} MB"])
    table("The first address in a large file", ["file", "debug information", "by", "elapsed",
                                                "peak memory"], rows)


def measure_kallsyms(_directory):
    bench = os.path.join(ROOT, "build", "release", "tests", "bench", "symbolizer_bench")
    if not os.path.exists(bench):
        print("left out: kallsyms (build with -DPROFILER_BENCHMARKS=ON)")
        return
    print(output([bench, "--benchmark_filter=Kallsyms", "--benchmark_repetitions=5",
                  "--benchmark_report_aggregates_only=true"]))


def measure_naming(directory):
    """What naming a recording of the compile takes, all of it: kallsyms, debug files, inlines."""
    profile = os.path.join(directory, "compile.data")
    source = os.path.join(directory, "compiled.o")
    times = []
    for _ in range(3):
        subprocess.run([PROFILER, "record", "-q", "-o", profile, "--", "g++", "-O2", "-g", "-c", SAMPLE,
                        "-o", source], check=True)
        text = output([PROFILER, "report", "-i", profile, "--format", "json", "--limit", "1"])
        times.append(float(re.search(r'"naming_cpu_s":\s*([0-9.e-]+)', text)[1]))
    table("Naming all frames of a recorded compile", ["CPU time, the least of 3"],
          [[f"{min(times) * 1000:.0f} ms"]])


PARTS = {"batches": measure_batches, "first": measure_first, "kallsyms": measure_kallsyms,
         "naming": measure_naming}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help=", ".join(PARTS))
    arguments = parser.parse_args()
    unknown = [part for part in arguments.parts if part not in PARTS]
    if unknown:
        parser.error(f"no part '{unknown[0]}'; there are: {', '.join(PARTS)}")
    if not os.path.exists(PROFILER):
        sys.exit(f"{PROFILER} is missing: run scripts/profiler --version first")
    with tempfile.TemporaryDirectory() as directory:
        for part in arguments.parts or PARTS:
            PARTS[part](directory)


if __name__ == "__main__":
    main()
