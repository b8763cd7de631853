#include "cli/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

#include "cli/output.h"
#include "perf_data/header.h"
#include "profile/profile_reader.h"

namespace profiler::cli {
namespace {

std::unexpected<Error> failure(std::string_view what, std::string_view path, int number) {
  return std::unexpected(
      Error{.what = std::string(what), .path = std::string(path), .system_error = number});
}

/// To be tried for the part, in a directory where others write too.
constexpr int kMostNames = 100;

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
      replaces_(other.replaces_),
      mode_(other.mode_),
      state_(std::move(other.state_)) {}

OutputFile::~OutputFile() {
  if (fd_ >= 0) close(fd_);
  if (!part_.empty()) unlink(part_.c_str());
}

Result<OutputFile> OutputFile::open(const std::string& path) {
  if (path.empty()) {
    return std::unexpected(Error{.what = "the output has no name",
                                 .advice = "name a file with -o, or - for standard output"});
  }
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
  if (exists && (profile::is_profile(file.target_) || perf_data::is_perf_data(file.target_))) {
    return std::unexpected(Error{.what = "is a recording, which is not replaced by something else",
                                 .path = path,
                                 .advice = "name another file with -o"});
  }
  file.mode_ = exists ? before.st_mode & 07777U : default_mode();
  file.replaces_ = true;
  file.fd_ = file.create_part();
  if (file.fd_ < 0) return failure("cannot create", path, errno);
  return file;
}

int OutputFile::create_part() {
  std::string directory = std::filesystem::path(target_).parent_path();
  if (directory.empty()) directory = ".";
  // It gets a name by way of /proc.
  if (access("/proc/self/fd", X_OK) == 0) {
    const int fd = ::open(directory.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0 || errno == EACCES || errno == ENOSPC) return fd;
  }
  part_ = target_ + ".XXXXXX";
  const int fd = mkostemp(part_.data(), O_CLOEXEC);
  if (fd < 0) part_.clear();
  return fd;
}

bool OutputFile::name_part() {
  const std::string own = "/proc/self/fd/" + std::to_string(fd_);
  for (int attempt = 0; attempt < kMostNames; ++attempt) {
    std::string name = target_ + '.' + std::to_string(getpid()) + '-' + std::to_string(attempt);
    if (linkat(AT_FDCWD, own.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0) {
      part_ = std::move(name);
      return true;
    }
    if (errno != EEXIST) return false;
  }
  return false;
}

Result<void> OutputFile::append(std::string_view bytes) {
  if (state_) state_ = write_all(fd_, bytes, path_);
  return state_;
}

Result<void> OutputFile::commit() {
  if (state_ && replaces_ && fchmod(fd_, mode_) != 0)
    state_ = failure("cannot write", path_, errno);
  if (state_ && replaces_ && part_.empty() && !name_part())
    state_ = failure("cannot create", path_, errno);
  if (close(std::exchange(fd_, -1)) != 0 && state_) state_ = failure("cannot write", path_, errno);
  if (state_ && replaces_ && std::rename(part_.c_str(), target_.c_str()) != 0)
    state_ = failure("cannot replace", path_, errno);
  if (state_) part_.clear();
  return state_;
}

}  // namespace profiler::cli
