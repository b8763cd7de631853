#include "pipeline/stack_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace profiler::pipeline {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using unwind::StackSnapshot;
using unwind::UserFrame;

constexpr std::uint64_t kTop = 0x7fff'0001'0000;  ///< Of every stack here.
constexpr std::uint64_t kFrameBytes = 128;
constexpr ThreadKey kThread{.tid = 7, .incarnation = 1, .execs = 1};

/// A stack of frames of 128 bytes each; a letter is a function, the outermost first. The bytes of a
/// frame hold its function's letter, or what `contents` says instead.
class TestStack {
 public:
  explicit TestStack(const std::string& functions, const std::string& contents = "",
                     std::size_t copied = SIZE_MAX)
      : bytes_(functions.size() * kFrameBytes) {
    const std::uint64_t base = kTop - bytes_.size();
    for (std::size_t i = 0; i < functions.size(); ++i) {
      const std::uint64_t at = kTop - (i + 1) * kFrameBytes;
      const char content = contents.empty() ? functions[i] : contents[i];
      std::memset(bytes_.data() + (at - base), content, kFrameBytes);
      const bool innermost = i + 1 == functions.size();
      frames.push_back(
          {.address = {.address = RuntimeAddress(0x1000U + functions[i]),
                       .kind = innermost ? AddressKind::kInstruction : AddressKind::kReturn},
           .module = ModuleIndex(0),
           .module_address = 0x1000U + functions[i],
           .stack_pointer = at});
    }
    std::ranges::reverse(frames);
    if (bytes_.size() > copied) {
      bytes_.resize(copied);
      frames.resize((copied + kFrameBytes - 1) / kFrameBytes);
      end = StackEnd::kDumpTooShort;
    }
  }

  [[nodiscard]] StackSnapshot snapshot() const {
    return {.registers = {}, .bytes = bytes_, .requested_bytes = 512};
  }

  std::vector<UserFrame> frames;
  StackEnd end = StackEnd::kUndefinedReturnAddress;

 private:
  std::vector<std::byte> bytes_;
};

/// The first 512 bytes only: the last four frames of `functions`.
TestStack cut_off(const std::string& functions, const std::string& contents = "") {
  return TestStack(functions, contents, 512);
}

std::string functions(const std::vector<UserFrame>& frames) {
  std::string text;
  for (const UserFrame& frame : frames) text += static_cast<char>(frame.module_address - 0x1000);
  std::ranges::reverse(text);
  return text;
}

struct Completed {
  std::uint64_t sample = 0;
  std::string functions;
  std::size_t joined = 0;
  bool operator==(const Completed&) const = default;
};

/// Of earlier samples, by the last add().
std::vector<Completed> completed;

/// What becomes of the stack.
std::string add(StackHistory& history, TestStack stack, std::uint64_t sample = 0,
                const ThreadKey& thread = kThread) {
  completed.clear();
  const auto on_completed = [](std::uint64_t earlier, const std::vector<UserFrame>& frames,
                               std::size_t joined) {
    completed.push_back({.sample = earlier, .functions = functions(frames), .joined = joined});
  };
  const std::size_t before = stack.frames.size();
  const std::size_t joined = history.add({.thread = thread, .sample = sample}, stack.snapshot(),
                                         stack.end, stack.frames, on_completed);
  EXPECT_EQ(stack.frames.size(), before + joined);
  return functions(stack.frames);
}

TEST(StackHistory, GivesAStackTheOuterFramesOfTheOneBefore) {
  StackHistory history;
  EXPECT_EQ(add(history, TestStack("abcdef")), "abcdef");
  EXPECT_EQ(add(history, cut_off("abcghi")), "cghi");  // c alone is not enough
  EXPECT_EQ(add(history, cut_off("abcdgh")), "abcdgh");
}

TEST(StackHistory, GoesOnFromAStackThatItHasCompletedItself) {
  StackHistory history;
  add(history, TestStack("abcdefx"));
  EXPECT_EQ(add(history, cut_off("abcdefgh")), "abcdefgh");
  EXPECT_EQ(add(history, cut_off("abcdefgij")), "abcdefgij");
  EXPECT_EQ(add(history, cut_off("abcdefgikl")), "abcdefgikl");
}

TEST(StackHistory, DoesNotBelieveAFrameThatHoldsOtherBytes) {
  StackHistory history;
  add(history, TestStack("abcdef", "abcdef"));
  EXPECT_EQ(add(history, cut_off("abcdeg", "abxdeg")), "cdeg");
  EXPECT_EQ(add(history, cut_off("abcdeg", "abcxeg")), "cdeg");
  EXPECT_EQ(add(history, cut_off("abcdeg", "xxcdxx")), "abcdeg");  // beyond the cut, and within
}

TEST(StackHistory, DoesNotJoinStacksWhoseFramesLieElsewhere) {
  StackHistory history;
  add(history, TestStack("abcdef"));
  EXPECT_EQ(add(history, cut_off("aabcdef")), "cdef");
  EXPECT_EQ(add(history, cut_off("xbydeg")), "ydeg");
}

