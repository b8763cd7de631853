// Rows of a profile's tables as the payloads of chunks; columns in format.h.
//
//   TableEncoder encoder(profile);
//   std::string payload = encoder.encode(ChunkType::kNodes, {written, profile.nodes.size()});
//   if (!encoder.problem().empty()) …       // a row refers to a row that is not there
//
// Not here: how many rows go into a chunk, and compression.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "profile/format.h"
#include "profiler/profile.h"

namespace profiler::profile {

/// Rows [first, last) of a table.
struct RowRange {
  std::size_t first = 0;
  std::size_t last = 0;
};

/// Rows that earlier chunks hold and the profile no longer has.
struct RowsBefore {
  std::size_t samples = 0;
  std::size_t waits = 0;
};

class TableEncoder {
 public:
  explicit TableEncoder(const Profile& profile, const RowsBefore& before = {})
      : profile_(profile), before_(before) {}

  /// `type` is that of a table.
  std::string encode(ChunkType type, RowRange rows);

  /// What a reader would refuse, if anything: "frame 12 has no module".
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  std::string strings(RowRange rows) const;
  std::string modules(RowRange rows);
  std::string frames(RowRange rows);
  std::string nodes(RowRange rows);
  std::string stacks(RowRange rows);
  std::string processes(RowRange rows);
  std::string threads(RowRange rows);
  std::string samples(RowRange rows);
  std::string functions(RowRange rows);
  std::string locations(RowRange rows);
  std::string frame_names(RowRange rows);
  std::string causes(RowRange rows);
  std::string stack_causes(RowRange rows);
  std::string syscalls(RowRange rows);
  std::string syscall_errors(RowRange rows);
  std::string syscall_callers(RowRange rows);
  std::string waits(RowRange rows);
  std::string schedules(RowRange rows);

  void require(bool condition, const char* table, std::size_t row, const char* what);
  [[nodiscard]] bool is_text(StringIndex index) const;

  const Profile& profile_;
  RowsBefore before_;
  std::string problem_;
};

}  // namespace profiler::profile
