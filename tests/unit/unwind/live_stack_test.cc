// Real stacks of this process, compared with glibc's backtrace() of the same moment.
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "captured_thread.h"
#include "unwind/unwinder.h"

#if !defined(__x86_64__)
#error "captured_thread.cc reads x86-64 registers"
#endif

// Code without call frame information: GCC describes only what it compiles. Keeps a frame pointer.
asm(R"(
  .text
  .type call_with_frame_pointer, @function
call_with_frame_pointer:
  push %rbp
  mov %rsp, %rbp
  call *%rdi
  pop %rbp
  ret
  .size call_with_frame_pointer, . - call_with_frame_pointer
)");

// A stack realigned through R13, and a callee that saves R13 and puts something else there: the
// outer CFA is only found by following R13 through every frame between.
asm(R"(
  .text
  .type call_realigned, @function
call_realigned:
  .cfi_startproc
  push %r13
  .cfi_def_cfa_offset 16
  .cfi_offset %r13, -16
  lea 16(%rsp), %r13
  .cfi_def_cfa %r13, 0
  and $-256, %rsp
  call *%rdi
  lea -16(%r13), %rsp
  .cfi_def_cfa %rsp, 16
  pop %r13
  .cfi_def_cfa_offset 8
  .cfi_restore %r13
  ret
  .cfi_endproc
  .size call_realigned, . - call_realigned

  .type call_clobbering_r13, @function
call_clobbering_r13:
  .cfi_startproc
  push %r13
  .cfi_def_cfa_offset 16
  .cfi_offset %r13, -16
  xor %r13d, %r13d
  call *%rdi
  pop %r13
  .cfi_def_cfa_offset 8
  .cfi_restore %r13
  ret
  .cfi_endproc
  .size call_clobbering_r13, . - call_clobbering_r13

  .type call_realigned_in_memory, @function
# As GCC realigns a stack: the CFA is kept in memory below RBP, and found by an expression.
call_realigned_in_memory:
  .cfi_startproc
  lea 8(%rsp), %r10
  .cfi_def_cfa %r10, 0
  and $-64, %rsp
  push -8(%r10)
  push %rbp
  .cfi_escape 0x10, 0x06, 0x02, 0x76, 0x00          # expression: RBP at breg6 + 0
  mov %rsp, %rbp
  push %r10
  .cfi_escape 0x0f, 0x03, 0x76, 0x78, 0x06          # CFA: breg6 - 8, deref
  sub $24, %rsp
  call *%rdi
  add $24, %rsp
  pop %r10
  .cfi_def_cfa %r10, 0
  pop %rbp
  lea -8(%r10), %rsp
  .cfi_def_cfa %rsp, 8
  ret
  .cfi_endproc
  .size call_realigned_in_memory, . - call_realigned_in_memory
)");

extern "C" {
void call_with_frame_pointer(void (*function)());
void call_realigned(void (*function)());
void call_clobbering_r13(void (*function)());
void call_realigned_in_memory(void (*function)());
}

