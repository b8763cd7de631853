#include "render/wakers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/profile_builder.h"

namespace profiler::render {
namespace {

using testing::HasSubstr;

std::vector<view::WakerRow> rows() {
  view::WakerRow lock;
  lock.wait_class = WaitClass::kLock;
  lock.waiter = {.function = "take", .module = "prog", .file = "lock.c", .line = 7};
  lock.waker = {.function = "drop", .module = "prog", .file = "lock.c", .line = 9, .inlined = true};
  lock.via = "<syscall futex>";
  lock.wait = 1'500'000'000;
  lock.waits = 3;
  view::WakerRow sleep;
  sleep.wait_class = WaitClass::kSleep;
  sleep.waiter = {.function = "nap", .module = "prog", .file = "", .line = 0};
  sleep.via = "<irq timer>";
  sleep.wait = 500'000'000;
  sleep.waits = 1;
  return {lock, sleep};
}

TEST(Wakers, AreALineAPair) {
  const Profile profile = test::ProfileBuilder().user("main", 50).build();
  const ReportHead head = report_head(profile, {}, 0);
  const std::string text = wakers_text(head, rows(), 0, {.width = 120, .colour = false});
  EXPECT_THAT(text, HasSubstr("75.0 %"));
  EXPECT_THAT(text, HasSubstr("drop in <syscall futex>"));
  EXPECT_THAT(text, HasSubstr("lock.c:7"));
  EXPECT_THAT(wakers_text(head, rows(), 1, {.width = 120, .colour = false}),
              HasSubstr("1 more; --limit 0 shows all"));
  EXPECT_THAT(wakers_text(head, {}, 0, {.width = 120, .colour = false}), HasSubstr("--wakers"));
}

TEST(Wakers, AreReadByPrograms) {
  const nlohmann::json json = nlohmann::json::parse(wakers_json(rows(), 0));
  EXPECT_EQ(json["schema"], "profiler.wakers/1");
  ASSERT_EQ(json["wakers"].size(), 2U);
  EXPECT_EQ(json["wakers"][0]["class"], "lock");
  EXPECT_EQ(json["wakers"][0]["wait_s"], 1.5);
  EXPECT_EQ(json["wakers"][0]["waker"]["function"], "drop");
  EXPECT_EQ(json["wakers"][0]["waker"]["inlined"], true);
  EXPECT_EQ(json["wakers"][1]["waker"]["function"], nullptr);
  EXPECT_EQ(json["wakers"][1]["via"], "<irq timer>");
  EXPECT_THAT(wakers_csv(rows(), 0),
              HasSubstr("lock,take,prog,lock.c,7,drop,prog,lock.c,9,<syscall futex>,1.5"));
}

}  // namespace
}  // namespace profiler::render
