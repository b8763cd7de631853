#include "symbolizer/jit/jitdump.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "symbolizer/jit/jit_symbol.h"
#include "symbolizer/jit/perf_map.h"

namespace symbolizer {
namespace {

using profiler::Error;
using profiler::Result;
using profiler::RuntimeAddress;
using profiler::SourceFrame;

constexpr std::uint32_t kMagic = 0x4a695444;
constexpr std::uint32_t kSwappedMagic = 0x4454694a;
constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kForeignClock = 1;  // JITDUMP_FLAGS_ARCH_TIMESTAMP

enum RecordId : std::uint32_t { kLoad = 0, kMove = 1, kDebugInfo = 2, kClose = 3 };

// Sizes and places of fields.
constexpr std::size_t kHeaderSize = 40;
constexpr std::size_t kHeadSize = 16;
constexpr std::size_t kLoadSize = kHeadSize + 40;
constexpr std::size_t kMoveSize = kHeadSize + 48;
constexpr std::size_t kDebugInfoSize = kHeadSize + 16;
constexpr std::size_t kEntrySize = 16;
/// Read of each record at first.
constexpr std::size_t kMostFields = 64;
constexpr std::size_t kMaxDebugInfo = std::size_t{1} << 20;
constexpr std::size_t kMaxEntries = std::size_t{1} << 16;
constexpr std::size_t kMaxFileName = 4096;

/// V8 gives addresses as they would be in an ELF file whose header precedes the code.
constexpr std::uint64_t kElfHeader = 0x40;

template <class Number>
Number number_at(std::span<const std::byte> bytes, std::size_t offset) {
  Number number = 0;
  if (offset + sizeof number <= bytes.size())
    std::memcpy(&number, bytes.data() + offset, sizeof number);
  return number;
}

std::string_view text_at(std::span<const std::byte> bytes, std::size_t offset) {
  return {reinterpret_cast<const char*>(bytes.data()) + offset, bytes.size() - offset};
}

/// The file name of an entry without its length: what precedes the NUL; none if there is no NUL.
std::optional<std::string_view> name_in(std::span<const std::byte> bytes, std::size_t offset) {
  const std::string_view text = text_at(bytes, offset);
  const std::size_t end = text.find('\0');
  // npos is longer than any.
  if (end > kMaxFileName) return std::nullopt;
  return text.substr(0, end);
}

bool is_plain(std::string_view name) {
  return std::ranges::all_of(name, [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
}

}  // namespace

Result<std::unique_ptr<JitDump>> JitDump::open(int descriptor, std::string name, std::int32_t pid) {
  std::unique_ptr<JitDump> dump(new JitDump(descriptor, std::move(name)));
  if (auto read = dump->read_header(pid); !read) return std::unexpected(read.error());
  return dump;
}

JitDump::~JitDump() { ::close(descriptor_); }

std::vector<std::byte> JitDump::read(std::uint64_t offset, std::size_t size) const {
  std::vector<std::byte> bytes(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got =
        ::pread(descriptor_, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

Result<void> JitDump::read_header(std::int32_t pid) {
  const auto fail = [&](const char* what) {
    return std::unexpected(Error{.what = what, .path = name_});
  };
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode))
    return fail("is not a regular file");
  const auto header = read(0, kHeaderSize);
  if (header.size() < kHeaderSize) return fail("is not a jitdump");
  const auto magic = number_at<std::uint32_t>(header, 0);
  if (magic == kSwappedMagic) return fail("is a jitdump of another byte order");
  if (magic != kMagic) return fail("is not a jitdump");
  if (number_at<std::uint32_t>(header, 4) != kVersion)
    return fail("is a jitdump of another version");
  if (number_at<std::uint32_t>(header, 20) != static_cast<std::uint32_t>(pid))
    return fail("is the jitdump of another process");
  const auto size = number_at<std::uint32_t>(header, 8);
  if (size < kHeaderSize) return fail("is a damaged jitdump");
  timed_ = (number_at<std::uint64_t>(header, 32) & kForeignClock) == 0;
  offset_ = size;
  return {};
}

void JitDump::update() {
  if (ended_) return;
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0 || status.st_size < 0) return;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  std::array<std::byte, kMostFields> buffer;
  while (!ended_ && offset_ + kHeadSize <= size) {
    const ssize_t got =
        ::pread(descriptor_, buffer.data(), buffer.size(), static_cast<off_t>(offset_));
    if (got < static_cast<ssize_t>(kHeadSize)) return;
    const std::span<const std::byte> bytes(buffer.data(), static_cast<std::size_t>(got));
    const RecordHead head{.id = number_at<std::uint32_t>(bytes, 0),
                          .size = number_at<std::uint32_t>(bytes, 4),
                          .time_ns = number_at<std::uint64_t>(bytes, 8)};
    // Room that was set aside and is not written yet looks like this too.
    if (head.size == 0) return;
    if (head.size < kHeadSize) {
      ended_ = true;
    } else if (offset_ + head.size > size) {
      return;
    } else {
      ended_ = !read_record(head, bytes.first(std::min<std::size_t>(bytes.size(), head.size)));
      offset_ += head.size;
    }
  }
}

bool JitDump::read_record(const RecordHead& head, std::span<const std::byte> fields) {
  switch (head.id) {
    case kLoad: {
      const auto code_size = number_at<std::uint64_t>(fields, 40);
      // A name has its NUL at least.
      if (head.size <= kLoadSize || code_size >= head.size - kLoadSize) return false;
      Piece piece{.time_ns = head.time_ns,
                  .start = number_at<std::uint64_t>(fields, 32),
                  .position = offset_ + head.size - code_size,
                  .record = offset_,
                  .size = static_cast<std::uint32_t>(code_size)};
      if (debug_info_ != 0 && debug_info_start_ == piece.start) piece.debug_info = debug_info_;
      debug_info_ = 0;
      if (piece.size != 0) add(piece);
      break;
    }
    case kMove:
      if (head.size < kMoveSize) return false;
      add({.time_ns = head.time_ns,
           .start = number_at<std::uint64_t>(fields, 40),
           .moved_from = number_at<std::uint64_t>(fields, 32)});
      break;
    case kDebugInfo: {
      if (head.size < kDebugInfoSize) return false;
      debug_info_ = offset_;
      debug_info_start_ = number_at<std::uint64_t>(fields, 16);
      const bool has_entry =
          head.size >= kDebugInfoSize + kEntrySize && number_at<std::uint64_t>(fields, 24) != 0;
      const auto first = number_at<std::uint64_t>(fields, kDebugInfoSize);
      if (has_entry) lowest_entry_ = std::min(lowest_entry_, first - debug_info_start_);
      break;
    }
    default:  // Of unwinding, or not known.
      break;
  }
  return pieces_.size() < kMaxPieces;
}

void JitDump::add(const Piece& piece) {
  if (piece.position != 0) loads_.push_back(static_cast<std::uint32_t>(pieces_.size()));
  pieces_.push_back(piece);
}

std::string JitDump::text_of(const Piece& piece) const {
  const std::uint64_t start = piece.record + kLoadSize;
  const auto bytes = read(start, std::min<std::uint64_t>(piece.position - start, kMaxJitName));
  std::string_view text = text_at(bytes, 0);
  return std::string(text.substr(0, text.find('\0')));
}

std::vector<JitDump::DebugEntry> JitDump::debug_entries(const Piece& piece,
                                                        const std::string& declared_file) const {
  const auto head = read(piece.debug_info, kDebugInfoSize);
  if (head.size() < kDebugInfoSize) return {};
  const std::size_t size = number_at<std::uint32_t>(head, 4) - kDebugInfoSize;
  const auto count = number_at<std::uint64_t>(head, 24);
  if (size > kMaxDebugInfo || count > kMaxEntries) return {};
  const auto bytes = read(piece.debug_info + kDebugInfoSize, size);
  const std::uint64_t shift =
      lowest_entry_ >= kElfHeader && !declared_file.empty() ? kElfHeader : 0;

  // Entries with names of their own; or all of them, whatever their names, with one of known length
  // (V8 11 has written other bytes there).
  const auto parse = [&](bool own_names) {
    std::vector<DebugEntry> entries;
    std::string last;
    std::size_t at = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      if (at + kEntrySize > bytes.size()) return std::vector<DebugEntry>();
      DebugEntry entry{.address = number_at<std::uint64_t>(bytes, at) - shift,
                       .line = number_at<std::uint32_t>(bytes, at + 8),
                       .file = declared_file};
      std::size_t name_size = declared_file.size();
      if (own_names) {
        const auto name = name_in(bytes, at + kEntrySize);
        if (!name || (!is_plain(*name) && *name != "\xff")) return std::vector<DebugEntry>();
        name_size = name->size();
        if (*name != "\xff") last = *name;  // Else the same as before, says perf.
        entry.file = last;
      }
      if (entry.address - piece.start > piece.size) return std::vector<DebugEntry>();
      at += kEntrySize + name_size + 1;
      entries.push_back(std::move(entry));
    }
    return entries;
  };
  auto entries = parse(true);
  if (entries.empty() && !declared_file.empty()) entries = parse(false);
  return entries;
}

const JitDump::Piece* JitDump::load_at(std::uint64_t position) const {
  const auto after = std::ranges::upper_bound(
      loads_, position, {}, [&](std::uint32_t load) { return pieces_[load].position; });
  if (after == loads_.begin()) return nullptr;
  const Piece& piece = pieces_[*(after - 1)];
  return position - piece.position < piece.size ? &piece : nullptr;
}

std::vector<SourceFrame> JitDump::names(std::span<const std::uint64_t> sorted) const {
  std::vector<SourceFrame> frames(sorted.size());
  const Piece* read = nullptr;
  SourceFrame function;
  std::vector<DebugEntry> entries;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const Piece* piece = load_at(sorted[i]);
    if (piece == nullptr) continue;
    if (piece != read) {
      read = piece;
      function = parse_jit_symbol(text_of(*piece));
      entries.clear();
      if (piece->debug_info != 0) entries = debug_entries(*piece, function.declared_file);
      std::ranges::stable_sort(entries, {}, &DebugEntry::address);
    }
    frames[i] = function;
    const std::uint64_t address = piece->start + (sorted[i] - piece->position);
    const auto after = std::ranges::upper_bound(entries, address, {}, &DebugEntry::address);
    if (after == entries.begin()) continue;
    frames[i].file = std::prev(after)->file;
    frames[i].line = std::prev(after)->line;
  }
  return frames;
}

void JitDump::Replay::remove(std::uint64_t start, std::uint64_t end) {
  auto at = live_.upper_bound(start);
  if (at != live_.begin() && std::prev(at)->second.end > start) --at;
  while (at != live_.end() && at->first < end) at = live_.erase(at);
}

void JitDump::Replay::apply(std::size_t number) {
  Piece piece = dump_->pieces_[number];
  if (piece.position == 0) {
    const auto from = live_.find(piece.moved_from);
    if (from == live_.end()) return;
    piece.position = from->second.position;
    piece.size = static_cast<std::uint32_t>(from->second.end - from->first);
    live_.erase(from);
  }
  const std::uint64_t end = piece.start + piece.size;
  if (end < piece.start) return;
  remove(piece.start, end);
  live_[piece.start] = {.end = end, .position = piece.position};
}

std::optional<std::uint64_t> JitDump::Replay::find(RuntimeAddress address, std::uint64_t time_ns) {
  const auto& pieces = dump_->pieces_;
  while (next_ < pieces.size() && (!dump_->timed_ || pieces[next_].time_ns <= time_ns))
    apply(next_++);
  const auto after = live_.upper_bound(address.value());
  if (after == live_.begin()) return std::nullopt;
  const auto& [start, live] = *std::prev(after);
  if (address.value() >= live.end) return std::nullopt;
  return live.position + (address.value() - start);
}

}  // namespace symbolizer
