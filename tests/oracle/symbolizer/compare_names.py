#!/usr/bin/env python3
"""Holds `profiler symbolize` to addr2line (binutils), llvm-symbolizer and eu-addr2line.

    compare_names.py PROFILER FILE [--count N] [--eu-count N] [--examples N]

FILE is a path, "libc", "vmlinux", or a way to compile sample.cc (RECIPES below). Asks all of them for
whole inline chains at N random addresses of its functions, each of which is as likely as another, and
prints how many agree, by class. The answer is the
chain: linkage name, file and line of each function, innermost first. Classes:

  same       all of it
  alias      the outermost function has several symbols at its address, and they chose another
  label      they say a symbol without a size that stands inside our function
  clone      the symbol table calls the outermost function a clone or a part ("f.cold"), they say "f"
  unlinked   a function that has no linkage name in the debug information: they say its bare name
  misnamed   binutils calls the innermost inlined function by the symbol of the code it is in
  their file same functions and lines, another path: binutils joins a relative folder twice, and
             takes the file of another index in DWARF 5
  no line    nobody has one: the code has no debug information
  no answer  they have no line, and we do
  no inlines binutils misses inlined calls of split and of clang's units; the innermost place agrees
  outvoted   none of these, but llvm-symbolizer says what we say
  other      none of these: printed with examples, and the exit status is 1
"""
import argparse
import collections
import glob
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

Frame = collections.namedtuple("Frame", "name file line")


def output(command, text=None):
    return subprocess.run(command, input=text, capture_output=True, text=True, errors="replace",
                          check=False).stdout


def normal(path):
    return "" if path in ("", "??", "<invalid>") else os.path.normpath(path)


class Symbols:
    """Functions of a file by nm: where they are, and which share an address."""

    def __init__(self, path):
        self.functions = []
        self.sizes = {}
        self.addresses = collections.defaultdict(set)
        self.names = collections.defaultdict(set)
        text = output(["nm", "-S", "--defined-only", path])
        if not text.strip():
            text = output(["nm", "-D", "-S", "--defined-only", path])
        for line in text.splitlines():
            found = re.fullmatch(r"([0-9a-f]{16}) (?:([0-9a-f]{16}) )?([tTwWi]) (\S+)", line)
            if not found:
                continue
            address, size = int(found[1], 16), int(found[2] or "0", 16)
            name = found[4].split("@")[0]
            self.addresses[name].add(address)
            self.names[address].add(name)
            if size > 0:
                self.functions.append((address, size))
                self.sizes[address] = max(size, self.sizes.get(address, 0))

    def random_addresses(self, count, seed):
        chooser = random.Random(seed)
        picked = []
        for _ in range(count):
            start, size = chooser.choice(self.functions)
            picked.append(start + chooser.randrange(size))
        return picked

    def holds(self, function, label):
        """True if a symbol lies inside a function."""
        return any(start < at < start + self.sizes.get(start, 0)
                   for start in self.addresses[function] for at in self.addresses[label])

    def are_aliases(self, a, b):
        return bool(self.addresses[a.split("@")[0]] & self.addresses[b.split("@")[0]])


def ask_profiler(profiler, path, addresses):
    command = [profiler, "symbolize", "--format", "json", "--module", path]
    chains = []
    for line in output(command, "".join(f"{a:#x}\n" for a in addresses)).splitlines():
        frames = json.loads(line)["frames"]
        chains.append([Frame(f["system_name"] or f["function"],
                             normal(f["file"] or "") if f["line"] else "", f["line"] or 0)
                       for f in frames])
    return chains


def place(text, numbers):
    """`file:line`, or `file:line:column`; a file without a line comes from the symbol table."""
    text = text.split(" (discriminator")[0]
    parts = text.rsplit(":", numbers)
    line = parts[1] if len(parts) > 1 else "0"
    line = int(line) if line.isdigit() else 0
    return (normal(parts[0]) if line else "", line)


def ask_addr2line(tool, path, addresses):
    numbers = 2 if tool.startswith("eu-") else 1
    chains = []
    # eu-addr2line takes time in proportion to the units, and prints a column.
    lines = output([tool, "-a", "-f", "-i", "-e", path],
                   "".join(f"{a:#x}\n" for a in addresses)).splitlines()
    i = 0
    while i < len(lines):
        if lines[i].startswith("0x"):
            chains.append([])
            i += 1
            continue
        name = lines[i].split(" inlined at ")[0]
        where = lines[i + 1] if i + 1 < len(lines) else "??:0"
        chains[-1].append(Frame(name, *place(where, numbers if where.count(":") > 1 else 1)))
        i += 2
    return chains


