#include "view/filter.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "view/call_path.h"
#include "view/simple_name.h"
#include "view/thread_identity.h"
#include "view/wait_samples.h"

namespace profiler::view {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool is_number(std::string_view text, std::int64_t number) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value == number;
}

/// One flag a row of some table.
using Flags = std::vector<bool>;

/// Frames that lie in a matching module.
Flags frames_in_module(const Profile& profile, const std::string& text) {
  Flags modules(profile.modules.size());
  for (std::size_t i = 0; i < modules.size(); ++i)
    modules[i] = contains(profile.text(profile.modules[ModuleIndex(i)].path), text);
  Flags frames(profile.frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const ModuleIndex module = profile.frames[FrameIndex(i)].module;
    frames[i] = module && modules[module.row()];
  }
  return frames;
}

/// Frames where a matching function runs, inlined or not.
Flags frames_of_function(const Profile& profile, const std::string& text) {
  Flags functions(profile.functions.size());
  for (std::size_t i = 0; i < functions.size(); ++i) {
    const std::string& name = profile.text(profile.functions[FunctionIndex(i)].name);
    // As it is, or as tables show it.
    functions[i] = contains(name, text) || contains(simple_name(name), text);
  }
  Flags frames(profile.frames.size());
  CallPath entries;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    entries.clear();
    append_frame(profile, FrameIndex(i), entries);
    for (const PathEntry& entry : entries) {
      if (entry.function ? functions[entry.function.row()] : contains(label(profile, entry), text))
        frames[i] = true;
    }
  }
  return frames;
}

/// Nodes that are, or lie below, one of `frames`: one pass, since parents precede children.
Flags nodes_below(const Profile& profile, const Flags& frames) {
  Flags nodes(profile.nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const StackNode& node = profile.nodes[NodeIndex(i)];
    nodes[i] = (node.frame && frames[node.frame.row()]) ||
               (node.parent && node.parent.row() < i && nodes[node.parent.row()]);
  }
  return nodes;
}

void keep_stacks_with(const Profile& profile, const Flags& frames, Flags& stacks) {
  const Flags nodes = nodes_below(profile, frames);
  for (std::size_t i = 0; i < stacks.size(); ++i) {
    const Stack& stack = profile.stacks[StackIndex(i)];
    stacks[i] = stacks[i] && ((stack.user && nodes[stack.user.row()]) ||
                              (stack.kernel && nodes[stack.kernel.row()]));
  }
}

bool boundary_matches(const Profile& profile, const KernelEntry& entry, const std::string& text) {
  return contains(name(entry.kind), text) || contains(profile.text(entry.name), text) ||
         contains(label(profile, {.kind = PathEntry::Kind::kEntry, .entry = entry}), text);
}

void keep_stacks_caused_by(const Profile& profile, const std::string& text, Flags& stacks) {
  Flags causes(profile.causes.size());
  for (std::size_t i = 0; i < causes.size(); ++i) {
    const Cause& cause = profile.causes[CauseIndex(i)];
    causes[i] = boundary_matches(profile, cause.cause, text) ||
                boundary_matches(profile, cause.entry, text);
  }
  for (std::size_t i = 0; i < stacks.size(); ++i) {
    const CauseIndex cause = profile.stacks[StackIndex(i)].cause;
    stacks[i] = stacks[i] && cause && causes[cause.row()];
  }
}

/// The stacks that match everything a filter says of stacks; empty if it says nothing.
Flags matching_stacks(const Profile& profile, const Filter& filter) {
  if (filter.module.empty() && filter.function.empty() && filter.cause.empty()) return {};
  Flags stacks(profile.stacks.size(), true);
  if (!filter.module.empty())
    keep_stacks_with(profile, frames_in_module(profile, filter.module), stacks);
  if (!filter.function.empty())
    keep_stacks_with(profile, frames_of_function(profile, filter.function), stacks);
  if (!filter.cause.empty()) keep_stacks_caused_by(profile, filter.cause, stacks);
  return stacks;
}

