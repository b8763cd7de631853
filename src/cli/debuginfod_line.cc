#include "cli/debuginfod_line.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>

#include "symbolizer/elf/debuginfod.h"

namespace profiler::cli {
namespace {

/// Signals are blocked while a recording is made and named; a second Ctrl-C ends the waiting.
bool is_interrupted() {
  sigset_t pending;
  ::sigpending(&pending);
  return ::sigismember(&pending, SIGINT) == 1;
}

void draw(const symbolizer::Debuginfod::Progress& progress) {
  std::fprintf(stderr, "\r\033[Kdebug files from DEBUGINFOD_URLS: number %zu", progress.file);
  if (progress.size != 0) {
    std::fprintf(stderr, ", %.1f of %.1f MB", static_cast<double>(progress.got) / 1e6,
                 static_cast<double>(progress.size) / 1e6);
  }
  std::fflush(stderr);
}

}  // namespace

std::function<std::string(const BuildId&)> debug_file_download(bool quiet) {
  if (!symbolizer::Debuginfod::has_servers()) return {};
  const bool shown = !quiet && ::isatty(STDERR_FILENO) == 1;
  static const auto kServers = std::make_shared<symbolizer::Debuginfod>(
      symbolizer::Debuginfod::Options{.progress = [shown](const auto& progress) {
        if (shown) draw(progress);
        return !is_interrupted();
      }});
  return [quiet, shown](const BuildId& id) {
    const bool was_well = kServers->trouble().empty();
    std::string path = kServers->fetch(id);
    if (shown && was_well) std::fputs("\r\033[K", stderr);
    if (!quiet && was_well && !kServers->trouble().empty())
      std::fprintf(stderr, "profiler: %s\n", kServers->trouble().c_str());
    return path;
  };
}

}  // namespace profiler::cli
