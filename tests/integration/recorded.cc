#include "tests/integration/recorded.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>

namespace profiler::test {

namespace {

std::string refused(bool exclude_kernel) {
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_CPU_CLOCK;
  attr.sample_freq = 999;
  attr.freq = 1;
  attr.disabled = 1;
  attr.exclude_kernel = exclude_kernel ? 1 : 0;
  const long fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0UL);
  if (fd < 0) return std::strerror(errno);
  close(static_cast<int>(fd));
  return {};
}

}  // namespace

std::string workload(const std::string& name) { return PROFILER_WORKLOADS "/" + name; }

std::vector<std::string> profiler(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), PROFILER_PROGRAM);
  return arguments;
}

std::string sampling_refused() {
  const std::string reason = refused(true);
  return reason.empty() ? "" : "needs perf_event_open: " + reason;
}

std::string kernel_sampling_refused() {
  const std::string reason = refused(false);
  return reason.empty() ? "" : "needs kernel.perf_event_paranoid below 2, or root: " + reason;
}

namespace {

Recorded record_once(std::vector<std::string> words, const std::vector<std::string>& options,
                     CommandOptions how) {
  Recorded recorded;
  words.front() = workload(words.front());
  std::vector<std::string> arguments = {"record", "-e", "cpu-clock"};
  if (std::ranges::find(options, "-F") == options.end())
    arguments.insert(arguments.end(), {"-F", kFrequency});
  arguments.insert(arguments.end(), options.begin(), options.end());
  arguments.emplace_back("--");
  arguments.insert(arguments.end(), words.begin(), words.end());
  how.directory = recorded.directory->path();
  recorded.command = run(profiler(std::move(arguments)), how);
  EXPECT_EQ(recorded.command.exit_status, 0) << recorded.command.err;
  recorded.truth = json::parse(recorded.command.out, nullptr, false);
  EXPECT_TRUE(recorded.truth.is_object()) << recorded.command.out;
  Result<Profile> profile = profile::read_profile(recorded.directory->file("profiler.data"));
  if (profile) {
    recorded.profile = std::move(*profile);
  } else {
    ADD_FAILURE() << profile.error().message();
  }
  return recorded;
}

/// What was not sampled, in words; empty if everything was.
std::string losses(const Recorded& recorded) {
  const Losses& losses = recorded.profile.run.losses;
  if (losses.samples_lost == 0 && losses.samples_dropped == 0) return {};
  return std::to_string(losses.samples_lost) + " samples lost and " +
         std::to_string(losses.samples_dropped) + " dropped, " +
         std::to_string(recorded.profile.samples.size()) + " kept";
}

}  // namespace

Recorded record_workload(const std::vector<std::string>& words,
                         const std::vector<std::string>& options, const CommandOptions& how) {
  // Losses need not fall evenly on the parts of a program, so shares are asserted on whole
  // recordings. A machine that stood still for a moment is given a second chance and a third; one
  // that loses samples each time shows a recorder that loses samples.
  constexpr int kTries = 3;
  std::string tries;
  for (int i = 1;; ++i) {
    Recorded recorded = record_once(words, options, how);
    const std::string lost = losses(recorded);
    if (lost.empty()) return recorded;
    std::cerr << "[  RETRY   ] " << words.front() << ", recording " << i << " of " << kTries << ": "
              << lost << std::endl;
    tries += "\n  " + lost;
    if (i < kTries) continue;
    ADD_FAILURE() << "every recording of " << words.front() << " lost samples:" << tries;
    return recorded;
  }
}

json Recorded::report(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), {"report", "--format", "json", "--limit", "0"});
  const CommandResult result =
      run(profiler(std::move(arguments)), {.directory = directory->path()});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  json report = json::parse(result.out, nullptr, false);
  EXPECT_TRUE(report.is_object()) << result.out;
  return report;
}

const std::string& Recorded::name(FrameIndex frame) const {
  static const std::string kNone;
  const FrameName& names = profile.frames[frame].name;
  if (names.count == 0) return kNone;
  return profile.text(profile.functions[profile.locations[names.first].function].name);
}

double seconds(const json& weight) {
  return weight.at("user_s").get<double>() + weight.at("sys_s").get<double>();
}

json row_named(const json& rows, const std::string& name) {
  for (const json& row : rows)
    if (row.value("name", "") == name) return row;
  return nullptr;
}

json node_at(const json& node, const std::vector<std::string>& chain) {
  const json* at = &node;
  for (const std::string& name : chain) {
    const json* next = nullptr;
    for (const json& child : at->at("children"))
      if (child.value("name", "") == name) next = &child;
    if (next == nullptr) {
      at = nullptr;
      break;
    }
    at = next;
  }
  if (at != nullptr) return *at;
  for (const json& child : node.at("children"))
    if (json found = node_at(child, chain); !found.is_null()) return found;
  return nullptr;
}

::testing::AssertionResult is_share(double sampled, double all, double truth, double true_all,
                                    std::size_t samples) {
  if (samples < kEnoughSamples)
    return ::testing::AssertionFailure() << "only " << samples << " samples prove nothing";
  const double share = sampled / all;
  const double expected = truth / true_all;
  const double bound = four_sigma(expected, static_cast<double>(samples));
  if (std::abs(share - expected) <= bound) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "a share of " << share << ", in truth " << expected
                                       << " ± " << bound << " (" << samples << " samples)";
}

}  // namespace profiler::test
