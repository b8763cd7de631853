#include "record/perf_event.h"

#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <utility>

#include "record/event_attributes.h"

namespace profiler::record {
namespace {

/// What can be done without, newest first. Each returns whether there was anything to take back.
using TakeBack = bool (*)(perf_event_attr&);

constexpr std::array<TakeBack, 5> kOptional = {
    +[](perf_event_attr& a) {  // Linux 6.0
      if ((a.read_format & kPerfFormatLost) == 0) return false;
      a.read_format &= ~kPerfFormatLost;
      return true;
    },
    +[](perf_event_attr& a) {  // 5.12
      const bool had = a.build_id != 0;
      a.build_id = 0;
      return had;
    },
    +[](perf_event_attr& a) {  // 5.1
      const bool had = a.ksymbol != 0;
      a.ksymbol = 0;
      return had;
    },
    +[](perf_event_attr& a) {  // Some PMUs cannot leave out idle or guests.
      const bool had = a.exclude_idle != 0;
      a.exclude_idle = 0;
      return had;
    },
    +[](perf_event_attr& a) {
      const bool had = a.exclude_guest != 0;
      a.exclude_guest = 0;
      return had;
    },
};

}  // namespace

int perf_event_open_call(perf_event_attr& attr, const EventPlace& place) {
  const long fd = ::syscall(SYS_perf_event_open, &attr, place.pid, place.cpu, -1,
                            place.flags | PERF_FLAG_FD_CLOEXEC);
  return fd >= 0 ? static_cast<int>(fd) : -errno;
}

std::uint64_t PerfEvent::id() const {
  std::uint64_t id = 0;
  return ::ioctl(fd(), PERF_EVENT_IOC_ID, &id) == 0 ? id : 0;
}

void PerfEvent::enable() const { ::ioctl(fd(), PERF_EVENT_IOC_ENABLE, 0); }

void PerfEvent::disable() const { ::ioctl(fd(), PERF_EVENT_IOC_DISABLE, 0); }

Result<void> PerfEvent::redirect_to(int other_fd) const {
  if (::ioctl(fd(), PERF_EVENT_IOC_SET_OUTPUT, other_fd) == 0) return {};
  return std::unexpected(Error{.what = "cannot share a ring", .system_error = errno});
}

Result<void> PerfEvent::set_filter(const std::string& filter) const {
  if (::ioctl(fd(), PERF_EVENT_IOC_SET_FILTER, filter.c_str()) == 0) return {};
  return std::unexpected(Error{.what = "cannot filter a trace point", .system_error = errno});
}

void PerfEvent::enable_for(int samples) const { ::ioctl(fd(), PERF_EVENT_IOC_REFRESH, samples); }

std::optional<std::uint64_t> PerfEvent::count() const {
  std::uint64_t count = 0;
  if (::read(fd(), &count, sizeof count) != static_cast<ssize_t>(sizeof count)) return std::nullopt;
  return count;
}

std::optional<std::uint64_t> PerfEvent::lost(std::uint64_t read_format) const {
  if ((read_format & kPerfFormatLost) == 0) return std::nullopt;
  // value, then a word for each bit of read_format below PERF_FORMAT_LOST, then the count.
  std::array<std::uint64_t, 8> words{};
  const auto before = static_cast<std::size_t>(
      std::popcount(read_format & (PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING |
                                   PERF_FORMAT_ID)));
  const ssize_t size = ::read(fd(), words.data(), sizeof words);
  if (size < static_cast<ssize_t>((before + 2) * sizeof words[0])) return std::nullopt;
  return words[before + 1];
}

Result<PerfEvent> open_event(perf_event_attr& attr, const EventPlace& place, bool may_drop_kernel,
                             const OpenCall& call) {
  perf_event_attr trial = attr;
  auto next_optional = kOptional.begin();
  for (;;) {
    const int fd = call(trial, place);
    if (fd >= 0) {
      attr = trial;
      return PerfEvent(FileDescriptor(fd));
    }
    if ((fd == -EACCES || fd == -EPERM) && may_drop_kernel && trial.exclude_kernel == 0) {
      restrict_to_user_mode(trial);
      continue;
    }
    if (fd == -EINVAL) {
      bool changed = false;
      while (!changed && next_optional != kOptional.end()) changed = (*next_optional++)(trial);
      if (changed) continue;
    }
    return std::unexpected(Error{.what = "perf_event_open failed", .system_error = -fd});
  }
}

}  // namespace profiler::record
