#include "record/event_attributes.h"

#include <algorithm>
#include <bit>
#include <ctime>
#include <limits>

namespace profiler::record {
namespace {

constexpr std::size_t kTypicalKernelChain = 64;
/// For rings: of events that are sampled each time nobody knows, but they come in bursts.
constexpr std::uint64_t kBurstHz = 4000;
constexpr std::uint64_t kPeriodHz = 2000;  // Of those with a longer period.
constexpr std::uint32_t kBurstStackBytes = 16384;
/// perf_event_header::size has 16 bits; of a dump that would not fit the kernel grants less.
constexpr std::size_t kMaxRecordBytes = 65528;

perf_event_attr common_attributes() {
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.sample_id_all = 1;
  attr.use_clockid = 1;
  attr.clockid = CLOCK_MONOTONIC;
  attr.read_format = kPerfFormatLost;
  attr.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;
  // Wake the reader by bytes, never by events: a wake-up costs more than a sample. How many bytes
  // depends on the ring and is set when that is known.
  attr.watermark = 1;
  attr.wakeup_watermark = std::numeric_limits<std::uint32_t>::max();
  return attr;
}

/// Of an event that has side records only: it never fires, so it needs no right to look into the
/// kernel.
perf_event_attr dummy_attributes() {
  perf_event_attr attr = common_attributes();
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_DUMMY;
  attr.sample_period = 1;
  attr.exclude_kernel = 1;
  attr.exclude_hv = 1;
  return attr;
}

/// 0: by frequency.
std::uint64_t fixed_period(const NamedEvent& event, const RecordOptions& options) {
  if (options.period != 0) return options.period;
  return options.frequency_given && !event.is_sampled_each_time() ? 0 : event.usual_period();
}

perf_event_attr attributes_of(const NamedEvent& event, const RecordOptions& options,
                              std::uint64_t period) {
  perf_event_attr attr = common_attributes();
  attr.type = event.type;
  attr.config = event.config;
  if (period != 0) {
    attr.sample_period = period;
  } else {
    attr.freq = 1;
    attr.sample_freq = options.frequency_hz;
  }
  attr.disabled = 1;
  attr.exclude_idle = 1;
  attr.exclude_guest = event.is_hardware() ? 1 : 0;
  attr.sample_type |= PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN;
  if (options.raw_data) attr.sample_type |= PERF_SAMPLE_RAW;
  switch (options.call_graph) {
    case CallGraph::kDwarf:
      attr.exclude_callchain_user = 1;
      attr.sample_type |= PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
      attr.sample_regs_user = kUserRegisterMask;
      attr.sample_stack_user = std::min(options.stack_bytes, kMaxStackBytes) & ~std::uint32_t{7};
      if (is_sampled_each_time(attr) && options.stack_may_grow)
        attr.sample_stack_user = std::min(attr.sample_stack_user, kBurstStackBytes);
      break;
    case CallGraph::kFramePointer:
      break;
    case CallGraph::kNone:
      // The kernel's own part stays: it tells why the kernel was entered.
      attr.exclude_callchain_user = 1;
      break;
  }
  return attr;
}

}  // namespace

std::vector<perf_event_attr> sample_attributes(std::span<const NamedEvent> events,
                                               const RecordOptions& options) {
  std::vector<std::uint64_t> periods;
  for (const NamedEvent& event : events) periods.push_back(fixed_period(event, options));
  // If its record is to tell the period, the kernel samples a software event each time it happens,
  // whatever the period (perf_swevent_event()). Only a PMU's periods change and have to be told.
  bool told = std::ranges::all_of(periods, [](std::uint64_t period) { return period <= 1; });
  for (std::size_t row = 0; row < events.size(); ++row)
    told = told || (events[row].is_hardware() && periods[row] == 0);
  std::vector<perf_event_attr> attrs;
  for (std::size_t row = 0; row < events.size(); ++row) {
    const bool ignored = told && periods[row] > 1 && !events[row].is_hardware();
    attrs.push_back(attributes_of(events[row], options, ignored ? 0 : periods[row]));
    if (told) attrs.back().sample_type |= PERF_SAMPLE_PERIOD;
  }
  return attrs;
}

perf_event_attr sample_attributes(const NamedEvent& event, const RecordOptions& options) {
  return sample_attributes(std::span(&event, 1), options).front();
}

std::uint64_t fixed_weight(const perf_event_attr& attr) {
  if ((attr.sample_type & PERF_SAMPLE_PERIOD) != 0) return 0;
  // Of events by frequency only clocks: their period is fixed as well.
  return attr.freq == 0          ? attr.sample_period
         : attr.sample_freq == 0 ? 0
                                 : 1'000'000'000 / attr.sample_freq;
}

perf_event_attr standby_attributes(const perf_event_attr& sample) {
  perf_event_attr attr = sample;
  attr.disabled = 1;
  attr.enable_on_exec = 0;
  attr.sample_stack_user = kMaxStackBytes;
  return attr;
}

perf_event_attr side_attributes() {
  perf_event_attr attr = dummy_attributes();
  attr.mmap = 1;
  attr.mmap2 = 1;
  attr.build_id = 1;
  attr.comm = 1;
  attr.comm_exec = 1;
  attr.task = 1;
  attr.ksymbol = 1;
  return attr;
}

perf_event_attr switch_attributes() {
  perf_event_attr attr = dummy_attributes();
  attr.context_switch = 1;
  return attr;
}

perf_event_attr wake_up_attributes() {
  perf_event_attr attr = bpf_output_attributes(common_attributes());
  attr.sample_type = PERF_SAMPLE_IDENTIFIER;
  attr.watermark = 0;
  attr.wakeup_events = 1;
  return attr;
}

perf_event_attr bpf_output_attributes(const perf_event_attr& sample) {
  perf_event_attr attr = sample;
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_BPF_OUTPUT;
  attr.freq = 0;
  attr.sample_period = 1;
  return attr;
}

perf_event_attr wait_stack_attributes(const perf_event_attr& sample, std::uint64_t tracepoint) {
  perf_event_attr attr = sample;
  attr.type = tracepoint != 0 ? PERF_TYPE_TRACEPOINT : PERF_TYPE_SOFTWARE;
  attr.config = tracepoint != 0 ? tracepoint : std::uint64_t{PERF_COUNT_SW_CONTEXT_SWITCHES};
  attr.freq = 1;
  attr.sample_freq = kWaitStackHz;
  attr.exclude_guest = 0;
  return attr;
}

void sample_each_time(perf_event_attr& attr) {
  attr.freq = 0;
  attr.sample_period = 1;
}

bool needs_kernel_mode(const perf_event_attr& attr) {
  if (attr.type == PERF_TYPE_TRACEPOINT) return true;
  return attr.type == PERF_TYPE_SOFTWARE && (attr.config == PERF_COUNT_SW_CONTEXT_SWITCHES ||
                                             attr.config == PERF_COUNT_SW_CPU_MIGRATIONS);
}

bool is_sampled_each_time(const perf_event_attr& attr) {
  return attr.freq == 0 && attr.sample_period == 1;
}

perf_event_attr sum_of(std::span<const perf_event_attr> samples) {
  perf_event_attr sum = *std::ranges::max_element(samples, {}, sample_record_bytes);
  std::uint64_t bytes = 0;  // In a second.
  std::uint64_t burst = 0;  // One burst, whichever events it is of.
  for (const perf_event_attr& attr : samples) {
    const std::uint64_t record = sample_record_bytes(attr);
    if (attr.freq != 0) {
      bytes += attr.sample_freq * record;
    } else {
      burst = std::max(burst, (is_sampled_each_time(attr) ? kBurstHz : kPeriodHz) * record);
    }
  }
  sum.freq = 1;
  sum.sample_freq = (bytes + burst) / sample_record_bytes(sum);
  return sum;
}

void restrict_to_user_mode(perf_event_attr& attr) {
  attr.exclude_kernel = 1;
  attr.exclude_hv = 1;
  attr.exclude_callchain_kernel = 1;
  if (attr.exclude_callchain_user != 0) attr.sample_type &= ~std::uint64_t{PERF_SAMPLE_CALLCHAIN};
}

std::size_t sample_record_bytes(const perf_event_attr& attr) {
  // header, identifier, ip, pid and tid, time, cpu, period
  std::size_t bytes = sizeof(perf_event_header) + std::size_t{6} * 8;
  if ((attr.sample_type & PERF_SAMPLE_CALLCHAIN) != 0) bytes += 8 + 8 * kTypicalKernelChain;
  if ((attr.sample_type & PERF_SAMPLE_RAW) != 0) bytes += 8;
  if ((attr.sample_type & PERF_SAMPLE_REGS_USER) != 0) {
    bytes += 8 + 8 * static_cast<std::size_t>(std::popcount(attr.sample_regs_user));
  }
  // size, dump, dyn_size
  if ((attr.sample_type & PERF_SAMPLE_STACK_USER) != 0) bytes += 8 + attr.sample_stack_user + 8;
  return std::min(bytes, kMaxRecordBytes);
}

}  // namespace profiler::record
