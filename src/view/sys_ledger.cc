#include "view/sys_ledger.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "view/stack_weights.h"

namespace profiler::view {
namespace {

/// The line of the ledger that a call belongs to.
bool is_exec_or_exit(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames = {"execve", "execveat", "exit", "exit_group"};
  return std::ranges::find(kNames, name) != kNames.end();
}

/// Sums of sampled time by line.
struct Sampled {
  std::uint64_t syscalls = 0;
  std::uint64_t faults_in_syscalls = 0;
  std::uint64_t faults = 0;
  std::uint64_t interrupts = 0;
  std::uint64_t interrupt_samples = 0;
  std::uint64_t exec_exit = 0;
  std::uint64_t other = 0;
};

void add(Sampled& to, const Profile& profile, const Cause& cause, const Weight& weight) {
  using enum KernelEntryKind;
  switch (cause.entry.kind) {
    case kSyscall:
      // The call has been counted with all that happened inside it.
      if (is_exec_or_exit(profile.text(cause.entry.name))) return;
      to.syscalls += weight.sys;
      if (cause.cause.kind == kFault) to.faults_in_syscalls += weight.sys;
      return;
    case kFault:
      to.faults += weight.sys;
      return;
    case kIrq:
    case kSoftirq:
      // A signal that ends the program is often taken on the way back from an interrupt.
      if (cause.cause.kind == kExecExit) {
        to.exec_exit += weight.sys;
        return;
      }
      to.interrupts += weight.sys;
      to.interrupt_samples += weight.samples;
      return;
    case kExecExit:
      to.exec_exit += weight.sys;
      return;
    case kException:
    case kScheduler:
    case kKthread:
      to.other += weight.sys;
      return;
    case kOther:
      // May have been in a call.
      return;
  }
}

/// Events of that name interrupt the program by an interrupt, which waits for others to end.
bool sees_interrupts(const EventInfo& event) {
  return event.name != "cpu-clock" && event.name != "task-clock";
}

}  // namespace

SysLedger sys_ledger(const Profile& profile, const std::vector<const Sample*>& samples) {
  SysLedger ledger;
  const SyscallAccount& account = profile.syscalls;
  for (const SyscallRow& row : account.rows) {
    const bool ends = is_exec_or_exit(profile.text(row.name));
    (ends ? ledger.exec_exit_ns : ledger.syscalls_ns) += row.cpu_ns;
    (ends ? ledger.exec_exit_calls : ledger.syscall_count) += row.calls;
  }
  ledger.minor_faults = account.user_minor_faults;
  ledger.major_faults = account.user_major_faults;

  const std::uint8_t event = samples.empty() ? std::uint8_t{0} : samples.front()->event;
  const EventInfo info =
      event < profile.run.events.size() ? profile.run.events[event] : EventInfo{};
  Sampled sampled;
  if (info.is_time() && profile.run.kernel_sampled) {
    for (const StackWeight& s : stack_weights(profile, samples)) {
      if (s.weight.sys != 0 && s.stack.cause)
        add(sampled, profile, profile.causes[s.stack.cause], s.weight);
    }
    ledger.faults_in_syscalls_ns = sampled.faults_in_syscalls;
    ledger.faults_ns = sampled.faults;
    ledger.other_ns = sampled.other;
    if (sampled.interrupt_samples != 0 || sees_interrupts(info))
      ledger.interrupts_ns = sampled.interrupts;
  }
  // Threads that were ended by others: what was counted of them has been sampled too.
  ledger.exec_exit_ns += std::max(account.killed_cpu_ns, sampled.exec_exit);

  ledger.charged_ns = profile.run.charged.sys_ns;
  if (ledger.charged_ns) {
    const std::uint64_t rest = ledger.syscalls_ns + ledger.faults_ns.value_or(0) +
                               ledger.interrupts_ns.value_or(0) + ledger.exec_exit_ns +
                               ledger.other_ns.value_or(0);
    ledger.unattributed_ns = static_cast<std::int64_t>(*ledger.charged_ns - rest);
    if (*ledger.unattributed_ns > 0 && sampled.syscalls > ledger.syscalls_ns) {
      ledger.entering_ns = std::min(static_cast<std::uint64_t>(*ledger.unattributed_ns),
                                    sampled.syscalls - ledger.syscalls_ns);
    }
  }
  return ledger;
}

}  // namespace profiler::view
