#include "symbolizer/kernel/read_kallsyms.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <fstream>
#include <optional>
#include <utility>

namespace symbolizer {
namespace {

constexpr std::size_t kFirstSize = std::size_t{8} << 20;
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

}  // namespace

profiler::Result<std::string> read_kallsyms_text(const std::string& path) {
  const auto failure = [&path](int why) {
    return std::unexpected(profiler::Error{.what = "kernel symbols cannot be read",
                                           .path = path,
                                           .system_error = why,
                                           .advice = "kernel functions stay without names"});
  };
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return failure(errno);
  std::string text(kFirstSize, '\0');
  std::size_t size = 0;
  for (;;) {
    if (size == text.size()) {
      if (size >= kMaxSize) {
        ::close(file);
        return failure(EFBIG);
      }
      text.resize(size * 2);
    }
    const ssize_t got = ::read(file, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int why = errno;
      ::close(file);
      return failure(why);
    }
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  ::close(file);
  text.resize(size);
  return text;
}

profiler::Result<KernelSymbols> read_kallsyms(const std::string& path,
                                              const std::string& settings) {
  auto text = read_kallsyms_text(path);
  if (!text) return std::unexpected(text.error());
  auto symbols = KernelSymbols::parse(*std::move(text));
  if (!symbols) {
    if (std::string advice = how_to_see(settings); !advice.empty())
      symbols.error().advice = std::move(advice);
  }
  return symbols;
}

}  // namespace symbolizer
