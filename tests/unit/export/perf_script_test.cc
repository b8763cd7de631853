#include "export/perf_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ranges>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/profile_builder.h"
#include "tests/support/random_profile.h"
#include "tests/unit/export/stacks.h"
#include "view/filter.h"

namespace profiler::exporter {
namespace {

using test::fault;
using test::ProfileBuilder;
using test::syscall;
using test::WeightByStack;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string perf_script(const Profile& profile, const std::vector<const Sample*>& samples,
                        const PerfScriptOptions& options = {}) {
  std::string text;
  write_perf_script(profile, samples, options, [&](std::string_view bytes) { text += bytes; });
  return text;
}

std::string perf_script(const Profile& profile) {
  return perf_script(profile, view::select(profile, {}));
}

struct ReadSample {
  std::string comm, event;
  int pid = 0, tid = 0;
  double time = 0;
  std::uint64_t period = 0;
  std::vector<std::string> names;  ///< Innermost first, without "+0x…" at their end.
  std::vector<std::string> files;

  [[nodiscard]] std::string folded() const {
    std::string text;
    for (const std::string& name : std::views::reverse(names))
      text += (text.empty() ? "" : ";") + name;
    return text;
  }
};

/// Reads it by the patterns of stackcollapse-perf.pl and speedscope; a line that is none of theirs
/// fails the test.
std::vector<ReadSample> read_back(const std::string& text) {
  static const std::regex kHead(
      R"((\S.*?)\s+(-?\d+)/(-?\d+) \[(\d+)\]\s+(\d+\.\d{6}):\s+(\d+) (\S+): )");
  static const std::regex kFrame(R"(\t\s*([0-9a-f]+) (.+) \((\S+)\))");
  static const std::regex kOffset(R"(\+0x[0-9a-f]+$)");
  std::vector<ReadSample> samples;
  std::istringstream in(text);
  bool open = false;
  for (std::string line; std::getline(in, line);) {
    std::smatch match;
    if (line.empty()) {
      EXPECT_TRUE(open);
      open = false;
    } else if (!open && std::regex_match(line, match, kHead)) {
      open = true;
      ReadSample sample;
      sample.comm = match[1];
      sample.pid = std::stoi(match[2]);
      sample.tid = std::stoi(match[3]);
      sample.time = std::stod(match[5]);
      sample.period = std::stoull(match[6]);
      sample.event = match[7];
      samples.push_back(sample);
    } else if (open && std::regex_match(line, match, kFrame)) {
      samples.back().names.push_back(std::regex_replace(match[2].str(), kOffset, ""));
      samples.back().files.push_back(match[3]);
    } else {
      ADD_FAILURE() << "not of perf script: '" << line << "'";
    }
  }
  EXPECT_FALSE(open) << "the last sample has no blank line";
  return samples;
}

TEST(PerfScript, PrintsASampleAsPerfDoes) {
  ProfileBuilder builder;
  builder.run().start_monotonic_ns = 71'287'000'000'000;
  Profile profile = builder.at(790'984'000)
                        .sys("main;read@libc.so.6", "entry_SYSCALL_64;vfs_read", syscall("read"))
                        .build();
  std::uint64_t address = 0x1000;
  for (Frame& frame : profile.frames) frame.address = address += 0x10;
  EXPECT_EQ(perf_script(profile),
            "prog 100/100 [000] 71287.790984:    1000000 cpu-clock: \n"
            "\t            1040 vfs_read ([kernel.kallsyms])\n"
            "\t            1030 entry_SYSCALL_64 ([kernel.kallsyms])\n"
            "\t            1020 read (libc.so.6)\n"
            "\t            1010 main (prog)\n"
            "\n");
}

TEST(PerfScript, InlinedFunctionsSaySoInPlaceOfTheirFile) {
  const auto samples =
      read_back(perf_script(ProfileBuilder().user("main;~dot<double, 3>").build()));
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_THAT(samples[0].names, ElementsAre("dot<double, 3>", "main"));
  EXPECT_THAT(samples[0].files, ElementsAre("inlined", "prog"));
}

TEST(PerfScript, NamesThatAreAddressesKeepThemBehindTheDistance) {
  Profile profile = ProfileBuilder().user("prog+0x1200;0x1f00").build();
  for (Frame& frame : profile.frames)
    if (frame.name.count != 0) frame.address = 0x1234;
  const std::string text = perf_script(profile);
  EXPECT_THAT(text, HasSubstr("\t            1f00 prog+0x1f00+0x0 (prog)\n"));
  EXPECT_THAT(text, HasSubstr("\t            1234 prog+0x1200+0x34 (prog)\n"));
}

TEST(PerfScript, HoldsEveryStackWithItsWeightWhateverTheyAre) {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    const Profile profile = test::random_profile(seed);
    const auto samples = view::select(profile, {});
    WeightByStack weights;
    double last = 0;
    for (const ReadSample& sample : read_back(perf_script(profile, samples))) {
      weights[sample.folded()] += sample.period;
      EXPECT_GE(sample.time, last);
      last = sample.time;
    }
    EXPECT_EQ(weights, test::weights_by_stack(profile, samples)) << seed;
  }
}

TEST(PerfScript, WaitsAreAnEventOfTheirOwnInOrderOfTime) {
  const Profile profile =
      ProfileBuilder()
          .user("main;f", 2)
          .wait("main;lock", "entry_SYSCALL_64;futex_do_wait;schedule", WaitClass::kLock, 7'000)
          .user("main;f", 1)
          .build();
  const view::Selection selection = view::select_with_waits(profile, {});
  const auto samples = read_back(perf_script(profile, selection.samples));
  ASSERT_EQ(samples.size(), 4U);
  EXPECT_EQ(samples[2].event, "offcpu-time");
  EXPECT_EQ(samples[2].period, 7'000U);
  EXPECT_EQ(samples[2].folded(), "main;lock;entry_SYSCALL_64;futex_do_wait;<wait lock>");
  EXPECT_EQ(samples[3].event, "cpu-clock");
}

TEST(PerfScript, FoldsTheKernelWhereAsked) {
  const Profile profile =
      ProfileBuilder().sys("main", "asm_exc_page_fault;clear_page", fault("file")).build();
  const auto samples =
      read_back(perf_script(profile, view::select(profile, {}), {.kernel = KernelFrames::kFolded}));
  EXPECT_EQ(samples.at(0).folded(), "main;<page fault>");
  EXPECT_EQ(samples.at(0).files.at(0), "[kernel.kallsyms]");
}

TEST(PerfScript, NamesAndFilesStayOnTheirLine) {
  Profile profile =
      ProfileBuilder().process("C", 7).user("main;A@my file (1).so").user("main").build();
  for (std::string& text : profile.strings) {
    if (text == "A") text = "a\n\x1b b (x) ";
    if (text == "C") text = "V8 Worker\n";
  }
  const std::string text = perf_script(profile);
  EXPECT_THAT(text, StartsWith("V8 Worker\ufffd 7/7 [000]"));
  const auto samples = read_back(text);
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].names.front(), "a\ufffd\ufffd b (x) ");
  EXPECT_EQ(samples[0].files.front(), "my\\040file\\040(1).so");
}

TEST(PerfScript, OfNothingIsEmpty) { EXPECT_EQ(perf_script(ProfileBuilder().build()), ""); }

}  // namespace
}  // namespace profiler::exporter