namespace profiler::unwind {
namespace {

using test::CapturedThread;

constexpr std::size_t kWholeStack = 4U << 20U;

struct Walked {
  StackEnd end{};
  std::vector<UserFrame> frames;
  UnwindStatistics statistics;
  [[nodiscard]] std::vector<std::uint64_t> addresses() const {
    std::vector<std::uint64_t> all;
    for (const UserFrame& frame : frames) all.push_back(frame.address.address.value());
    return all;
  }
};

Walked walk(CapturedThread& captured) {
  Unwinder unwinder;
  captured.maps().add_modules(unwinder);
  Walked walked;
  walked.end = unwinder.unwind(captured.snapshot(), captured.maps().space, walked.frames);
  walked.statistics = unwinder.statistics();
  return walked;
}

// Not tail calls: each must have a frame.
#define NOT_A_TAIL_CALL() asm volatile("" ::: "memory")

[[gnu::noinline]] void capture_here() {
  raise(SIGUSR1);
  NOT_A_TAIL_CALL();
}
[[gnu::noinline]] void inner() {
  capture_here();
  NOT_A_TAIL_CALL();
}
[[gnu::noinline]] void outer() {
  inner();
  NOT_A_TAIL_CALL();
}
[[gnu::noinline]] void recurse(int depth) {
  volatile char local[96];
  local[0] = static_cast<char>(depth);
  if (depth == 0) {
    capture_here();
  } else {
    recurse(depth - 1);
  }
  local[1] = local[0];
}

template <class Function>
bool is_in(std::uint64_t address, Function* function) {
  const auto start = reinterpret_cast<std::uint64_t>(function);
  return address > start && address - start < 512;
}

TEST(LiveStack, IsWhatGlibcSees) {
  CapturedThread::arm(SIGUSR1, 0, kWholeStack);
  outer();
  CapturedThread& captured = CapturedThread::last();
  ASSERT_TRUE(captured.taken);
  const Walked walked = walk(captured);
  EXPECT_EQ(walked.addresses(), captured.backtrace());
  EXPECT_EQ(walked.end, StackEnd::kUndefinedReturnAddress) << name(walked.end);
  const auto addresses = walked.addresses();
  const auto in = [&](auto* function) {
    return std::ranges::any_of(addresses, [&](auto a) { return is_in(a, function); });
  };
  EXPECT_TRUE(in(capture_here) && in(inner) && in(outer));
  EXPECT_EQ(walked.frames.front().address.kind, AddressKind::kInstruction);
  EXPECT_EQ(walked.frames[1].address.kind, AddressKind::kReturn);
}

TEST(LiveStack, OfAThreadEndsAtItsStart) {
  CapturedThread::arm(SIGUSR1, 0, kWholeStack);
  std::thread([] { outer(); }).join();
  CapturedThread& captured = CapturedThread::last();
  ASSERT_TRUE(captured.taken);
  const Walked walked = walk(captured);
  EXPECT_EQ(walked.addresses(), captured.backtrace());
  EXPECT_EQ(walked.end, StackEnd::kUndefinedReturnAddress) << name(walked.end);
}

TEST(LiveStack, IsFollowedThroughDeepRecursion) {
  for (const int depth : {10, 100, 2000}) {
    CapturedThread::arm(SIGUSR1, 0, kWholeStack);
    recurse(depth);
    CapturedThread& captured = CapturedThread::last();
    const Walked walked = walk(captured);
    EXPECT_EQ(walked.addresses(), captured.backtrace()) << depth;
    EXPECT_EQ(walked.end, StackEnd::kUndefinedReturnAddress) << depth << name(walked.end);
    EXPECT_GT(walked.frames.size(), static_cast<std::size_t>(depth));
  }
}

TEST(LiveStack, DeeperThanTheCopyIsTruncatedAndRightAsFarAsItGoes) {
  CapturedThread::arm(SIGUSR1, 0, 32768);
  recurse(2000);
  CapturedThread& captured = CapturedThread::last();
  ASSERT_EQ(captured.stack.size(), 32768U);
  const Walked walked = walk(captured);
  EXPECT_EQ(walked.end, StackEnd::kDumpTooShort) << name(walked.end);
  EXPECT_EQ(completeness(walked.end), Completeness::kTruncated);
  const auto all = captured.backtrace();
  const auto some = walked.addresses();
  ASSERT_GT(some.size(), 50U);
  ASSERT_LT(some.size(), all.size());
  EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin()));
}

TEST(LiveStack, CutAtAPageIsAPageNotPresent) {
  CapturedThread::arm(SIGUSR1, 0, kWholeStack);
  recurse(300);
  CapturedThread& captured = CapturedThread::last();
  const std::uint64_t cut = (captured.sp() + 8192) / 4096 * 4096;
  captured.stack.resize(cut - captured.sp());
  EXPECT_EQ(walk(captured).end, StackEnd::kPageNotPresent);
  captured.stack.resize(captured.stack.size() - 1000);
  EXPECT_EQ(walk(captured).end, StackEnd::kMemoryOutsideStack);
}

TEST(LiveStack, GoesOnThroughCodeThatOnlyKeepsAFramePointer) {
  CapturedThread::arm(SIGUSR1, 0, kWholeStack);
  call_with_frame_pointer(outer);
  CapturedThread& captured = CapturedThread::last();
  ASSERT_TRUE(captured.taken);
  const Walked walked = walk(captured);
  EXPECT_EQ(walked.end, StackEnd::kUndefinedReturnAddress) << name(walked.end);
  EXPECT_EQ(walked.statistics.frame_pointer_steps, 1U);
  // glibc stops at such code: it has the frames below, and this test itself is above.
  const auto below = captured.backtrace();
  const auto addresses = walked.addresses();
  ASSERT_GE(addresses.size(), below.size());
  EXPECT_TRUE(std::equal(below.begin(), below.end(), addresses.begin()));
  const auto at = std::ranges::find_if(
      addresses, [](std::uint64_t a) { return is_in(a, call_with_frame_pointer); });
  ASSERT_NE(at, addresses.end());
  EXPECT_GT(addresses.end() - at, 5);
}

TEST(LiveStack, GoesOnThroughAStackRealignedByACalleeSavedRegister) {
  CapturedThread::arm(SIGUSR1, 0, kWholeStack);
  call_realigned([] {
    call_clobbering_r13(outer);
    NOT_A_TAIL_CALL();
  });
  CapturedThread& captured = CapturedThread::last();
  ASSERT_TRUE(captured.taken);
  const Walked walked = walk(captured);
  EXPECT_EQ(walked.addresses(), captured.backtrace());
  EXPECT_EQ(walked.end, StackEnd::kUndefinedReturnAddress) << name(walked.end);
  EXPECT_GT(walked.statistics.slow_path_steps, 0U);
}

