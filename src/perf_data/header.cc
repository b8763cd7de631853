#include "perf_data/header.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <limits>
#include <optional>

#include "perf_data/format.h"

namespace profiler::perf_data {
namespace {

/// More events than perf can record; ids beyond are not looked at.
constexpr std::size_t kMaxEvents = 4096;

template <class T>
std::optional<T> copy_of(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

Error failure(const InputFile& file, const char* what, const char* advice = "") {
  return {.what = what, .path = file.path(), .advice = advice};
}

/// The part of a section that the file has.
std::uint64_t size_within(const Section& section, std::uint64_t file_size) {
  if (section.offset >= file_size) return 0;
  return std::min(section.size, file_size - section.offset);
}

Result<void> read_attributes(const InputFile& file, const FileHeader& header, RecordingInfo& info,
                             RecordRange& range) {
  constexpr std::uint64_t kLeast = PERF_ATTR_SIZE_VER0 + sizeof(Section);
  if (header.attr_size < kLeast || header.attr_size > 4096 || header.attrs.size < header.attr_size)
    return std::unexpected(failure(file, "has no event attributes"));
  std::uint64_t ids_left = *file.size() / 8;
  const std::uint64_t count =
      std::min<std::uint64_t>(kMaxEvents, header.attrs.size / header.attr_size);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto bytes = file.read_at(header.attrs.offset + i * header.attr_size, header.attr_size);
    if (bytes.size() < header.attr_size) {
      range.notes.emplace_back("it does not hold all the event attributes that it promises");
      break;
    }
    const auto attr = std::span(bytes).first(bytes.size() - sizeof(Section));
    EventDescription event{.attr = read_attribute(attr), .ids = {}, .name = {}};
    const auto ids = *copy_of<Section>(std::span(bytes).last(sizeof(Section)));
    const auto id_bytes = file.read_at(ids.offset, std::min(ids.size / 8, ids_left) * 8);
    event.ids.resize(id_bytes.size() / 8);
    if (!event.ids.empty()) std::memcpy(event.ids.data(), id_bytes.data(), event.ids.size() * 8);
    ids_left -= event.ids.size();
    info.events.push_back(std::move(event));
  }
  if (info.events.empty()) return std::unexpected(failure(file, "has no event attributes"));
  return {};
}

/// A Section for each bit that is set, behind the data.
void read_features(const InputFile& file, const FileHeader& header, RecordingInfo& info,
                   RecordRange& range) {
  std::uint64_t at = header.data.offset + header.data.size;
  bool whole = true;
  for (std::size_t bit = 0; bit < kFeatureBits; ++bit) {
    if ((header.features[bit / 64] >> (bit % 64) & 1) == 0) continue;
    const auto section = copy_of<Section>(file.read_at(at, sizeof(Section)));
    at += sizeof(Section);
    if (!section) {
      whole = false;
      break;
    }
    whole = whole && size_within(*section, *file.size()) == section->size;
    switch (const auto feature = static_cast<Feature>(bit)) {
      case Feature::kBuildId:
      case Feature::kHostname:
      case Feature::kOsRelease:
      case Feature::kVersion:
      case Feature::kArchitecture:
      case Feature::kCpuCount:
      case Feature::kCommandLine:
      case Feature::kEventDescription:
      case Feature::kSampleTime:
      case Feature::kClockData:
        read_feature(feature, file.read_at(section->offset, section->size), info);
        break;
      default:
        break;
    }
  }
  if (!whole) range.notes.emplace_back("parts of its header lie beyond its end");
}

}  // namespace

Result<RecordRange> read_header(InputFile& file, RecordingInfo& info) {
  const auto start = file.peek(sizeof(FileHeader));
  const auto pipe = copy_of<PipeHeader>(start);
  if (!pipe || (pipe->magic != kMagic && pipe->magic != kSwappedMagic))
    return std::unexpected(failure(file, "is no perf.data"));
  if (pipe->magic == kSwappedMagic) {
    return std::unexpected(failure(file, "was recorded on a machine of the other byte order",
                                   "it cannot be read here"));
  }
  RecordRange range;
  if (pipe->size == sizeof(PipeHeader)) {
    range.pipe = true;
    range.end = std::numeric_limits<std::uint64_t>::max();
    file.advance(sizeof(PipeHeader));
    return range;
  }
  const auto header = copy_of<FileHeader>(start);
  if (!header) return std::unexpected(failure(file, "is cut off within its header"));
  if (!file.size()) {
    return std::unexpected(
        failure(file, "is not in the form that perf writes to a pipe", "give the file itself"));
  }
  if (auto attributes = read_attributes(file, *header, info, range); !attributes)
    return std::unexpected(attributes.error());

  constexpr auto kDirectory = static_cast<unsigned>(Feature::kDirectory);
  range.directory = (header->features[0] >> kDirectory & 1) != 0;
  const std::uint64_t held = size_within(header->data, *file.size());
  if (header->data.offset < sizeof(FileHeader) || header->data.offset >= *file.size())
    return std::unexpected(failure(file, "has no records"));
  if (header->data.size == 0) {
    range.notes.emplace_back("perf record was cut off: build ids, host and command are not known");
    range.end = *file.size();
  } else {
    range.end = header->data.offset + held;
    if (held != header->data.size) {
      range.notes.emplace_back("its end is missing: build ids, host and command are not known");
    } else {
      read_features(file, *header, info, range);
    }
  }
  file.seek(header->data.offset);
  return range;
}

std::string file_with_header(const std::string& path) {
  std::error_code ignored;
  const std::string inside = path + "/data";
  return std::filesystem::is_regular_file(inside, ignored) ? inside : path;
}

bool is_perf_data(const std::string& path) {
  // Only to open a FIFO would wait for its writer; what could be read of a pipe would be gone.
  std::error_code ignored;
  const std::string name = file_with_header(path);
  if (!std::filesystem::is_regular_file(name, ignored)) return false;
  auto file = InputFile::open(name);
  if (!file || !file->size()) return false;
  const auto magic = copy_of<std::uint64_t>(file->peek(sizeof(std::uint64_t)));
  return magic && (*magic == kMagic || *magic == kSwappedMagic);
}

}  // namespace profiler::perf_data