def ask_llvm(tool, path, addresses):
    text = output([tool, "--no-demangle", "--inlines", "-e", path],
                  "".join(f"{a:#x}\n" for a in addresses))
    chains = []
    for block in text.split("\n\n"):
        lines = block.strip("\n").split("\n")
        if len(lines) >= 2:
            chains.append([Frame(lines[i], *place(lines[i + 1], 2))
                           for i in range(0, len(lines) - 1, 2)])
    return chains


def base(name):
    """Without what a compiler or the linker appends to a function's name."""
    return re.sub(r"(\.(cold|part|constprop|isra|lto_priv|llvm|localalias)(\.\d+)*)+$", "",
                  name.split("@")[0])


def is_bare(name, of):
    """True if `name` is what the source calls the function whose mangled name `of` is."""
    name = name.split("<")[0]
    return (name == re.sub(r".*::", "", of) or f"{len(name)}{name}" in of or
            name.startswith("operator") and "cl" in of)


def class_of(ours, theirs, symbols):
    if ours == theirs:
        return "same"
    if not any(f.line for f in theirs):
        return "no answer" if any(f.line for f in ours) else "no line"
    our_lines = [f.line for f in ours]
    their_lines = [f.line for f in theirs]
    if our_lines == their_lines:
        files_differ = [f.file for f in ours] != [f.file for f in theirs]
        pairs = [(a.name, b.name) for a, b in zip(ours, theirs)]
        misnamed = len(ours) > 1 and base(theirs[0].name) == base(ours[-1].name)
        if misnamed:
            pairs = pairs[1:]
        a, b = pairs[-1]
        inner_same = all(x == y or is_bare(y, x) for x, y in pairs[:-1])
        if inner_same and (a == b or base(a) == base(b) or symbols.are_aliases(a, b) or
                           is_bare(b, a)):
            if files_differ:
                return "their file"
            if misnamed:
                return "misnamed"
            if any(x != y for x, y in pairs[:-1]):
                return "unlinked"
            if base(a) == base(b):
                return "clone"
            return "alias" if symbols.are_aliases(a, b) else "unlinked"
        if inner_same and not files_differ and symbols.holds(a, b):
            return "label"
    if len(theirs) == 1 and len(ours) > 1 and ours[0].line == theirs[0].line:
        return "no inlines"
    return "other"


def compare(who, addresses, ours, theirs, symbols, examples, backed=()):
    """True if there is no difference without a class. `backed`: addresses where a third one says
    what we say; those where this one does are returned too."""
    if len(theirs) != len(addresses):
        print(f"{who}: {len(theirs)} answers to {len(addresses)} addresses")
        return False, set()
    agreed = set()
    counts = collections.Counter()
    shown = []
    for address, a, b in zip(addresses, ours, theirs):
        kind = class_of(a, b, symbols)
        if kind in ("same", "alias", "no line"):
            agreed.add(address)
        if kind == "other" and address in backed:
            kind = "outvoted"
        counts[kind] += 1
        if kind == "other" and len(shown) < examples:
            shown.append((address, a, b))
    total = sum(counts.values())
    print(f"{who}: {total} addresses: " +
          ", ".join(f"{kind} {count}" for kind, count in counts.most_common()))
    for address, a, b in shown:
        print(f"  {address:#x}")
        for label, chain in (("ours", a), ("theirs", b)):
            for frame in chain:
                print(f"    {label:7}{frame.name} {frame.file}:{frame.line}")
    return counts["other"] == 0, agreed


