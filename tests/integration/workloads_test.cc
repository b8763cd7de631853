// What the profiler says about programs whose answer is known beforehand (tests/workloads).
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "tests/integration/recorded.h"

namespace profiler::test {
namespace {

double sampled_user(const json& report) { return report["time"]["sampled_user_s"].get<double>(); }
double sampled_sys(const json& report) { return report["time"]["sampled_sys_s"].get<double>(); }
double sampled(const json& report) { return sampled_user(report) + sampled_sys(report); }
std::size_t samples(const json& report) { return report["quality"]["samples"].get<std::size_t>(); }

/// Seconds of all causes of a kind, and of a name where one is given.
double cause_s(const json& report, const std::string& kind, const std::string& name = {}) {
  double sum = 0;
  for (const json& cause : report["causes"]) {
    if (cause["kind"] == kind && (name.empty() || cause["name"] == name))
      sum += cause["sys_s"].get<double>();
  }
  return sum;
}

/// Seconds of interrupts that hit user code of `function`, or of all.
double interrupts_s(const json& report, const std::string& function = {}) {
  double sum = 0;
  for (const json& cause : report["causes"]) {
    if (cause["kind"] != "irq" && cause["kind"] != "softirq") continue;
    for (const json& caller : cause["callers"])
      if (function.empty() || caller["function"] == function) sum += caller["sys_s"].get<double>();
  }
  return sum;
}

/// The total of a function, 0 if it is not there.
double total_s(const json& report, const std::string& function) {
  const json row = row_named(report["functions"], function);
  return row.is_null() ? 0 : seconds(row["total"]);
}

double complete_share(const json& report) {
  return report["quality"]["stacks_complete"].get<double>() /
         report["quality"]["samples"].get<double>();
}

double unnamed(const json& report) { return report["quality"]["frames_unnamed"].get<double>(); }

TEST(UserSysRatio, IsWhatTheWorkloadMadeIt) {
  REQUIRE_KERNEL_SAMPLING();
  const Recorded r = record_workload({"user_sys_ratio", "1.2", "0.7"});
  const json report = r.report();
  const double user = r.truth["user_s"];
  const double sys = r.truth["sys_s"];
  EXPECT_TRUE(is_share(sampled_sys(report), sampled(report), sys, user + sys, samples(report)));
  // Inclusive: the function that calls read is charged for it, the one that computes is not.
  EXPECT_TRUE(
      is_share(total_s(report, "compute"), sampled(report), user, user + sys, samples(report)));
  EXPECT_TRUE(is_share(total_s(report, "fill_from_zero"), sampled(report), sys, user + sys,
                       samples(report)));
  const json compute = row_named(report["functions"], "compute");
  // But for interrupts, of which there are more where others keep the machine busy.
  EXPECT_LT(compute["total"]["sys_s"].get<double>() - interrupts_s(report, "compute"),
            0.02 * sampled(report));
  EXPECT_GT(cause_s(report, "syscall", "read"),
            0.95 * (sampled_sys(report) - interrupts_s(report)));
  EXPECT_LE(cause_s(report, "other"), 0.01 * sampled_sys(report));
}

TEST(UserSysRatio, HoldsForMostlySysToo) {
  REQUIRE_KERNEL_SAMPLING();
  const Recorded r = record_workload({"user_sys_ratio", "1.2", "0.15"});
  const json report = r.report();
  const double user = r.truth["user_s"];
  const double sys = r.truth["sys_s"];
  EXPECT_TRUE(is_share(sampled_sys(report), sampled(report), sys, user + sys, samples(report)));
}

TEST(HeapThatGrowsAndShrinks, IsPageFaultsBeforeBrk) {
  REQUIRE_KERNEL_SAMPLING();
  const Recorded r = record_workload({"heap_grow_shrink", "1.2"});
  const json report = r.report();
  ASSERT_GE(samples(report), kEnoughSamples);
  const double faults = cause_s(report, "fault");
  const double brk = cause_s(report, "syscall", "brk");
  // More than half of the two together, beyond what chance can do.
  EXPECT_GT(faults / (faults + brk),
            0.5 + four_sigma(0.5, (faults + brk) / sampled(report) *
                                      static_cast<double>(samples(report))));
  EXPECT_GT(faults, 0.5 * sampled_sys(report));
  EXPECT_GT(brk, 0.01 * sampled_sys(report));
  const json& main = report["causes"][0];
  EXPECT_EQ(main["kind"], "fault");
  EXPECT_EQ(main["name"], "anonymous");
  EXPECT_EQ(main["callers"][0]["function"], "touch_blocks");
  EXPECT_LE(cause_s(report, "other"), 0.01 * sampled_sys(report));
  // Cause rows add up to all sys time.
  double sum = 0;
  for (const json& cause : report["causes"]) sum += cause["sys_s"].get<double>();
  EXPECT_NEAR(sum, sampled_sys(report), 1e-6);
}

TEST(CallChain, IsTheOneInTheSource) {
  REQUIRE_SAMPLING();
  for (const char* program : {"call_chain", "call_chain_static"}) {
    const Recorded r = record_workload({program, "0.9"});
    const json report = r.report({"--tree"});
    ASSERT_GE(samples(report), kEnoughSamples) << program;
    const json spin = node_at(report["root"], {"main", "alpha", "beta", "gamma", "spin"});
    ASSERT_FALSE(spin.is_null()) << program;
    EXPECT_GT(seconds(spin["total"]), 0.97 * sampled(report)) << program;
    EXPECT_GE(complete_share(report), 0.995) << program;
    EXPECT_EQ(unnamed(report), 0) << program;
  }
}

TEST(CallChain, OfAStrippedProgramHasRangesForNames) {
  REQUIRE_SAMPLING();
  const Recorded r = record_workload({"call_chain_stripped", "0.9"});
  const json report = r.report({"--tree"});
  ASSERT_GE(samples(report), kEnoughSamples);
  EXPECT_GE(complete_share(report), 0.995);
  EXPECT_EQ(unnamed(report), 0);
  // The same program with symbols says where its functions begin.
  const CommandResult nm = run({"nm", workload("call_chain")});
  if (nm.exit_status != 0) GTEST_SKIP() << "needs nm of binutils";
  std::vector<std::string> expected;
  for (const char* function : {"main", "alpha", "beta", "gamma", "spin"}) {
    std::smatch match;
    ASSERT_TRUE(std::regex_search(
        nm.out, match, std::regex("0*([0-9a-f]+) [Tt] " + std::string(function) + "\n")));
    expected.push_back("call_chain_stripped+0x" + match[1].str());
  }
  const json spin = node_at(report["root"], expected);
  ASSERT_FALSE(spin.is_null()) << report["root"];
  EXPECT_GT(seconds(spin["total"]), 0.97 * sampled(report));
}

TEST(Threads, HaveTheirNamesAndShares) {
  REQUIRE_SAMPLING();
  const Recorded r = record_workload({"threads", "1"});
  const json report = r.report({"--by", "thread"});
  double all = 0;
  for (const auto& [name, cpu_s] : r.truth["threads"].items()) all += cpu_s.get<double>();
  for (const auto& [name, cpu_s] : r.truth["threads"].items()) {
    const json row = row_named(report["rows"], name);
    ASSERT_FALSE(row.is_null()) << name << " in " << report["rows"];
    EXPECT_TRUE(is_share(seconds(row["total"]), sampled(report), cpu_s, all, samples(report)))
        << name;
  }
}

TEST(ForkedChildren, HaveTheirShares) {
  REQUIRE_SAMPLING();
  const Recorded r = record_workload({"fork_exec", "children", "1"});
  const json report = r.report();
  const std::vector<double> cpu_s = r.truth["children_cpu_s"];
  const double all = cpu_s[0] + cpu_s[1] + cpu_s[2];
  const char* const names[] = {"child_one", "child_two", "child_three"};
  for (std::size_t i = 0; i < cpu_s.size(); ++i) {
    EXPECT_TRUE(
        is_share(total_s(report, names[i]), sampled(report), cpu_s[i], all, samples(report)))
        << names[i];
  }
  EXPECT_GE(complete_share(report), 0.995);
}

TEST(ShortProcesses, AreSampledWhereWholeCpusMayBe) {
  REQUIRE_KERNEL_SAMPLING();
  const Recorded r = record_workload({"fork_exec", "burst", "900"});
  const json report = r.report();
  if (r.profile.run.coverage != Coverage::kPerCpu)
    GTEST_SKIP() << "events of whole CPUs were not permitted";
  ASSERT_GE(samples(report), kEnoughSamples);
  // Samples come at the ticks of each CPU, not of each process: nothing short is missed.
  const double truth = r.truth["children_cpu_s"];
  const double noise = 4 / std::sqrt(static_cast<double>(samples(report)));
  EXPECT_GT(sampled(report), (0.95 - noise) * truth);
  EXPECT_GT(total_s(report, "brief"), 0.5 * sampled(report));
}

TEST(ProgramStartedThroughAShell, HasItsOwnStacks) {
  REQUIRE_SAMPLING();
  const Recorded r = record_workload({"fork_exec", "shell", "0.9"});
  const json report = r.report({"--tree"});
  ASSERT_GE(samples(report), kEnoughSamples);
  const json spin = node_at(report["root"], {"main", "alpha", "beta", "gamma", "spin"});
  ASSERT_FALSE(spin.is_null());
  EXPECT_GT(seconds(spin["total"]), 0.95 * sampled(report));
  EXPECT_GE(complete_share(report), 0.995);
  EXPECT_FALSE(row_named(r.report({"--by", "process"})["rows"], "call_chain").is_null());
}

TEST(SignalHandlerOnAnAlternateStack, EndsWithItsReason) {
  REQUIRE_SAMPLING();
  const Recorded r = record_workload({"alt_stack_signal", "1"});
  const json report = r.report();
  const double alternate = r.truth["alternate_s"];
  const double all = alternate + r.truth["usual_s"].get<double>();
  EXPECT_TRUE(is_share(total_s(report, "on_alternate_stack"), sampled(report), alternate, all,
                       samples(report)));
  std::size_t ended_there = 0;
  std::size_t in_handler = 0;
  for (const Sample& sample : r.profile.samples) {
    const Stack& stack = r.profile.stacks[sample.stack];
    bool has_handler = false;
    for (NodeIndex n = stack.user; n; n = r.profile.nodes[n].parent)
      has_handler |= r.name(r.profile.nodes[n].frame) == "on_signal";
    in_handler += has_handler ? 1 : 0;
    ended_there += has_handler && stack.end == StackEnd::kAlternateStack ? 1 : 0;
  }
  EXPECT_TRUE(is_share(static_cast<double>(in_handler), static_cast<double>(samples(report)),
                       alternate, all, samples(report)));
  EXPECT_GE(static_cast<double>(ended_there), 0.99 * static_cast<double>(in_handler));
  // What was not on that stack is complete.
  EXPECT_GE(report["quality"]["stacks_complete"].get<std::size_t>() + in_handler,
            samples(report) * 995 / 1000);
}

/// How many frames of that name each sample's user stack has: samples by number.
std::map<std::size_t, std::size_t> depths(const Recorded& r, const std::string& name) {
  std::map<std::size_t, std::size_t> histogram;
  for (const Sample& sample : r.profile.samples) {
    std::size_t depth = 0;
    for (NodeIndex n = r.profile.stacks[sample.stack].user; n; n = r.profile.nodes[n].parent)
      depth += r.name(r.profile.nodes[n].frame) == name ? 1 : 0;
    ++histogram[depth];
  }
  return histogram;
}

TEST(Recursion, IsFollowedToItsDepth) {
  REQUIRE_SAMPLING();
  for (const std::size_t depth : {10, 100}) {
    const Recorded r = record_workload({"recursion", std::to_string(depth), "0.9"});
    const json report = r.report();
    ASSERT_GE(samples(report), kEnoughSamples);
    EXPECT_GE(complete_share(report), 0.995) << depth;
    EXPECT_GT(static_cast<double>(depths(r, "descend")[depth]),
              0.97 * static_cast<double>(samples(report)))
        << depth;
    // Once a sample, however often it recurs.
    EXPECT_LE(total_s(report, "descend"), sampled(report) + 1e-9);
    EXPECT_GT(total_s(report, "descend"), 0.97 * sampled(report));
  }
}

TEST(Recursion, DeeperThanTheCopyOfTheStackIsCalledTruncated) {
  REQUIRE_SAMPLING();
  const Recorded r = record_workload({"recursion", "2000", "0.9"}, {"--call-graph", "dwarf,32768"});
  const json report = r.report();
  ASSERT_GE(samples(report), kEnoughSamples);
  const json& quality = report["quality"];
  EXPECT_GT(quality["stacks_truncated"].get<double>(), 0.95 * quality["samples"].get<double>());
  EXPECT_LE(quality["stacks_broken"].get<double>(), 0.005 * quality["samples"].get<double>());
  // As many frames as 32 KiB hold, of about 200 bytes each.
  for (const auto& [depth, count] : depths(r, "descend")) {
    if (static_cast<double>(count) > 0.01 * static_cast<double>(samples(report))) {
      EXPECT_GT(depth, 140U);
      EXPECT_LT(depth, 200U);
    }
  }
}

TEST(Plugins, KeepTheirNamesWhenTheyAreGone) {
  REQUIRE_SAMPLING();
  const Recorded r = record_workload({"dlopen_close", "1"});
  const json report = r.report();
  const double first = r.truth["first_s"];
  const double second = r.truth["second_s"];
  EXPECT_TRUE(is_share(total_s(report, "plugin_first"), sampled(report), first, first + second,
                       samples(report)));
  EXPECT_TRUE(is_share(total_s(report, "plugin_second"), sampled(report), second, first + second,
                       samples(report)));
  EXPECT_EQ(row_named(report["functions"], "plugin_first")["module"], "libworkload_first.so");
  EXPECT_EQ(row_named(report["functions"], "plugin_second")["module"], "libworkload_second.so");
}

TEST(SystemCalls, AreNamedAndChargedToTheirCallers) {
  REQUIRE_KERNEL_SAMPLING();
  const Recorded r = record_workload({"syscalls_mix", "14000"});
  const json report = r.report();
  const std::map<std::string, std::string> callers = {{"read", "read_zero"},
                                                      {"write", "write_null"},
                                                      {"getppid", "ask_parent"},
                                                      {"newfstatat", "stat_null"},
                                                      {"gettid", "ask_indirectly"}};
  double all = 0;
  for (const auto& [name, cpu_s] : r.truth["cpu_s"].items()) all += cpu_s.get<double>();
  // What lies between the functions, the asking for the time above all, is in no share.
  double sampled_all = 0;
  for (const auto& [name, function] : callers) sampled_all += total_s(report, function);
  EXPECT_GT(sampled_all, 0.9 * sampled(report));
  for (const auto& [name, function] : callers) {
    EXPECT_TRUE(is_share(total_s(report, function), sampled_all, r.truth["cpu_s"][name], all,
                         samples(report)))
        << function;
    // All of its sys time has the call's name, but for interrupts, which are causes of their own.
    const json row = row_named(report["functions"], function);
    ASSERT_FALSE(row.is_null()) << function;
    EXPECT_GT(cause_s(report, "syscall", name),
              0.95 * (row["total"]["sys_s"].get<double>() - interrupts_s(report, function)))
        << name;
    for (const json& cause : report["causes"]) {
      if (cause["kind"] == "syscall" && cause["name"] == name) {
        EXPECT_EQ(cause["callers"][0]["function"], function);
      }
    }
  }
  EXPECT_LE(cause_s(report, "other"), 0.01 * sampled_sys(report));

  // ask_indirectly calls syscall(2), where no instruction holds the number: other samples tell.
  EXPECT_LE(cause_s(report, "syscall", "syscall"), 0.01 * cause_s(report, "syscall"));
}

}  // namespace
}  // namespace profiler::test
