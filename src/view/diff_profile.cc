#include "view/diff_profile.h"

#include <array>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "view/copy_suffix.h"
#include "view/diff_match.h"
#include "view/module_name.h"
#include "view/thread_identity.h"

namespace profiler::view {
namespace {

/// "prog+0x1f00": all that is known of it is where it begins.
bool is_address(const std::string& name) { return name.find("+0x") != std::string::npos; }

/// Functions that are called by where they begin, as their frames say.
std::vector<bool> functions_by_range(const Profile& profile) {
  std::vector<bool> by_range(profile.functions.size());
  for (const Frame& frame : profile.frames) {
    if (frame.name.naming != Naming::kRange) continue;
    for (std::size_t i = 0; i < frame.name.count; ++i) {
      const LocationIndex location(frame.name.first.row() + i);
      if (!profile.locations.contains(location)) continue;
      const FunctionIndex function = profile.locations[location].function;
      if (function && is_address(profile.text(profile.functions[function].name)))
        by_range[function.row()] = true;
    }
  }
  return by_range;
}

/// Addresses in it are the same in every run of the same build.
bool has_fixed_addresses(ModuleKind kind) {
  return kind == ModuleKind::kFile || kind == ModuleKind::kVdso;
}

/// What the recorded program is called: the last part of its path.
std::string program_of(const Profile& profile) {
  const std::vector<std::string>& command = profile.run.command;
  return command.empty() ? "" : std::string(base_name(command.front()));
}

class Joiner {
 public:
  Joiner(const DiffSide& before, const DiffSide& after)
      : sides_{&before, &after}, programs_{program_of(before.profile), program_of(after.profile)} {}

  JoinedProfile join() {
    Profile& joined = joined_.profile;
    joined.run = sides_[1]->profile.run;
    join_modules();
    join_functions();
    // The second first: where it has something, it says what that is called.
    for (const std::size_t side : {1, 0}) append(side);
    return std::move(joined_);
  }

 private:
  using Rows = std::array<std::vector<std::uint32_t>, 2>;

  [[nodiscard]] const Profile& profile(std::size_t side) const { return sides_[side]->profile; }

  StringIndex intern(const std::string& text) {
    const auto [found, is_new] = strings_.try_emplace(text);
    if (is_new) found->second = joined_.profile.strings.push_back(text);
    return found->second;
  }
  StringIndex intern(std::size_t side, StringIndex text) {
    return text ? intern(profile(side).text(text)) : StringIndex();
  }

  /// The program that was recorded is the same one, whatever the two builds are called. `longest`:
  /// to which names are cut, of a file or of a thread.
  [[nodiscard]] std::string same_program(std::size_t side, std::string_view name,
                                         std::size_t longest = std::string::npos) const {
    const std::string_view own = std::string_view(programs_[side]).substr(0, longest);
    if (side == 1 || own.empty() || programs_[1].empty() || name != own) return std::string(name);
    return programs_[1].substr(0, longest);
  }

  void join_modules() {
    std::array<std::vector<Named>, 2> named;
    for (std::size_t side = 0; side < 2; ++side) {
      for (const Module& module : profile(side).modules) {
        const std::string& path = profile(side).text(module.path);
        named[side].push_back({.name = same_program(side, base_name(path)),
                               .file = path,
                               .module = {},
                               .kernel = is_kernel(module.kind)});
      }
    }
    Matching matching = match_names(named[0], named[1]);
    modules_ = {std::move(matching.before), std::move(matching.after)};
    joined_.profile.modules.resize(matching.size);
    same_build_.resize(matching.size);
    std::vector<std::array<const Module*, 2>> of_number(matching.size);
    for (const std::size_t side : {0, 1}) {
      for (std::size_t i = 0; i < modules_[side].size(); ++i) {
        const Module& module = profile(side).modules[ModuleIndex(i)];
        of_number[modules_[side][i]][side] = &module;
        Module& row = joined_.profile.modules[ModuleIndex(modules_[side][i])];
        row = module;
        row.path = intern(side, module.path);
      }
    }
    for (std::size_t i = 0; i < of_number.size(); ++i) {
      const auto& [before, after] = of_number[i];
      // What only one has is not compared, so it may keep its addresses.
      same_build_[i] = before == nullptr || after == nullptr ||
                       (has_fixed_addresses(after->kind) && before->kind == after->kind &&
                        before->build_id && before->build_id == after->build_id);
    }
  }

