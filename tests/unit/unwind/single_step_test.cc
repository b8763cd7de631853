// The chain of callers before every single instruction: prologues, epilogues, PLT stubs, the lazy
// binding of the loader, hand-written assembly of libc, signal trampolines.
#include <alloca.h>
#include <elf.h>
#include <gtest/gtest.h>
#include <sys/auxv.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "stepped_child.h"
#include "symbolizer/elf/elf_file.h"

namespace profiler::unwind {
namespace {

using test::step_through;
using test::StepReport;

// Compiled as a release would be, whatever the build type; sanitizers would make other prologues.
#define AS_RELEASED(options)                                                     \
  [[gnu::noinline, gnu::noclone, gnu::optimize("O2,no-stack-protector" options), \
    gnu::no_sanitize("address", "undefined")]]
#define NOT_A_TAIL_CALL() asm volatile("" ::: "memory")

volatile int sink = 0;

AS_RELEASED(",omit-frame-pointer") void leaf_without_frame() { sink = sink + 1; }

AS_RELEASED(",no-omit-frame-pointer") int with_frame_pointer(int a, int b) {
  int locals[6];
  for (int i = 0; i < 6; ++i) locals[i] = a * i + b;
  asm volatile("" : : "r"(locals) : "memory", "rbx", "r12", "r13", "r14", "r15");
  leaf_without_frame();
  NOT_A_TAIL_CALL();
  return locals[5];
}

AS_RELEASED(",omit-frame-pointer") int without_frame_pointer(int a, int b) {
  int locals[40];
  for (int i = 0; i < 40; ++i) locals[i] = a ^ (b + i);
  // Saves all of them: six pushes and six pops, a row of the table each. RBP is a plain register.
  asm volatile("xor %%ebp, %%ebp"
               :
               : "r"(locals)
               : "memory", "rbx", "rbp", "r12", "r13", "r14", "r15");
  leaf_without_frame();
  NOT_A_TAIL_CALL();
  return locals[7] + with_frame_pointer(a, b);
}

AS_RELEASED(",omit-frame-pointer") int realigned(int size) {
  alignas(64) int aligned[16];
  auto* block = static_cast<char*>(alloca(static_cast<std::size_t>(size)));
  block[0] = 1;
  aligned[3] = size;
  asm volatile("" : : "r"(aligned), "r"(block) : "memory", "rbx", "r12", "r13", "r14", "r15");
  leaf_without_frame();
  NOT_A_TAIL_CALL();
  return aligned[3] + without_frame_pointer(size, block[0]);
}

AS_RELEASED(",no-omit-frame-pointer")
int many_arguments(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j) {
  leaf_without_frame();
  NOT_A_TAIL_CALL();
  return a + b + c + d + e + f + g + h + i + j;
}

AS_RELEASED(",omit-frame-pointer") int two_exits(int a) {
  if (a < 0) return many_arguments(1, 2, 3, 4, 5, 6, 7, 8, 9, a);
  // An epilogue in the middle of the function: the rows after it restore the state.
  leaf_without_frame();
  if (a % 2 == 0) return two_exits(a - 3) + 1;
  return with_frame_pointer(a, 2) + two_exits(a - 2);
}

void expect_true_chains(void (*function)(), std::uint64_t least_steps,
                        StepReport* report_out = nullptr, std::uint64_t most_steps = 60000) {
  const StepReport report = step_through(function, most_steps);
  if (report.refused) GTEST_SKIP() << "ptrace is refused here";
  EXPECT_EQ(report.differences, 0U) << report.first;
  EXPECT_TRUE(report.finished || report.steps == most_steps) << report.steps;
  EXPECT_GE(report.steps, least_steps);
  EXPECT_LT(report.misdescribed, report.steps / 2);
  if (report_out != nullptr) *report_out = report;
}

TEST(EveryInstruction, OfAFunctionWithAFramePointerHasTheSameCallers) {
  expect_true_chains([] { sink = with_frame_pointer(3, 4); }, 20);
}

TEST(EveryInstruction, OfAFunctionWithoutAFramePointerHasTheSameCallers) {
  expect_true_chains([] { sink = without_frame_pointer(3, 4); }, 60);
}

TEST(EveryInstruction, OfAFunctionWithARealignedStackHasTheSameCallers) {
  StepReport report;
  expect_true_chains([] { sink = realigned(200); }, 80, &report);
  EXPECT_TRUE(report.refused || report.slow_steps > 0);
}

TEST(EveryInstruction, OfFunctionsWithSeveralExitsAndArgumentsOnTheStackHasTheSameCallers) {
  expect_true_chains([] { sink = two_exits(9); }, 60);
}

TEST(EveryInstruction, OfACallThroughThePltHasTheSameCallers) {
  StepReport report;
  // Called nowhere else in this program, so that the loader binds it under way (unless the program
  // was linked to bind at once).
  expect_true_chains([] { sink = static_cast<int>(::lrand48() + ::a64l("zz")); }, 20, &report);
  const auto self = symbolizer::ElfFile::open("/proc/self/exe");
  ASSERT_TRUE(self);
  std::uint64_t in_plt = 0;
  for (const char* name : {".plt", ".plt.sec", ".plt.got"}) {
    const symbolizer::Section* plt = (*self)->section(name);
    if (plt == nullptr) continue;
    // The program is linked at 0, and its program headers follow the header of the file.
    const std::uint64_t base = getauxval(AT_PHDR) - sizeof(Elf64_Ehdr);
    const std::uint64_t start = base + plt->address.value();
    in_plt += static_cast<std::uint64_t>(std::ranges::count_if(
        report.visited, [&](std::uint64_t pc) { return pc - start < plt->size; }));
  }
  EXPECT_GT(in_plt, 0U);
}

TEST(EveryInstruction, OfFormattingAndParsingNumbersHasTheSameCallers) {
  expect_true_chains(
      [] {
        char text[200];
        std::snprintf(text, sizeof text, "%.17g %s %ld", 3.14159e-200, "abcdefgh", 123456789L);
        sink = static_cast<int>(std::strtod("2.2250738585072014e-308", nullptr) > 0);
      },
      2000);
}

TEST(EveryInstruction, OfSortingWithACallbackHasTheSameCallers) {
  expect_true_chains(
      [] {
        int numbers[50];
        for (int i = 0; i < 50; ++i) numbers[i] = i * 37 % 51;
        std::qsort(numbers, 50, sizeof(int), [](const void* a, const void* b) {
          return *static_cast<const int*>(a) - *static_cast<const int*>(b);
        });
        sink = numbers[0];
      },
      2000);
}

TEST(EveryInstruction, OfHandWrittenStringFunctionsHasTheSameCallers) {
  expect_true_chains(
      [] {
        // Every path of the vectorised copies by size.
        static char from[9000];
        static char to[9000];
        for (const std::size_t size :
             {0UL, 1UL, 3UL, 7UL, 15UL, 31UL, 33UL, 65UL, 129UL, 257UL, 1000UL, 4097UL, 8999UL}) {
          volatile std::size_t opaque = size;
          std::memcpy(to, from, opaque);
          std::memmove(to + 1, to, opaque - (opaque != 0));
          std::memset(from, 'x', opaque);
          sink = std::memcmp(from, to, opaque);
        }
        sink = static_cast<int>(std::strlen(from) + (std::strchr(from, 'y') != nullptr));
      },
      1000);
}

TEST(EveryInstruction, OfTheStandardLibraryHasTheSameCallers) {
  expect_true_chains(
      [] {
        std::map<std::string, int> words;
        for (int i = 0; i < 20; ++i)
          words["a longer word, number " + std::to_string(i * 7 % 20)] = i;
        std::vector<std::string> sorted;
        for (const auto& [word, count] : words) sorted.push_back(word);
        std::ranges::sort(sorted, std::greater());
        sink = static_cast<int>(sorted.size());
      },
      5000);
}

void on_signal(int) { sink = with_frame_pointer(5, 6); }

TEST(EveryInstruction, OfASignalHandlerAndItsTrampolineHasTheSameCallers) {
  StepReport report;
  expect_true_chains(
      [] {
        std::signal(SIGUSR2, on_signal);
        raise(SIGUSR2);
        sink = without_frame_pointer(1, 2);
      },
      100, &report);
  EXPECT_TRUE(report.refused || report.signals == 1);
}

}  // namespace
}  // namespace profiler::unwind
