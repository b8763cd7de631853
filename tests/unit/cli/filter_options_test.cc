#include "cli/filter_options.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace profiler::cli {
namespace {

using testing::HasSubstr;

CommandLine line() {
  CommandLine line({.name = "test", .usage = "", .summary = "A test"});
  add_filter_options(line);
  return line;
}

Result<view::Filter> filter(const std::vector<std::string>& args) {
  const auto options = line().parse_quietly(args);
  EXPECT_TRUE(options.has_value());
  return options ? filter_of(*options) : std::unexpected(options.error());
}

std::string error(const std::string& text) {
  const auto parsed = filter({"--filter", text});
  return parsed ? "" : parsed.error().message();
}

TEST(FilterOptions, SelectEverythingUnlessTold) {
  const auto all = filter({});
  ASSERT_TRUE(all.has_value());
  EXPECT_FALSE(all->sys_only);
  EXPECT_EQ(all->from_ns, 0U);
  EXPECT_EQ(all->process, "");
}

TEST(FilterOptions, TakeEachKey) {
  const auto parsed =
      filter({"--sys", "--filter", "process=cc1plus", "--filter", "thread=worker", "--filter",
              "module=libc", "--filter", "function=a==b", "--filter=cause=page fault"});
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message();
  EXPECT_TRUE(parsed->sys_only);
  EXPECT_EQ(parsed->process, "cc1plus");
  EXPECT_EQ(parsed->thread, "worker");
  EXPECT_EQ(parsed->module, "libc");
  EXPECT_EQ(parsed->function, "a==b");
  EXPECT_EQ(parsed->cause, "page fault");
}

TEST(FilterOptions, TakeAClassOfWaiting) {
  const auto lock = filter({"--filter", "wait=lock"});
  ASSERT_TRUE(lock.has_value()) << lock.error().message();
  EXPECT_EQ(lock->wait, WaitClass::kLock);
  const auto unknown = filter({"--filter", "wait=not_sampled"});
  ASSERT_TRUE(unknown.has_value()) << unknown.error().message();
  EXPECT_EQ(unknown->wait, WaitClass::kNotSampled);
  EXPECT_THAT(error("wait=none"), HasSubstr("nothing waits for 'none'"));
}

TEST(FilterOptions, TakeATimeRange) {
  const auto both = filter({"--filter", "time=1.5-2s"});
  ASSERT_TRUE(both.has_value()) << both.error().message();
  EXPECT_EQ(both->from_ns, 1'500'000'000U);
  EXPECT_EQ(both->until_ns, 2'000'000'000U);
  const auto until = filter({"--filter", "time=-250ms"});
  ASSERT_TRUE(until.has_value()) << until.error().message();
  EXPECT_EQ(until->from_ns, 0U);
  EXPECT_EQ(until->until_ns, 250'000'000U);
  const auto from = filter({"--filter", "time=0-"});
  ASSERT_TRUE(from.has_value()) << from.error().message();
  EXPECT_EQ(from->from_ns, 0U);
  EXPECT_EQ(from->until_ns, view::Filter().until_ns);
}

TEST(FilterOptions, SayWhatIsWrongOnOneLine) {
  EXPECT_THAT(error("cc1plus"), HasSubstr("no '=' in 'cc1plus'; use process="));
  EXPECT_THAT(error("pid=3"), HasSubstr("no key 'pid'"));
  EXPECT_THAT(error("process="), HasSubstr("nothing after '='"));
  EXPECT_THAT(error("time=3"), HasSubstr("no range"));
  EXPECT_THAT(error("time=2-1"), HasSubstr("ends before it begins"));
  EXPECT_THAT(error("time=x-1"), HasSubstr("'x'"));
  const auto twice = filter({"--filter", "process=a", "--filter", "process=b"});
  ASSERT_FALSE(twice.has_value());
  EXPECT_THAT(twice.error().message(), HasSubstr("process is given twice"));
}

TEST(FilterOptions, DescribeThemselves) {
  const std::vector<std::string> args = {"--sys", "--filter", "process=make"};
  const auto options = line().parse_quietly(args);
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(describe_filter(*options), "sys, process=make");
  EXPECT_EQ(describe_filter(*line().parse_quietly({})), "");
}

}  // namespace
}  // namespace profiler::cli
