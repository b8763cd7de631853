#!/usr/bin/python3
"""Measures what `profiler html` and `profiler flamegraph` take, and how fast a page is in Chromium.

    scripts/test                                # builds the release and made_profile
    tests/bench/html_figures.py                 # three minutes

A compile is recorded; of a second one, recorded nine times as fast, made_profile makes a recording of
1,000,000 samples with 50,000 distinct stacks. Writing is timed from the start of the command to its end,
the best of five; inferno and flamegraph.pl stand beside it where they are installed, with the script
that makes folded stacks for them. In Chromium: from the beginning of the navigation to the first picture
of the flame graph, and from an input to the frame that shows what came of it, the slowest of several
(tests/browser/html_figures.mjs). Needs node and playwright-core for the latter.
"""

import json
import os
import shutil
import tempfile
import time

from bench_common import BUILD, PROFILER, ROOT, run, table

SOURCE = "".join(f"#include <{name}>\n" for name in (
    "algorithm", "filesystem", "functional", "future", "iostream", "map", "random", "regex", "string",
    "thread", "unordered_map")) + """
int main() {
  std::map<std::string, int> m;
  std::regex r("a(b|c)*d");
  for (int i = 0; i < 200; i++) m[std::to_string(i)] = std::regex_match(std::to_string(i), r);
  for (auto& e : std::filesystem::recursive_directory_iterator(".")) std::cout << e.path() << m.size();
}
"""
MADE = os.path.join(BUILD, "tests", "bench", "made_profile")
SAMPLES, STACKS = 1_000_000, 50_000


def best(command, times=5):
    """Milliseconds of wall time."""
    found = []
    for _ in range(times):
        begun = time.monotonic()
        run(command)
        found.append(1000 * (time.monotonic() - begun))
    return min(found)


def compile_command(scratch):
    return ["g++", "-O2", "-g", "-c", os.path.join(scratch, "some.cc"), "-o", os.path.join(scratch, "some.o")]


def record_compiles(scratch):
    with open(os.path.join(scratch, "some.cc"), "w") as file:
        file.write(SOURCE)
    compile_it = compile_command(scratch)
    once = os.path.join(scratch, "compile.data")
    run([PROFILER, "record", "-q", "-o", once, "--"] + compile_it)
    often = os.path.join(scratch, "often.data")
    large = os.path.join(scratch, "large.data")
    run([PROFILER, "record", "-q", "-F", "9000", "-o", often, "--"] + compile_it)
    run([MADE, large, str(SAMPLES), str(STACKS), often])
    return {"the compile": once, f"{SAMPLES:,} samples, {STACKS:,} stacks": large}


def perl_or_inferno(scratch, recording):
    """What others take from folded stacks, which they get for nothing here, to a picture."""
    folded = os.path.join(scratch, "folded")
    run([PROFILER, "export", "--format", "folded", "-i", recording, "-o", folded])
    found = {}
    for name in ("inferno-flamegraph", "flamegraph.pl"):
        if shutil.which(name):
            found[name + " from folded stacks"] = best(["sh", "-c", f"{name} {folded} > {scratch}/other.svg"], 3)
    return found


def from_perf_data(scratch):
    """The same from a perf.data of the compile, by perf script and stackcollapse-perf.pl."""
    tools = ("perf", "stackcollapse-perf.pl", "flamegraph.pl")
    if not all(shutil.which(tool) for tool in tools):
        return {}
    data = os.path.join(scratch, "perf.data")
    run(["perf", "record", "-q", "-B", "-N", "-F", "999", "--call-graph", "dwarf", "-o", data, "--"] +
        compile_command(scratch))
    return {" | ".join(("perf script --no-inline",) + tools[1:]): best(
        ["sh", "-c", f"perf script --no-inline -i {data} 2>/dev/null | stackcollapse-perf.pl 2>/dev/null |"
                     f" flamegraph.pl > {scratch}/other.svg"], 3)}


def main():
    rows, pages, others = [], [], {}
    with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
        page, picture = (os.path.join(scratch, name) for name in ("p.html", "p.svg"))
        for name, recording in record_compiles(scratch).items():
            html = best([PROFILER, "html", "-i", recording, "-o", page])
            svg = best([PROFILER, "flamegraph", "-i", recording, "-o", picture])
            size = [os.path.getsize(path) / 1000 for path in (recording, page, picture)]
            rows.append([name, f"{size[0]:,.0f} KB", f"{html:.0f} ms", f"{size[1]:,.0f} KB", f"{svg:.0f} ms",
                         f"{size[2]:,.0f} KB"])
            others[name] = perl_or_inferno(scratch, recording)
            if name == "the compile":
                others[name].update(from_perf_data(scratch))
            if shutil.which("node"):
                script = os.path.join(ROOT, "tests", "browser", "html_figures.mjs")
                pages.append([name] + [f"{ms} ms" for ms in json.loads(run(["node", script, page]).stdout).values()])
    table("Writing", ["recording", "its size", "html", "size", "flamegraph", "size"], rows)
    for name, found in others.items():
        for tool, ms in found.items():
            print(f"\n{name}: {tool} takes {ms:.0f} ms.")
        if not found:
            print(f"\n{name}: neither inferno nor flamegraph.pl is installed.")
    if pages:
        table("In Chromium", ["page", "first picture", "zoom", "search", "pointing", "inverted", "range", "functions",
                              "timeline"], pages)


if __name__ == "__main__":
    main()
