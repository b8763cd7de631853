// A workload recorded by the built program, and what the program reports about it.
//
//   Recorded r = record_workload({"threads", "1"});
//   r.truth["threads"]["worker-1"];             // what the workload measured of itself
//   r.report({"--by", "thread"})["rows"];       // what the profiler says
//   EXPECT_SHARE(r, part, whole);               // within four standard deviations
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "profile/profile_reader.h"
#include "tests/support/command.h"
#include "tests/support/temporary_directory.h"

namespace profiler::test {

using nlohmann::json;

[[nodiscard]] std::string workload(const std::string& name);
/// The built program with these arguments.
[[nodiscard]] std::vector<std::string> profiler(std::vector<std::string> arguments);

/// Why nothing can be sampled here, or why the kernel cannot; empty if it can.
[[nodiscard]] std::string sampling_refused();
[[nodiscard]] std::string kernel_sampling_refused();

#define REQUIRE_SAMPLING() \
  if (const std::string reason = sampling_refused(); !reason.empty()) GTEST_SKIP() << reason
#define REQUIRE_KERNEL_SAMPLING() \
  if (const std::string reason = kernel_sampling_refused(); !reason.empty()) GTEST_SKIP() << reason

struct Recorded {
  std::unique_ptr<TemporaryDirectory> directory = std::make_unique<TemporaryDirectory>();
  CommandResult command;
  json truth;
  Profile profile;

  /// `profiler report --format json` with these arguments; null and a failure if it fails.
  [[nodiscard]] json report(std::vector<std::string> arguments = {}) const;
  /// Name of a frame's innermost function, or "".
  [[nodiscard]] const std::string& name(FrameIndex frame) const;
};

/// Fewer samples prove little; a workload runs for long enough to have more.
inline constexpr std::size_t kEnoughSamples = 2000;
inline constexpr const char* kFrequency = "2999";

/// The first word is the workload's name. `options` go to `profiler record`, and -F kFrequency if
/// they have none. A recording that lost samples is made again, which the log shows; a failure if
/// each of three did. `how` it is run: its directory is that of the Recorded.
[[nodiscard]] Recorded record_workload(const std::vector<std::string>& words,
                                       const std::vector<std::string>& options = {},
                                       const CommandOptions& how = {});

/// Four standard deviations of a share `p` among `samples`.
[[nodiscard]] inline double four_sigma(double p, double samples) {
  return 4 * std::sqrt(p * (1 - p) / samples);
}

/// User and sys seconds of a row's "self" or "total".
[[nodiscard]] double seconds(const json& weight);
/// The row of that name in a list of rows; null if there is none.
[[nodiscard]] json row_named(const json& rows, const std::string& name);
/// The node at the end of a chain of names, wherever in the tree the chain begins; null if none.
[[nodiscard]] json node_at(const json& node, const std::vector<std::string>& chain);

/// Whether `sampled` of `all` is the share that `truth` of `true_all` is.
[[nodiscard]] ::testing::AssertionResult is_share(double sampled, double all, double truth,
                                                  double true_all, std::size_t samples);

}  // namespace profiler::test