  [[nodiscard]] ModuleIndex module(std::size_t side, ModuleIndex module) const {
    return module ? ModuleIndex(modules_[side][module.row()]) : ModuleIndex();
  }
  /// Whether addresses in the joined module tell code apart.
  [[nodiscard]] bool tells_addresses(ModuleIndex module) const {
    return module && same_build_[module.row()] &&
           has_fixed_addresses(joined_.profile.modules[module].kind);
  }

  void join_functions() {
    std::array<std::vector<Named>, 2> named;
    std::array<std::vector<bool>, 2> unnamed;
    for (const std::size_t side : {0, 1}) {
      const Profile& of = profile(side);
      unnamed[side] = functions_by_range(of);
      named[side].reserve(of.functions.size());
      for (std::size_t i = 0; i < of.functions.size(); ++i) {
        const Function& function = of.functions[FunctionIndex(i)];
        const ModuleIndex in = module(side, function.module);
        if (unnamed[side][i] && tells_addresses(in)) unnamed[side][i] = false;
        named[side].push_back(
            {.name = unnamed[side][i] ? std::string() : of.text(function.name),
             .file = of.text(function.file),
             .module = in ? std::string(base_name(of.text(of.modules[function.module].path))) : "",
             .kernel = function.kernel});
      }
    }
    Matching matching = match_names(named[0], named[1]);
    functions_ = {std::move(matching.before), std::move(matching.after)};
    joined_.profile.functions.resize(matching.size);
    std::vector<bool> plain(matching.size);
    std::vector<bool> known(matching.size);
    for (const std::size_t side : {1, 0}) {
      std::vector<bool> of_other = known;
      for (std::size_t i = 0; i < functions_[side].size(); ++i) {
        const std::uint32_t number = functions_[side][i];
        const Function& function = profile(side).functions[FunctionIndex(i)];
        if (unnamed[side][i]) {
          functions_[side][i] = unnamed_in(module(side, function.module)).row();
          continue;
        }
        const std::string& name = named[side][i].name;
        const std::string_view whole = without_copy_suffix(name);
        if (of_other[number] || (known[number] && (plain[number] || whole.size() != name.size())))
          continue;
        known[number] = true;
        plain[number] = whole.size() == name.size();
        Function& row = joined_.profile.functions[FunctionIndex(number)];
        row = function;
        row.name = intern(std::string(whole));
        row.system_name = intern(side, function.system_name);
        row.module = module(side, function.module);
        row.file = intern(side, function.file);
      }
    }
  }

  /// What stands for all code of a module of which no more is known than addresses.
  FunctionIndex unnamed_in(ModuleIndex in) {
    const auto [found, is_new] = unnamed_.try_emplace(in);
    if (is_new) {
      const bool nowhere = !in || joined_.profile.modules[in].kind == ModuleKind::kUnmapped;
      Function function;
      function.name =
          intern(nowhere ? "[unmapped]" : "[unnamed in " + module_name(joined_.profile, in) + "]");
      function.module = in;
      function.kernel = in && is_kernel(joined_.profile.modules[in].kind);
      found->second = joined_.profile.functions.push_back(function);
    }
    return found->second;
  }

  /// Everything below functions, behind what the other one has.
  void append(std::size_t side) {
    const Profile& of = profile(side);
    append_frames(side);
    Profile& joined = joined_.profile;
    const std::size_t first_node = joined.nodes.size();
    joined.nodes.reserve(first_node + of.nodes.size());
    const auto node_at = [&](NodeIndex node) {
      return node ? NodeIndex(first_node + node.row()) : NodeIndex();
    };
    for (const StackNode& node : of.nodes) {
      joined.nodes.push_back({.parent = node_at(node.parent),
                              .frame = node.frame ? frames_[node.frame.row()] : FrameIndex()});
    }
    const std::size_t first_cause = joined.causes.size();
    for (const Cause& cause : of.causes) {
      joined.causes.push_back(
          {.cause = entry(side, cause.cause), .entry = entry(side, cause.entry)});
    }
    const std::size_t first_stack = joined.stacks.size();
    for (Stack stack : of.stacks) {
      stack.user = node_at(stack.user);
      stack.kernel = node_at(stack.kernel);
      if (stack.cause) stack.cause = CauseIndex(first_cause + stack.cause.row());
      joined.stacks.push_back(stack);
    }
    append_threads(side);
    std::vector<Sample>& samples = side == 0 ? joined_.samples_before : joined_.samples_after;
    samples.reserve(sides_[side]->samples.size());
    for (const Sample* sample : sides_[side]->samples) {
      Sample& copy = samples.emplace_back(*sample);
      if (copy.stack) copy.stack = StackIndex(first_stack + copy.stack.row());
      if (copy.thread) copy.thread = threads_[copy.thread.row()];
    }
  }

