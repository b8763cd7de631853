#include "record/switch_handover.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace profiler::record {
namespace {

constexpr std::uint64_t kWhen = 10'000'000;

SwitchEvent switched(Tid tid, bool out, std::uint64_t time_ns) {
  return {.context = {.time_ns = time_ns, .tid = tid}, .out = out};
}

class SwitchHandoverTest : public ::testing::Test {
 protected:
  SwitchHandoverTest() { handover_.begin(kWhen); }
  bool bpf_is_taken(const Event& event) { return !handover_.is_told_twice(true, event); }
  bool kernel_is_taken(const Event& event) { return !handover_.is_told_twice(false, event); }

  SwitchHandover handover_;
};

TEST(SwitchHandover, TakesNothingOfBpfsBeforeItBegins) {
  SwitchHandover handover;
  EXPECT_TRUE(handover.is_told_twice(true, switched(1, true, kWhen)));
  EXPECT_FALSE(handover.is_told_twice(false, switched(1, true, kWhen)));
}

TEST_F(SwitchHandoverTest, TakesTheKernelsUntilThenAndBpfsAfterwards) {
  EXPECT_TRUE(kernel_is_taken(switched(1, true, kWhen - 1)));
  EXPECT_FALSE(bpf_is_taken(switched(1, true, kWhen - 2)));
  EXPECT_TRUE(bpf_is_taken(switched(1, false, kWhen + 100'000'000)));
  EXPECT_FALSE(kernel_is_taken(switched(1, false, kWhen + 100'000'100)));
}

TEST_F(SwitchHandoverTest, TakesASwitchOnceThatTheyTellOnBothSidesOfIt) {
  EXPECT_FALSE(bpf_is_taken(switched(1, true, kWhen - 50)));
  EXPECT_TRUE(kernel_is_taken(switched(1, true, kWhen + 50))) << "BPF told it too early";
  EXPECT_TRUE(bpf_is_taken(switched(1, false, kWhen + 1000)));
  EXPECT_FALSE(kernel_is_taken(switched(1, false, kWhen + 1100)));
  EXPECT_TRUE(bpf_is_taken(switched(2, true, kWhen + 1000)));
  EXPECT_FALSE(kernel_is_taken(switched(2, true, kWhen + 1100)));
}

TEST_F(SwitchHandoverTest, TakesLossesOfWhomItTakesSwitches) {
  EXPECT_TRUE(kernel_is_taken(LostEvent{.context = {.time_ns = kWhen - 1}, .lost = 3}));
  EXPECT_FALSE(bpf_is_taken(LostEvent{.context = {.time_ns = kWhen - 1}, .lost = 3}));
  EXPECT_TRUE(bpf_is_taken(LostEvent{.context = {.time_ns = kWhen}, .lost = 3}));
  EXPECT_FALSE(kernel_is_taken(LostEvent{.context = {.time_ns = kWhen}, .lost = 3}));
}

}  // namespace
}  // namespace profiler::record
