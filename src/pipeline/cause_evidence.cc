#include "pipeline/cause_evidence.h"

namespace profiler::pipeline {

bool CauseEvidence::is_open(const KernelEntry& boundary) const {
  switch (boundary.kind) {
    case KernelEntryKind::kSyscall:
      return !boundary.name;
    case KernelEntryKind::kFault:
      return boundary.name == other_;
    default:
      return false;
  }
}

CauseEvidence::Place CauseEvidence::exact(NodeIndex user, const Cause& cause, bool nested) const {
  return {.stack = user,
          .leaf = {},
          .caller = {},
          .entry = cause.entry.kind,
          .nested = nested ? cause.cause.kind : KernelEntryKind::kOther};
}

CauseEvidence::Place CauseEvidence::near(const Place& exact) const {
  const StackNode& leaf = profile_.nodes[exact.stack];
  return {.stack = {},
          .leaf = leaf.frame,
          .caller = leaf.parent ? profile_.nodes[leaf.parent].frame : FrameIndex(),
          .entry = exact.entry,
          .nested = exact.nested};
}

void CauseEvidence::add_name(const Place& place, StringIndex name) {
  auto [known, is_new] = testimonies_.try_emplace(place, Testimony{name, false});
  if (!is_new && known->second.name != name) known->second.disputed = true;
}

StringIndex CauseEvidence::name_at(const Place& place) const {
  for (const Place& at : {place, near(place)}) {
    const auto found = testimonies_.find(at);
    if (found == testimonies_.end()) continue;
    return found->second.disputed ? StringIndex() : found->second.name;
  }
  return {};
}

void CauseEvidence::add(NodeIndex user, const Cause& cause) {
  if (!user) return;
  for (const bool nested : {false, true}) {
    const KernelEntry& boundary = nested ? cause.cause : cause.entry;
    const bool has_kinds =
        boundary.kind == KernelEntryKind::kSyscall || boundary.kind == KernelEntryKind::kFault;
    if (!has_kinds || is_open(boundary) || (nested && cause.cause == cause.entry)) continue;
    const Place place = exact(user, cause, nested);
    add_name(place, boundary.name);
    add_name(near(place), boundary.name);
  }
}

Cause CauseEvidence::complete(NodeIndex user, Cause cause) const {
  if (!user) return cause;
  const bool single = cause.cause == cause.entry;
  if (is_open(cause.entry)) {
    if (const StringIndex name = name_at(exact(user, cause, false))) cause.entry.name = name;
  }
  if (single) {
    cause.cause = cause.entry;
  } else if (is_open(cause.cause)) {
    if (const StringIndex name = name_at(exact(user, cause, true))) cause.cause.name = name;
  }
  return cause;
}

}  // namespace profiler::pipeline
