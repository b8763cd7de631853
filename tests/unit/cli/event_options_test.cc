#include "cli/event_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/perf_event.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace profiler::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class EventOptions : public ::testing::Test {
 protected:
  void SetUp() override {
    add("raw_syscalls", "sys_enter", 443);
    add("syscalls", "sys_enter_brk", 695);
    add("syscalls", "sys_enter_read", 700);
    add("syscalls", "sys_exit_brk", 694);
    add("block", "block_rq_issue", 12);
    add("block", "block_rq_complete", 11);
  }
  void add(const std::string& system, const std::string& name, int id) {
    const std::string point = tree_.path() + "/events/" + system + "/" + name;
    std::filesystem::create_directories(point);
    test::write_bytes(point + "/id", std::to_string(id) + "\n");
  }
  [[nodiscard]] Result<std::vector<record::NamedEvent>> parse(
      const std::vector<std::string>& given) const {
    return parse_events(given, [this] {
      const std::vector<std::string> mounts = {tree_.path()};
      return record::Tracefs::open(mounts, [] { return -EPERM; });
    });
  }
  /// The names; or the error, alone.
  [[nodiscard]] std::vector<std::string> names(const std::vector<std::string>& given) const {
    const auto events = parse(given);
    if (!events) return {events.error().message()};
    std::vector<std::string> names;
    for (const record::NamedEvent& event : *events) names.push_back(event.name);
    return names;
  }
  [[nodiscard]] std::string error(const std::string& given) const {
    const auto events = parse({given});
    return events ? "no error" : events.error().message();
  }

  test::TemporaryDirectory tree_;
};

TEST_F(EventOptions, AreNoneWhereNoneAreGiven) { EXPECT_THAT(names({}), ElementsAre()); }

TEST_F(EventOptions, AreListsAndMayBeRepeated) {
  EXPECT_THAT(names({"faults,cs", "cpu-clock"}),
              ElementsAre("page-faults", "context-switches", "cpu-clock"));
}

TEST_F(EventOptions, AreEachOpenedOnce) {
  EXPECT_THAT(names({"page-faults,faults", "syscalls:sys_enter_brk,syscalls:sys_*_brk"}),
              ElementsAre("page-faults", "syscalls:sys_enter_brk", "syscalls:sys_exit_brk"));
}

TEST_F(EventOptions, KnowTracePointsByTheirNumberInTracefs) {
  const auto events = parse({"raw_syscalls:sys_enter"});
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 1U);
  const record::NamedEvent& event = events->front();
  EXPECT_EQ(event.type, PERF_TYPE_TRACEPOINT);
  EXPECT_EQ(event.config, 443U);
  EXPECT_EQ(event.name, "raw_syscalls:sys_enter");
  EXPECT_EQ(event.unit, "raw_syscalls:sys_enter");
  EXPECT_TRUE(event.is_sampled_each_time());
}

TEST_F(EventOptions, TakePatternsOfTracePoints) {
  EXPECT_THAT(names({"syscalls:sys_enter_*"}),
              ElementsAre("syscalls:sys_enter_brk", "syscalls:sys_enter_read"));
  EXPECT_THAT(names({"block:*"}), ElementsAre("block:block_rq_complete", "block:block_rq_issue"));
  EXPECT_THAT(names({"*:sys_enter"}), ElementsAre("raw_syscalls:sys_enter"));
}

TEST_F(EventOptions, OfAPatternLeaveOutWhatHasNoNumber) {
  std::filesystem::create_directories(tree_.path() + "/events/block/odd");
  EXPECT_THAT(names({"block:*"}), ElementsAre("block:block_rq_complete", "block:block_rq_issue"));
  EXPECT_EQ(error("block:odd"), "no trace point block:odd");
}

TEST_F(EventOptions, SayWhichEventWasProbablyMeant) {
  EXPECT_EQ(error("page-fault"), "no event named 'page-fault'; did you mean page-faults?");
  EXPECT_EQ(error("cpu-clock,migration"), "no event named 'migration'; did you mean migrations?");
  EXPECT_THAT(error("xyz"), AllOf(HasSubstr("there are cpu-clock"), HasSubstr("SYSTEM:NAME")));
  EXPECT_EQ(error("cpu-clock,"), "-e: an event has no name");
}

TEST_F(EventOptions, SayWhichTracePointsThereAre) {
  EXPECT_EQ(error("syscalls:sys_enter_brkk"),
            "no trace point syscalls:sys_enter_brkk; did you mean syscalls:sys_enter_brk?");
  EXPECT_EQ(error("block:getattr"),
            "no trace point block:getattr; block has block_rq_complete, block_rq_issue");
  EXPECT_EQ(error("block:zzz*"),
            "no trace point matches block:zzz*; block has block_rq_complete, block_rq_issue");
  EXPECT_EQ(error("sycalls:sys_enter_brk"),
            "no trace point sycalls:sys_enter_brk: there is no subsystem 'sycalls'; did you mean "
            "syscalls?");
  EXPECT_EQ(error("ext4:*"),
            "no trace point matches ext4:*: there is no subsystem 'ext4'; there are block, "
            "raw_syscalls, syscalls");
}

TEST_F(EventOptions, SayThatAModeIsNoPartOfAnEvent) {
  EXPECT_THAT(error("cycles:u"), HasSubstr("event cycles takes no ':u'"));
}

TEST_F(EventOptions, NeedNoTracefsForOtherEvents) {
  const std::vector<std::string> given = {"page-faults"};
  EXPECT_TRUE(parse_events(given, []() -> Result<record::Tracefs> {
    ADD_FAILURE() << "it was opened";
    return std::unexpected(Error{});
  }));
}

TEST_F(EventOptions, SayWhatToDoWhereTracePointsCannotBeLookedUp) {
  const std::vector<std::string> given = {"block:*"};
  const auto events =
      parse_events(given, [] { return record::Tracefs::open({}, [] { return -EPERM; }); });
  ASSERT_FALSE(events);
  EXPECT_THAT(events.error().message(), HasSubstr("run as root"));
}

}  // namespace
}  // namespace profiler::cli
