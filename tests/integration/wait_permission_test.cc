// Waiting recorded where something is not permitted: BPF, trace points, the kernel's own events,
// any event. What can be known still is right, and what cannot is said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <iostream>
#include <ostream>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "tests/integration/nobody.h"
#include "tests/integration/recorded.h"
#include "tests/integration/waited.h"
#include "tests/support/confinement.h"

namespace profiler::test {
namespace {

using ::testing::AssertionFailure;
using ::testing::AssertionResult;
using ::testing::AssertionSuccess;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// What the stacks of waits are taken by.
struct Way {
  const char* name;
  const char* event;        ///< As strace writes it.
  const char* other_event;  ///< That of the other way; or null.
  std::vector<std::string> options;
  bool (*prepare)();  ///< Refuses the better ways.
};
void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }

constexpr const char* kTracepoint = "type=PERF_TYPE_TRACEPOINT";
constexpr const char* kSwitches = "config=PERF_COUNT_SW_CONTEXT_SWITCHES";

bool refuse_bpf() { return refuse_calls({SYS_bpf}, EPERM); }

// Where that event is the user's own, another one has to be found.
const Way kTracepointWay{
    "TracePoint", kTracepoint, nullptr, {"-e", "cpu-clock", "-e", "context-switches"}, refuse_bpf};
const Way kSwitchesWay{"SoftwareEvent", kSwitches, kTracepoint, {}, refuse_bpf};

/// Why stacks of waits cannot be taken that way here; empty if they can.
std::string refused(const Way& way) {
  if (std::string reason = kernel_sampling_refused(); !reason.empty()) return reason;
  if (run({"true"}, {.prepare = way.prepare}).exit_status == 0) return {};
  return "needs seccomp filters";
}

class WayWithoutBpf : public ::testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(, WayWithoutBpf, ::testing::Values(kTracepointWay, kSwitchesWay),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_P(WayWithoutBpf, IsTheBestThatIsLeft) {
  if (const std::string why = refused(GetParam()); !why.empty()) GTEST_SKIP() << why;
  const TemporaryDirectory directory;
  std::vector<std::string> words = {"strace", "-qq", "-e", "trace=perf_event_open", "-o", "calls"};
  std::vector<std::string> recording = {"record", "--wait", "-q"};
  recording.insert(recording.end(), GetParam().options.begin(), GetParam().options.end());
  recording.insert(recording.end(), {"--", "true"});
  for (const std::string& word : profiler(recording)) words.push_back(word);
  const CommandResult result =
      run(words, {.directory = directory.path(), .prepare = GetParam().prepare});
  if (result.exit_status != 0) GTEST_SKIP() << "strace is missing, or may not trace here";
  const std::string calls = read_bytes(directory.file("calls"));
  if (lines_with(calls, "type=PERF_TYPE_SOFTWARE").empty())
    GTEST_SKIP() << "this strace does not show events";
  EXPECT_THAT(calls, HasSubstr(GetParam().event));
  if (GetParam().other_event != nullptr) {
    EXPECT_THAT(calls, Not(HasSubstr(GetParam().other_event)));
  }
}

class WaitsWithoutBpf : public ::testing::TestWithParam<std::tuple<Way, const char*>> {};
INSTANTIATE_TEST_SUITE_P(, WaitsWithoutBpf,
                         ::testing::Combine(::testing::Values(kTracepointWay, kSwitchesWay),
                                            ::testing::Values("sleep", "poll", "pipe", "terminal")),
                         [](const auto& test) {
                           return std::string(std::get<0>(test.param).name) + "_" +
                                  std::get<1>(test.param);
                         });

/// No class has more than the workload measured, and what one lacks is said not to have been
/// sampled, which is little. Of a wait without a stack the class is that of others of its thread
/// that lasted about as long; so here each thread waits for one thing.
AssertionResult sampled_classes_are_true(const Waited& waited) {
  const json& truth = waited.recorded.truth["waits"];
  double true_s = 0;
  double missing_s = 0;
  for (const auto& [name, seconds] : truth.items()) {
    const auto each_s = seconds.get<double>();
    const double recorded_s = waited_s(waited.report, name);
    true_s += each_s;
    missing_s += std::max(each_s - recorded_s, 0.0);
    CHECK_THAT(is_near(name, std::max(recorded_s, each_s), each_s));
  }
  for (const json& row : waited.report["waits"]) {
    const std::string name = row["class"];
    if (truth.contains(name) || name == "runnable" || name == "disk" || name == "not_sampled")
      continue;
    CHECK_THAT(is_near(name, row["wait_s"], 0));
  }
  const double not_sampled_s = waited_s(waited.report, "not_sampled");
  const double unclear_s = not_sampled_s + waited_s(waited.report, "runnable");
  if (missing_s > unclear_s + 0.02 * true_s)
    return AssertionFailure() << missing_s << " s are of no class, and " << unclear_s
                              << " s not sampled";
  if (not_sampled_s > 0.1 * true_s)
    return AssertionFailure() << not_sampled_s << " of " << true_s << " s not sampled";
  return AssertionSuccess();
}

// It is at random which threads have a stack: more tries, of more waits.
TEST_P(WaitsWithoutBpf, AreThoseThatTheWorkloadMeasured) {
  const auto& [way, waits] = GetParam();
  if (const std::string why = refused(way); !why.empty()) GTEST_SKIP() << why;
  const auto is_true = [](const Waited& waited) -> AssertionResult {
    std::vector<std::string> notes;
    for (const std::string& note : waited.recorded.profile.run.notes)
      if (note.contains("wait")) notes.push_back(note);
    EXPECT_THAT(notes, ElementsAre("who ends waits was not recorded: it takes BPF"));
    EXPECT_LE(waited.report["quality"]["wait_stacks"], waited.report["quality"]["waits"]);
    return sampled_classes_are_true(waited);
  };
  expect_waits({"known_waits", waits, "60"}, is_true,
               {.how = {.prepare = way.prepare},
                .option = "--wakers",
                .tries = 6,
                .more_options = way.options});
}

class WaitsOfNobody : public AsNobody {
 protected:
  WaitsOfNobody() : AsNobody({"known_waits", "held_lock"}) {}

  void SetUp() override {
    AsNobody::SetUp();
    if (!IsSkipped() && kernel_setting("perf_event_paranoid") != "2")
      GTEST_SKIP() << "needs kernel.perf_event_paranoid 2";
  }

  /// Until what is found is true of one recording.
  void expect(const std::vector<std::string>& words,
              const std::function<AssertionResult(const Waited&)>& is_true) {
    AssertionResult result = AssertionFailure();
    for (int i = 0; i < 3 && !result; ++i) {
      const Waited waited = record(words);
      if (HasFatalFailure()) return;
      result = is_true(waited);
      if (!result) std::cerr << "[  RETRY   ] " << result.message() << std::endl;
    }
    EXPECT_TRUE(result);
  }

 private:
  Waited record(std::vector<std::string> words) {
    Waited waited;
    words.insert(words.begin(), {"./profiler", "record", "--wait", "-e", "cpu-clock", "--"});
    waited.recorded.command = run_as_nobody(words);
    const CommandResult report =
        run_as_nobody({"./profiler", "report", "--format", "json", "--limit", "0"});
    auto profile = profile::read_profile(directory_.file("profiler.data"));
    const auto check = [&] {
      ASSERT_EQ(waited.recorded.command.exit_status, 0) << waited.recorded.command.err;
      ASSERT_EQ(report.exit_status, 0) << report.err;
      ASSERT_TRUE(profile) << profile.error().message();
      waited.recorded.profile = *std::move(profile);
    };
    check();
    waited.recorded.truth = json::parse(waited.recorded.command.out, nullptr, false);
    waited.report = json::parse(report.out, nullptr, false);
    return waited;
  }
};

/// The durations are those that the workload measured, and of no class.
AssertionResult durations_are_true(const Waited& waited) {
  double true_s = 0;
  for (const json& seconds : waited.recorded.truth["waits"]) true_s += seconds.get<double>();
  std::set<std::string> classes;
  for (const json& row : waited.report["waits"]) classes.insert(row["class"]);
  EXPECT_TRUE(classes.contains("not_sampled"));
  classes.erase("not_sampled");
  classes.erase("runnable");
  EXPECT_THAT(classes, ElementsAre());
  const double blocked_s = waited_s(waited.report, "not_sampled");
  const double runnable_s = waited_s(waited.report, "runnable");
  const json& quality = waited.report["quality"];
  EXPECT_EQ(quality["wait_stacks"], 0);
  EXPECT_GT(quality["waits"], 0);
  EXPECT_NEAR(quality["wait_not_sampled_s"].get<double>(), blocked_s, 1e-9);
  EXPECT_NEAR(waited.report["time"]["wait_s"].get<double>(), blocked_s + runnable_s, 1e-6);
  return is_near("waited", std::clamp(true_s, blocked_s, blocked_s + runnable_s), true_s);
}

TEST_F(WaitsOfNobody, AreAsLongAsTheyWereAndItIsSaidThatNoMoreIsKnown) {
  for (const char* waits : {"pipe", "stopped"}) {
    expect({"./known_waits", waits, "40"}, [](const Waited& waited) -> AssertionResult {
      const auto said = lines_with(waited.recorded.command.err, "where threads waited");
      EXPECT_EQ(said.size(), 1U) << waited.recorded.command.err;
      EXPECT_THAT(waited.recorded.command.err,
                  HasSubstr("only how long (kernel.perf_event_paranoid "
                            "is 2): set it to 1 or lower"));
      return durations_are_true(waited);
    });
  }
  const CommandResult text = run_as_nobody({"./profiler", "report", "--by", "wait"});
  EXPECT_THAT(text.out, HasSubstr("· without stacks ·"));
  EXPECT_THAT(text.out, HasSubstr("where threads waited was not recorded, only how long"));
  EXPECT_EQ(lines_with(text.out, "not sampled in").size(), 1U) << text.out;
}

TEST_F(WaitsOfNobody, AreKnownForEachThread) { expect({"./held_lock", "40"}, threads_are_true); }

TEST(WaitsWithoutAnyEvent, AreNotKnownAndNotNone) {
  const TemporaryDirectory directory;
  const CommandOptions how = {.directory = directory.path(), .prepare = [] {
                                return refuse_calls({SYS_bpf, SYS_perf_event_open}, EPERM);
                              }};
  if (run({"true"}, how).exit_status != 0) GTEST_SKIP() << "needs seccomp filters";
  const CommandResult result = run(profiler({"record", "--wait", "-e", "cpu-clock", "--",
                                             workload("known_waits"), "sleep", "3"}),
                                   how);
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(lines_with(result.err, "perf_event_open is not permitted").size(), 1U) << result.err;
  const CommandResult text = run(profiler({"report", "--format", "json"}), how);
  const json report = json::parse(text.out, nullptr, false);
  ASSERT_TRUE(report.is_object()) << text.err;
  EXPECT_TRUE(report["time"]["wait_s"].is_null());
  EXPECT_TRUE(report["quality"]["waits"].is_null());
  EXPECT_TRUE(report["waits"].is_null());
  const CommandResult waits = run(profiler({"report", "--by", "wait"}), how);
  EXPECT_EQ(waits.exit_status, 1);
  EXPECT_THAT(waits.err, HasSubstr("has no waits to show"));
}

}  // namespace
}  // namespace profiler::test
