#include "export/pprof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/support/profile_builder.h"
#include "tests/support/random_profile.h"
#include "tests/unit/export/pprof_reader.h"
#include "view/filter.h"

namespace profiler::exporter {
namespace {

using test::fault;
using test::ProfileBuilder;
using test::ReadLocation;
using test::ReadMapping;
using test::ReadProfile;
using test::syscall;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

ReadProfile pprof(const Profile& profile, PprofOptions options = {},
                  const view::Filter& filter = {}) {
  const view::Selection selection = view::select_with_waits(profile, filter);
  if (selection.has_waits && options.times == Times::kOnCpu) options.times = Times::kAll;
  std::string bytes;
  write_pprof(profile, selection.samples, options, [&](std::string_view b) { bytes += b; });
  return test::PprofReader(bytes).profile;
}

TEST(Pprof, HasASampleForEachStackOfAThreadSplitByMode) {
  const ReadProfile read =
      pprof(ProfileBuilder()
                .user("main;f;g", 5)
                .sys("main;f;read@libc.so.6", "entry_SYSCALL_64;vfs_read", syscall("read"), 3)
                .build());
  EXPECT_THAT(read.types,
              ElementsAre(std::pair("samples", "count"), std::pair("cpu", "nanoseconds"),
                          std::pair("user", "nanoseconds"), std::pair("sys", "nanoseconds")));
  EXPECT_EQ(read.default_type, "cpu");
  EXPECT_EQ(read.period_type, std::pair(std::string("cpu"), std::string("nanoseconds")));
  EXPECT_EQ(read.period, 1'000'000);
  ASSERT_EQ(read.samples.size(), 2U);
  EXPECT_EQ(read.samples[0].folded(), "main;f;g");
  EXPECT_THAT(read.samples[0].values, ElementsAre(5, 5'000'000, 5'000'000, 0));
  EXPECT_EQ(read.samples[1].folded(), "main;f;read;entry_SYSCALL_64;vfs_read");
  EXPECT_THAT(read.samples[1].values, ElementsAre(3, 3'000'000, 0, 3'000'000));
  EXPECT_THAT(read.samples[1].labels, Contains(std::pair("cause", "read")));
  EXPECT_THAT(read.samples[1].labels, Contains(std::pair("comm", "prog")));
  EXPECT_THAT(read.samples[1].numbers, ElementsAre(std::pair("pid", 100), std::pair("tid", 100)));
}

TEST(Pprof, ThreadsAreToldApart) {
  const ReadProfile read =
      pprof(ProfileBuilder().user("main;f", 2).thread("worker", 101).user("main;f", 3).build());
  ASSERT_EQ(read.samples.size(), 2U);
  EXPECT_EQ(read.samples[1].labels.at("thread"), "worker");
  EXPECT_EQ(read.samples[1].numbers.at("tid"), 101);
  EXPECT_EQ(read.samples[1].numbers.at("pid"), 100);
  EXPECT_EQ(read.samples[1].values[0], 3);
}

TEST(Pprof, InlinedFunctionsAreLinesOfTheirLocation) {
  const ReadProfile read =
      pprof(ProfileBuilder()
                .function("main", {.file = "main.cc", .line = 3, .system_name = "main"})
                .function("dot<3>", {.file = "dot.h", .line = 9, .system_name = "_Z3dotILi3EE"})
                .user("main#12;~dot<3>#11")
                .build());
  ASSERT_EQ(read.samples.size(), 1U);
  ASSERT_EQ(read.samples[0].locations.size(), 1U);
  const ReadLocation& location = read.samples[0].locations[0];
  ASSERT_EQ(location.lines.size(), 2U);
  EXPECT_EQ(location.lines[0].function.name, "dot<3>") << "the innermost first";
  EXPECT_EQ(location.lines[0].function.system_name, "_Z3dotILi3EE");
  EXPECT_EQ(location.lines[0].function.file, "dot.h");
  EXPECT_EQ(location.lines[0].function.line, 9);
  EXPECT_EQ(location.lines[0].line, 11);
  EXPECT_EQ(location.lines[1].function.name, "main");
  EXPECT_EQ(location.lines[1].line, 12);
  EXPECT_TRUE(read.mappings.at(location.mapping).inlines);
  EXPECT_TRUE(read.mappings.at(location.mapping).functions) << "it must not be symbolized again";
}

TEST(Pprof, MappingsHaveBuildIdsAndTheProgramsIsTheFirst) {
  ProfileBuilder builder;
  Profile profile =
      builder.command({"/bin/prog", "x"}).user("read@libc.so.6;main@prog;free@libc.so.6").build();
  constexpr std::array kId = {std::byte{0x12}, std::byte{0xab}};
  for (Module& module : profile.modules)
    if (profile.text(module.path) == "prog") module.build_id = BuildId(kId);
  const ReadProfile read = pprof(profile);
  ASSERT_EQ(read.mappings.size(), 2U);
  const ReadMapping& first = read.mappings.at(read.mapping_order.front());
  EXPECT_EQ(first.file, "prog");
  EXPECT_EQ(first.build_id, "12ab");
  EXPECT_EQ(first.start, 0U);
  EXPECT_EQ(first.limit, ~std::uint64_t{0}) << "addresses are the module's own already";
}

TEST(Pprof, WaitsAreAValueOfTheirOwn) {
  const ReadProfile read = pprof(ProfileBuilder()
                                     .user("main;f", 2)
                                     .wait("main;lock", "entry_SYSCALL_64;futex_do_wait;schedule",
                                           WaitClass::kLock, 7'000'000, 2)
                                     .build());
  EXPECT_EQ(read.types.back(), std::pair(std::string("wait"), std::string("nanoseconds")));
  EXPECT_EQ(read.default_type, "cpu");
  EXPECT_EQ(read.sum(0), 2) << "a wait is no sample";
  EXPECT_EQ(read.sum(1), 2'000'000);
  EXPECT_EQ(read.sum(4), 14'000'000);
  const auto& wait = read.samples.back();
  EXPECT_EQ(wait.folded(), "main;lock;entry_SYSCALL_64;futex_do_wait;<wait lock>");
  EXPECT_EQ(wait.labels.at("wait"), "lock");
}

TEST(Pprof, WaitsAreShownFirstWhereTheyAreAll) {
  view::Filter filter;
  filter.wait_only = true;
  const ReadProfile read = pprof(
      ProfileBuilder().user("main;f", 2).wait("main", "", WaitClass::kSleep, 7'000'000, 2).build(),
      {.times = Times::kWaits}, filter);
  EXPECT_EQ(read.default_type, "wait");
  EXPECT_EQ(read.sum(1), 0);
  EXPECT_EQ(read.sum(4), 14'000'000);
}

TEST(Pprof, AnEventThatIsNoClockKeepsItsUnit) {
  const ReadProfile read = pprof(
      ProfileBuilder().event("cache-misses", "misses").period(1000).user("main;f", 3).build());
  EXPECT_EQ(read.types[1], std::pair(std::string("cache-misses"), std::string("misses")));
  EXPECT_EQ(read.types[2], std::pair(std::string("user"), std::string("misses")));
  EXPECT_EQ(read.default_type, "cache-misses");
  EXPECT_EQ(read.sum(1), 3000);
}

TEST(Pprof, FoldsTheKernelWhereAsked) {
  const ReadProfile read = pprof(
      ProfileBuilder()
          .sys("main;f", "asm_exc_page_fault;clear_page", fault("anonymous"), syscall("read"), 1)
          .build(),
      {.kernel = KernelFrames::kFolded});
  ASSERT_EQ(read.samples.size(), 1U);
  EXPECT_EQ(read.samples[0].folded(), "main;f;<syscall read>");
  EXPECT_EQ(read.samples[0].labels.at("cause"), "page fault (anonymous)");
  EXPECT_EQ(read.samples[0].labels.at("entry"), "read");
}

TEST(Pprof, SumsAreThoseOfTheSamplesWhateverTheyAre) {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    const Profile profile = test::random_profile(seed);
    const ReadProfile read = pprof(profile);
    std::int64_t user = 0;
    std::int64_t sys = 0;
    for (const Sample& s : profile.samples)
      (s.mode == Mode::kUser ? user : sys) += static_cast<std::int64_t>(s.weight);
    EXPECT_EQ(read.sum(0), static_cast<std::int64_t>(profile.samples.size())) << seed;
    EXPECT_EQ(read.sum(1), user + sys) << seed;
    EXPECT_EQ(read.sum(2), user) << seed;
    EXPECT_EQ(read.sum(3), sys) << seed;
  }
}

TEST(Pprof, NamesAreCleanAndNeverMissing) {
  Profile profile = ProfileBuilder().user("main;A;B").build();
  for (std::string& text : profile.strings) {
    if (text == "A") text = "\x1b[2J\n\xff";
    if (text == "B") text = "";
  }
  EXPECT_EQ(pprof(profile).samples.at(0).folded(), "main;\ufffd[2J\ufffd\ufffd;[no name]");
}

TEST(Pprof, OfNothingIsStillAProfile) {
  const ReadProfile read = pprof(ProfileBuilder().build());
  EXPECT_THAT(read.samples, IsEmpty());
  EXPECT_THAT(read.types, Not(IsEmpty()));
}

}  // namespace
}  // namespace profiler::exporter
