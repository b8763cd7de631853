#!/usr/bin/env python3
"""Checks that every #include goes the way the architecture allows (src/README.md, "Folders").

    scripts/check_layering.py [TREE]

Prints FILE:LINE: what is wrong, and exits with 1 if anything is. Three rules:
  1. a folder includes only the folders that its row of ALLOWED names, and itself;
  2. include/ needs nothing but the standard library, and the folders in PURE no system header;
  3. an include of ours is written from a root ("events/decoder.h") and names a file that exists;
     tests may also include what lies beside them.
"""

import pathlib
import re
import sys

ROOTS = ("include", "", "src")  # where includes are looked up, as in cmake/ProfilerTargets.cmake

# A folder, and what it may include besides itself. "symbolizer/elf" is a part that others may use
# without the rest of symbolizer.
VOCABULARY = {"include"}
SHARED_PATH = VOCABULARY | {
    "events", "process", "unwind", "kernel", "sched", "profile", "symbolizer", "symbolizer/elf"}
VIEWS = VOCABULARY | {"profile", "view"}
ALLOWED = {
    "include": set(),
    "symbolizer": VOCABULARY | {"symbolizer/elf"},
    "symbolizer/elf": VOCABULARY | {"symbolizer"},
    "events": VOCABULARY,
    "process": VOCABULARY,
    "machine": VOCABULARY,
    "unwind": VOCABULARY | {"process", "symbolizer/elf", "machine"},
    "kernel": VOCABULARY | {"machine"},
    "sched": VOCABULARY | {"kernel"},
    "profile": VOCABULARY,
    "pipeline": SHARED_PATH,
    "record": SHARED_PATH | {"pipeline"},
    "perf_data": SHARED_PATH | {"pipeline"},
    "syscalls": VOCABULARY | {"record", "pipeline", "kernel", "sched", "profile"},
    "view": VOCABULARY | {"profile"},
    "render": VIEWS,
    "export": VIEWS | {"render"},  # how JSON is written
    "cli": None,  # everything
}

# Functions of their inputs: they make no system call, so that tests need no kernel.
PURE = {"include", "events", "machine", "process", "unwind", "kernel", "sched", "view", "render", "export"}
SYSTEM_HEADER = re.compile(
    r"^(sys/|linux/bpf|bpf/|unistd\.h|fcntl\.h|poll\.h|sched\.h|signal\.h|csignal|dirent\.h|pthread\.h"
    r"|fstream|filesystem|thread)")
# Types and constants only.
HARMLESS_HEADER = re.compile(r"^(sys/types\.h|sys/mman\.h)$")

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def folder_of(path):
    """The row of ALLOWED that a file belongs to, or None: tests and what is not ours."""
    parts = path.parts
    if parts[0] == "include":
        return "include"
    if parts[0] == "symbolizer":
        return "symbolizer/elf" if len(parts) > 2 and parts[1] == "elf" else "symbolizer"
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    return None


def resolve(tree, name):
    """The file that "name" means, relative to the tree, or None."""
    for root in ROOTS:
        candidate = pathlib.PurePath(root) / name
        if (tree / candidate).is_file():
            return candidate
    return None


def generated(tree, name):
    """Files that the build makes from FILE.in, or from texts into generated/."""
    return resolve(tree, name + ".in") is not None or name.endswith(".inc")


def check_quoted(tree, path, folder, name):
    target = resolve(tree, name)
    if folder is None and (tree / path.parent / name).is_file():
        return None
    if target is None:
        if generated(tree, name):
            return None
        return f'"{name}" is no file below {", ".join(r or "." for r in ROOTS)}'
    to = folder_of(target)
    if folder is None or to is None:  # tests include whatever they test
        return f'"{name}" belongs to no folder of the architecture' if folder else None
    allowed = ALLOWED[folder]
    if to == folder or allowed is None or to in allowed:
        return None
    return f'{folder} may not include {to} ("{name}")'


def check_system(folder, name):
    if folder == "include" and (name.endswith(".h") or "/" in name):
        return f"include/ uses the standard library only, not <{name}>"
    if folder in PURE and SYSTEM_HEADER.match(name) and not HARMLESS_HEADER.match(name):
        return f"{folder} makes no system calls: not <{name}>"
    if folder in ("symbolizer", "symbolizer/elf") and name == "linux/perf_event.h":
        return "symbolizer knows nothing of perf"
    return None


def check_file(tree, path):
    folder = folder_of(path)
    if folder is not None and folder not in ALLOWED:
        yield 1, f"folder {folder} has no row in the table of scripts/check_layering.py"
        return
    lines = (tree / path).read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quoted, angled = match.groups()
        problem = check_quoted(tree, path, folder, quoted) if quoted else check_system(folder, angled)
        if problem:
            yield number, problem


def sources(tree):
    for top in ("include", "symbolizer", "src", "tests"):
        for path in sorted((tree / top).rglob("*")):
            if path.suffix in (".h", ".cc", ".c") and "node_modules" not in path.parts:
                yield path.relative_to(tree)


def main():
    tree = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    tree = tree.resolve()
    files = problems = 0
    for path in sources(tree):
        files += 1
        for number, problem in check_file(tree, path):
            problems += 1
            print(f"{path}:{number}: {problem}")
    if files == 0:
        print(f"{tree}: no sources here")
        return 1
    print(f"layering: {files} files, {problems} problems", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
