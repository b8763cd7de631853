#include "cli/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "cli/output.h"

namespace profiler::cli {
namespace {

std::unexpected<Error> failure(std::string_view what, std::string_view path, int number) {
  return std::unexpected(
      Error{.what = std::string(what), .path = std::string(path), .system_error = number});
}

/// Permissions a newly created file would get.
mode_t default_mode() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

}  // namespace

OutputFile::OutputFile(OutputFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::move(other.path_)),
      target_(std::move(other.target_)),
      part_(std::exchange(other.part_, {})),
      mode_(other.mode_),
      state_(std::move(other.state_)) {}

OutputFile::~OutputFile() {
  if (fd_ >= 0) close(fd_);
  if (!part_.empty()) unlink(part_.c_str());
}

Result<OutputFile> OutputFile::open(const std::string& path) {
  OutputFile file;
  file.path_ = path;
  struct stat before{};
  const bool exists = stat(path.c_str(), &before) == 0;
  if (exists && S_ISDIR(before.st_mode)) return failure("cannot write", path, EISDIR);
  if (exists && !S_ISREG(before.st_mode)) {
    file.fd_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (file.fd_ < 0) return failure("cannot open", path, errno);
    return file;
  }
  file.target_ = path;
  if (char* resolved = exists ? realpath(path.c_str(), nullptr) : nullptr; resolved != nullptr) {
    file.target_ = resolved;
    std::free(resolved);  // NOLINT(cppcoreguidelines-no-malloc): realpath's contract
  }
  file.mode_ = exists ? before.st_mode & 07777U : default_mode();
  std::string part = file.target_ + ".XXXXXX";
  file.fd_ = mkostemp(part.data(), O_CLOEXEC);
  if (file.fd_ < 0) return failure("cannot create", path, errno);
  file.part_ = std::move(part);
  return file;
}

Result<void> OutputFile::append(std::string_view bytes) {
  if (state_) state_ = write_all(fd_, bytes, path_);
  return state_;
}

Result<void> OutputFile::commit() {
  const bool replaces = !part_.empty();
  if (state_ && replaces && fchmod(fd_, mode_) != 0) state_ = failure("cannot write", path_, errno);
  if (close(std::exchange(fd_, -1)) != 0 && state_) state_ = failure("cannot write", path_, errno);
  if (state_ && replaces && std::rename(part_.c_str(), target_.c_str()) != 0)
    state_ = failure("cannot replace", path_, errno);
  if (state_) part_.clear();
  return state_;
}

}  // namespace profiler::cli
