#include "view/group_charges.h"

#include <ranges>

#include "view/stack_weights.h"

namespace profiler::view {
namespace {

/// Charges that are added to at most once a stack.
class Ledger {
 public:
  void next_stack() { ++stack_; }

  void add_total(std::uint32_t group, const Weight& weight) {
    if (group >= charges_.size()) {
      charges_.resize(group + 1);
      last_stack_.resize(group + 1, 0);
    }
    if (last_stack_[group] == stack_) return;
    last_stack_[group] = stack_;
    charges_[group].total += weight;
  }
  void add_self(std::uint32_t group, const Weight& weight) { charges_[group].self += weight; }

  std::vector<Charge> take() { return std::move(charges_); }

 private:
  std::vector<Charge> charges_;
  std::vector<std::uint32_t> last_stack_;  ///< In which each group was last added to.
  std::uint32_t stack_ = 0;
};

}  // namespace

std::vector<Charge> charge_groups(const Profile& profile, const std::vector<const Sample*>& samples,
                                  bool kernel_frames, const Grouping& grouping) {
  Ledger ledger;
  for (const StackWeight& s : stack_weights(profile, samples)) {
    ledger.next_stack();
    bool innermost = true;
    const auto charge = [&](std::uint32_t group) {
      ledger.add_total(group, s.weight);
      if (innermost) ledger.add_self(group, s.weight);
      innermost = false;
    };
    const auto charge_chain = [&](NodeIndex leaf) {
      for (NodeIndex n = leaf; n; n = profile.nodes[n].parent) {
        const auto groups = grouping.of_frame(profile.nodes[n].frame);
        for (const std::uint32_t group : std::ranges::reverse_view(groups)) charge(group);
      }
    };
    if (kernel_frames && s.stack.kernel) {
      charge_chain(s.stack.kernel);
    } else if (s.stack.kernel || s.stack.cause || s.hidden_kernel) {
      charge(grouping.of_kernel(s.stack));
    }
    charge_chain(s.stack.user);
    if (innermost) charge(grouping.of_nothing());
  }
  return ledger.take();
}

}  // namespace profiler::view
