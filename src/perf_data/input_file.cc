#include "perf_data/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace profiler::perf_data {

Result<InputFile> InputFile::open(const std::string& path) {
  InputFile file;
  file.path_ = path == "-" ? "standard input" : path;
  file.descriptor_ = path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file.descriptor_ < 0) {
    return std::unexpected(
        Error{.what = "cannot be opened", .path = file.path_, .system_error = errno});
  }
  struct stat status{};
  if (::fstat(file.descriptor_, &status) != 0) {
    return std::unexpected(
        Error{.what = "cannot be read", .path = file.path_, .system_error = errno});
  }
  if (S_ISDIR(status.st_mode)) {
    return std::unexpected(Error{.what = "is a directory",
                                 .path = path,
                                 .advice = "name a file, or a directory of perf record --threads"});
  }
  if (S_ISREG(status.st_mode)) file.size_ = static_cast<std::uint64_t>(status.st_size);
  return file;
}

InputFile InputFile::of_bytes(std::span<const std::byte> bytes) {
  InputFile file;
  file.path_ = "memory";
  file.memory_ = bytes;
  file.size_ = bytes.size();
  return file;
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      memory_(other.memory_),
      size_(other.size_),
      position_(other.position_),
      window_(std::move(other.window_)),
      begin_(other.begin_),
      end_(other.end_),
      read_error_(other.read_error_) {}

std::size_t InputFile::read_some(std::span<std::byte> into) {
  const std::uint64_t from = position_ + (end_ - begin_);
  if (descriptor_ < 0) {
    if (from >= memory_.size()) return 0;
    const auto rest = memory_.subspan(static_cast<std::size_t>(from));
    const std::size_t count = std::min(into.size(), rest.size());
    std::memcpy(into.data(), rest.data(), count);
    return count;
  }
  for (;;) {
    const ssize_t got = size_ ? ::pread(descriptor_, into.data(), into.size(),
                                        static_cast<off_t>(std::min<std::uint64_t>(from, *size_)))
                              : ::read(descriptor_, into.data(), into.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EINTR) continue;
    if (read_error_ == 0) read_error_ = errno;
    return 0;
  }
}

std::span<const std::byte> InputFile::peek(std::size_t count) {
  count = std::min(count, kMaxPeek);
  if (end_ - begin_ < count && window_.empty()) {
    window_.resize(size_ ? std::min<std::uint64_t>(2 * kMaxPeek, *size_ + 64) : 2 * kMaxPeek);
  }
  while (end_ - begin_ < count) {
    if (begin_ != 0 && window_.size() - begin_ < std::max(count, kMaxPeek)) {
      // Records stay aligned as they are in the file.
      const std::size_t to = begin_ % 8;
      std::memmove(window_.data() + to, window_.data() + begin_, end_ - begin_);
      end_ -= begin_ - to;
      begin_ = to;
    }
    const std::size_t got = read_some(std::span(window_).subspan(end_));
    if (got == 0) break;
    end_ += got;
  }
  return std::span<const std::byte>(window_).subspan(begin_, std::min(count, end_ - begin_));
}

void InputFile::advance(std::uint64_t count) {
  const auto held = static_cast<std::size_t>(std::min<std::uint64_t>(count, end_ - begin_));
  begin_ += held;
  position_ += held;
  count -= held;
  if (count == 0) return;
  if (size_) {
    seek(count > *size_ - std::min(*size_, position_) ? *size_ : position_ + count);
    return;
  }
  while (count != 0) {
    const std::size_t got =
        peek(static_cast<std::size_t>(std::min<std::uint64_t>(count, kMaxPeek))).size();
    if (got == 0) return;
    begin_ += got;
    position_ += got;
    count -= got;
  }
}

void InputFile::seek(std::uint64_t position) {
  position_ = position;
  begin_ = end_ = static_cast<std::size_t>(position % 8);
  if (window_.size() < begin_) begin_ = end_ = 0;
}

std::vector<std::byte> InputFile::read_at(std::uint64_t offset, std::uint64_t count) const {
  if (!size_ || offset >= *size_ || count == 0) return {};
  count = std::min(count, *size_ - offset);
  std::vector<std::byte> bytes(static_cast<std::size_t>(count));
  if (descriptor_ < 0) {
    std::memcpy(bytes.data(), memory_.data() + offset, bytes.size());
    return bytes;
  }
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::pread(descriptor_, bytes.data() + done, bytes.size() - done,
                                static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace profiler::perf_data
