#include "symbolizer/kernel/read_kallsyms.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <utility>

namespace symbolizer {
namespace {

constexpr std::size_t kFirstSize = std::size_t{8} << 20;
/// No kernel comes near; whatever says otherwise is no kallsyms.
constexpr std::size_t kMaxSize = std::size_t{512} << 20;

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

profiler::Result<KernelSymbols> read_kallsyms(const std::string& path) {
  auto text = read_kallsyms_text(path);
  if (!text) return std::unexpected(text.error());
  return KernelSymbols::parse(*std::move(text));
}

}  // namespace symbolizer
