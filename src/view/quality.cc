#include "view/quality.h"

#include "profiler/stack_end.h"
#include "view/stack_weights.h"

namespace profiler::view {
namespace {

struct FrameCounts {
  std::uint32_t by_symbol = 0;
  std::uint32_t by_range = 0;
  std::uint32_t by_mapping = 0;
  std::uint32_t unnamed = 0;
  std::uint32_t with_symtab = 0;
  std::uint32_t with_symtab_by_symbol = 0;
};

bool has_symtab(NameSource source) {
  return source == NameSource::kDebugFile || source == NameSource::kSymtab ||
         source == NameSource::kMiniDebugInfo || source == NameSource::kKallsyms;
}

/// Whose ranges are mappings.
bool is_without_table(ModuleKind kind) {
  return kind == ModuleKind::kAnonymous || kind == ModuleKind::kJitDump ||
         kind == ModuleKind::kUnreadable;
}

/// Of each node and all above it: one pass, since parents precede children.
std::vector<FrameCounts> count_frames(const Profile& profile) {
  std::vector<FrameCounts> counts(profile.nodes.size());
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const StackNode& node = profile.nodes[NodeIndex(i)];
    if (node.parent && node.parent.row() < i) counts[i] = counts[node.parent.row()];
    const Naming naming = node.frame ? profile.frames[node.frame].name.naming : Naming::kNone;
    if (node.frame && has_symtab(profile.modules[profile.frames[node.frame].module].names)) {
      ++counts[i].with_symtab;
      if (naming == Naming::kSymbol) ++counts[i].with_symtab_by_symbol;
    }
    switch (naming) {
      case Naming::kSymbol:
        ++counts[i].by_symbol;
        break;
      case Naming::kRange:
        ++counts[i].by_range;
        if (is_without_table(profile.modules[profile.frames[node.frame].module].kind))
          ++counts[i].by_mapping;
        break;
      case Naming::kNone:
        ++counts[i].unnamed;
        break;
    }
  }
  return counts;
}

}  // namespace

Quality quality(const Profile& profile, const std::vector<const Sample*>& samples) {
  Quality q;
  q.lost = profile.run.losses.target_samples_lost();
  q.lost_all = profile.run.losses.all_samples_lost();
  const std::vector<FrameCounts> counts = count_frames(profile);
  for (const StackWeight& s : stack_weights(profile, samples)) {
    const std::uint64_t n = s.weight.samples;
    q.samples += n;
    if (const auto end = static_cast<std::size_t>(s.stack.end); end < q.ends.size())
      q.ends[end] += n;
    switch (completeness(s.stack.end)) {
      case Completeness::kComplete:
        q.stacks_complete += n;
        break;
      case Completeness::kTruncated:
        q.stacks_truncated += n;
        break;
      case Completeness::kBroken:
        q.stacks_broken += n;
        break;
    }
    if (s.stack.end == StackEnd::kJoined) q.stacks_joined += n;
    q.frames_joined += n * s.stack.joined_frames;
    for (const NodeIndex leaf : {s.stack.user, s.stack.kernel}) {
      if (!leaf) continue;
      q.frames_by_symbol += n * counts[leaf.row()].by_symbol;
      q.frames_by_range += n * counts[leaf.row()].by_range;
      q.frames_by_mapping += n * counts[leaf.row()].by_mapping;
      q.frames_unnamed += n * counts[leaf.row()].unnamed;
      q.frames_with_symtab += n * counts[leaf.row()].with_symtab;
      q.frames_with_symtab_by_symbol += n * counts[leaf.row()].with_symtab_by_symbol;
    }
  }
  q.frames = q.frames_by_symbol + q.frames_by_range + q.frames_unnamed;
  return q;
}

}  // namespace profiler::view