/// The conditions of a filter that hold for samples and waits alike.
class Matcher {
 public:
  Matcher(const Profile& profile, const Filter& filter)
      : any_thread_(filter.thread.empty() && filter.process.empty()),
        any_stack_(filter.module.empty() && filter.function.empty() && filter.cause.empty()) {
    if (!any_thread_) threads_ = matching_threads(profile, filter);
    if (!any_stack_) stacks_ = matching_stacks(profile, filter);
  }
  [[nodiscard]] bool matches(const Sample& sample) const {
    return (any_thread_ || (sample.thread && threads_[sample.thread.row()])) &&
           (any_stack_ || (sample.stack && stacks_[sample.stack.row()]));
  }

 private:
  bool any_thread_;
  bool any_stack_;
  Flags threads_;
  Flags stacks_;
};

/// Leaves of a wait what lies within the filter's time; false if that is nothing.
bool clip(Sample& wait, const Filter& filter) {
  const std::uint64_t until_ns = wait.time_ns + wait.weight;
  if (wait.time_ns >= filter.until_ns) return false;
  if (wait.time_ns < filter.from_ns && until_ns <= filter.from_ns) return false;
  const std::uint64_t from_ns = std::max(wait.time_ns, filter.from_ns);
  wait.weight = std::min(until_ns, filter.until_ns) - from_ns;
  wait.time_ns = from_ns;
  return true;
}

}  // namespace

std::vector<bool> matching_threads(const Profile& profile, const Filter& filter) {
  Flags flags(profile.threads.size());
  for (std::size_t i = 0; i < flags.size(); ++i) {
    const Thread& thread = profile.threads[ThreadIndex(i)];
    bool matches = filter.thread.empty() || contains(profile.text(thread.name), filter.thread) ||
                   is_number(filter.thread, thread.tid);
    if (!filter.process.empty()) {
      const Process& process = process_of(profile, ThreadIndex(i));
      matches = matches && (contains(profile.text(process.name), filter.process) ||
                            is_number(filter.process, process.pid));
    }
    flags[i] = matches;
  }
  return flags;
}

bool selects_whole_threads(const Filter& filter) {
  return filter.module.empty() && filter.function.empty() && filter.cause.empty() &&
         filter.from_ns == 0 && filter.until_ns == Filter().until_ns && !filter.sys_only &&
         !filter.wait_only && filter.wait == WaitClass::kNone;
}

std::vector<const Sample*> select(const Profile& profile, const Filter& filter) {
  std::vector<const Sample*> chosen;
  if (filter.wait_only || filter.wait != WaitClass::kNone) return chosen;
  const Matcher matcher(profile, filter);
  chosen.reserve(profile.samples.size());
  for (const Sample& sample : profile.samples) {
    if (sample.event != filter.event) continue;
    if (filter.sys_only && sample.mode != Mode::kSys) continue;
    if (sample.time_ns < filter.from_ns || sample.time_ns >= filter.until_ns) continue;
    if (matcher.matches(sample)) chosen.push_back(&sample);
  }
  return chosen;
}

std::vector<Sample> select_waits(const Profile& profile, std::vector<Sample> waits,
                                 const Filter& filter) {
  if (filter.sys_only) return {};
  const Matcher matcher(profile, filter);
  std::size_t kept = 0;
  for (Sample wait : waits) {
    if (filter.wait != WaitClass::kNone && filter.wait != wait.wait) continue;
    wait.event = filter.event;
    if (matcher.matches(wait) && clip(wait, filter)) waits[kept++] = wait;
  }
  waits.resize(kept);
  return waits;
}

Selection select_with_waits(const Profile& profile, const Filter& filter) {
  Selection selection;
  selection.samples = select(profile, filter);
  const bool is_known = filter.event < profile.run.events.size();
  selection.has_waits =
      shows_waiting(profile, is_known ? profile.run.events[filter.event] : EventInfo());
  if (!selection.has_waits) return selection;
  selection.waits = select_waits(profile, wait_samples(profile), filter);
  for (const Sample& wait : selection.waits) selection.samples.push_back(&wait);
  return selection;
}

}  // namespace profiler::view
