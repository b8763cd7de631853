"""For use inside gdb: writes what a sample of the stopped thread would hold, and gdb's own
backtrace of the same moment, into a folder that unwind_snapshot and cut_case read.

    gdb -batch -ex 'break f' -ex run -x gdb_snapshot.py -ex 'python snapshot("folder")' PROG
"""

import os

import gdb

REGISTERS = ("rax rbx rcx rdx rsi rdi rbp rsp rip eflags cs ss "
             "r8 r9 r10 r11 r12 r13 r14 r15").split()
MAX_FRAMES = 5000
PAGE = 4096


def mappings(pid):
    with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
        for line in file:
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            yield start, end, line


def read_stack(sp, size):
    """From sp up, page by page, as far as it can be read: what the kernel copies for a sample."""
    stack = b""
    while len(stack) < size:
        at = sp + len(stack)
        try:
            part = gdb.selected_inferior().read_memory(at, min(PAGE - at % PAGE, size - len(stack)))
        except gdb.MemoryError:
            break
        stack += bytes(part)
    return stack


def backtrace():
    """(address, type, name) of every frame that is a frame of the machine's; then why it ended.

    Not inlined ones, nor those that gdb concludes from debug information to have been there before
    a tail call.
    """
    frames = []
    frame = gdb.newest_frame()
    while frame is not None and len(frames) < MAX_FRAMES:
        reason = gdb.frame_stop_reason_string(frame.unwind_stop_reason())
        if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
            kind = {gdb.NORMAL_FRAME: "NORMAL", gdb.SIGTRAMP_FRAME: "SIGTRAMP"}.get(
                frame.type(), "OTHER")
            frames.append((frame.pc(), kind, frame.name() or "??"))
        try:
            frame = frame.older()
        except gdb.error as error:
            return frames, str(error)
    return frames, reason


def snapshot(folder, size=1 << 20):
    for setting in ("backtrace past-main on", "backtrace past-entry on",
                    "backtrace limit unlimited"):
        gdb.execute("set " + setting, to_string=True)
    os.makedirs(folder, exist_ok=True)
    pid = gdb.selected_inferior().pid
    gdb.newest_frame().select()
    values = {name: int(gdb.execute(f"print/x ${name}", to_string=True).split()[-1], 16)
              for name in REGISTERS}
    with open(os.path.join(folder, "registers"), "w", encoding="utf-8") as file:
        for name, value in values.items():
            file.write(f"{name} {value:#x}\n")
        file.write(f"stack_requested {size}\n")
    with open(os.path.join(folder, "maps"), "w", encoding="utf-8") as file:
        for _, _, line in mappings(pid):
            if "x" in line.split()[1]:
                file.write(line)
    with open(os.path.join(folder, "stack.bin"), "wb") as file:
        file.write(read_stack(values["rsp"], size))
    frames, reason = backtrace()
    with open(os.path.join(folder, "witness"), "w", encoding="utf-8") as file:
        file.write(f"# gdb {gdb.VERSION}\n")
        for pc, kind, name in frames:
            file.write(f"{pc:#x} {kind} {name}\n")
        file.write(f"# stopped: {reason}\n")
