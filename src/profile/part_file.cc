#include "profile/part_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <optional>
#include <utility>

namespace profiler::profile {

namespace {

constexpr const char* kElsewhere = "use -o FILE to write it elsewhere";

std::string directory_of(const std::string& path) {
  std::string directory = std::filesystem::path(path).parent_path().string();
  return directory.empty() ? "." : directory;
}

std::optional<unsigned> number_in_environment(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  const std::string_view view(text);
  unsigned value = 0;
  const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), value);
  if (error != std::errc() || end != view.data() + view.size()) return std::nullopt;
  return value;
}

/// Under sudo, files belong to whoever called it. Best effort: some file systems have no owners.
void give_to_sudo_caller(int fd) {
  if (geteuid() != 0) return;
  const std::optional<unsigned> user = number_in_environment("SUDO_UID");
  const std::optional<unsigned> group = number_in_environment("SUDO_GID");
  if (user && group && fchown(fd, *user, *group) != 0) return;
}

/// Whether `path` still names the file that is open as `fd`.
bool is_still_named(int fd, const std::string& path) {
  struct stat open_file{};
  struct stat named_file{};
  return fstat(fd, &open_file) == 0 && lstat(path.c_str(), &named_file) == 0 &&
         open_file.st_dev == named_file.st_dev && open_file.st_ino == named_file.st_ino;
}

enum class Lock : std::uint8_t { kHeld, kTaken };

Lock lock(int fd) {
  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return Lock::kTaken;
    if (errno != EINTR) break;  // A file system without locks: go on without.
  }
  return Lock::kHeld;
}

Error taken(const std::string& part) {
  return {.what = "another recording is writing this file",
          .path = part,
          .advice = "wait for it to end, or " + std::string(kElsewhere)};
}

/// Beyond RLIMIT_FSIZE the kernel sends SIGXFSZ, which would end the recorder: this thread takes
/// the error of write(2) instead.
class FileSizeSignalHeldBack {
 public:
  FileSizeSignalHeldBack() {
    sigemptyset(&signal_);
    sigaddset(&signal_, SIGXFSZ);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGXFSZ) == 1;
    pthread_sigmask(SIG_BLOCK, &signal_, &before_);
  }
  ~FileSizeSignalHeldBack() {
    const timespec at_once{};
    while (!was_pending_ && sigtimedwait(&signal_, nullptr, &at_once) < 0 && errno == EINTR) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  FileSizeSignalHeldBack(const FileSizeSignalHeldBack&) = delete;
  FileSizeSignalHeldBack& operator=(const FileSizeSignalHeldBack&) = delete;

 private:
  sigset_t signal_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

}  // namespace

Result<PartFile> PartFile::create(std::string path) {
  if (path.empty()) return std::unexpected(Error{.what = "the profile's file name is empty"});
  struct stat status{};
  if (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    return std::unexpected(Error{.what = S_ISDIR(status.st_mode)
                                             ? "is a directory: a profile cannot be written to it"
                                             : "is no regular file: a profile cannot replace it",
                                 .path = path,
                                 .advice = kElsewhere});
  }
  std::string part = path + ".part";
  // Each turn either ends or has seen another recorder start or end in between.
  for (int turn = 0; turn < 100; ++turn) {
    const int fd = open(part.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) {
      if (lock(fd) == Lock::kHeld && is_still_named(fd, part)) {
        give_to_sudo_caller(fd);
        return PartFile(std::move(path), std::move(part), fd);
      }
      ::close(fd);
      continue;
    }
    if (errno != EEXIST) {
      return std::unexpected(Error{.what = "a profile cannot be written there",
                                   .path = directory_of(path),
                                   .system_error = errno,
                                   .advice = kElsewhere});
    }

    // One is there already: of a recorder that is running, or that was killed. A lock needs no
    // right to write; O_NONBLOCK, because it may be a FIFO.
    const int old = open(part.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (old < 0 && errno == ENOENT) continue;
    if (old < 0 || fstat(old, &status) != 0 || !S_ISREG(status.st_mode)) {
      const int system_error = old < 0 ? errno : 0;
      if (old >= 0) ::close(old);
      return std::unexpected(Error{.what = "is in the way of a new profile",
                                   .path = part,
                                   .system_error = system_error,
                                   .advice = std::string("remove it, or ") + kElsewhere});
    }
    if (lock(old) == Lock::kTaken) {
      ::close(old);
      return std::unexpected(taken(part));
    }
    // Only the holder of the lock on the file that has this name may take the name from it.
    if (is_still_named(old, part) && unlink(part.c_str()) != 0) {
      const int system_error = errno;
      ::close(old);
      return std::unexpected(Error{.what = "is in the way of a new profile",
                                   .path = part,
                                   .system_error = system_error,
                                   .advice = std::string("remove it, or ") + kElsewhere});
    }
    ::close(old);
  }
  return std::unexpected(taken(part));
}

PartFile::PartFile(std::string path, std::string part, int fd)
    : path_(std::move(path)), part_(std::move(part)), fd_(fd) {}

PartFile::PartFile(PartFile&& other) noexcept
    : path_(std::move(other.path_)),
      part_(std::move(other.part_)),
      fd_(std::exchange(other.fd_, -1)),
      size_(other.size_) {}

PartFile& PartFile::operator=(PartFile&& other) noexcept {
  if (this != &other) {
    close();
    path_ = std::move(other.path_);
    part_ = std::move(other.part_);
    fd_ = std::exchange(other.fd_, -1);
    size_ = other.size_;
  }
  return *this;
}

PartFile::~PartFile() { close(); }

void PartFile::close() {
  if (fd_ < 0) return;
  if (size_ == 0 && is_still_named(fd_, part_)) unlink(part_.c_str());
  ::close(std::exchange(fd_, -1));
}

Result<void> PartFile::append(std::string_view bytes) {
  const FileSizeSignalHeldBack held_back;
  std::uint64_t position = size_;
  while (!bytes.empty()) {
    const ssize_t written = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(position));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int system_error = written < 0 ? errno : ENOSPC;
      // What was written before stays readable without a torn piece at its end.
      const bool full = system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG;
      Error error{.what = "the profile cannot be written",
                  .path = part_,
                  .system_error = system_error,
                  .advice = full ? std::string("free some space, or ") + kElsewhere : ""};
      if (ftruncate(fd_, static_cast<off_t>(size_)) != 0) error.what += ", nor cut back";
      return std::unexpected(std::move(error));
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
    position += static_cast<std::uint64_t>(written);
  }
  size_ = position;
  return {};
}

Result<void> PartFile::publish() {
  const std::string old = path_ + ".old";
  const bool had_one = std::rename(path_.c_str(), old.c_str()) == 0;
  if (!had_one && errno != ENOENT) {
    return std::unexpected(Error{.what = "cannot be renamed to " + old,
                                 .path = path_,
                                 .system_error = errno,
                                 .advice = "the new profile is " + part_});
  }
  if (std::rename(part_.c_str(), path_.c_str()) != 0) {
    const int system_error = errno;
    if (had_one && std::rename(old.c_str(), path_.c_str()) != 0) errno = system_error;
    return std::unexpected(Error{
        .what = "cannot be renamed to " + path_, .path = part_, .system_error = system_error});
  }
  // A network file system may report a full disk only now; the file is at its place all the same.
  if (::close(std::exchange(fd_, -1)) != 0) {
    return std::unexpected(
        Error{.what = "the profile may be incomplete", .path = path_, .system_error = errno});
  }
  return {};
}

}  // namespace profiler::profile
