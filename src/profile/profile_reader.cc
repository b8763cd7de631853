#include "profile/profile_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "profile/chunk.h"
#include "profile/format.h"
#include "profile/little_endian.h"
#include "profile/run_codec.h"
#include "profile/table_decoder.h"

namespace profiler::profile {

namespace {

class MemorySource : public ByteSource {
 public:
  explicit MemorySource(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::span<const std::byte> read(std::uint64_t offset, std::size_t size) override {
    if (offset >= bytes_.size()) return {};
    const auto rest = bytes_.subspan(static_cast<std::size_t>(offset));
    return rest.first(std::min(rest.size(), size));
  }
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
};

/// Reads pieces instead of mapping the file: the recorder may be cutting it back just now.
class FileSource : public ByteSource {
 public:
  FileSource(int fd, std::uint64_t size) : fd_(fd), size_(size) {}
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  ~FileSource() override { ::close(fd_); }

  std::span<const std::byte> read(std::uint64_t offset, std::size_t size) override {
    if (size > capacity_) {
      buffer_ = std::make_unique_for_overwrite<std::byte[]>(size);
      capacity_ = size;
    }
    std::size_t done = 0;
    while (done < size) {
      const ssize_t got =
          pread(fd_, buffer_.get() + done, size - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) error_ = errno;
      if (got <= 0) break;
      done += static_cast<std::size_t>(got);
    }
    return {buffer_.get(), done};
  }
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  /// errno of a read that failed; 0: none.
  [[nodiscard]] int error() const { return error_; }

 private:
  int fd_;
  std::uint64_t size_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t capacity_ = 0;
  int error_ = 0;
};

std::optional<Error> check_header(ByteSource& source, const std::string& name) {
  const std::span<const std::byte> header = source.read(0, kFileHeaderSize);
  if (header.empty()) return Error{.what = "is empty: nothing was recorded into it", .path = name};
  const std::size_t magic_size = std::min(header.size(), kMagic.size());
  if (std::memcmp(header.data(), kMagic.data(), magic_size) != 0) {
    return Error{.what = "is not a profile",
                 .path = name,
                 .advice = "make one with: profiler record PROGRAM"};
  }
  if (header.size() < kFileHeaderSize)
    return Error{.what = "is cut off within its header", .path = name};
  const auto major = get<std::uint16_t>(header, kMagic.size());
  const auto minor = get<std::uint16_t>(header, kMagic.size() + 2);
  if (major != kMajorVersion) {
    return Error{.what = "has version " + std::to_string(major) + '.' + std::to_string(minor) +
                         " of the profile format, and this profiler reads version " +
                         std::to_string(kMajorVersion) + '.' + std::to_string(kMinorVersion),
                 .path = name,
                 .advice = major > kMajorVersion ? "use a newer profiler" : "record it again"};
  }
  return std::nullopt;
}

/// What is left to check once the run is known.
bool events_are_known(Profile& profile) {
  std::size_t events = 0;
  for (const Sample& sample : profile.samples)
    events = std::max<std::size_t>(events, sample.event + std::size_t{1});
  if (events <= profile.run.events.size()) return true;
  if (!profile.run.interrupted) return false;
  // The recorder was killed before it had said what it samples.
  profile.run.events.resize(events, {.name = "unknown", .frequency_hz = 0, .unit = "events"});
  return true;
}

Result<Profile> parse(ByteSource& source, const std::string& name) {
  if (std::optional<Error> error = check_header(source, name))
    return std::unexpected(std::move(*error));

  Profile profile;
  bool has_run = false;
  bool ended = false;
  const char* problem = nullptr;
  ChunkReader reader(source);
  while (!ended && problem == nullptr) {
    const ChunkReader::Status status = reader.next();
    if (status == ChunkReader::Status::kDamaged) problem = reader.reason();
    if (status != ChunkReader::Status::kChunk) break;
    if (reader.type() == ChunkType::kEnd) {
      ended = true;
    } else if (reader.type() == ChunkType::kRun) {
      std::optional<Run> run = decode_run(reader.payload());
      if (run) profile.run = std::move(*run);
      has_run |= run.has_value();
      if (!run) problem = "malformed run";
    } else {
      problem = decode_table(reader.type(), reader.payload(), profile);
    }
  }

  if (!has_run) {
    if (problem != nullptr) {
      return std::unexpected(Error{
          .what = std::string("is damaged: ") + problem, .path = name, .offset = reader.offset()});
    }
    return std::unexpected(
        Error{.what = "is cut off before anything was recorded into it", .path = name});
  }
  if (!ended) profile.run.interrupted = true;
  if (problem != nullptr) {
    profile.run.notes.push_back("the profile is damaged at byte " +
                                std::to_string(reader.offset()) + " (" + problem +
                                "): what follows there is not shown");
  }
  if (!events_are_known(profile))
    return std::unexpected(Error{.what = "is damaged: a sample of an unknown event", .path = name});
  return profile;
}

}  // namespace

Result<Profile> read_profile(const std::string& path) {
  // O_NONBLOCK: opening a FIFO must not wait for its writer.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    const bool missing = errno == ENOENT;
    return std::unexpected(
        Error{.what = "cannot be opened",
              .path = path,
              .system_error = errno,
              .advice = missing ? "record one with: profiler record PROGRAM" : ""});
  }
  struct stat status{};
  const bool known = fstat(fd, &status) == 0;
  FileSource source(fd, known ? static_cast<std::uint64_t>(status.st_size) : 0);
  if (!known || !S_ISREG(status.st_mode)) {
    return std::unexpected(Error{
        .what = S_ISDIR(status.st_mode) ? "is a directory, not a profile" : "is no regular file",
        .path = path});
  }
  Result<Profile> profile = parse(source, path);
  if (source.error() != 0) {
    return std::unexpected(
        Error{.what = "cannot be read", .path = path, .system_error = source.error()});
  }
  return profile;
}

Result<Profile> parse_profile(std::span<const std::byte> bytes, const std::string& name) {
  MemorySource source(bytes);
  return parse(source, name);
}

bool is_profile(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return false;
  std::array<char, kMagic.size()> begin{};
  std::ifstream file(path, std::ios::binary);
  return file.read(begin.data(), begin.size()) &&
         std::memcmp(begin.data(), kMagic.data(), begin.size()) == 0;
}

}  // namespace profiler::profile
