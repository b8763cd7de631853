#include "symbolizer/kernel/read_kallsyms.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

#include "symbolizer/kernel/kallsyms_parser.h"

namespace symbolizer {
namespace {

constexpr std::size_t kPiece = std::size_t{128} << 10;
constexpr std::size_t kUsualSize = std::size_t{6} << 20;
/// Before it are addresses of per-CPU data, if anything.
constexpr std::size_t kTextWithin = std::size_t{256} << 10;
/// No kernel comes near; whatever says otherwise is no kallsyms.
constexpr std::size_t kMaxSize = std::size_t{512} << 20;

std::optional<int> setting(const std::string& path) {
  int value = 0;
  if (std::ifstream(path) >> value) return value;
  return std::nullopt;
}

/// Who sees addresses (kallsyms_show_value() in kernel/ksyms_common.c): with kptr_restrict 0
/// everybody if perf_event_paranoid is below 2; with 0 and 1 who has CAP_SYSLOG; else nobody.
std::string how_to_see(const std::string& settings) {
  const std::optional<int> restrict = setting(settings + "/kptr_restrict");
  const std::optional<int> paranoid = setting(settings + "/perf_event_paranoid");
  if (!restrict) return {};
  const std::string is = "kernel.kptr_restrict is " + std::to_string(*restrict);
  if (*restrict > 1) return is + ": set it to 1 and run as root (CAP_SYSLOG), or set it to 0";
  const bool by_perf = paranoid.value_or(2) > 1;
  if (*restrict == 1) {
    return is + ": set it to 0" + (by_perf ? " and kernel.perf_event_paranoid to 1" : "") +
           ", or run as root (CAP_SYSLOG)";
  }
  if (!paranoid || !by_perf) return {};
  return "kernel.perf_event_paranoid is " + std::to_string(*paranoid) +
         ": set it to 1 or lower, or run as root (CAP_SYSLOG)";
}

/// Hands `take` what a file has until it returns false. 0, or errno: EFBIG beyond `limit`.
template <class Take>
int read_pieces(const std::string& path, std::size_t limit, Take&& take) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (file < 0) return errno;
  // The kernel gives a page at a time, whatever is asked for; other files give all of it.
  std::string buffer(kPiece, '\0');
  int why = 0;
  for (std::size_t size = 0;;) {
    const ssize_t got = ::read(file, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) why = errno;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
    if (size > limit) {
      why = EFBIG;
      break;
    }
    if (!take(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)))) break;
  }
  ::close(file);
  return why;
}

}  // namespace

profiler::Result<KernelSymbols> read_kallsyms(const std::string& path,
                                              const std::string& settings) {
  KallsymsParser parser;
  parser.reserve(kUsualSize);
  const int why = read_pieces(path, kMaxSize, [&](std::string_view piece) {
    parser.add(piece);
    return true;
  });
  if (why != 0) {
    return std::unexpected(profiler::Error{.what = "kernel symbols cannot be read",
                                           .path = path,
                                           .system_error = why,
                                           .advice = "kernel functions stay without names"});
  }
  auto symbols = std::move(parser).finish();
  if (!symbols) {
    if (std::string advice = how_to_see(settings); !advice.empty())
      symbols.error().advice = std::move(advice);
  }
  return symbols;
}

std::uint64_t running_kernel_text(const std::string& path) {
  KallsymsParser parser;
  static_cast<void>(read_pieces(path, kTextWithin, [&](std::string_view piece) {
    parser.add(piece);
    return parser.text() == 0;
  }));
  return parser.text();
}

}  // namespace symbolizer
