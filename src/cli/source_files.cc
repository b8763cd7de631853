#include "cli/source_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string_view>

namespace profiler::cli {
namespace {

/// Larger is no source.
constexpr std::uint64_t kLargest = std::uint64_t{64} << 20;

/// "/a/b/c.cc" in "dir": "dir/a/b/c.cc", "dir/b/c.cc", "dir/c.cc".
void add_in(const std::string& directory, std::string_view recorded,
            std::vector<std::string>& candidates) {
  while (true) {
    while (recorded.starts_with('/')) recorded.remove_prefix(1);
    if (recorded.empty()) return;
    // What leads out of the directory is not in it.
    if (!recorded.starts_with("../") && !recorded.starts_with("./"))
      candidates.push_back(directory + '/' + std::string(recorded));
    const std::size_t slash = recorded.find('/');
    if (slash == std::string_view::npos) return;
    recorded.remove_prefix(slash);
  }
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// None if it is no regular file, or cannot be read.
std::optional<render::SourceText> read(const std::string& path, std::uint64_t recorded_at_ns) {
  // A FIFO must not be waited for.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return std::nullopt;
  struct stat status = {};
  std::string bytes;
  bool whole = false;
  if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
      static_cast<std::uint64_t>(status.st_size) <= kLargest) {
    bytes.resize(static_cast<std::size_t>(status.st_size));
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t count = ::read(fd, bytes.data() + done, bytes.size() - done);
      if (count <= 0) break;
      done += static_cast<std::size_t>(count);
    }
    bytes.resize(done);
    whole = true;
  }
  ::close(fd);
  if (!whole) return std::nullopt;
  const auto changed_ns = static_cast<std::uint64_t>(status.st_mtim.tv_sec) * 1'000'000'000 +
                          static_cast<std::uint64_t>(status.st_mtim.tv_nsec);
  return render::SourceText{.path = path,
                            .lines = lines_of(bytes),
                            .newer = recorded_at_ns != 0 && changed_ns > recorded_at_ns};
}

}  // namespace

Result<SourceSearch> source_search(const std::vector<std::string>& values) {
  SourceSearch search;
  for (const std::string& value : values) {
    if (const std::size_t equals = value.find('='); equals != std::string::npos && equals != 0) {
      search.moved.emplace_back(value.substr(0, equals), value.substr(equals + 1));
      continue;
    }
    struct stat status = {};
    if (value.empty() || ::stat(value.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
      return std::unexpected(Error{.what = "--source-dir: '" + value + "' is no directory",
                                   .advice = "give one that holds the sources, or OLD=NEW"});
    }
    search.directories.push_back(value);
  }
  return search;
}

std::vector<std::string> source_candidates(const std::string& recorded,
                                           const SourceSearch& search) {
  std::vector<std::string> candidates;
  if (recorded.empty()) return candidates;
  for (const auto& [old_path, new_path] : search.moved) {
    if (!recorded.starts_with(old_path)) continue;
    const bool at_boundary = recorded.size() == old_path.size() || old_path.ends_with('/') ||
                             recorded[old_path.size()] == '/';
    if (at_boundary) candidates.push_back(new_path + recorded.substr(old_path.size()));
  }
  for (const std::string& directory : search.directories) add_in(directory, recorded, candidates);
  candidates.push_back(recorded);
  add_in(".", recorded, candidates);
  return candidates;
}

render::SourceText read_source(const std::string& recorded, const SourceSearch& search,
                               std::uint64_t recorded_at_ns) {
  for (const std::string& path : source_candidates(recorded, search))
    if (auto text = read(path, recorded_at_ns)) return *std::move(text);
  return {};
}

}  // namespace profiler::cli
