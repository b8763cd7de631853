#include "stepped_child.h"

#include <execinfo.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <optional>
#include <ranges>
#include <span>
#include <sstream>
#include <vector>

#include "captured_thread.h"
#include "symbolizer/elf/fde_table.h"
#include "unwind/unwinder.h"

#if !defined(__x86_64__)
#error "stepped_child.cc reads x86-64 registers"
#endif

// Where the steps that count begin and end: known addresses, and one instruction each.
asm(R"(
  .text
  .type stepping_begins, @function
stepping_begins:
  .cfi_startproc
  ret
  .cfi_endproc
  .size stepping_begins, . - stepping_begins
  .type stepping_ends, @function
stepping_ends:
  .cfi_startproc
  ret
  .cfi_endproc
  .size stepping_ends, . - stepping_ends
)");
extern "C" {
void stepping_begins();
void stepping_ends();
}

namespace profiler::unwind::test {
namespace {

constexpr std::size_t kDump = 32768;
constexpr std::uint64_t kRedZone = 128;
constexpr std::uint64_t kMaxBeforeStart = 100000;

[[noreturn]] [[gnu::noinline]] void run_child(void (*function)()) {
  ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
  raise(SIGSTOP);
  stepping_begins();
  function();
  stepping_ends();
  _exit(0);
}

/// A return address and the stack slot that holds it.
struct Call {
  std::uint64_t slot;
  std::uint64_t address;
};

class Stepper {
 public:
  explicit Stepper(pid_t child) : child_(child), maps_(OwnMaps::read()) {
    maps_.add_modules(unwinder_);
    stack_.resize(kDump);
  }

  StepReport run(std::uint64_t most_steps, const std::vector<std::uint64_t>& callers) {
    if (!reach_start()) return report_;
    // At its first instruction a function's return address is on top of the stack. What lies
    // outside the child's own function is known from before the fork.
    calls_.push_back({.slot = registers_.rsp, .address = stack_word(0)});
    unwind();
    if (frames_.size() < 3) {
      ++report_.differences;
      report_.first = "no callers at the first instruction";
      return report_;
    }
    for (std::size_t i = 2; i < frames_.size(); ++i)
      outer_.push_back(frames_[i].address.address.value());
    check_outer(callers);

    while (report_.steps < most_steps && report_.differences < 5) {
      if (registers_.rip == reinterpret_cast<std::uint64_t>(stepping_ends)) {
        report_.finished = true;
        break;
      }
      compare();
      ++report_.steps;
      if (!step()) break;
    }
    report_.slow_steps = unwinder_.statistics().slow_path_steps;
    return report_;
  }

 private:
  bool reach_start() {
    int status = 0;
    if (waitpid(child_, &status, 0) != child_ || !WIFSTOPPED(status)) {
      report_.refused = true;
      return false;
    }
    for (std::uint64_t i = 0; i < kMaxBeforeStart; ++i) {
      if (!single_step(0) || !read_state()) return false;
      if (registers_.rip == reinterpret_cast<std::uint64_t>(stepping_begins)) return true;
    }
    return false;
  }

  bool single_step(int signal) {
    int status = 0;
    if (ptrace(PTRACE_SINGLESTEP, child_, nullptr, signal) != 0) return false;
    if (waitpid(child_, &status, 0) != child_ || !WIFSTOPPED(status)) return false;
    stopped_by_ = WSTOPSIG(status);
    return true;
  }

  bool read_state() {
    if (ptrace(PTRACE_GETREGS, child_, nullptr, &registers_) != 0) return false;
    const iovec to{.iov_base = stack_.data(), .iov_len = kDump};
    const iovec from{.iov_base = reinterpret_cast<void*>(registers_.rsp), .iov_len = kDump};
    const ssize_t size = process_vm_readv(child_, &to, 1, &from, 1, 0);
    copied_ = size < 0 ? 0 : static_cast<std::size_t>(size);
    return true;
  }

  [[nodiscard]] std::uint64_t stack_word(std::size_t offset) const {
    std::uint64_t value = 0;
    if (offset + 8 <= copied_) std::memcpy(&value, stack_.data() + offset, sizeof value);
    return value;
  }

  /// Runs one instruction and brings the list of calls up to date.
  bool step() {
    const std::uint64_t pc = registers_.rip;
    const std::uint64_t sp = registers_.rsp;
    if (!single_step(0)) return false;
    bool interrupted = false;
    if (stopped_by_ != SIGTRAP) {
      // The signal has stopped the child before its handler: deliver it. The stop after that is at
      // the handler's first instruction.
      if (!read_state()) return false;
      calls_.push_back({.slot = registers_.rsp - kRedZone, .address = registers_.rip});
      interrupted = true;
      ++report_.signals;
      if (!single_step(stopped_by_)) return false;
    }
    if (!read_state()) return false;
    const std::uint64_t top = stack_word(0);
    const std::uint64_t behind = top - pc;  // a call has 2 to 8 bytes
    if (interrupted ||
        (registers_.rsp == sp - 8 && behind >= 2 && behind <= 8 && registers_.rip != top)) {
      while (!interrupted && !calls_.empty() && calls_.back().slot < sp) calls_.pop_back();
      calls_.push_back({.slot = registers_.rsp, .address = top});
    }
    while (!calls_.empty() && calls_.back().slot < registers_.rsp) calls_.pop_back();
    return true;
  }

