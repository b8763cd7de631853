#include "view/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "render/change_text.h"
#include "render/diff_flamegraph.h"
#include "render/diff_json.h"
#include "render/diff_text.h"
#include "render/run_text.h"
#include "tests/support/golden.h"
#include "tests/support/json_schema.h"
#include "tests/support/profile_builder.h"
#include "tests/support/random_profile.h"
#include "view/diff_tree.h"
#include "view/filter.h"

namespace profiler::render {
namespace {

using nlohmann::json;
using test::ProfileBuilder;
using testing::HasSubstr;
using testing::Not;

/// A server, before and after its parser was made faster and its cache slower.
Profile server(bool after) {
  const std::string root = after ? "/home/me/v2/" : "/home/me/v1/";
  ProfileBuilder builder;
  builder.command({"./server", "--requests", "1000"})
      .function("main", {.file = root + "main.cc", .line = 3})
      .function("Cache::find(Key const&)", {.file = root + "cache.cc", .line = 12})
      .function("parse", {.file = root + "parse.c", .line = 40});
  const std::string main = "_start;__libc_start_main@libc.so.6;main";
  builder.user(main + ";Cache::find(Key const&)", after ? 2600 : 1200)
      .user(main + (after ? ";parse" : ";parse.constprop.0"), after ? 900 : 1800)
      .user(main + ";compute", after ? 1490 : 1500)
      .sys(main + ";log;write@libc.so.6", "entry_SYSCALL_64;vfs_write", test::syscall("write"),
           after ? 40 : 400)
      .sys(main + ";load;read@libc.so.6", "entry_SYSCALL_64;vfs_read", test::syscall("read"), 100);
  builder.user(
      main + (after ? ";new_way(std::vector<int, std::allocator<int> > const&)" : ";old_way"), 70);
  builder.wait(main + ";Pool::lock", "k", WaitClass::kLock, after ? 3'000'000 : 1'000'000, 300);
  builder.wait(main + ";pause", "k", WaitClass::kSleep, after ? 1'500'000'000 : 500'000'000);
  ThreadSchedule schedule;
  schedule.on_cpu_ns = after ? 5'200'000'000 : 5'070'000'000;
  schedule.blocked_ns = after ? 2'400'000'000 : 800'000'000;
  builder.schedule(schedule);
  builder.charged(after ? 7'100'000'000 : 5'900'000'000, after ? 5'061'000'000 : 4'571'000'000,
                  after ? 139'000'000 : 500'000'000);
  return builder.build();
}

/// A comparison, and what it points to.
class Compared {
 public:
  Compared(Profile before, Profile after, view::DiffOptions options = {},
           const view::Filter& filter = {}, std::optional<view::GroupBy> by = {})
      : before_(std::move(before)), after_(std::move(after)) {
    const view::Selection was = view::select_with_waits(before_, filter);
    const view::Selection is = view::select_with_waits(after_, filter);
    options.waits = was.has_waits && is.has_waits;
    joined_ = view::join_profiles({before_, was.samples}, {after_, is.samples});
    options_ = options;
    diff_ = by ? view::compare_groups(joined_, *by, options)
               : view::compare_functions(joined_, options);
    view::sort_diff(diff_, view::DiffKey::kTotal);
    report_ = {.before = {.path = "old.data",
                          .profile = &before_,
                          .event = &main_event(before_, filter.event),
                          .has_waits = was.has_waits},
               .after = {.path = "new.data",
                         .profile = &after_,
                         .event = &main_event(after_, filter.event),
                         .has_waits = is.has_waits},
               .diff = &diff_};
    report_.waits_only = filter.wait_only;
  }
  Compared(const Compared&) = delete;
  Compared& operator=(const Compared&) = delete;

  DiffReport& report() { return report_; }
  view::Diff& diff() { return diff_; }
  std::string text(const TextStyle& style = {}, const DiffTextOptions& options = {}) {
    return diff_text(report_, options, style);
  }
  json as_json() { return json::parse(diff_json(report_)); }
  std::string svg(bool gone = false) {
    const view::DiffTree tree = view::diff_tree(joined_, options_, {});
    return diff_flamegraph(joined_.profile, tree,
                           {.old_path = "old.data", .new_path = "new.data", .gone = gone});
  }

 private:
  Profile before_;
  Profile after_;
  view::JoinedProfile joined_;
  view::DiffOptions options_;
  view::Diff diff_;
  DiffReport report_;
};

TEST(DiffText, LooksAsAgreed) {
  Compared servers(server(false), server(true));
  test::expect_golden("diff/functions-80.txt", servers.text({.width = 80}));
  test::expect_golden("diff/functions-100.txt", servers.text({.width = 100}));
  test::expect_golden("diff/functions-140-colour.txt",
                      servers.text({.width = 140, .colour = true}));
  test::expect_golden("diff/all-120.txt", servers.text({.width = 120}, {.all = true}));
  view::sort_diff(servers.diff(), view::DiffKey::kSelf);
  test::expect_golden("diff/self-120.txt",
                      servers.text({.width = 120}, {.key = view::DiffKey::kSelf, .limit = 3}));
}

TEST(DiffText, ComparesSecondsModulesAndWaits) {
  Compared seconds(server(false), server(true), {.normalize = view::Normalize::kNone});
  test::expect_golden("diff/seconds-120.txt", seconds.text({.width = 120}));
  Compared modules(server(false), server(true), {}, {}, view::GroupBy::kModule);
  modules.report().rows = RowsOf::kModules;
  test::expect_golden("diff/modules-100.txt", modules.text({.width = 100}, {.all = true}));
  Compared waits(server(false), server(true), {}, {.wait_only = true});
  view::sort_diff(waits.diff(), view::DiffKey::kWait);
  waits.report().selection = "wait";
  test::expect_golden("diff/waits-100.txt",
                      waits.text({.width = 100}, {.key = view::DiffKey::kWait}));
}

TEST(DiffText, OfTheSameRecordingSaysThatNothingChanged) {
  Compared same(server(true), server(true));
  EXPECT_THAT(same.text(),
              HasSubstr("no change beyond chance in 16 functions and 2 causes of sys"));
  EXPECT_THAT(same.text(), Not(HasSubstr("points")));
}

TEST(DiffText, HasNoPercentagesOfFewSamples) {
  Compared few(ProfileBuilder().user("main;f", 20).user("main;g", 9).build(),
               ProfileBuilder().user("main;f", 2900).user("main;g", 2100).build());
  const std::string text = few.text({}, {.all = true});
  EXPECT_THAT(text, HasSubstr("! old.data has only 29 samples: counts instead of percentages"));
  EXPECT_THAT(text.substr(0, text.find("compared:")), Not(HasSubstr("%")));
  const std::string table = text.substr(text.find("\n\n"));
  EXPECT_THAT(table, Not(HasSubstr("%")));
  EXPECT_THAT(table, HasSubstr("2,900"));
  EXPECT_THAT(table, HasSubstr("samples"));
}

TEST(DiffText, SaysWhenThereIsNothingToCompare) {
  const Profile some = ProfileBuilder().user("main;f", 100).build();
  const Profile none = ProfileBuilder().build();
  EXPECT_THAT(Compared(none, some).text(),
              HasSubstr("old.data has no samples: nothing to compare"));
  EXPECT_THAT(Compared(some, none).text(),
              HasSubstr("new.data has no samples: nothing to compare"));
  EXPECT_THAT(Compared(none, none).text(), Not(HasSubstr("function")));
  const Profile one = ProfileBuilder().user("main", 1).build();
  EXPECT_THAT(Compared(one, one).text(), HasSubstr("no change beyond chance in 1 function\n"));
  EXPECT_THAT(Compared(one, one).text(), HasSubstr("only 1 sample:"));
  EXPECT_THAT(Compared(one, one).text(), HasSubstr("too few samples in any row to tell"));
}

TEST(DiffText, HasNoPercentagesOfWhatIsHardlySampled) {
  const auto ran = [](int samples, std::uint64_t user_ns) {
    return ProfileBuilder().user("main;f", samples).charged(user_ns, user_ns, 0).build();
  };
  Compared one(ran(1, 1'000'000), ran(530, 531'366'000));
  EXPECT_THAT(one.text(),
              HasSubstr("real 0.001 → 0.531 s · user 0.001 → 0.531 s · sys 0.000 → 0.000 s\n"));
  EXPECT_THAT(one.text(), HasSubstr("(0.001 → 0.530 s), nearly all of it in f (+0.529 s)\n"));
  EXPECT_THAT(Compared(ran(30, 30'000'000), ran(530, 531'366'000)).text(), HasSubstr("(× 17.7)"));
}

TEST(DiffText, OfNoSamplesButWaitsComparesThose) {
  const Profile some = server(true);
  Profile none = server(true);
  none.samples.clear();
  const std::string text = Compared(none, some).text({.width = 200});
  EXPECT_THAT(text, HasSubstr("! old.data has no samples on a CPU: only waits are compared"));
  EXPECT_THAT(text, Not(HasSubstr("nothing to compare")));
}

TEST(DiffText, TellsWhichLongWaitChangedWhereWaitsAreTooFew) {
  const auto with = [](std::uint64_t ns) {
    return ProfileBuilder()
        .user("main;f", 100)
        .wait("main;poll", "k", WaitClass::kPoll, ns)
        .build();
  };
  Compared waits(with(1'000'000'000), with(10'000'000'000));
  EXPECT_THAT(
      waits.text({.width = 200}),
      HasSubstr("waiting changed by +9.000 s, most of it <syscall futex> (waits: 1 → 1): too "
                "few for their length to tell from chance"));
  EXPECT_THAT(Compared(with(1'000'000'000), with(1'050'000'000)).text(),
              Not(HasSubstr("waiting changed")));
}

TEST(DiffText, SaysWhatIsNotComparable) {
  Profile before = server(false);
  before.run.events.front().name = "cycles";
  before.run.kernel_sampled = false;
  Profile after = ProfileBuilder().user("main;f", 100).build();
  const std::string text = Compared(before, after).text({.width = 200});
  EXPECT_THAT(text, HasSubstr("! sampled by cycles and by cpu-clock: only shares are compared"));
  EXPECT_THAT(text,
              HasSubstr("! old.data has waits and the other has none: they are not compared"));
  EXPECT_THAT(text, HasSubstr("! old.data has user mode only"));
  EXPECT_THAT(text, Not(HasSubstr("old ×")));
}

TEST(DiffText, FitsTheWidth) {
  for (std::uint32_t seed = 0; seed < 10; ++seed) {
    for (const std::size_t width : {60, 80, 100, 140}) {
      Compared compared(test::random_profile(seed), test::random_profile(seed + 100));
      const std::string text = compared.text({.width = width}, {.all = true});
      const std::size_t table = text.find("\n\n");
      std::istringstream lines(text.substr(table));
      for (std::string line; std::getline(lines, line);) {
        std::size_t columns = 0;
        for (const char c : line)
          columns += (static_cast<unsigned char>(c) & 0xc0U) != 0x80 ? 1 : 0;
        EXPECT_LE(columns, std::max<std::size_t>(width, 80)) << line;
      }
    }
  }
}

json schema() { return json::parse(test::read_golden("profiler.diff-1.schema.json")); }

TEST(DiffJson, IsAsItsSchemaSays) {
  const json rules = schema();
  const auto check = [&](Compared compared) {
    for (const std::string& problem : test::violations(rules, compared.as_json()))
      ADD_FAILURE() << problem;
  };
  check({server(false), server(true)});
  check({server(false), server(true), {.normalize = view::Normalize::kNone}});
  check({server(false), server(true), {}, {.wait_only = true}});
  check({ProfileBuilder().build(), server(true)});
  check({ProfileBuilder().event("page-faults", "page-faults").user("main", 40).build(),
         ProfileBuilder().event("page-faults", "page-faults").user("main", 90).build()});
  for (std::uint32_t seed = 0; seed < 20; ++seed)
    check({test::random_profile(seed), test::random_profile(seed + 1)});
  for (const auto& [by, rows] : {std::pair(view::GroupBy::kModule, RowsOf::kModules),
                                 std::pair(view::GroupBy::kThread, RowsOf::kThreads),
                                 std::pair(view::GroupBy::kProcess, RowsOf::kProcesses),
                                 std::pair(view::GroupBy::kLine, RowsOf::kLines)}) {
    Compared grouped(server(false), server(true), {}, {}, by);
    grouped.report().rows = rows;
    grouped.report().grouped = true;
    const json document = grouped.as_json();
    EXPECT_TRUE(document.contains("rows"));
    for (const std::string& problem : test::violations(rules, document)) ADD_FAILURE() << problem;
  }
  // The schema has teeth.
  json broken = Compared(server(false), server(true)).as_json();
  broken["functions"][0]["delta"].erase("self");
  EXPECT_FALSE(test::violations(rules, broken).empty());
}

TEST(DiffJson, HasAllRowsWithWhatTheyWereAndWhatIsChance) {
  Compared servers(server(false), server(true));
  const json document = servers.as_json();
  EXPECT_EQ(document["functions"].size(), servers.diff().rows.size());
  const auto find = [&](const std::string& name) {
    for (const json& row : document["functions"])
      if (row["name"] == name) return row;
    ADD_FAILURE() << name;
    return json();
  };
  const json parse = find("parse");
  EXPECT_EQ(parse["old"]["self"]["user_s"], 1.8);
  EXPECT_EQ(parse["new"]["self"]["user_s"], 0.9);
  EXPECT_EQ(parse["significant"], true);
  EXPECT_EQ(parse["file"], "/home/me/v2/parse.c");
  const double scale = document["scale"];
  EXPECT_NEAR(scale, 5.2 / 5.07, 1e-9);
  EXPECT_NEAR(parse["delta"]["self"]["cpu_s"].get<double>(), 0.9 - 1.8 * scale, 1e-6);
  EXPECT_NEAR(parse["delta"]["self"]["share"].get<double>(), 0.9 / 5.2 - 1.8 / 5.07, 1e-6);
  EXPECT_LT(parse["noise"]["self"]["share"].get<double>(), 0.05);
  EXPECT_GT(parse["noise"]["self"]["share"].get<double>(), 0.01);
  EXPECT_EQ(find("compute")["significant"], false);
  EXPECT_EQ(find("old_way")["new"]["total"]["samples"], 0);
}

TEST(DiffFlamegraph, ColoursAndMarksWhatChanged) {
  const std::string svg = Compared(server(false), server(true)).svg();
  const auto frame = [&](const std::string& name) {
    const std::size_t title = svg.find("<title>" + name + "\n");
    if (title == std::string::npos) return std::string();
    const std::size_t begin = svg.rfind("<g class=", title);
    return svg.substr(begin, svg.find("</g>", begin) - begin);
  };
  EXPECT_THAT(
      frame("Cache::find(Key const&amp;)"),
      testing::AllOf(HasSubstr("class=\"r"), HasSubstr("▲ Cache::find"),
                     HasSubstr("1.200 s → 2.600 s"), HasSubstr("23.7 % → 50.0 %: +26.3 points")));
  EXPECT_THAT(frame("parse"), testing::AllOf(HasSubstr("class=\"s"), HasSubstr("▼ parse  -18.2")));
  EXPECT_THAT(frame("compute"), testing::AllOf(HasSubstr("class=\"n0"), Not(HasSubstr("▲")),
                                               HasSubstr("no more than chance")));
  EXPECT_EQ(frame("old_way"), "") << "it has no width";
  EXPECT_THAT(svg, HasSubstr("are gone (--gone draws them)"));
  EXPECT_THAT(svg, HasSubstr("old.data → new.data"));
}

TEST(DiffFlamegraph, OfTheSwappedComparisonKeepsSignsAndColours) {
  const std::string svg = Compared(server(true), server(false)).svg(true);
  EXPECT_THAT(svg, HasSubstr("<title>old_way\n"));
  EXPECT_THAT(svg, Not(HasSubstr("<title>new_way")));
  EXPECT_THAT(svg, HasSubstr("▲ Cache::find"));
  EXPECT_THAT(svg, HasSubstr("▼ parse  -18.2"));
  EXPECT_THAT(svg, HasSubstr("1.200 s → 2.600 s"));
  EXPECT_THAT(svg, HasSubstr("widths: old"));
}

TEST(DiffFlamegraph, OfNothingIsAPictureThatSaysSo) {
  const Profile none = ProfileBuilder().build();
  EXPECT_THAT(Compared(none, none).svg(), HasSubstr("No samples"));
  EXPECT_THAT(Compared(server(true), none).svg(), HasSubstr("No samples"));
  EXPECT_THAT(Compared(none, server(true)).svg(), HasSubstr("<title>compute\n"));
}

TEST(DiffOutput, LeavesHostileNamesInert) {
  const std::string evil = "</script><img src=x onerror=alert(1)>\x1b[2J\"'&";
  const Profile before =
      ProfileBuilder().command({evil}).user("main", 500).user("main;f", 500).build();
  const Profile after =
      ProfileBuilder().command({evil}).user("main", 500).user("main;" + evil, 500).build();
  Compared compared(before, after);
  compared.report().before.path = evil;
  for (const std::string& output :
       {compared.text({.colour = false}), compared.svg(), diff_json(compared.report())})
    EXPECT_THAT(output, Not(HasSubstr("\x1b[2J")));
  EXPECT_THAT(compared.svg(), Not(HasSubstr("<img")));
  EXPECT_EQ(compared.as_json()["old"]["file"], evil);
}

TEST(ChangeText, HasSignsAndNoSignOfNothing) {
  EXPECT_EQ(points(0.0312), "+3.1");
  EXPECT_EQ(points(-0.5), "-50.0");
  EXPECT_EQ(points(0.0001), "0.0");
  EXPECT_EQ(points(-0.0001), "0.0");
  EXPECT_EQ(relative_change(5, 6), "+20.0 %");
  EXPECT_EQ(relative_change(0, 6), "–");
  const AmountFormat format(EventInfo{}, {.user = 1'000'000'000, .samples = 1000});
  EXPECT_EQ(signed_amount(format, -412e6), "-0.412");
  EXPECT_EQ(signed_amount(format, 1e9), "+1.000");
  EXPECT_EQ(signed_amount(format, -10), "0.000");
  EXPECT_EQ(signed_amount(format, 0), "0");
}

}  // namespace
}  // namespace profiler::render
