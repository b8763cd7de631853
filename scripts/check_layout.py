#!/usr/bin/env python3
"""Checks the shape of the tree: names, sizes, how headers begin.

    scripts/check_layout.py [TREE]

  1. files and folders are snake_case, and no name says only manager, helper, utils, common or misc;
  2. a file longer than LIMIT lines states its reason in a comment "Long because …";
  3. a header opens with a comment that says what it is, and has #pragma once.
"""

import pathlib
import re
import statistics
import sys

LIMIT = 400
SNAKE_CASE = re.compile(r"^[a-z0-9]+(_[a-z0-9]+)*$")
EMPTY_WORDS = {"manager", "helper", "helpers", "util", "utils", "common", "misc"}
REASON = re.compile(r"(//|#)\s*Long because ")


def problems_of(path, text):
    if not SNAKE_CASE.match(path.stem):
        yield "the name is not snake_case"
    if EMPTY_WORDS & set(path.stem.split("_")):
        yield "the name says nothing: which noun is it?"
    lines = text.splitlines()
    # Tests are lists of cases: their length is no measure.
    if path.parts[0] != "tests" and len(lines) > LIMIT and not REASON.search(text):
        yield f'{len(lines)} lines; over {LIMIT} needs a comment "Long because …"'
    if path.suffix == ".h":
        if not lines or not lines[0].startswith("//"):
            yield "a header opens with a comment that says what it is"
        if "#pragma once" not in lines:
            yield "no #pragma once"


def main():
    tree = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    sizes = []
    problems = 0
    for top in ("include", "symbolizer", "src", "tests"):
        for file in sorted((tree / top).rglob("*")):
            if file.suffix not in (".h", ".cc") or "node_modules" in file.parts:
                continue
            path = file.relative_to(tree)
            text = file.read_text(encoding="utf-8", errors="replace")
            if top != "tests":
                sizes.append(text.count("\n"))
            for problem in problems_of(path, text):
                problems += 1
                print(f"{path}: {problem}")
    if not sizes:
        print(f"{tree}: no sources here")
        return 1
    print(f"layout: {len(sizes)} files, median {statistics.median(sizes):.0f} lines, "
          f"{problems} problems", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
