#include "pipeline/causes.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/classify.h"
#include "kernel/syscall_site.h"
#include "pipeline/cause_evidence.h"
#include "sched/wait_class.h"

namespace profiler::pipeline {
namespace {

/// More than any form of system-call sequence that syscall_number_before() knows.
constexpr std::size_t kCodeBytes = 64;

class CauseResolver {
 public:
  CauseResolver(Profile& profile, Interner& interner, const ModuleFiles& modules)
      : profile_(profile), interner_(interner), modules_(modules) {}

  /// As the stack's own chain and code show it.
  Cause cause_of(const Stack& stack) {
    kernel::Classification why = classification(
        stack.kernel, static_cast<bool>(stack.user) || stack.end == StackEnd::kNotUnwound);
    if (why.needs_syscall_name() && stack.user)
      why.set_syscall_name(syscall_name_at(profile_.nodes[stack.user].frame));
    return {.cause = interned(why.cause), .entry = interned(why.entry)};
  }

  /// Likewise.
  WaitClass wait_of(const Stack& stack) {
    auto [known, is_new] = waits_.try_emplace(stack.kernel);
    if (is_new) known->second = sched::wait_class(names_of(stack.kernel));
    return known->second;
  }

  CauseIndex row_of(const Cause& cause) {
    auto [known, is_new] = rows_.try_emplace({cause.cause, cause.entry});
    if (is_new) known->second = profile_.causes.push_back(cause);
    return known->second;
  }

 private:
  /// Kernel chains are shared by many stacks: each is classified once.
  const kernel::Classification& classification(NodeIndex leaf, bool user_thread) {
    auto [known, is_new] = classifications_.try_emplace({leaf, user_thread});
    if (is_new) known->second = kernel::classify(names_of(leaf), user_thread);
    return known->second;
  }

  /// Innermost first.
  [[nodiscard]] std::vector<std::string_view> names_of(NodeIndex leaf) const {
    std::vector<std::string_view> names;
    for (NodeIndex node = leaf; node; node = profile_.nodes[node].parent)
      names.push_back(function_name(profile_.nodes[node].frame));
    return names;
  }

  [[nodiscard]] std::string_view function_name(FrameIndex frame) const {
    const FrameName& name = profile_.frames[frame].name;
    if (name.count == 0) return {};
    // The function that was compiled: inlined ones are no entry points.
    const Location& location =
        profile_.locations[LocationIndex(name.first.row() + name.count - 1U)];
    return profile_.text(profile_.functions[location.function].name);
  }

  const std::string& syscall_name_at(FrameIndex user_leaf) {
    auto [known, is_new] = names_at_.try_emplace(user_leaf);
    if (is_new) known->second = find_syscall_name(user_leaf);
    return known->second;
  }

  [[nodiscard]] std::string find_syscall_name(FrameIndex user_leaf) const {
    const Frame& frame = profile_.frames[user_leaf];
    if (const auto file = modules_.file(frame.module)) {
      const auto abi = file->machine() == symbolizer::Machine::kAarch64 ? kernel::Abi::kAarch64
                                                                        : kernel::Abi::kX86_64;
      // The frame's address is where user mode continues: just after the instruction that entered.
      const std::size_t size = std::min<std::uint64_t>(kCodeBytes, frame.address);
      const auto code = file->bytes_at(ModuleAddress(frame.address - size), size);
      if (code.size() == size) {
        if (const auto number = kernel::syscall_number_before(code, abi)) {
          const std::string_view name = kernel::syscall_name(*number, abi);
          if (!name.empty()) return std::string(name);
        }
      }
    }
    return std::string(kernel::syscall_of_wrapper(function_name(user_leaf)));
  }

  KernelEntry interned(const kernel::Boundary& boundary) {
    return {.kind = boundary.kind,
            .name = boundary.name.empty() ? StringIndex() : interner_.string(boundary.name)};
  }

  Profile& profile_;
  Interner& interner_;
  const ModuleFiles& modules_;
  std::map<std::pair<NodeIndex, bool>, kernel::Classification> classifications_;
  std::map<NodeIndex, WaitClass> waits_;
  std::map<FrameIndex, std::string> names_at_;
  std::map<std::pair<KernelEntry, KernelEntry>, CauseIndex> rows_;
};

}  // namespace

void resolve_causes(Profile& profile, Interner& interner, const ModuleFiles& modules) {
  CauseResolver resolver(profile, interner, modules);
  CauseEvidence evidence(profile, interner.string("other"));
  std::vector<std::pair<Stack*, Cause>> seen;
  for (Stack& stack : profile.stacks) {
    if (!stack.kernel) continue;
    seen.emplace_back(&stack, resolver.cause_of(stack));
    stack.wait = resolver.wait_of(stack);
    evidence.add(stack.user, seen.back().second);
  }
  for (const auto& [stack, cause] : seen)
    stack->cause = resolver.row_of(evidence.complete(stack->user, cause));
}

}  // namespace profiler::pipeline
