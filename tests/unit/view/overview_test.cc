#include "view/overview.h"

#include <gtest/gtest.h>

#include "view/filter.h"

namespace profiler::view {
namespace {

/// A sys sample with the given cause.
void add(Profile& profile, StringIndex cause_name, KernelEntryKind kind, std::uint64_t weight) {
  const CauseIndex cause = profile.causes.push_back(
      {.cause = {.kind = kind, .name = cause_name}, .entry = {.kind = kind, .name = cause_name}});
  const StackIndex stack = profile.stacks.push_back(
      {.user = {}, .kernel = {}, .end = StackEnd::kNoUserStack, .cause = cause});
  Sample sample;
  sample.weight = weight;
  sample.stack = stack;
  sample.thread = ThreadIndex(0);
  sample.mode = Mode::kSys;
  profile.samples.push_back(sample);
}

TEST(Overview, ShowsPageFaultsOfAllKindsAsOneCause) {
  Profile profile;
  profile.run.events.emplace_back();
  const StringIndex name = profile.strings.push_back("prog");
  profile.threads.push_back(
      {.process = profile.processes.push_back({.pid = 1, .parent_pid = 0, .name = name}),
       .tid = 1,
       .name = name});
  add(profile, profile.strings.push_back("brk"), KernelEntryKind::kSyscall, 40);
  add(profile, profile.strings.push_back("anonymous"), KernelEntryKind::kFault, 35);
  add(profile, profile.strings.push_back("other"), KernelEntryKind::kFault, 25);
  const Overview seen = overview(profile, select(profile, {}));
  ASSERT_EQ(seen.causes.size(), 2U);
  EXPECT_EQ(cause_label(seen.causes[0].kind, seen.causes[0].name), "page fault");
  EXPECT_EQ(seen.causes[0].weight.sys, 60U);
  EXPECT_EQ(seen.causes[0].weight.samples, 2U);
  ASSERT_EQ(seen.causes[0].callers.size(), 1U);
  EXPECT_EQ(seen.causes[0].callers[0].sys, 60U);
  EXPECT_EQ(seen.causes[1].weight.sys, 40U);
}

}  // namespace
}  // namespace profiler::view