TEST(StackHistory, KeepsTheStacksOfThreadsApart) {
  StackHistory history;
  add(history, TestStack("abcdef"));
  EXPECT_EQ(add(history, cut_off("abcdeg"), 0, {.tid = 8, .incarnation = 1, .execs = 1}), "cdeg");
  EXPECT_EQ(add(history, cut_off("abcdeg"), 0, {.tid = 7, .incarnation = 1, .execs = 2}), "cdeg");
  // That was another program under the same id: what was known of the first is gone.
  EXPECT_EQ(add(history, cut_off("abcdeg")), "cdeg");
}

TEST(StackHistory, CompletesStacksFromTheNextOneToo) {
  StackHistory history;
  EXPECT_EQ(add(history, cut_off("abcdef"), 1), "cdef");
  EXPECT_EQ(add(history, cut_off("abcdeg"), 2), "cdeg");
  EXPECT_THAT(completed, IsEmpty());
  add(history, TestStack("abcdh"), 3);
  ASSERT_THAT(completed, SizeIs(2));
  EXPECT_EQ(completed[1].sample, 1U);
  EXPECT_EQ(completed[1].functions, "abcdef");
}

TEST(StackHistory, TakesOnlyTheVeryNextStackThatReachedItsStart) {
  StackHistory history;
  add(history, cut_off("abcdef"), 1);
  add(history, TestStack("abgh"), 2);
  EXPECT_THAT(completed, IsEmpty());
  add(history, TestStack("abcdef"), 3);  // The thread may have come there by another way.
  EXPECT_THAT(completed, IsEmpty());
}

TEST(StackHistory, CompletesFromTheNextOneBackwards) {
  StackHistory history;
  EXPECT_EQ(add(history, cut_off("abcdefgh"), 1), "efgh");
  EXPECT_EQ(add(history, cut_off("abcdefgi"), 2), "efgi");
  EXPECT_EQ(add(history, cut_off("abcdefj"), 3), "defj");
  EXPECT_EQ(add(history, TestStack("abcdek"), 4), "abcdek");
  // 3 shares d and e with it; 1 and 2 share e and f with 3.
  ASSERT_THAT(completed, SizeIs(3));
  EXPECT_EQ(completed[0].sample, 3U);
  EXPECT_EQ(completed[0].functions, "abcdefj");
  EXPECT_EQ(completed[0].joined, 3U);
  EXPECT_EQ(completed[2].sample, 1U);
  EXPECT_EQ(completed[2].functions, "abcdefgh");
  EXPECT_EQ(completed[2].joined, 4U);
  add(history, TestStack("abcdek"), 5);
  EXPECT_THAT(completed, IsEmpty());
}

TEST(StackHistory, LeavesBrokenStacksAlone) {
  StackHistory history;
  add(history, TestStack("abcdef"));
  TestStack broken = cut_off("abcdeg");
  broken.end = StackEnd::kBadUnwindInfo;
  EXPECT_EQ(add(history, broken), "cdeg");
  EXPECT_EQ(add(history, cut_off("abcdeg")), "abcdeg");
}

TEST(StackHistory, TakesAStackWithoutFrames) {
  StackHistory history;
  TestStack empty = cut_off("abcdef");
  empty.frames.clear();
  EXPECT_EQ(add(history, empty), "");
}

TEST(StackHistory, LeavesAStackOfTooManyFramesCutOff) {
  StackHistory history;
  const std::string deep(StackHistory::kMaxFrames, 'a');
  EXPECT_EQ(add(history, TestStack(deep)).size(), deep.size());
  EXPECT_EQ(add(history, cut_off(deep.substr(1) + 'b')).size(), deep.size());
  EXPECT_EQ(add(history, cut_off(deep + 'b')), "aaab");
}

TEST(StackHistory, ForgetsOtherThreadsWhenStacksAreVeryDeep) {
  StackHistory history;
  const std::string deep(StackHistory::kMaxFrames - 1, 'a');
  const auto threads = static_cast<Tid>(2 * StackHistory::kMaxFramesKept / deep.size());
  std::size_t joined = 0;
  const auto thread = [](Tid tid) { return ThreadKey{.tid = tid, .incarnation = 1, .execs = 1}; };
  for (Tid tid = 0; tid < threads; ++tid) add(history, TestStack(deep + 'b'), 0, thread(tid));
  for (Tid tid = 0; tid < threads; ++tid)
    joined += add(history, cut_off(deep + 'c'), 0, thread(tid)).size() > 4 ? 1 : 0;
  EXPECT_GE(joined, static_cast<std::size_t>(threads) / 4);
  EXPECT_LE(joined, static_cast<std::size_t>(threads) / 2);
  EXPECT_EQ(add(history, TestStack("abcdef"), 0, thread(-1)), "abcdef");
  EXPECT_EQ(add(history, cut_off("abcdeg"), 0, thread(-1)), "abcdeg");
}

TEST(StackHistory, ForgetsThreadsBeyondItsLimit) {
  StackHistory history;
  for (Tid tid = 0; tid < 3 * static_cast<Tid>(StackHistory::kMaxThreads); ++tid) {
    const ThreadKey thread{.tid = tid, .incarnation = 1, .execs = 1};
    EXPECT_EQ(add(history, TestStack("abcdef"), 0, thread), "abcdef");
    EXPECT_EQ(add(history, cut_off("abcdeg"), 0, thread), "abcdeg");
  }
}

}  // namespace
}  // namespace profiler::pipeline
