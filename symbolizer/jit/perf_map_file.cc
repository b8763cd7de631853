#include "symbolizer/jit/perf_map_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "symbolizer/elf/mapped_file.h"
#include "symbolizer/jit/perf_map.h"

namespace symbolizer {
namespace {

using profiler::Error;
using profiler::Result;

constexpr int kReads = 2;

std::uint64_t ns_of(const struct statx_timestamp& time) {
  return time.tv_sec < 0 ? 0
                         : static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

struct State {
  off_t size;
  timespec written;
};

Result<State> state_of(int descriptor, const std::string& name) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0)
    return std::unexpected(Error{.what = "cannot be read", .path = name, .system_error = errno});
  return State{.size = status.st_size, .written = status.st_mtim};
}

/// What stood there when reading began still does: lines may only have been added.
bool is_unchanged(const State& before, const State& after) {
  if (after.size != before.size) return after.size > before.size;
  return after.written.tv_sec == before.written.tv_sec &&
         after.written.tv_nsec == before.written.tv_nsec;
}

/// Why it is not to be believed; empty if it is.
std::string refusal(int descriptor, const PerfMapConditions& conditions) {
  struct statx status{};
  if (::statx(descriptor, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &status) != 0)
    return "cannot be examined";
  if (!S_ISREG(status.stx_mode)) return "is not a regular file";
  if (status.stx_uid != 0 && status.stx_uid != ::geteuid() && status.stx_uid != conditions.owner)
    return "belongs to another user";
  if (ns_of(status.stx_mtime) < conditions.written_after_ns)
    return "is of an earlier process of that number";
  const bool birth_known = (status.stx_mask & STATX_BTIME) != 0;
  if (conditions.made_before_ns != 0 && birth_known &&
      ns_of(status.stx_btime) > conditions.made_before_ns)
    return "is of a later process of that number";
  return {};
}

}  // namespace

Result<std::unique_ptr<PerfMapFile>> PerfMapFile::open(int directory, std::int32_t pid,
                                                       const PerfMapConditions& conditions) {
  const std::string name = "perf-" + std::to_string(pid) + ".map";
  // O_NONBLOCK: a FIFO must not hold us; it is refused below.
  const int descriptor =
      ::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
  if (descriptor < 0) {
    return std::unexpected(Error{.what = "cannot open", .path = name, .system_error = errno});
  }
  std::unique_ptr<PerfMapFile> file(new PerfMapFile(descriptor, name));
  if (std::string why = refusal(descriptor, conditions); !why.empty())
    return std::unexpected(Error{.what = why + ": not used", .path = name});
  return file;
}

PerfMapFile::~PerfMapFile() { ::close(descriptor_); }

Result<std::vector<std::string>> PerfMapFile::names(
    std::span<const profiler::RuntimeAddress> sorted) const {
  for (int read = 0; read < kReads; ++read) {
    const auto before = state_of(descriptor_, name_);
    if (!before) return std::unexpected(before.error());
    const auto mapped = MappedFile::of_descriptor(descriptor_, name_);
    if (!mapped) return std::unexpected(mapped.error());
    const auto bytes = (*mapped)->bytes();
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (text.size() > kMaxBytes) text.remove_prefix(text.size() - kMaxBytes);
    auto names = find_in_perf_map(text, sorted);
    const auto after = state_of(descriptor_, name_);
    if (after && is_unchanged(*before, *after)) return names;
  }
  return std::unexpected(
      Error{.what = "is written over while it is read: not used", .path = name_});
}

}  // namespace symbolizer
