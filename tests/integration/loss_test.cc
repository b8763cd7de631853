// Samples that are lost while other processes fill the rings of whole CPUs as well.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <list>
#include <string>
#include <thread>

#include "tests/integration/recorded.h"
#include "tests/support/confinement.h"

namespace profiler::test {
namespace {

using ::testing::HasSubstr;

TEST(Loss, OnAMachineFloodedByOthersIsAnEstimateForTheTarget) {
  REQUIRE_KERNEL_SAMPLING();
  const TemporaryDirectory directory;
  std::list<Command> strangers;
  for (unsigned i = 0; i < 2 * std::thread::hardware_concurrency(); ++i) {
    strangers.emplace_back(std::vector<std::string>{workload("call_chain"), "600"},
                           CommandOptions{});
  }
  // Without BPF nobody keeps the strangers out; while it is stopped nobody empties the rings.
  Command command(
      profiler({"record", "-v", "-e", "cpu-clock", "-F", kFrequency, "-m", "1M", "--",
                workload("call_chain"), "2"}),
      {.directory = directory.path(), .prepare = [] { return refuse_calls({SYS_bpf}, EPERM); }});
  for (int i = 0; i < 3; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    command.signal(SIGSTOP);
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    command.signal(SIGCONT);
  }
  const CommandResult result = command.wait();
  ASSERT_EQ(result.exit_status, 0) << result.err;
  const CommandResult text = run(profiler({"report", "--format", "json", "--limit", "0"}),
                                 {.directory = directory.path()});
  const json report = json::parse(text.out, nullptr, false);
  ASSERT_TRUE(report.is_object()) << text.err;

  const double lost = report["quality"]["lost"];
  const double lost_all = report["quality"]["lost_all"];
  if (result.err.find("whole CPUs") == std::string::npos)
    GTEST_SKIP() << "events of whole CPUs were not permitted";
  if (lost_all < static_cast<double>(kEnoughSamples))
    GTEST_SKIP() << "only " << lost_all << " samples were lost";
  // What the kernel charged is known: the estimate must come nearer to it than the raw count.
  const double charged =
      report["time"]["user_s"].get<double>() + report["time"]["sys_s"].get<double>();
  const double sampled = report["time"]["sampled_user_s"].get<double>() +
                         report["time"]["sampled_sys_s"].get<double>();
  const double period = 1.0 / std::stod(kFrequency);
  const auto error = [&](double samples) { return std::abs(sampled + samples * period - charged); };
  EXPECT_LT(error(lost), 0.75 * error(lost_all))
      << "charged " << charged << " s, sampled " << sampled << " s, lost " << lost << " of "
      << lost_all;
  EXPECT_THAT(result.err, HasSubstr("about " + std::to_string(static_cast<long>(lost)) + " lost"));
  EXPECT_THAT(result.err, HasSubstr("of other processes"));
}

}  // namespace
}  // namespace profiler::test
