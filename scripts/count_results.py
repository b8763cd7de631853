#!/usr/bin/env python3
"""Prints "N passed, N failed, N skipped" for a JUnit file of ctest, and why tests were skipped.

    scripts/count_results.py RESULTS.xml STATUS_OF_CTEST

Exits with 0 if ctest did and no test failed. A test that did not run counts as failed, unless it
skipped itself.
"""

import sys
import xml.etree.ElementTree as ElementTree


def reason(case):
    """The last line that says something, of a skipped test's output."""
    output = case.findtext("system-out") or ""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    # GoogleTest prints the reason in the line after "FILE:LINE: Skipped".
    for line, following in zip(lines, lines[1:]):
        if line.endswith(": Skipped"):
            return following
    return lines[-1] if lines else "no reason given"


def main():
    path, status = sys.argv[1], int(sys.argv[2])
    try:
        cases = ElementTree.parse(path).getroot().findall("testcase")
    except (OSError, ElementTree.ParseError) as problem:
        print(f"{path}: {problem}", file=sys.stderr)
        return 1
    outcomes = {"run": 0, "fail": 0, "notrun": 0}
    failed = []
    for case in cases:
        outcome = case.get("status", "fail")
        skipped_itself = outcome == "notrun" and case.find("skipped") is not None and (
            (case.find("skipped").get("message") or "").startswith("SKIP_"))
        if outcome == "run" or skipped_itself:
            outcomes["run" if outcome == "run" else "notrun"] += 1
        elif outcome == "disabled":
            outcomes["notrun"] += 1
        else:
            outcomes["fail"] += 1
            failed.append(case.get("name"))
        if skipped_itself:
            print(f"skipped: {case.get('name')}: {reason(case)}")
    for name in failed:
        print(f"failed: {name}")
    print(f"{outcomes['run']} passed, {outcomes['fail']} failed, {outcomes['notrun']} skipped")
    return 1 if failed or status != 0 else 0


if __name__ == "__main__":
    sys.exit(main())
