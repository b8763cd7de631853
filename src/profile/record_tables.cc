// The tables that grow while recording.
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "profile/columns.h"
#include "profile/tables.h"

namespace profiler::profile {

const char* decode_strings(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse_columns(payload, kStringsCount0, kStringsCount0, kBytes);
  if (!c) return kMalformed;
  std::string_view last;
  return decode_rows(*c, profile.strings.rows(), [&](std::string& text, std::size_t) {
    const std::uint64_t shared = (*c)[kShared].next();
    const std::string_view own = (*c)[kBytes].next_bytes((*c)[kOwn].next());
    if (shared > last.size() || shared > kMaxSharedPrefix) return false;
    text.reserve(static_cast<std::size_t>(shared) + own.size());
    text += last.substr(0, static_cast<std::size_t>(shared));
    text += own;
    last = text;
    return true;
  });
}

const char* decode_modules(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse_columns(payload, kModulesCount0, kModulesCount0, kBuildId);
  if (!c) return kMalformed;
  return decode_rows(*c, profile.modules.rows(), [&](Module& row, std::size_t) {
    const std::string_view id = (*c)[kBuildId].next_bytes((*c)[kBuildIdSize].next());
    if (id.size() > BuildId::kMaxSize) return false;
    row.build_id = BuildId(std::as_bytes(std::span(id)));
    row.kind = enumerator((*c)[kModuleKind].next(), ModuleKind::kJitDump, ModuleKind::kUnmapped);
    row.names = enumerator((*c)[kNameSource].next(), NameSource::kJit, NameSource::kNone);
    return read_opt((*c)[kPath].next(), profile.strings, row.path);
  });
}

const char* decode_frames(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse_columns(payload, kFramesCount0, kFramesCount0);
  if (!c) return kMalformed;
  std::array<std::uint64_t, 64> last{};
  return decode_rows(*c, profile.frames.rows(), [&](Frame& row, std::size_t) {
    if (!read_row((*c)[kFrameModule].next(), profile.modules, row.module)) return false;
    std::uint64_t& previous = last[row.module.row() % last.size()];
    previous += static_cast<std::uint64_t>((*c)[kAddress].next_signed());
    row.address = previous;
    return true;
  });
}

const char* decode_nodes(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse_columns(payload, kNodesCount0, kNodesCount0);
  if (!c) return kMalformed;
  return decode_rows(*c, profile.nodes.rows(), [&](StackNode& row, std::size_t i) {
    const std::uint64_t distance = (*c)[kParent].next();
    if (distance > i) return false;
    if (distance != 0) row.parent = NodeIndex(i - static_cast<std::size_t>(distance));
    return read_row((*c)[kFrame].next_back(), profile.frames, row.frame);
  });
}

const char* decode_stacks(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse_columns(payload, kStacksCount, kStacksCount0);
  if (!c) return kMalformed;
  return decode_rows(*c, profile.stacks.rows(), [&](Stack& row, std::size_t) {
    row.end = enumerator((*c)[kStackEnd].next(), static_cast<StackEnd>(kStackEndCount - 1),
                         StackEnd::kUnsupported);
    return narrow((*c)[kJoinedFrames].next(), row.joined_frames) &&
           read_opt((*c)[kUser].next_delta(), profile.nodes, row.user) &&
           read_opt((*c)[kKernel].next_delta(), profile.nodes, row.kernel);
  });
}

const char* decode_processes(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse_columns(payload, kProcessesCount0, kProcessesCount0);
  if (!c) return kMalformed;
  return decode_rows(*c, profile.processes.rows(), [&](Process& row, std::size_t) {
    return narrow((*c)[kPid].next_delta(), row.pid) &&
           narrow((*c)[kParentPid].next_delta(), row.parent_pid) &&
           read_opt((*c)[kProcessName].next(), profile.strings, row.name);
  });
}

const char* decode_threads(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse_columns(payload, kThreadsCount0, kThreadsCount0);
  if (!c) return kMalformed;
  return decode_rows(*c, profile.threads.rows(), [&](Thread& row, std::size_t) {
    return read_row((*c)[kProcess].next_delta(), profile.processes, row.process) &&
           narrow((*c)[kTid].next_delta(), row.tid) &&
           read_opt((*c)[kThreadName].next(), profile.strings, row.name);
  });
}

const char* decode_samples(std::string_view payload, Profile& profile) {
  using namespace column;
  std::optional<Columns> c = parse_columns(payload, kSamplesCount0, kSamplesCount0);
  if (!c) return kMalformed;
  if (c->first != profile.samples.size()) return "samples are missing";
  return decode_rows(*c, profile.samples, [&](Sample& row, std::size_t) {
    row.time_ns = (*c)[kTime].next_delta();
    row.weight = (*c)[kWeight].next_delta();
    const std::uint64_t mode = (*c)[kMode].next();
    row.mode = mode == 0 ? Mode::kUser : Mode::kSys;
    return mode <= 1 && narrow((*c)[kCpu].next(), row.cpu) &&
           narrow((*c)[kEvent].next(), row.event) &&
           read_row((*c)[kThread].next_delta(), profile.threads, row.thread) &&
           read_row((*c)[kStack].next_back(), profile.stacks, row.stack);
  });
}

}  // namespace profiler::profile
