#include "view/call_path.h"

#include <algorithm>
#include <cstdio>

#include "view/module_name.h"
#include "view/source_function.h"

namespace profiler::view {
namespace {

/// Keeps the outermost of those that stand one on the other and are one function of the source.
void merge_recursion(const Profile& profile, CallPath& path) {
  const auto is_function = [](const PathEntry& entry) {
    return entry.kind == PathEntry::Kind::kFunction && entry.function;
  };
  if (std::ranges::count_if(path, is_function) < 2) return;
  const std::vector<FunctionIndex> source = source_functions(profile);
  const auto recurs = [&](const PathEntry& a, const PathEntry& b) {
    return is_function(a) && is_function(b) && source[a.function.row()] == source[b.function.row()];
  };
  const auto repeated = std::ranges::unique(path, recurs);
  path.erase(repeated.begin(), repeated.end());
}

void append_chain(const Profile& profile, NodeIndex leaf, CallPath& path) {
  const std::size_t begin = path.size();
  CallPath frame;
  for (NodeIndex n = leaf; n; n = profile.nodes[n].parent) {
    frame.clear();
    append_frame(profile, profile.nodes[n].frame, frame);
    path.insert(path.end(), frame.rbegin(), frame.rend());
  }
  std::reverse(path.begin() + static_cast<std::ptrdiff_t>(begin), path.end());
}

std::string entry_label(const Profile& profile, const KernelEntry& entry) {
  std::string text = "<";
  if (entry.kind == KernelEntryKind::kFault) {
    text += "page fault";
  } else if (entry.kind == KernelEntryKind::kOther) {
    text += "kernel";
  } else {
    text += name(entry.kind);
  }
  if (const std::string& detail = profile.text(entry.name); !detail.empty()) text += ' ' + detail;
  return text + '>';
}

std::string wait_label(WaitClass wait) {
  if (wait == WaitClass::kNotSampled) return "[not sampled]";
  return (wait == WaitClass::kRunnable ? "<" : "<wait ") + std::string(name(wait)) + '>';
}

std::string address_label(const Profile& profile, FrameIndex index) {
  if (!index) return "0x0";
  const Frame& frame = profile.frames[index];
  char address[24];
  std::snprintf(address, sizeof address, "0x%llx", static_cast<unsigned long long>(frame.address));
  const bool in_module =
      frame.module && profile.modules[frame.module].kind != ModuleKind::kUnmapped;
  return in_module ? module_name(profile, frame.module) + '+' + address : address;
}

}  // namespace

void append_frame(const Profile& profile, FrameIndex index, CallPath& path) {
  const std::size_t begin = path.size();
  for_each_location(profile, index, [&](LocationIndex location) {
    PathEntry entry;
    entry.function = profile.locations[location].function;
    entry.inlined = path.size() != begin;
    path.push_back(entry);
  });
  if (path.size() != begin) return;
  PathEntry entry;
  entry.kind = PathEntry::Kind::kAddress;
  entry.frame = index;
  path.push_back(entry);
}

PathEntry folded_kernel(const Profile& profile, const Stack& stack) {
  PathEntry entry;
  if (stack.wait == WaitClass::kRunnable || stack.wait == WaitClass::kNotSampled) {
    entry.kind = PathEntry::Kind::kWait;
    entry.wait = stack.wait;
    return entry;
  }
  entry.kind = PathEntry::Kind::kEntry;
  if (stack.cause) entry.entry = profile.causes[stack.cause].entry;
  // "" and no string at all mean the same: one node for both.
  if (entry.entry.kind == KernelEntryKind::kFault || profile.text(entry.entry.name).empty())
    entry.entry.name = {};
  return entry;
}

std::optional<PathEntry> wait_node(const Stack& stack) {
  if (stack.wait == WaitClass::kNone || stack.wait == WaitClass::kRunnable ||
      stack.wait == WaitClass::kNotSampled)
    return std::nullopt;
  PathEntry entry;
  entry.kind = PathEntry::Kind::kWait;
  entry.wait = stack.wait;
  return entry;
}

CallPath call_path(const Profile& profile, const Stack& stack, const PathOptions& options,
                   StringIndex process_name, ThreadIndex thread) {
  CallPath path;
  if (options.process_root) {
    PathEntry process;
    process.kind = PathEntry::Kind::kProcess;
    process.process_name = process_name;
    path.push_back(process);
  }
  if (options.thread_root) {
    PathEntry entry;
    entry.kind = PathEntry::Kind::kThread;
    entry.thread = thread;
    path.push_back(entry);
  }
  if (const Completeness how_far = completeness(stack.end); how_far != Completeness::kComplete) {
    PathEntry root;
    root.kind = how_far == Completeness::kTruncated ? PathEntry::Kind::kTruncated
                                                    : PathEntry::Kind::kBroken;
    path.push_back(root);
  }
  append_chain(profile, stack.user, path);
  if (options.kernel_frames && stack.kernel) {
    append_chain(profile, stack.kernel, path);
  } else if (stack.kernel || stack.cause || stack.wait != WaitClass::kNone) {
    path.push_back(folded_kernel(profile, stack));
  }
  if (options.wait_nodes) {
    if (const auto node = wait_node(stack)) path.push_back(*node);
  }

  if (options.merge_recursion) merge_recursion(profile, path);
  return path;
}

std::string label(const Profile& profile, const PathEntry& entry) {
  switch (entry.kind) {
    case PathEntry::Kind::kFunction:
      return entry.function ? profile.text(profile.functions[entry.function].name) : "";
    case PathEntry::Kind::kAddress:
      return address_label(profile, entry.frame);
    case PathEntry::Kind::kEntry:
      return entry_label(profile, entry.entry);
    case PathEntry::Kind::kWait:
      return wait_label(entry.wait);
    case PathEntry::Kind::kProcess:
      return profile.text(entry.process_name);
    case PathEntry::Kind::kThread: {
      if (!entry.thread) return "[unknown thread]";
      const Thread& thread = profile.threads[entry.thread];
      return profile.text(thread.name) + ' ' + std::to_string(thread.tid);
    }
    case PathEntry::Kind::kTruncated:
      return "[truncated]";
    case PathEntry::Kind::kBroken:
      return "[broken]";
  }
  return {};
}

}  // namespace profiler::view
