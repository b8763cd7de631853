// How a trace point's records are laid out: its `format` file, parsed. What a sample carries as
// PERF_SAMPLE_RAW begins with the common fields and has the others where this says.
//
//   const TracepointFormat format = parse_tracepoint_format(text);
//   if (const TracepointField* id = format.field("id")) value = number_at(raw, *id);
//
// Not the "print fmt" line, which is C.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace profiler::record {

struct TracepointField {
  std::string name = {};         ///< "args"
  std::string declaration = {};  ///< "unsigned long args[6]"
  std::uint32_t offset = 0;
  std::uint32_t size = 0;  ///< Of all elements of an array.
  bool is_signed = false;
  bool operator==(const TracepointField&) const = default;
};

struct TracepointFormat {
  std::vector<TracepointField> fields;  ///< Common ones ("common_pid") first, as in the file.
  /// Null if there is none of that name.
  [[nodiscard]] const TracepointField* field(std::string_view name) const;
};

/// Lines that are no fields are skipped.
[[nodiscard]] TracepointFormat parse_tracepoint_format(std::string_view text);

/// The number in a record's raw bytes, sign-extended where the field is signed; none if it lies
/// beyond them or is no number of 1, 2, 4 or 8 bytes.
[[nodiscard]] std::optional<std::uint64_t> number_at(std::span<const std::byte> raw,
                                                     const TracepointField& field);

}  // namespace profiler::record
