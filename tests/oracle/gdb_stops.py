"""For use inside gdb: runs the program, stops it at random moments, and takes a snapshot of a random
thread each time (gdb_snapshot.py). A program that ends is started again.

    gdb -batch -x gdb_snapshot.py -x gdb_stops.py -ex 'python stops("folder", 40, seed=1)' --args PROG…
"""

import os
import random
import subprocess

import gdb

LONGEST_RUN_S = 0.05  # On a CPU: gdb stops the program often, to read symbols.
LONGEST_WAIT_S = 3
MAX_RUNS = 100
# Sends the SIGINT: gdb's Python waits inside the command that runs the program.
ALARM = """
import glob, os, signal, sys, time
pid, run, wait = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
def on_cpu():
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        try:
            total += int(open(path).read().split()[0])
        except (OSError, IndexError):
            pass
    return total / 1e9
start, deadline = on_cpu(), time.monotonic() + wait
while on_cpu() - start < run and time.monotonic() < deadline:
    time.sleep(0.002)
os.kill(pid, signal.SIGINT)
"""


def is_running():
    return gdb.selected_inferior().pid != 0


def run_for(seconds, command):
    """Until a SIGINT of ours stops it, or it ends."""
    pid = gdb.selected_inferior().pid
    alarm = subprocess.Popen([os.environ.get("ALARM_PYTHON", "python3"), "-c", ALARM, str(pid),
                              str(seconds), str(LONGEST_WAIT_S)], stderr=subprocess.DEVNULL)
    try:
        gdb.execute(command, to_string=True)
    finally:
        alarm.kill()
        alarm.wait()


def stops(folder, count, seed):
    for setting in ("set confirm off", "set pagination off", "set debuginfod enabled off",
                    "handle all nostop noprint pass", "handle SIGINT stop nopass"):
        gdb.execute(setting, to_string=True)
    # (gdb.parameter() does not know those given behind --args.)
    shown = gdb.execute("show args", to_string=True)
    arguments = shown[shown.index('"') + 1:shown.rindex('"')]
    gdb.execute(f"set args {arguments} >/dev/null 2>&1 </dev/null")
    rng = random.Random(seed)
    taken = runs = 0
    while taken < count and runs < MAX_RUNS:
        if not is_running():
            gdb.execute("starti", to_string=True)
            runs += 1
        run_for(rng.random() * LONGEST_RUN_S, "continue")
        if not is_running():
            continue
        threads = [thread for thread in gdb.selected_inferior().threads() if thread.is_valid()]
        rng.choice(threads).switch()
        snapshot(os.path.join(folder, f"{taken:04}"))  # noqa: F821, of gdb_snapshot.py
        taken += 1
    if is_running():
        gdb.execute("kill", to_string=True)
    print(f"{taken} stops in {runs} runs")
