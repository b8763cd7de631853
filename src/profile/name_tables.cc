// The tables that are written when recording has ended: names and causes.
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "profile/columns.h"
#include "profile/tables.h"

namespace profiler::profile {

const char* decode_functions(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse_columns(payload, kFunctionsCount0, kFunctionsCount0);
  if (!c) return kMalformed;
  return decode_rows(*c, profile.functions.rows(), [&](Function& row, std::size_t) {
    const std::uint64_t name = (*c)[kName].next_delta();
    const std::uint64_t system_name =
        name + static_cast<std::uint64_t>((*c)[kSystemName].next_signed());
    row.kernel = (*c)[kIsKernel].next() != 0;
    return read_opt(name, profile.strings, row.name) &&
           read_opt(system_name, profile.strings, row.system_name) &&
           read_row((*c)[kModule].next_delta(), profile.modules, row.module) &&
           read_opt((*c)[kFile].next_delta(), profile.strings, row.file) &&
           narrow((*c)[kLine].next_delta(), row.line);
  });
}

const char* decode_locations(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse_columns(payload, kLocationsCount0, kLocationsCount0);
  if (!c) return kMalformed;
  return decode_rows(*c, profile.locations.rows(), [&](Location& row, std::size_t) {
    if (!read_row((*c)[kFunction].next_back(), profile.functions, row.function)) return false;
    const Function& function = profile.functions[row.function];
    const std::uint64_t function_file = function.file ? function.file.row() + 1ULL : 0;
    return read_opt(function_file + static_cast<std::uint64_t>((*c)[kLocationFile].next_signed()),
                    profile.strings, row.file) &&
           narrow(function.line + static_cast<std::uint64_t>((*c)[kLocationLine].next_signed()),
                  row.line);
  });
}

const char* decode_frame_names(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse_columns(payload, kFrameNamesCount0, kFrameNamesCount0);
  if (!c) return kMalformed;
  if (c->first > profile.frames.size() || c->rows > profile.frames.size() - c->first)
    return kBadRow;
  std::vector<FrameName> names;
  std::uint64_t expected = 0;
  const char* problem = decode_each(*c, names, [&](FrameName& row, std::size_t) {
    const std::int64_t first = (*c)[kNameFirst].next_signed();
    row.naming = enumerator((*c)[kNaming].next(), Naming::kSymbol, Naming::kNone);
    if (!narrow((*c)[kNameCount].next(), row.count)) return false;
    if (row.count == 0) return true;
    expected += static_cast<std::uint64_t>(first);
    row.first = LocationIndex(static_cast<std::size_t>(expected));
    if (expected >= profile.locations.size()) return false;
    expected += row.count;
    return expected <= profile.locations.size();
  });
  if (problem != nullptr) return problem;
  for (std::size_t i = 0; i < names.size(); ++i)
    profile.frames[FrameIndex(static_cast<std::size_t>(c->first) + i)].name = names[i];
  return nullptr;
}

const char* decode_causes(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse_columns(payload, kCausesCount0, kCausesCount0);
  if (!c) return kMalformed;
  return decode_rows(*c, profile.causes.rows(), [&](Cause& row, std::size_t) {
    constexpr auto kOther = KernelEntryKind::kOther;
    row.cause.kind = enumerator((*c)[kCauseKind].next(), kOther, kOther);
    row.entry.kind = enumerator((*c)[kEntryKind].next(), kOther, kOther);
    return read_opt((*c)[kCauseName].next(), profile.strings, row.cause.name) &&
           read_opt((*c)[kEntryName].next(), profile.strings, row.entry.name);
  });
}

const char* decode_stack_causes(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse_columns(payload, kStackCausesCount0, kStackCausesCount0);
  if (!c) return kMalformed;
  if (c->first > profile.stacks.size() || c->rows > profile.stacks.size() - c->first)
    return kBadRow;
  std::vector<CauseIndex> causes;
  const char* problem = decode_each(*c, causes, [&](CauseIndex& row, std::size_t) {
    return read_opt((*c)[kCause].next(), profile.causes, row);
  });
  if (problem != nullptr) return problem;
  for (std::size_t i = 0; i < causes.size(); ++i)
    profile.stacks[StackIndex(static_cast<std::size_t>(c->first) + i)].cause = causes[i];
  return nullptr;
}

}  // namespace profiler::profile
