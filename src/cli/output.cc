#include "cli/output.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include "cli/output_ending.h"
#include "cli/output_file.h"
#include "cli/pager.h"
#include "export/gzip.h"
#include "render/printable.h"

namespace profiler::cli {

namespace {

std::unexpected<Error> failure(std::string_view what, std::string_view path, int number) {
  return std::unexpected(
      Error{.what = std::string(what), .path = std::string(path), .system_error = number});
}

/// Makes a write to a closed pipe fail with EPIPE for as long as it lives; restored afterwards
/// because programs started later would inherit an ignored SIGPIPE.
class IgnoreSigpipe {
 public:
  IgnoreSigpipe() {
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, &before_);
  }
  ~IgnoreSigpipe() { sigaction(SIGPIPE, &before_, nullptr); }
  IgnoreSigpipe(const IgnoreSigpipe&) = delete;
  IgnoreSigpipe& operator=(const IgnoreSigpipe&) = delete;

 private:
  struct sigaction before_{};
};

constexpr std::string_view kStandardOutput = "standard output";

Result<void> check_terminal(Content content) {
  if (content == Content::kText || isatty(STDOUT_FILENO) != 1) return {};
  return std::unexpected(Error{.what = "this format is binary and will not go to a terminal",
                               .advice = "name a file with -o, or redirect the output"});
}

}  // namespace

Result<void> write_all(int fd, std::string_view bytes, std::string_view name) {
  const IgnoreSigpipe quiet;
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EPIPE) {
      return {};
    } else if (errno != EINTR) {
      return failure("cannot write", name, errno);
    }
  }
  return {};
}

Result<void> write_file(const std::string& path, std::string_view bytes) {
  auto file = OutputFile::open(path);
  if (!file) return std::unexpected(file.error());
  (void)file->append(bytes);
  return file->commit();
}

Result<void> stream_output(const std::string& path, Content content, const Producer& producer,
                           Compression compression) {
  if (compression == Compression::kGzip) {
    return stream_output(path, Content::kBinary, [&](const auto& sink) {
      exporter::GzipSink gzip(sink);
      producer(gzip.sink());
      gzip.finish();
    });
  }
  if (path == "-") {
    if (auto allowed = check_terminal(content); !allowed) return allowed;
    Result<void> state;
    producer([&](std::string_view bytes) {
      if (state) state = write_all(STDOUT_FILENO, bytes, kStandardOutput);
    });
    return state;
  }
  auto file = OutputFile::open(path);
  if (!file) return std::unexpected(file.error());
  producer([&](std::string_view bytes) { (void)file->append(bytes); });
  return file->commit();
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 10'000) return fmt::format("{} bytes", bytes);
  if (bytes < 10'000'000) return fmt::format("{:.0f} KB", static_cast<double>(bytes) / 1e3);
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

void say_written(const std::string& path) {
  struct stat status{};
  if (isatty(STDERR_FILENO) != 1 || stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
    return;
  std::fprintf(stderr, "%s: %s\n", render::printable(path).c_str(),
               size_text(static_cast<std::uint64_t>(status.st_size)).c_str());
}

Result<void> write_output(const std::string& path, std::string_view bytes, Content content,
                          Paging paging) {
  if (path != "-" && content == Content::kText && is_gzip_name(path)) {
    return stream_output(path, content, [&](const auto& sink) { sink(bytes); }, Compression::kGzip);
  }
  if (path != "-") return write_file(path, bytes);
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  if (auto allowed = check_terminal(content); !allowed) return allowed;
  if (terminal && paging == Paging::kOnTerminal) {
    if (const std::string command = pager_command(); !command.empty()) {
      const auto shown = page(bytes, command);
      if (!shown) return std::unexpected(shown.error());
      if (*shown) return {};
    }
  }
  return write_all(STDOUT_FILENO, bytes, kStandardOutput);
}

}  // namespace profiler::cli