  KernelEntry entry(std::size_t side, const KernelEntry& entry) {
    return {.kind = entry.kind, .name = intern(side, entry.name)};
  }

  void append_frames(std::size_t side) {
    const Profile& of = profile(side);
    Profile& joined = joined_.profile;
    frames_.clear();
    frames_.reserve(of.frames.size());
    for (const Frame& frame : of.frames) {
      Frame copy = frame;
      copy.module = module(side, frame.module);
      if (frame.name.count == 0) {
        frames_.push_back(nameless_frame(copy));
        continue;
      }
      copy.name.first = LocationIndex(joined.locations.size());
      for (std::size_t i = 0; i < frame.name.count; ++i) {
        const LocationIndex at(frame.name.first.row() + i);
        joined.locations.push_back(of.locations.contains(at) ? location(side, of.locations[at])
                                                             : Location());
      }
      frames_.push_back(joined.frames.push_back(copy));
    }
  }

  FrameIndex nameless_frame(Frame frame) {
    const bool keep = tells_addresses(frame.module);
    const auto [found, is_new] = nameless_.try_emplace({frame.module, keep ? frame.address : 0});
    if (is_new) {
      Profile& joined = joined_.profile;
      if (!keep) {
        Location at;
        at.function = unnamed_in(frame.module);
        frame.name = {.first = joined.locations.push_back(at), .count = 1, .naming = Naming::kNone};
      }
      found->second = joined.frames.push_back(frame);
    }
    return found->second;
  }

  Location location(std::size_t side, const Location& from) {
    Location location = from;
    if (from.function) location.function = FunctionIndex(functions_[side][from.function.row()]);
    location.file = file(side, from, location.function);
    return location;
  }

  /// A function's own file is called as the joined function's.
  StringIndex file(std::size_t side, const Location& from, FunctionIndex joined) {
    if (!from.file || !from.function) return intern(side, from.file);
    const Profile& of = profile(side);
    const StringIndex declared = joined_.profile.functions[joined].file;
    const std::string& own = of.text(of.functions[from.function].file);
    return declared && of.text(from.file) == own ? declared : intern(side, from.file);
  }

  void append_threads(std::size_t side) {
    const Profile& of = profile(side);
    threads_.clear();
    for (std::size_t i = 0; i < of.threads.size(); ++i) {
      constexpr std::size_t kLongest = 15;  // TASK_COMM_LEN, without the final 0.
      const auto name_of = [&](StringIndex text) {
        return intern(same_program(side, of.text(text), kLongest));
      };
      const StringIndex process = name_of(process_of(of, ThreadIndex(i)).name);
      const StringIndex name = name_of(of.threads[ThreadIndex(i)].name);
      const auto [found, is_new] = joined_processes_.try_emplace(process);
      if (is_new) found->second = joined_.profile.processes.push_back({.name = process});
      const auto [thread, is_new_thread] = joined_threads_.try_emplace({found->second, name});
      if (is_new_thread) {
        thread->second =
            joined_.profile.threads.push_back({.process = found->second, .name = name});
      }
      threads_.push_back(thread->second);
    }
  }

  std::array<const DiffSide*, 2> sides_;
  std::array<std::string, 2> programs_;
  JoinedProfile joined_;
  std::unordered_map<std::string, StringIndex> strings_;
  Rows modules_;  ///< Joined rows, by row of each side; likewise all that follow.
  Rows functions_;
  std::vector<bool> same_build_;  ///< By joined module.
  std::map<ModuleIndex, FunctionIndex> unnamed_;
  std::map<std::pair<ModuleIndex, std::uint64_t>, FrameIndex> nameless_;
  std::map<StringIndex, ProcessIndex> joined_processes_;
  std::map<std::pair<ProcessIndex, StringIndex>, ThreadIndex> joined_threads_;
  std::vector<FrameIndex> frames_;  ///< Of the side that is being appended.
  std::vector<ThreadIndex> threads_;
};

}  // namespace

JoinedProfile join_profiles(const DiffSide& before, const DiffSide& after) {
  return Joiner(before, after).join();
}

}  // namespace profiler::view
