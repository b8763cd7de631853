#include "export/folded.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/profile_builder.h"
#include "view/filter.h"

namespace profiler::exporter {
namespace {

using test::fault;
using test::ProfileBuilder;
using test::syscall;
using ::testing::ElementsAre;

std::string folded(const Profile& profile, const FoldedOptions& options = {}) {
  std::string text;
  write_folded(profile, view::select(profile, {}), options,
               [&](std::string_view bytes) { text += bytes; });
  return text;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

/// Reads as strictly as a reader may: counts by stack. Fails the test on any other line.
std::map<std::string, std::uint64_t> parse(const std::string& text) {
  static const std::regex kLine("([^;]+(?:;[^;]+)*) ([1-9][0-9]*)");
  std::map<std::string, std::uint64_t> stacks;
  for (const std::string& line : lines(text)) {
    std::smatch match;
    if (!std::regex_match(line, match, kLine)) {
      ADD_FAILURE() << "not a folded line: " << line;
      continue;
    }
    EXPECT_TRUE(stacks.emplace(match[1], std::stoull(match[2])).second) << "twice: " << line;
  }
  EXPECT_TRUE(text.empty() || text.back() == '\n');
  return stacks;
}

std::uint64_t sum(const std::map<std::string, std::uint64_t>& stacks) {
  std::uint64_t total = 0;
  for (const auto& [stack, count] : stacks) total += count;
  return total;
}

TEST(Folded, IsALinePerStackFromTheProcessToTheLeaf) {
  const Profile profile =
      ProfileBuilder()
          .user("main;f;g", 5)
          .user("main;f", 2)
          .sys("main;f;read@libc.so.6", "entry_SYSCALL_64;vfs_read", syscall("read"), 3)
          .process("child", 101)
          .user("main;f", 4)
          .build();
  EXPECT_THAT(lines(folded(profile)),
              ElementsAre("child;main;f 4", "prog;main;f 2", "prog;main;f;g 5",
                          "prog;main;f;read;entry_SYSCALL_64_[k];vfs_read_[k] 3"));
}

TEST(Folded, MarksInlinedKernelAndJitCode) {
  ProfileBuilder builder;
  builder.user("main;~inner").user("main;compiled@//anon").sys("", "kthread", {}, 1);
  Profile profile = builder.build();
  for (Module& module : profile.modules)
    if (profile.text(module.path) == "//anon") module.kind = ModuleKind::kAnonymous;
  EXPECT_THAT(lines(folded(profile)), ElementsAre("prog;kthread_[k] 1", "prog;main;compiled_[j] 1",
                                                  "prog;main;inner_[i] 1"));
}

TEST(Folded, CountsWeightsWhereAsked) {
  ProfileBuilder builder;
  builder.period(250'000).user("main;f", 4).user("main;g");
  EXPECT_THAT(lines(folded(builder.build(), {.count = FoldedCount::kWeight})),
              ElementsAre("prog;main;f 1000000", "prog;main;g 250000"));
  builder.period(0).user("main;weightless", 7);
  EXPECT_THAT(lines(folded(builder.build(), {.count = FoldedCount::kWeight})),
              ElementsAre("prog;main;f 1000000", "prog;main;g 250000"))
      << "a count is positive";
}

TEST(Folded, IncompleteStacksSaySo) {
  const Profile profile = ProfileBuilder()
                              .end(StackEnd::kDumpTooShort)
                              .user("f;g")
                              .end(StackEnd::kNoUnwindInfo)
                              .user("0x1f00")
                              .build();
  EXPECT_THAT(lines(folded(profile)),
              ElementsAre("prog;[broken];prog+0x1f00 1", "prog;[truncated];f;g 1"));
}

TEST(Folded, KernelTimeWithoutAChainIsNotTheUserFunctionsOwn) {
  ProfileBuilder builder;
  Profile profile = builder.user("main;f", 2).build();
  profile.samples[1].mode = Mode::kSys;
  EXPECT_THAT(lines(folded(profile)), ElementsAre("prog;main;f 1", "prog;main;f;<kernel>_[k] 1"));
}

TEST(Folded, NamesCannotBreakALine) {
  ProfileBuilder builder;
  Profile profile = builder.user("main;A;B;C;D", 3).build();
  for (std::string& text : profile.strings) {
    if (text == "A") text = "a;b\nc 12";
    if (text == "B") text = "\xff\xc3 x\x1b[0m";
    if (text == "C") text = "";
    if (text == "D") text = "line\u2028end 9";
  }
  const auto stacks = parse(folded(profile));
  ASSERT_EQ(stacks.size(), 1U);
  EXPECT_EQ(stacks.begin()->first,
            "prog;main;a:b\ufffdc 12;\ufffd\ufffd x\ufffd[0m;[no name];line\ufffdend 9");
  EXPECT_EQ(stacks.begin()->second, 3U);
}

TEST(Folded, FunctionsOfOneNameInTwoModulesShareALine) {
  const Profile profile =
      ProfileBuilder().user("main;f@a.so;g@x.so", 2).user("main;f@b.so;g@x.so", 3).build();
  EXPECT_THAT(lines(folded(profile)), ElementsAre("prog;main;f;g 5"));
}

TEST(Folded, SumsEqualTheProfiles) {
  ProfileBuilder builder;
  std::mt19937 random(3);
  std::map<std::string, std::uint64_t> expected;
  for (int i = 0; i < 3000; ++i) {
    std::string stack = "main";
    for (unsigned depth = random() % 8; depth > 0; --depth)
      stack += ";f" + std::to_string(random() % 9);
    builder.period(random() % 1000 + 1);
    if (random() % 3 == 0) {
      builder.sys(stack, "asm_exc_page_fault;clear_page", fault("anonymous"));
      stack += ";asm_exc_page_fault_[k];clear_page_[k]";
    } else {
      builder.user(stack);
    }
    ++expected["prog;" + stack];
  }
  const Profile profile = builder.build();
  EXPECT_EQ(parse(folded(profile)), expected);
  std::uint64_t weight = 0;
  for (const Sample& sample : profile.samples) weight += sample.weight;
  EXPECT_EQ(sum(parse(folded(profile, {.count = FoldedCount::kWeight}))), weight);
}

TEST(Folded, DependsOnlyOnTheSamples) {
  const Profile one =
      ProfileBuilder().user("main;b", 2).user("main;a", 1).user("main;b;c", 1).build();
  const Profile other =
      ProfileBuilder().user("main;b;c", 1).user("main;a", 1).user("main;b", 2).build();
  EXPECT_EQ(folded(one), folded(other));
}

TEST(Folded, ComesInPieces) {
  ProfileBuilder builder;
  for (int i = 0; i < 9000; ++i) builder.user("main;a_rather_long_name_" + std::to_string(i));
  const Profile profile = builder.build();
  std::size_t pieces = 0;
  std::size_t largest = 0;
  write_folded(profile, view::select(profile, {}), {}, [&](std::string_view bytes) {
    ++pieces;
    largest = std::max(largest, bytes.size());
  });
  EXPECT_GT(pieces, 3U);
  EXPECT_LT(largest, 70'000U);
}

TEST(Folded, StacksOfAnyDepthAreWritten) {
  std::string stack = "main";
  for (int i = 0; i < 20'000; ++i) stack += ";r";
  const auto stacks = parse(folded(ProfileBuilder().user("main;r").build()));
  EXPECT_EQ(stacks.begin()->first, "prog;main;r");
  // A regular expression of the standard library would overflow its own stack on this one.
  EXPECT_EQ(folded(ProfileBuilder().user(stack, 2).build()), "prog;" + stack + " 2\n");
}

TEST(Folded, WaitsEndInWhatTheyAreFor) {
  const Profile profile =
      ProfileBuilder()
          .user("main;f", 2)
          .wait("main;lock", "entry_SYSCALL_64;futex_do_wait;schedule", WaitClass::kLock, 7'000, 3)
          .runnable("main;f", 500)
          .unsampled_wait(40)
          .build();
  const view::Selection selection = view::select_with_waits(profile, {});
  const auto with_waits = [&](const FoldedOptions& options) {
    std::string text;
    write_folded(profile, selection.samples, options,
                 [&](std::string_view bytes) { text += bytes; });
    return lines(text);
  };
  EXPECT_THAT(
      with_waits({.count = FoldedCount::kWeight}),
      ElementsAre("prog;[not sampled] 40", "prog;main;f 2000000", "prog;main;f;<runnable>_[k] 500",
                  "prog;main;lock;entry_SYSCALL_64_[k];futex_do_wait_[k];<wait lock>_[k] 21000"));
  EXPECT_THAT(with_waits({.count = FoldedCount::kSamples, .kernel = KernelFrames::kFolded}),
              ElementsAre("prog;[not sampled] 1", "prog;main;f 2", "prog;main;f;<runnable>_[k] 1",
                          "prog;main;lock;<syscall futex>_[k];<wait lock>_[k] 3"));
}

TEST(Folded, TheKernelIsOneFrameWhereAsked) {
  const Profile profile =
      ProfileBuilder()
          .sys("main;read@libc.so.6", "entry_SYSCALL_64;vfs_read", syscall("read"), 3)
          .sys("main;f", "asm_exc_page_fault;clear_page", fault("anonymous"), 2)
          .build();
  EXPECT_THAT(lines(folded(profile, {.kernel = KernelFrames::kFolded})),
              ElementsAre("prog;main;f;<page fault>_[k] 2", "prog;main;read;<syscall read>_[k] 3"));
}

TEST(Folded, OfNothingIsEmpty) { EXPECT_EQ(folded(ProfileBuilder().build()), ""); }

}  // namespace
}  // namespace profiler::exporter
