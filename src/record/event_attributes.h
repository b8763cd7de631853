// perf_event_attr of the events that a recording opens, built from its options.
//
//   perf_event_attr sample = sample_attributes(event, options);   // when to interrupt, what to
//   copy perf_event_attr side = side_attributes();                     // who maps, forks, execs,
//   exits
//
// Pure functions. What a kernel refuses of it is taken back by src/record/perf_event.h; where the
// event is opened (task, CPU, inherited or not) is decided by src/record/event_set.h.
#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "record/event_name.h"
#include "record/record_options.h"

namespace profiler::record {

/// PERF_FORMAT_LOST, which headers have since Linux 6.0. Taken back where the kernel refuses it.
inline constexpr std::uint64_t kPerfFormatLost = 1U << 4;

/// User registers in a sample, as asm/perf_regs.h numbers them: all that exist in 64-bit mode, but
/// not the segment registers DS, ES, FS and GS on x86-64, which the kernel refuses.
#if defined(__x86_64__)
inline constexpr std::uint64_t kUserRegisterMask = 0xff0fff;
#elif defined(__aarch64__)
inline constexpr std::uint64_t kUserRegisterMask = 0x1ffffffff;
#else
#error "no register mask for this architecture"
#endif

/// The kernel's limits on a stack dump: a multiple of 8, and the record must fit 64 KiB.
inline constexpr std::uint32_t kMaxStackBytes = 65528;

/// The sampling events, with one sample_type: disabled, without a wake-up for each record.
/// `options.stack_bytes` is rounded down to what the kernel takes; at most 16 KiB, if the user has
/// not chosen it, for an event that is sampled each time it happens: bursts fill rings, and a ring
/// then holds twice as many.
[[nodiscard]] std::vector<perf_event_attr> sample_attributes(std::span<const NamedEvent> events,
                                                             const RecordOptions& options);
/// Of a recording of this event alone.
[[nodiscard]] perf_event_attr sample_attributes(const NamedEvent& event,
                                                const RecordOptions& options);

/// What each sample stands for where its record does not say (no PERF_SAMPLE_PERIOD); else 0.
[[nodiscard]] std::uint64_t fixed_weight(const perf_event_attr& attr);

/// The same event with the largest stack dump, to stay disabled until it takes over.
[[nodiscard]] perf_event_attr standby_attributes(const perf_event_attr& sample);

/// The dummy event for the records that say what exists: mmap, comm, fork, exit, ksymbol. It has a
/// ring of its own, so that full sample rings never lose them. Enabled when opened.
[[nodiscard]] perf_event_attr side_attributes();

/// The dummy event for the records of context switches. Likewise.
[[nodiscard]] perf_event_attr switch_attributes();

/// An event that happens when a BPF program says so, and each time wakes who polls it.
[[nodiscard]] perf_event_attr wake_up_attributes();

/// The event whose samples a BPF program has taken, with records laid out as those of `sample` are;
/// enabled when opened.
[[nodiscard]] perf_event_attr bpf_output_attributes(const perf_event_attr& sample);

/// How many stacks of waits are taken in a second, about.
inline constexpr std::uint64_t kWaitStackHz = 1000;

/// The event whose samples are the stacks of threads that leave their CPUs, so many a second, with
/// records laid out as those of `sample` are. `tracepoint`: the number of sched:sched_switch, which
/// can be filtered; 0: the software event.
[[nodiscard]] perf_event_attr wait_stack_attributes(const perf_event_attr& sample,
                                                    std::uint64_t tracepoint = 0);
/// Makes every time a sample: the event is to be enabled for as many as are wanted.
void sample_each_time(perf_event_attr& attr);

/// Whether the event happens in kernel mode only, so that without it there is nothing to sample.
[[nodiscard]] bool needs_kernel_mode(const perf_event_attr& attr);

/// Whether every occurrence is a sample.
[[nodiscard]] bool is_sampled_each_time(const perf_event_attr& attr);

/// An event that writes as much as all of these together, for the size of their rings.
[[nodiscard]] perf_event_attr sum_of(std::span<const perf_event_attr> samples);

/// Leaves out kernel mode, as an unprivileged user must.
void restrict_to_user_mode(perf_event_attr& attr);

/// What one sample takes in the ring, with a kernel chain of a depth that few exceed. The ring
/// reserves the whole stack dump, however little of it is valid.
[[nodiscard]] std::size_t sample_record_bytes(const perf_event_attr& attr);

}  // namespace profiler::record
