// A chroot or container without /sys still has all its CPUs sampled.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>

#include "tests/integration/recorded.h"
#include "tests/support/confinement.h"

namespace profiler::test {
namespace {

/// "… Hz, 2 sampling events for whole CPUs": how many there were.
std::string sampling_events(const CommandResult& result) {
  std::smatch match;
  EXPECT_TRUE(std::regex_search(result.err, match, std::regex("Hz, ([0-9]+) sampling events")))
      << result.err;
  return match.empty() ? "" : match[1].str();
}

TEST(WithoutSysfs, EveryCpuIsSampled) {
  REQUIRE_SAMPLING();
  if (mounting_refused()) GTEST_SKIP() << "needs root, to cover /sys";
  const TemporaryDirectory directory;
  // Without waits: their stacks come by BPF, which needs what lies below /sys.
  const auto command = profiler({"record", "-v", "--no-wait", "-e", "cpu-clock", "--", "true"});
  const CommandResult usual = run(command, {.directory = directory.path()});
  const CommandResult without = run(command, {.directory = directory.path(), .prepare = [] {
                                                return own_mounts() && mount_memory("/sys", 4096);
                                              }});
  EXPECT_EQ(without.exit_status, 0) << without.err;
  EXPECT_EQ(sampling_events(without), sampling_events(usual));
}

}  // namespace
}  // namespace profiler::test
