// What the BPF program that follows context switches (process_tree.bpf.c, in C) writes, and how the
// memory that it writes to is laid out: as the kernel lays out the ring of an event, so that
// ring_buffer.h reads it and src/events decodes it.
//
//   for each CPU:  control page (struct perf_event_mmap_page) │ data: a power of two of pages
//
// Records are all of one length, which divides that of the data: none wraps.
#pragma once

#include <linux/perf_event.h>
#include <linux/types.h>

// C, with the names of C.
// NOLINTBEGIN(readability-identifier-naming)

// In the control page, beyond the kernel's part of it: how many records there was no room for, and
// that are still to be told.
#define SWITCH_RING_LOST_AT 2048U

// PERF_RECORD_SWITCH_CPU_WIDE, or PERF_RECORD_LOST when there was no room for some.
struct switch_record {
  struct perf_event_header header;
  union {
    struct {
      __u64 next_previous;  // 0: not told.
      __u64 woken_ns;       // Of one that comes onto a CPU: when it was woken; 0: not known.
    } switched;
    struct {
      __u64 id;
      __u64 count;
    } lost;
  } u;
  __u64 reserved;
  // The sample_id trailer of PERF_SAMPLE_TID | _TIME | _CPU | _IDENTIFIER.
  __s32 pid;
  __s32 tid;
  __u64 time_ns;
  __u32 cpu;
  __u32 reserved_cpu;
  __u64 id;  // 0: it is of no event.
};

#define SWITCH_RECORD_BYTES 64U

// NOLINTEND(readability-identifier-naming)
