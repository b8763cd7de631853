// Stacks deeper than the copies of them are at first: larger copies take over in mid-recording.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/recorded.h"

namespace profiler::test {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kLargestCopy = 65528;

struct Stacks {
  double all = 0;
  double complete = 0;
  double too_short = 0;
};

/// Of the samples from this time on.
Stacks stacks(const Profile& profile, std::uint64_t from_ns = 0) {
  Stacks count;
  for (const Sample& sample : profile.samples) {
    if (sample.time_ns < from_ns) continue;
    const StackEnd end = profile.stacks[sample.stack].end;
    ++count.all;
    if (completeness(end) == Completeness::kComplete) ++count.complete;
    if (end == StackEnd::kDumpTooShort) ++count.too_short;
  }
  return count;
}

/// User and system time of a process so far, as /proc/PID/stat has it.
double cpu_s(pid_t pid) {
  const std::string stat = read_bytes("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream rest(stat.substr(name_end + 1));
  std::string word;
  for (int field = 3; field < 14; ++field) rest >> word;
  double user = 0;
  double sys = 0;
  rest >> user >> sys;
  return (user + sys) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

void expect_whole_copies_since_takeover(const Profile& profile) {
  const StackEnlargement& enlargement = profile.run.stack_enlargement;
  ASSERT_EQ(enlargement.bytes, kLargestCopy);
  const Stacks after = stacks(profile, enlargement.after_ns);
  ASSERT_GE(after.all, kEnoughSamples);
  EXPECT_LE(after.too_short, 0.002 * after.all);
  EXPECT_GE(after.complete, 0.99 * after.all);
}

class DeepStacks : public ::testing::TestWithParam<const char*> {
 protected:
  [[nodiscard]] static std::vector<std::string> options(std::vector<std::string> words = {}) {
    // Slow enough for rings to be mapped in no time; what is early is a matter of time, not of
    // samples.
    words.insert(words.end(), {"-v", "-F", "999"});
    if (*GetParam() != '\0') words.emplace_back(GetParam());
    return words;
  }
};

TEST_P(DeepStacks, AreCopiedWholeSoonAfterTheFirstWereNot) {
  REQUIRE_SAMPLING();
  const Recorded r = record_workload({"deep_stack", "45", "2"}, options());
  expect_whole_copies_since_takeover(r.profile);
  const Stacks all = stacks(r.profile);
  EXPECT_GT(all.complete, 0.95 * all.all);
  EXPECT_THAT(r.command.err, HasSubstr("stack copies of 65528 bytes"));

  // Nothing was lost or sampled twice on the way: 5 % for starts, ends and a busy host.
  const json report = r.report();
  const double sampled = report["time"]["sampled_user_s"].get<double>() +
                         report["time"]["sampled_sys_s"].get<double>();
  const double truth = r.truth["cpu_s"];
  const double bound = (0.05 + 4 / std::sqrt(all.all)) * truth;
  EXPECT_NEAR(sampled, truth, bound);
  // Also in the child that was forked after it.
  const json deep = row_named(report["functions"], "deep");
  ASSERT_FALSE(deep.is_null());
  EXPECT_NEAR(seconds(deep["total"]), r.truth["deep_s"].get<double>(), bound);
  EXPECT_EQ(r.profile.run.losses.processes_seen, 3U);
  EXPECT_EQ(r.profile.run.losses.processes_unsampled, 0U);
}

TEST_P(DeepStacks, AreCopiedWholeInAProcessThatRanAlready) {
  REQUIRE_SAMPLING();
  const TemporaryDirectory directory;
  Command target({workload("deep_stack"), "45", "60", "0"}, {});
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  std::vector<std::string> words = options({"record", "-e", "cpu-clock", "-o", "attached"});
  words.insert(words.end(), {"-p", std::to_string(target.pid()), "--duration", "100"});
  Command command(profiler(words), {.directory = directory.path()});
  // However long that takes on a busy machine.
  const double enough_s = cpu_s(target.pid()) + 3;
  for (int i = 0; i < 1000 && cpu_s(target.pid()) < enough_s; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  command.signal(SIGINT);
  const CommandResult result = command.wait();
  EXPECT_EQ(result.exit_status, 0) << result.err;
  const Result<Profile> profile = profile::read_profile(directory.file("attached"));
  ASSERT_TRUE(profile) << profile.error().message();
  expect_whole_copies_since_takeover(*profile);

  // Time is charged to the process that was named, not to its child.
  double sampled = 0;
  std::size_t samples = 0;
  for (const Sample& sample : profile->samples) {
    const Thread& thread = profile->threads[sample.thread];
    if (profile->processes[thread.process].pid != target.pid()) continue;
    sampled += static_cast<double>(sample.weight);
    ++samples;
  }
  ASSERT_GE(samples, kEnoughSamples);
  const auto& run = profile->run;
  const auto charged = static_cast<double>(*run.charged.user_ns + *run.charged.sys_ns);
  const double noise = 4 / std::sqrt(static_cast<double>(samples));
  EXPECT_LT(sampled, (1.05 + noise) * charged);
  // It runs on while events are being opened.
  const double lost =
      static_cast<double>(run.losses.all_samples_lost()) * sampled / static_cast<double>(samples);
  EXPECT_GT(sampled + lost, (0.7 - noise) * charged);
}

TEST_P(DeepStacks, AreCutWhereTheUserHasChosenTheSize) {
  REQUIRE_SAMPLING();
  const Recorded r =
      record_workload({"deep_stack", "45", "0.6"}, options({"--call-graph", "dwarf,32768"}));
  EXPECT_EQ(r.profile.run.stack_enlargement, StackEnlargement{});
  const Stacks all = stacks(r.profile);
  ASSERT_GE(all.all, kEnoughSamples);
  EXPECT_GT(all.too_short, 0.7 * all.all);
}

TEST_P(DeepStacks, AreNoneInAShallowProgram) {
  REQUIRE_SAMPLING();
  const Recorded r = record_workload({"deep_stack", "25", "0.6"}, options());
  EXPECT_EQ(r.profile.run.stack_enlargement, StackEnlargement{});
  const Stacks all = stacks(r.profile);
  ASSERT_GE(all.all, kEnoughSamples);
  EXPECT_GE(all.complete, 0.99 * all.all);
}

INSTANTIATE_TEST_SUITE_P(EitherWay, DeepStacks, ::testing::Values("", "--inherit"),
                         [](const auto& parameter) {
                           return *parameter.param == '\0' ? "AsPermitted" : "Inherited";
                         });

}  // namespace
}  // namespace profiler::test
