#include "record/ring_size.h"

#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <bit>

#include "record/event_attributes.h"
#include "record/proc_file.h"

namespace profiler::record {
namespace {

constexpr std::size_t kSideBytes = std::size_t{512} << 10;
/// Two records of 56 bytes a switch: 190 ms of 100,000 switches a second.
constexpr std::size_t kSwitchBytes = std::size_t{2} << 20;
constexpr std::size_t kLargestRing = std::size_t{256} << 20;
constexpr std::uint64_t kMemoryShare = 16;  // All rings take at most this part of the memory.
constexpr std::uint64_t kSlackHz = 4;       // 1/250 ms
constexpr std::uint32_t kSmallestStack = 8192;
constexpr std::size_t kUsefulSamples = 16;
constexpr std::size_t kEnoughSamples = 32;

}  // namespace

RingLimits RingLimits::of_this_process(std::size_t cpus) {
  RingLimits limits;
  struct sysinfo info{};
  if (::sysinfo(&info) == 0) {
    limits.memory_bytes = std::uint64_t{info.totalram} * std::max(1U, info.mem_unit);
  }
  // perf_mmap(): root and CAP_IPC_LOCK may lock any amount, and so may everybody at paranoid -1.
  if (::geteuid() == 0 || read_number("/proc/sys/kernel/perf_event_paranoid").value_or(2) < 0) {
    return limits;
  }
  const std::int64_t mlock_kib = read_number("/proc/sys/kernel/perf_event_mlock_kb").value_or(516);
  rlimit memlock{};
  ::getrlimit(RLIMIT_MEMLOCK, &memlock);
  if (memlock.rlim_cur == RLIM_INFINITY) return limits;
  limits.lockable_bytes =
      static_cast<std::uint64_t>(std::max<std::int64_t>(mlock_kib, 64)) * 1024 * cpus +
      memlock.rlim_cur;
  return limits;
}

bool RingSizes::shrink() {
  std::size_t* largest = &sample_bytes;
  for (std::size_t* other : {&switch_bytes, &side_bytes})
    if (*other > *largest) largest = other;
  if (*largest <= kSmallestRing) return false;
  *largest /= 2;
  return true;
}

RingSizes ring_sizes(const perf_event_attr& sample, std::size_t cpus, std::uint64_t asked_bytes,
                     const RingLimits& limits, bool switches) {
  const std::uint64_t per_quarter = std::max<std::uint64_t>(
      1, (std::min<std::uint64_t>(sample.sample_freq, 1'000'000) + kSlackHz - 1) / kSlackHz);
  const std::uint64_t wanted =
      asked_bytes != 0 ? asked_bytes : per_quarter * sample_record_bytes(sample);
  RingSizes sizes{.sample_bytes = std::bit_ceil(static_cast<std::size_t>(
                      std::clamp<std::uint64_t>(wanted, kSmallestRing, kLargestRing))),
                  .side_bytes = kSideBytes,
                  .switch_bytes = switches ? kSwitchBytes : 0};
  cpus = std::max<std::size_t>(cpus, 1);
  const std::uint64_t page = 4096;
  const auto fits = [&](std::uint64_t bound) { return (sizes.all() + 3 * page) * cpus <= bound; };
  if (limits.lockable_bytes != 0) {
    while (!fits(limits.lockable_bytes) && sizes.shrink()) {
    }
  }
  if (limits.memory_bytes != 0 && asked_bytes == 0) {
    while (!fits(limits.memory_bytes / kMemoryShare) && sizes.shrink()) {
    }
  }
  return sizes;
}

bool holds_enough(std::size_t ring_bytes, const perf_event_attr& sample) {
  return ring_bytes / sample_record_bytes(sample) >= kEnoughSamples;
}

std::uint32_t fitting_stack(const perf_event_attr& sample, std::size_t ring_bytes) {
  perf_event_attr attr = sample;
  while (attr.sample_stack_user > kSmallestStack &&
         ring_bytes / sample_record_bytes(attr) < kUsefulSamples) {
    attr.sample_stack_user = std::max(kSmallestStack, (attr.sample_stack_user / 2) & ~7U);
  }
  return attr.sample_stack_user;
}

}  // namespace profiler::record