  void unwind() {
    const auto& r = registers_;
    const std::uint64_t values[] = {r.rax, r.rbx, r.rcx,    r.rdx, r.rsi, r.rdi, r.rbp,
                                    r.rsp, r.rip, r.eflags, r.cs,  r.ss,  r.r8,  r.r9,
                                    r.r10, r.r11, r.r12,    r.r13, r.r14, r.r15};
    const StackSnapshot snapshot{
        .registers = {.abi = 2, .mask = CapturedThread::kMask, .values = values},
        .bytes = {stack_.data(), copied_},
        .requested_bytes = kDump};
    end_ = unwinder_.unwind(snapshot, maps_.space, frames_);
  }

  /// Whether the FDE at the program counter has no instructions at all, but its code begins with a
  /// push.
  bool is_misdescribed() {
    const process::Mapping* mapping = maps_.space.find(RuntimeAddress(registers_.rip));
    if (mapping == nullptr) return false;
    const std::size_t row = mapping->module.row();
    if (maps_.paths[row].find("/libc.so") == std::string::npos) return false;
    if (!libc_) libc_.emplace(maps_.files[row]->unwind_sections());
    const auto fde = libc_->find(mapping->to_module(RuntimeAddress(registers_.rip)));
    if (!fde) return false;
    constexpr std::byte kNop{0};  // DW_CFA_nop
    for (const std::byte instruction : fde->instructions) {
      if (instruction != kNop) return false;
    }
    const auto code = maps_.files[row]->bytes_at(fde->start, 1);
    return !code.empty() && (code[0] & std::byte{0xf8}) == std::byte{0x50};
  }

  void compare() {
    if (is_misdescribed()) {
      ++report_.misdescribed;
      return;
    }
    unwind();
    report_.visited.insert(registers_.rip);
    std::vector<std::uint64_t> expected{registers_.rip};
    for (const Call& call : calls_ | std::views::reverse) expected.push_back(call.address);
    expected.insert(expected.end(), outer_.begin(), outer_.end());
    report_.deepest = std::max<std::uint64_t>(report_.deepest, expected.size());
    report_.frames_compared += expected.size();
    std::vector<std::uint64_t> found;
    for (const UserFrame& frame : frames_) found.push_back(frame.address.address.value());
    if (found == expected && end_ == StackEnd::kUndefinedReturnAddress) return;
    ++report_.differences;
    std::ostringstream text;
    text << "step " << report_.steps << ", rsp 0x" << std::hex << registers_.rsp << ": "
         << name(end_) << "\n  true :" << describe(expected) << "\n  found:" << describe(found)
         << '\n';
    report_.first += text.str();
  }

  [[nodiscard]] std::string describe(const std::vector<std::uint64_t>& addresses) const {
    std::ostringstream text;
    for (const std::uint64_t address : addresses) {
      text << " 0x" << std::hex << address;
      if (const auto* mapping = maps_.space.find(RuntimeAddress(address))) {
        const std::string& path = maps_.paths[mapping->module.row()];
        text << '(' << path.substr(path.rfind('/') + 1) << "+0x"
             << mapping->to_module(RuntimeAddress(address)).value() << ')';
      }
    }
    return text.str();
  }

  /// The frames of step_through's callers are those that glibc saw before the fork.
  void check_outer(const std::vector<std::uint64_t>& callers) {
    // The first is inside step_through, where the two differ; a sanitizer's backtrace() has a row
    // of its own before that.
    const std::span common = std::span(outer_).subspan(1);
    if (common.size() > 2 && callers.size() > common.size() &&
        std::ranges::equal(common, std::span(callers).last(common.size())))
      return;
    ++report_.differences;
    report_.first =
        "callers before the fork:" + describe(callers) + "\nand after:" + describe(outer_) + '\n';
  }

  pid_t child_;
  OwnMaps maps_;
  Unwinder unwinder_;
  StepReport report_;
  user_regs_struct registers_{};
  std::vector<std::byte> stack_;
  std::size_t copied_ = 0;
  int stopped_by_ = 0;
  std::optional<symbolizer::FdeTable> libc_;
  std::vector<Call> calls_;  // Above the child's own function, innermost last.
  std::vector<std::uint64_t> outer_;
  std::vector<UserFrame> frames_;
  StackEnd end_{};
};

}  // namespace

StepReport step_through(void (*function)(), std::uint64_t most_steps) {
  // backtrace()'s first row is in this function, as is that of the child's caller.
  std::vector<void*> rows(1024);
  rows.resize(static_cast<std::size_t>(::backtrace(rows.data(), static_cast<int>(rows.size()))));
  std::vector<std::uint64_t> callers;
  for (void* row : rows) callers.push_back(reinterpret_cast<std::uint64_t>(row));

  const pid_t child = fork();
  if (child == 0) run_child(function);
  StepReport report = Stepper(child).run(most_steps, callers);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  return report;
}

}  // namespace profiler::unwind::test