# How sample.cc is compiled; in a folder of its own, the result is called "program".
GCC = "g++ -O2 -g {} sample.cc -o program"
CLANG = "clang++-19 -O2 -g {} sample.cc -o program"
RECIPES = {
    "gcc-dwarf5": GCC.format("-gdwarf-5"),
    "gcc-dwarf4": GCC.format("-gdwarf-4"),
    "gcc-dwarf64": GCC.format("-gdwarf64"),
    "gcc-O0": "g++ -O0 -g sample.cc -o program",
    "gcc-lto": GCC.format("-flto"),
    "gcc-types": GCC.format("-fdebug-types-section"),
    "gcc-sections": GCC.format("-ffunction-sections -Wl,--gc-sections"),
    "gcc-compressed": GCC.format("-gz"),
    "gcc-dwz": GCC.format("") + " && dwz program",
    "gcc-split5": GCC.format("-gsplit-dwarf -gdwarf-5"),
    "gcc-split4": GCC.format("-gsplit-dwarf -gdwarf-4"),
    "gcc-package4": GCC.format("-gsplit-dwarf -gdwarf-4") +
                    " && dwp -e program -o program.dwp && rm *.dwo",
    "clang-dwarf5": CLANG.format("-gdwarf-5"),
    "clang-dwarf4": CLANG.format("-gdwarf-4"),
    "clang-split5": CLANG.format("-gsplit-dwarf -gdwarf-5"),
    "clang-split4": CLANG.format("-gsplit-dwarf -gdwarf-4"),
    "clang-package5": CLANG.format("-gsplit-dwarf -gdwarf-5") +
                      " && llvm-dwp-19 -e program -o program.dwp && rm *.dwo",
    "rust-legacy": "rustc -C opt-level=2 -g sample.rs -o program",
    "rust-v0": "rustc -C opt-level=2 -g -C symbol-mangling-version=v0 sample.rs -o program",
}
SKIPPED = 77


def build(recipe, folder):
    """The program made by a recipe, or an exit with the reason."""
    here = os.path.dirname(os.path.realpath(__file__))
    for name in ("sample.cc", "sample.rs"):
        shutil.copy(os.path.join(here, name), folder)
    for command in RECIPES[recipe].split(" && "):
        tool = command.split()[0]
        if not shutil.which(tool):
            print(f"there is no {tool}")
            sys.exit(SKIPPED)
        done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            sys.exit(f"{command}: {done.stderr}")
    return os.path.join(folder, "program")


def debug_file_of(path):
    """The file in /usr/lib/debug with the same build id, or `path`."""
    found = re.search(r"Build ID: ([0-9a-f]+)", output(["readelf", "-n", path]))
    debug = found and f"/usr/lib/debug/.build-id/{found[1][:2]}/{found[1][2:]}.debug"
    return debug if debug and os.path.exists(debug) else path


def find_file(name):
    """`libc`, `vmlinux`, or a path; an exit with the reason where it is not at hand."""
    if name == "libc":
        path = "/lib/x86_64-linux-gnu/libc.so.6"
        if not os.path.exists(path) or debug_file_of(path) == path:
            print("libc's debug information is not installed (libc6-dbg)")
            sys.exit(SKIPPED)
        return path
    if name == "vmlinux":
        found = [os.environ.get("PROFILER_VMLINUX", "")]
        found += sorted(glob.glob("/usr/lib/debug/boot/vmlinux-*"))
        for path in found:
            if os.path.exists(path):
                return path
        print("there is no vmlinux with debug information (a Debian package linux-image-*-dbg, "
              "installed, or unpacked and named in PROFILER_VMLINUX)")
        sys.exit(SKIPPED)
    return name


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("profiler")
    parser.add_argument("file", help=f"a path, libc, vmlinux, or one of {', '.join(RECIPES)}")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--eu-count", type=int, default=2_000)
    parser.add_argument("--examples", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--llvm", default="llvm-symbolizer-19")
    arguments = parser.parse_args()
    for tool in ("addr2line", "eu-addr2line", arguments.llvm, "nm"):
        if not shutil.which(tool):
            print(f"there is no {tool}")
            sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as folder:
        if arguments.file in RECIPES:
            path = build(arguments.file, folder)
        else:
            path = find_file(arguments.file)
        sys.exit(0 if hold(path, arguments) else 1)


def hold(path, arguments):
    """Compares all of them on one file; True if every difference has a class."""
    theirs = debug_file_of(path)
    symbols = Symbols(theirs)
    addresses = symbols.random_addresses(arguments.count, arguments.seed)
    ours = ask_profiler(arguments.profiler, path, addresses)
    if len(ours) != len(addresses):
        print(f"profiler symbolize: {len(ours)} answers to {len(addresses)} addresses")
        return False
    good, backed = compare(arguments.llvm, addresses, ours,
                           ask_llvm(arguments.llvm, theirs, addresses), symbols,
                           arguments.examples)
    few = addresses[:arguments.eu_count]
    for tool, some in (("addr2line", addresses), ("eu-addr2line", few)):
        if some:
            good &= compare(tool, some, ours[:len(some)], ask_addr2line(tool, theirs, some), symbols,
                            arguments.examples, backed)[0]
    return good


if __name__ == "__main__":
    main()
