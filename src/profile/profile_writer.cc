#include "profile/profile_writer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "profile/chunk.h"
#include "profile/format.h"
#include "profile/part_file.h"
#include "profile/run_codec.h"
#include "profile/syscall_account_codec.h"
#include "profile/table_encoder.h"

namespace profiler::profile {

namespace {

/// While recording, CPU time is somebody else's; at the end, a few milliseconds buy a third of the
/// file.
constexpr int kLevelWhileRecording = 3;
constexpr int kLevelAtTheEnd = 9;

/// Tables that grow while recording, in the order in which they refer to each other.
constexpr std::array kGrowing = {ChunkType::kStrings, ChunkType::kModules, ChunkType::kFrames,
                                 ChunkType::kNodes,   ChunkType::kStacks,  ChunkType::kProcesses,
                                 ChunkType::kThreads};
/// Tables that are made when the recording has ended, likewise.
constexpr std::array kFinal = {
    ChunkType::kFunctions,     ChunkType::kLocations,      ChunkType::kFrameNames,
    ChunkType::kCauses,        ChunkType::kStackCauses,    ChunkType::kSyscalls,
    ChunkType::kSyscallErrors, ChunkType::kSyscallCallers, ChunkType::kSchedules};
/// Tables of which a profile holds only what has not been written yet.
constexpr std::array kAppended = {ChunkType::kSamples, ChunkType::kWaits};

std::size_t row_count(const Profile& profile, ChunkType type) {
  switch (type) {
    case ChunkType::kStrings:
      return profile.strings.size();
    case ChunkType::kModules:
      return profile.modules.size();
    case ChunkType::kFrames:
    case ChunkType::kFrameNames:
      return profile.frames.size();
    case ChunkType::kNodes:
      return profile.nodes.size();
    case ChunkType::kStacks:
    case ChunkType::kStackCauses:
      return profile.stacks.size();
    case ChunkType::kProcesses:
      return profile.processes.size();
    case ChunkType::kThreads:
      return profile.threads.size();
    case ChunkType::kSamples:
      return profile.samples.size();
    case ChunkType::kFunctions:
      return profile.functions.size();
    case ChunkType::kLocations:
      return profile.locations.size();
    case ChunkType::kCauses:
      return profile.causes.size();
    case ChunkType::kSyscalls:
      return profile.syscalls.rows.size();
    case ChunkType::kSyscallErrors:
      return profile.syscalls.errors.size();
    case ChunkType::kSyscallCallers:
      return profile.syscalls.callers.size();
    case ChunkType::kWaits:
      return profile.waits.size();
    case ChunkType::kSchedules:
      return profile.schedules.size();
    case ChunkType::kSyscallAccount:
    case ChunkType::kRun:
    case ChunkType::kEnd:
      break;
  }
  return 0;
}

/// The end of the piece of a table that goes into one chunk.
std::size_t piece_end(const Profile& profile, ChunkType type, RowRange rows) {
  const std::size_t limit = std::min(rows.last, rows.first + kRowsPerChunk);
  if (type != ChunkType::kStrings) return limit;
  std::size_t bytes = 0;
  std::size_t end = rows.first;
  while (end < limit && (end == rows.first || bytes < kStringBytesPerChunk))
    bytes += profile.strings[StringIndex(end++)].size();
  return end;
}

}  // namespace

struct ProfileWriter::State {
  explicit State(PartFile part) : file(std::move(part)) {}

  /// Appends a table's rows to `bytes`, in as many chunks as they take.
  Result<void> add_table(TableEncoder& encoder, const Profile& profile, ChunkType type,
                         std::size_t first) {
    RowRange rows{.first = first, .last = row_count(profile, type)};
    while (rows.first < rows.last) {
      const std::size_t end = piece_end(profile, type, rows);
      const std::string payload = encoder.encode(type, {.first = rows.first, .last = end});
      if (!encoder.problem().empty())
        return std::unexpected(Error{.what = "the profile is inconsistent: " + encoder.problem()});
      if (auto added = chunks.append(bytes, type, payload, level); !added) return added;
      rows.first = end;
    }
    return {};
  }

  Result<void> append(const Profile& profile);
  Result<void> append_final(const Profile& profile);

  PartFile file;
  ChunkEncoder chunks;
  int level = kLevelWhileRecording;
  std::string bytes;  ///< The next write, of whole chunks.
  std::array<std::size_t, kGrowing.size()> rows_written{};
  RowsBefore rows_before;
  bool finished = false;
};

Result<void> ProfileWriter::State::append(const Profile& profile) {
  bytes.clear();
  if (file.size() == 0) bytes = file_header();
  if (auto added = chunks.append(bytes, ChunkType::kRun, encode_run(profile.run), level); !added)
    return added;
  TableEncoder encoder(profile, rows_before);
  for (std::size_t i = 0; i < kGrowing.size(); ++i) {
    if (auto added = add_table(encoder, profile, kGrowing[i], rows_written[i]); !added)
      return added;
  }
  for (const ChunkType type : kAppended)
    if (auto added = add_table(encoder, profile, type, 0); !added) return added;
  if (auto written = file.append(bytes); !written) return written;

  for (std::size_t i = 0; i < kGrowing.size(); ++i)
    rows_written[i] = row_count(profile, kGrowing[i]);
  rows_before.samples += profile.samples.size();
  rows_before.waits += profile.waits.size();
  return {};
}

Result<void> ProfileWriter::State::append_final(const Profile& profile) {
  bytes.clear();
  TableEncoder encoder(profile);
  if (profile.syscalls != SyscallAccount()) {
    const std::string account = encode_syscall_account(profile.syscalls);
    if (auto added = chunks.append(bytes, ChunkType::kSyscallAccount, account, level); !added)
      return added;
  }
  for (const ChunkType type : kFinal)
    if (auto added = add_table(encoder, profile, type, 0); !added) return added;
  if (auto added = chunks.append(bytes, ChunkType::kEnd, {}, level); !added) return added;
  return file.append(bytes);
}

ProfileWriter::ProfileWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ProfileWriter::~ProfileWriter() = default;
ProfileWriter::ProfileWriter(ProfileWriter&&) noexcept = default;
ProfileWriter& ProfileWriter::operator=(ProfileWriter&&) noexcept = default;

Result<ProfileWriter> ProfileWriter::create(std::string path) {
  Result<PartFile> file = PartFile::create(std::move(path));
  if (!file) return std::unexpected(std::move(file.error()));
  return ProfileWriter(std::make_unique<State>(std::move(*file)));
}

Result<void> ProfileWriter::append(const Profile& profile) { return state_->append(profile); }

Result<void> ProfileWriter::finish(const Profile& profile) {
  State& state = *state_;
  state.level = kLevelAtTheEnd;
  // Small tables whose rows may have learned something since: where names came from, a new comm.
  for (std::size_t i = 0; i < kGrowing.size(); ++i) {
    if (kGrowing[i] == ChunkType::kModules || kGrowing[i] == ChunkType::kProcesses ||
        kGrowing[i] == ChunkType::kThreads)
      state.rows_written[i] = 0;
  }
  if (auto written = state.append(profile); !written) return written;
  if (auto written = state.append_final(profile); !written) return written;
  return state.file.publish();
}

std::uint64_t ProfileWriter::bytes_written() const { return state_->file.size(); }

}  // namespace profiler::profile