TEST(LiveStack, GoesOnThroughAStackRealignedInMemory) {
  CapturedThread::arm(SIGUSR1, 0, kWholeStack);
  call_realigned_in_memory(outer);
  CapturedThread& captured = CapturedThread::last();
  ASSERT_TRUE(captured.taken);
  const Walked walked = walk(captured);
  EXPECT_EQ(walked.addresses(), captured.backtrace());
  EXPECT_EQ(walked.end, StackEnd::kUndefinedReturnAddress) << name(walked.end);
}

void raise_in_handler(int) { outer(); }

[[gnu::noinline]] void interrupted() {
  raise(SIGUSR2);
  NOT_A_TAIL_CALL();
}

void handle_usr2(int flags) {
  struct sigaction action{};
  action.sa_handler = raise_in_handler;
  action.sa_flags = flags;
  sigaction(SIGUSR2, &action, nullptr);
}

TEST(LiveStack, GoesOnThroughASignalHandler) {
  CapturedThread::arm(SIGUSR1, 0, kWholeStack);
  handle_usr2(0);
  interrupted();
  CapturedThread& captured = CapturedThread::last();
  ASSERT_TRUE(captured.taken);
  const Walked walked = walk(captured);
  EXPECT_EQ(walked.addresses(), captured.backtrace());
  EXPECT_EQ(walked.end, StackEnd::kUndefinedReturnAddress) << name(walked.end);
  // Two frames did not call: the one sampled, and the one that SIGUSR2 interrupted. The trampoline
  // between them has not run either: its name is that of its first instruction.
  EXPECT_EQ(std::ranges::count_if(walked.frames,
                                  [](const UserFrame& frame) {
                                    return frame.address.kind == AddressKind::kInstruction;
                                  }),
            3);
}

TEST(LiveStack, EndsWhereASignalCameFromAnotherStack) {
  // Mapped with a hole above, far from the thread's stack.
  constexpr std::size_t kSize = 256U << 10U;
  void* memory = mmap(nullptr, kSize + 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  ASSERT_EQ(mprotect(memory, kSize, PROT_READ | PROT_WRITE), 0);
  stack_t before{};
  const stack_t alternate{.ss_sp = memory, .ss_flags = 0, .ss_size = kSize};
  ASSERT_EQ(sigaltstack(&alternate, &before), 0);
  CapturedThread::arm(SIGUSR1, 0, kWholeStack);
  handle_usr2(SA_ONSTACK);
  interrupted();
  sigaltstack(&before, nullptr);
  munmap(memory, kSize + 65536);
  CapturedThread& captured = CapturedThread::last();
  ASSERT_TRUE(captured.taken);
  const Walked walked = walk(captured);
  EXPECT_EQ(walked.end, StackEnd::kAlternateStack) << name(walked.end);
  const auto all = captured.backtrace();
  const auto some = walked.addresses();
  ASSERT_GT(some.size(), 4U);
  ASSERT_LE(some.size(), all.size());
  EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin()));
}

TEST(LiveStack, OfAJumpToNowhereIsItsCaller) {
  // As the kernel would have sampled it: the call through a null pointer has pushed its return
  // address, and nothing is mapped where it went.
  CapturedThread::arm(SIGUSR1, 0, kWholeStack);
  outer();
  CapturedThread& captured = CapturedThread::last();
  const std::vector<std::uint64_t> before = walk(captured).addresses();
  ASSERT_GT(before.size(), 2U);
  std::vector<std::byte> pushed(8);
  std::memcpy(pushed.data(), &before[0], 8);
  captured.stack.insert(captured.stack.begin(), pushed.begin(), pushed.end());
  captured.requested += 8;
  captured.registers[7] -= 8;
  captured.registers[8] = 0;
  const Walked walked = walk(captured);
  EXPECT_EQ(walked.end, StackEnd::kUndefinedReturnAddress) << name(walked.end);
  auto expected = before;
  expected.insert(expected.begin(), 0);
  EXPECT_EQ(walked.addresses(), expected);
}

TEST(LiveStack, IsTheSameInEveryAddressSpaceThatHoldsTheModules) {
  // Forks and new processes map the modules elsewhere: rules stay, mappings are looked up anew.
  CapturedThread::arm(SIGUSR1, 0, kWholeStack);
  outer();
  CapturedThread& captured = CapturedThread::last();
  Unwinder unwinder;
  captured.maps().add_modules(unwinder);
  std::vector<UserFrame> frames;
  const StackEnd end = unwinder.unwind(captured.snapshot(), captured.maps().space, frames);
  const auto compiled = unwinder.statistics().rules_compiled;
  process::AddressSpace fork;
  for (const process::Mapping& mapping : captured.maps().space.mappings()) fork.map(mapping);
  std::vector<UserFrame> again;
  EXPECT_EQ(unwinder.unwind(captured.snapshot(), fork, again), end);
  EXPECT_EQ(again, frames);
  EXPECT_EQ(unwinder.statistics().rules_compiled, compiled);
  fork.clear();
  EXPECT_NE(unwinder.unwind(captured.snapshot(), fork, again), end);
}

}  // namespace
}  // namespace profiler::unwind
