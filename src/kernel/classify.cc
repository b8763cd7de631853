#include "kernel/classify.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "kernel/entry_symbols.h"
#include "kernel/fault_kind.h"

namespace profiler::kernel {
namespace {

/// A boundary while it is being found out about.
struct Crossing {
  KernelEntryKind kind = KernelEntryKind::kOther;
  std::string_view name;
  std::size_t outermost = 0;  ///< Index of its first frame; its last lies before the next crossing.
  bool open = false;          ///< Only that there was an entry is known: the next frames tell more.
  bool awaits_call = false;   ///< A system call whose own function must come next.
  bool vsyscall = false;
};

/// Walks one chain from the outermost frame, noting its first and its latest crossing.
class Walk {
 public:
  Walk(const std::vector<std::string_view>& names, bool user_thread)
      : names_(names), user_thread_(user_thread) {}

  Classification classify() {
    for (std::size_t i = names_.size(); i-- > 0;) {
      if (!names_[i].empty()) visit(i);
    }
    if (!last_) begin_without_entry();
    const std::size_t entry_ends = crossings_ > 1 ? second_at_ + 1 : 0;
    return {.cause = boundary(*last_, 0), .entry = boundary(*first(), entry_ends)};
  }

 private:
  [[nodiscard]] const Crossing* first() const { return crossings_ > 1 ? &*first_ : &*last_; }
  [[nodiscard]] bool in(KernelEntryKind kind) const { return last_ && last_->kind == kind; }
  [[nodiscard]] bool open() const { return last_ && last_->open; }

  Crossing& begin(KernelEntryKind kind, std::string_view name, std::size_t at) {
    if (crossings_ == 1) {
      first_ = last_;
      second_at_ = at;
    }
    ++crossings_;
    last_ = Crossing{.kind = kind, .name = name, .outermost = at};
    return *last_;
  }

  /// What a handler tells: a new crossing, unless its own stub has begun it already.
  Crossing& begin_or_continue(const EntrySymbol& symbol, KernelEntryKind kind, std::size_t at) {
    if (symbol.place != EntryPlace::kStub && open()) {
      last_->kind = kind;
      last_->name = symbol.name;
      last_->open = false;
      return *last_;
    }
    if (symbol.place == EntryPlace::kHandler && in(kind)) return *last_;
    return begin(kind, symbol.name, at);
  }

  void visit(std::size_t i) {
    const EntrySymbol symbol = entry_symbol(names_[i]);
    switch (symbol.role) {
      case EntryRole::kSyscall:
        if (!last_ || open()) {
          begin_or_continue(symbol, KernelEntryKind::kSyscall, i).awaits_call = true;
        }
        return;
      case EntryRole::kFault:
        begin_or_continue(symbol, KernelEntryKind::kFault, i);
        return;
      case EntryRole::kException:
        begin_or_continue(symbol, KernelEntryKind::kException, i);
        return;
      case EntryRole::kIrq:
        begin_or_continue(symbol, KernelEntryKind::kIrq, i);
        return;
      case EntryRole::kSoftirq:
        if (!in(KernelEntryKind::kSoftirq)) begin(KernelEntryKind::kSoftirq, {}, i);
        return;
      case EntryRole::kSync:
        if (symbol.place == EntryPlace::kStub || !last_)
          begin(KernelEntryKind::kException, "entry code", i).open = true;
        return;
      case EntryRole::kEntryCode:
        if (!last_) begin(KernelEntryKind::kException, "entry code", i).open = true;
        break;
      case EntryRole::kThreadStart:
        if (!last_) begin_thread(i);
        return;
      case EntryRole::kWorker:
        if (!last_) begin(KernelEntryKind::kKthread, worker_name(i), i);
        return;
      case EntryRole::kIdle:
        if (!last_) begin(KernelEntryKind::kKthread, "idle", i);
        return;
      case EntryRole::kExit:
        if (begin_exit(i)) return;
        break;
      case EntryRole::kExec:
        if (!last_) begin(KernelEntryKind::kExecExit, "exec", i);
        break;
      case EntryRole::kVsyscall:
        if (in(KernelEntryKind::kFault)) {
          last_->kind = KernelEntryKind::kSyscall;
          last_->awaits_call = true;
          last_->vsyscall = true;
          return;
        }
        break;
      case EntryRole::kSwitch:
        switches_ = true;
        break;
      case EntryRole::kSkip:
        return;
      case EntryRole::kNone:
        break;
    }
    visit_ordinary(i);
  }

  /// A frame that is no entry: directly below a system call's dispatcher it names the call.
  void visit_ordinary(std::size_t i) {
    const std::string_view function = names_[i];
    if (last_ && last_->awaits_call) {
      last_->awaits_call = false;
      last_->name = syscall_of_function(function);
      if (last_->name.empty()) last_->name = syscall_of_tail_call(function);
      return;
    }
    if (!last_) {  // The chain was cut off below its entry: too deep, or the unwinder lost its way.
      const std::string_view call = syscall_of_function(function);
      if (!call.empty()) begin(KernelEntryKind::kSyscall, call, i);
    }
  }

  /// True if the process ends here for another reason than that its call is to end it.
  bool begin_exit(std::size_t i) {
    if (in(KernelEntryKind::kExecExit) || in(KernelEntryKind::kKthread)) return false;
    if (in(KernelEntryKind::kSyscall)) {
      if (last_->awaits_call) return false;  // Names the call, exit_group, itself.
      if (last_->name == "exit" || last_->name == "exit_group") return false;
      bool for_signal = false;
      for (std::size_t outer = i; outer < last_->outermost; ++outer) {
        for_signal = for_signal || names_[outer] == "get_signal";
      }
      if (last_->name.empty() && !for_signal) return false;
    }
    begin(KernelEntryKind::kExecExit, "exit", i);
    return true;
  }

  /// Index of the next inner frame that says something; names_.size() if there is none.
  [[nodiscard]] std::size_t next_inner(std::size_t i) const {
    while (i-- > 0) {
      if (names_[i].empty()) continue;
      const EntryRole role = entry_symbol(names_[i]).role;
      if (role != EntryRole::kSkip && role != EntryRole::kThreadStart) return i;
    }
    return names_.size();
  }

  /// kthread() runs the thread's function; other workers are it.
  [[nodiscard]] std::string_view worker_name(std::size_t i) const {
    if (names_[i] != "kthread") return names_[i];
    const std::size_t function = next_inner(i);
    return function < names_.size() ? names_[function] : std::string_view();
  }

  void begin_thread(std::size_t i) {
    const std::size_t main = next_inner(i);
    const bool worker =
        main < names_.size() && entry_symbol(names_[main]).role == EntryRole::kWorker;
    if (worker) {
      begin(KernelEntryKind::kKthread, worker_name(main), i);
    } else if (user_thread_) {
      begin(KernelEntryKind::kScheduler, "return from fork", i);
    } else {
      begin(KernelEntryKind::kKthread, main < names_.size() ? names_[main] : "", i);
    }
  }

  void begin_without_entry() {
    if (switches_) {
      begin(KernelEntryKind::kScheduler, "switch", names_.size());
    } else if (user_thread_) {
      begin(KernelEntryKind::kOther, {}, names_.size());
    } else {
      begin(KernelEntryKind::kKthread, {}, names_.size());
    }
  }

  /// The crossing as a value. Its frames are [ends, outermost].
  [[nodiscard]] Boundary boundary(const Crossing& crossing, std::size_t ends) const {
    std::string_view name = crossing.name;
    if (crossing.kind == KernelEntryKind::kFault) {
      name = fault_kind(std::span(names_).subspan(ends, crossing.outermost + 1 - ends));
    } else if (crossing.kind == KernelEntryKind::kSoftirq) {
      name = softirq_name(ends, crossing.outermost);
    } else if (crossing.vsyscall && name.empty()) {
      name = "vsyscall";
    }
    return {.kind = crossing.kind, .name = std::string(name)};
  }

  /// The kernel's softirq vector (softirq_to_name), from the action that runs.
  [[nodiscard]] std::string_view softirq_name(std::size_t ends, std::size_t outermost) const {
    struct Action {
      std::string_view function;
      std::string_view name;
    };
    static constexpr Action kActions[] = {
        {"net_rx_action", "net_rx"},
        {"net_tx_action", "net_tx"},
        {"run_timer_softirq", "timer"},
        {"__run_timers", "timer"},
        {"timer_expire_remote", "timer"},
        {"tmigr_handle_remote", "timer"},
        {"hrtimer_run_softirq", "hrtimer"},
        {"rcu_core", "rcu"},
        {"rcu_core_si", "rcu"},
        {"rcu_process_callbacks", "rcu"},
        {"rcu_do_batch", "rcu"},
        {"tasklet_action", "tasklet"},
        {"tasklet_action_common", "tasklet"},
        {"tasklet_hi_action", "hi"},
        {"blk_done_softirq", "block"},
        {"blk_complete_reqs", "block"},
        {"irq_poll_softirq", "irq_poll"},
        {"run_rebalance_domains", "sched"},
        {"sched_balance_softirq", "sched"},
        {"sched_balance_domains", "sched"},
        {"rebalance_domains", "sched"},
    };
    for (std::size_t i = outermost + 1; i-- > ends;) {
      for (const Action& action : kActions) {
        if (names_[i] == action.function) return action.name;
      }
    }
    return {};
  }

  const std::vector<std::string_view>& names_;
  bool user_thread_;
  std::optional<Crossing> first_;  // Only once there is a second.
  std::optional<Crossing> last_;
  std::size_t second_at_ = 0;
  std::size_t crossings_ = 0;
  bool switches_ = false;
};

}  // namespace

bool Classification::needs_syscall_name() const {
  const auto nameless = [](const Boundary& b) {
    return b.kind == KernelEntryKind::kSyscall && b.name.empty();
  };
  return nameless(entry) || nameless(cause) || entry.kind == KernelEntryKind::kOther;
}

void Classification::set_syscall_name(std::string_view name) {
  if (name.empty()) return;
  for (Boundary* boundary : {&entry, &cause}) {
    if (boundary->kind == KernelEntryKind::kOther) boundary->kind = KernelEntryKind::kSyscall;
    if (boundary->kind == KernelEntryKind::kSyscall && boundary->name.empty()) {
      boundary->name = name;
    }
  }
}

Classification classify(std::span<const std::string_view> names, bool user_thread) {
  std::vector<std::string_view> stripped;
  stripped.reserve(names.size());
  for (const std::string_view name : names) stripped.push_back(strip_suffixes(name));
  return Walk(stripped, user_thread).classify();
}

}  // namespace profiler::kernel
