#include "render/report_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "render/overview.h"
#include "render/printable.h"
#include "render/run_text.h"
#include "tests/support/golden.h"
#include "tests/support/profile_builder.h"
#include "tests/support/random_profile.h"
#include "view/filter.h"
#include "view/function_table.h"
#include "view/group_table.h"
#include "view/overview.h"

namespace profiler::render {
namespace {

using test::ProfileBuilder;
using testing::HasSubstr;
using testing::Not;

/// A heap that grows: page faults, not brk, are the main cause of sys.
Profile growing_heap() {
  ProfileBuilder builder;
  builder.command({"./grow", "--rounds", "40", "two words"});
  builder.function("main", {.file = "/home/me/grow/main.cc", .line = 3})
      .function("compute(Table const&)", {.file = "/home/me/grow/compute.cc", .line = 12})
      .function("Arena::grow(unsigned long)", {.file = "/home/me/grow/arena.cc", .line = 30})
      .function(
          "std::vector<std::pair<int, std::string>, std::allocator<std::pair<int, "
          "std::string> > >::_M_realloc_insert(int const&, std::map<int, int> const&)",
          {.file = "/usr/include/c++/12/bits/vector.tcc",
           .line = 439,
           .system_name = "_ZNSt6vectorISt4pairIiSsESaIS1_EE17_M_realloc_insertERKi"});
  const std::string main = "_start;__libc_start_main@libc.so.6;main";
  builder.user(main + "#12;compute(Table const&)", 3000);
  builder.user(main +
                   "#13;parse;std::vector<std::pair<int, std::string>, "
                   "std::allocator<std::pair<int, std::string> > >::_M_realloc_insert("
                   "int const&, std::map<int, int> const&)",
               900);
  builder.sys(main + "#14;Arena::grow(unsigned long)#41;__brk@libc.so.6",
              "entry_SYSCALL_64;do_syscall_64;__x64_sys_brk", test::syscall("brk"), 190);
  builder.sys(main + "#14;Arena::grow(unsigned long)#44",
              "asm_exc_page_fault;exc_page_fault;clear_page_erms", test::fault("anonymous"), 700);
  builder.sys(main + "#20;read@libc.so.6", "entry_SYSCALL_64;vfs_read;asm_exc_page_fault;copy",
              test::fault("anonymous"), test::syscall("read"), 40);
  builder.thread("io", 101);
  builder.end(StackEnd::kDumpTooShort)
      .sys("read@libc.so.6", "entry_SYSCALL_64;vfs_read", test::syscall("read"), 4);
  builder.end(StackEnd::kUndefinedReturnAddress);
  for (const char* name : {"write", "openat", "close", "mmap"})
    builder.sys("main#3;flush@libio.so", "entry_SYSCALL_64;v", test::syscall(name), 1);
  builder.charged(5'057'312'000, 3'951'812'000, 989'000'000);
  builder.run().losses.samples_lost = 3;
  return builder.build();
}

std::string overview_of(const Profile& profile, const TextStyle& style,
                        const OverviewOptions& options = {}) {
  return overview_text(profile, view::overview(profile, view::select(profile, {})), style, options);
}

/// All text reports of a profile, the overview first.
std::vector<std::string> all_texts(const Profile& profile, const TextStyle& style) {
  const auto samples = view::select(profile, {});
  const ReportHead head = report_head(profile, samples);
  std::vector<std::string> texts = {overview_of(profile, style), causes_text(head, 0, style)};
  texts.push_back(table_text(head, view::function_table(profile, samples, {}), {}, style));
  texts.push_back(table_text(head, view::function_table(profile, samples, {.kernel_frames = true}),
                             {.self_first = true}, style));
  const auto group = [&](view::GroupBy by, RowsOf rows) {
    texts.push_back(
        table_text(head, view::group_table(profile, samples, by, {}), {.rows = rows}, style));
  };
  group(view::GroupBy::kModule, RowsOf::kModules);
  group(view::GroupBy::kProcess, RowsOf::kProcesses);
  group(view::GroupBy::kThread, RowsOf::kThreads);
  group(view::GroupBy::kLine, RowsOf::kLines);
  for (const bool inverted : {false, true}) {
    texts.push_back(tree_text(head, view::call_tree(profile, samples, {.inverted = inverted}),
                              {.inverted = inverted}, style));
  }
  return texts;
}

TEST(Overview, HasNoPercentagesOfFewSamples) {
  // Plenty of samples, but few of them in the kernel.
  const Profile profile = ProfileBuilder()
                              .user("main;compute", 500)
                              .sys("main", "entry_SYSCALL_64;vfs_read", test::syscall("read"), 20)
                              .sys("main", "entry_SYSCALL_64;v", test::syscall("write"), 9)
                              .charged(530'000'000, 500'000'000, 29'000'000)
                              .build();
  const std::string text = overview_of(profile, {});
  const auto line_with = [&](std::string_view word) {
    const std::size_t at = text.find(word);
    EXPECT_NE(at, std::string::npos) << word << " in\n" << text;
    const std::size_t begin = text.rfind('\n', at) + 1;
    return text.substr(begin, text.find('\n', at) - begin);
  };
  EXPECT_THAT(line_with(" read "), testing::AllOf(HasSubstr(" 20 "), Not(HasSubstr("%"))));
  EXPECT_THAT(line_with("  user "), HasSubstr("100.0 %"));
  EXPECT_THAT(line_with("  sys "), Not(HasSubstr("100.0 %")));
}

TEST(Overview, LooksAsAgreed) {
  const Profile profile = growing_heap();
  test::expect_golden("report/overview-100.txt", overview_of(profile, {.width = 100}));
  test::expect_golden("report/overview-80.txt", overview_of(profile, {.width = 80}));
  test::expect_golden("report/overview-120-colour.txt",
                      overview_of(profile, {.width = 120, .colour = true}));
}

TEST(Overview, CountsInsteadOfPercentagesWithFewSamples) {
  const Profile profile = ProfileBuilder()
                              .user("main", 20)
                              .sys("main", "e", test::syscall("read"), 9)
                              .charged(40'000'000, 21'000'000, 9'000'000)
                              .build();
  const std::string text = overview_of(profile, {});
  EXPECT_THAT(text, Not(HasSubstr("%")));
  EXPECT_THAT(text, HasSubstr("only 29 samples"));
}

TEST(Overview, SaysWhenThereIsNothingToSay) {
  const std::string text = overview_of(ProfileBuilder().charged(900'000, 0, 800'000).build(), {});
  EXPECT_THAT(text, HasSubstr("no samples"));
  EXPECT_THAT(text, HasSubstr("real"));
  EXPECT_THAT(text, Not(HasSubstr("Next:")));
}

TEST(Overview, AnAttachHasNoExitStatusAndNoCharge) {
  Profile profile = ProfileBuilder().command({}).user("main", 50).build();
  profile.run.exit_status.reset();
  profile.run.scope = Scope::kProcesses;
  const std::string text = overview_of(profile, {});
  EXPECT_THAT(text, HasSubstr("attached processes"));
  EXPECT_THAT(text, HasSubstr("was not measured"));
  EXPECT_THAT(text, Not(HasSubstr("exit status")));
}

TEST(Overview, NamesTheSignalThatEndedTheProgram) {
  ProfileBuilder builder;
  builder.user("main", 50);
  builder.run().exit_signal = 11;
  builder.run().exit_status = 139;
  EXPECT_THAT(overview_of(builder.build(), {}), HasSubstr("killed by SIGSEGV"));
}

TEST(Overview, SaysWhatIsMissingFromTheSamples) {
  ProfileBuilder builder;
  builder.user("main", 50).charged(100'000'000, 60'000'000, 10'000'000);
  builder.run().coverage = Coverage::kInherited;
  builder.run().losses.processes_unsampled = 37;
  builder.run().losses.processes_seen = 400;
  builder.run().notes = {"kernel hidden: kernel.perf_event_paranoid is 2"};
  const std::string text = overview_of(builder.build(), {});
  EXPECT_THAT(text, HasSubstr("37 of 400 processes ended before their first sample"));
  EXPECT_THAT(text, HasSubstr("! kernel hidden: kernel.perf_event_paranoid is 2"));
  EXPECT_THAT(text, HasSubstr("0.020 s")) << "charged but not sampled";
}

TEST(Notes, SayWhyThereAreNoSamples) {
  using testing::ElementsAre;
  profiler::Run run;
  const EventInfo clock{};
  const view::Quality none{};
  EXPECT_THAT(notes_text(run, clock, none),
              ElementsAre("no samples: it used less CPU time than one sampling period"));
  EXPECT_THAT(notes_text(run, clock, none, "function=nosuch"),
              ElementsAre("no samples: none matches function=nosuch"));
  run.interrupted = true;
  EXPECT_THAT(notes_text(run, clock, none),
              ElementsAre(HasSubstr("cut off"),
                          "no samples: none was written before the recording was cut off"));
  run.notes = {"no samples: not permitted"};
  EXPECT_THAT(notes_text(run, clock, none, "sys"),
              ElementsAre("no samples: not permitted", HasSubstr("cut off")));
}

TEST(Overview, SaysFromWhenOnMoreOfEachStackWasCopied) {
  ProfileBuilder builder;
  builder.user("main", 50);
  EXPECT_THAT(overview_of(builder.build(), {}), Not(HasSubstr("copied")));
  builder.run().stack_enlargement = {.bytes = 65528, .after_ns = 240'000'000};
  EXPECT_THAT(overview_of(builder.build(), {}), HasSubstr("64 KiB of stack copied from 0.2 s on"));
}

TEST(Overview, MoreSampledThanChargedIsPrintedAsItIs) {
  const std::string text =
      overview_of(ProfileBuilder().user("main", 50).charged(60'000'000, 40'000'000, 0).build(), {});
  EXPECT_THAT(text, HasSubstr("-0.010 s"));
  EXPECT_THAT(text, HasSubstr("125.0 %"));
}

TEST(Overview, ARestTooSmallToBeSeenHasNoSign) {
  const Profile profile =
      ProfileBuilder().user("main", 1000).charged(1'010'000'000, 999'900'000, 0).build();
  const std::string text = overview_of(profile, {});
  EXPECT_THAT(text, HasSubstr(" 0.000 s"));
  EXPECT_THAT(text, HasSubstr("< 0.1 %"));
  EXPECT_THAT(text, Not(HasSubstr("-0.000")));
  EXPECT_THAT(text, Not(HasSubstr("-<")));
}

TEST(Overview, SuggestsCommandsForTheFileThatWasWritten) {
  const Profile profile = growing_heap();
  EXPECT_THAT(overview_of(profile, {}, {.profile_path = "my run.data"}),
              HasSubstr("profiler report -i 'my run.data' --tree"));
}

TEST(TableText, LooksAsAgreed) {
  const Profile profile = growing_heap();
  const auto samples = view::select(profile, {});
  const ReportHead head = report_head(profile, samples);
  const auto functions = view::function_table(profile, samples, {});
  for (const std::size_t width : {80, 120}) {
    test::expect_golden("report/functions-" + std::to_string(width) + ".txt",
                        table_text(head, functions, {}, {.width = width}));
  }
  test::expect_golden(
      "report/modules.txt",
      table_text(head, view::group_table(profile, samples, view::GroupBy::kModule, {}),
                 {.rows = RowsOf::kModules}, {}));
  test::expect_golden(
      "report/threads.txt",
      table_text(head, view::group_table(profile, samples, view::GroupBy::kThread, {}),
                 {.rows = RowsOf::kThreads}, {}));
  view::Table lines = view::group_table(profile, samples, view::GroupBy::kLine, {});
  view::sort_table(lines, view::SortKey::kSelf);
  test::expect_golden("report/lines.txt",
                      table_text(head, lines, {.rows = RowsOf::kLines, .self_first = true}, {}));
  test::expect_golden("report/causes.txt", causes_text(head, 0, {}));
}

TEST(TableText, KernelTimeOnlyNeedsNoUserColumn) {
  const Profile profile = growing_heap();
  const auto samples = view::select(profile, {.sys_only = true});
  ReportHead head = report_head(profile, samples);
  head.selection = "sys";
  test::expect_golden("report/functions-sys.txt",
                      table_text(head, view::function_table(profile, samples, {}),
                                 {.sys_only = true, .limit = 5}, {}));
}

TEST(TreeText, LooksAsAgreed) {
  const Profile profile = growing_heap();
  const auto samples = view::select(profile, {});
  const ReportHead head = report_head(profile, samples);
  test::expect_golden("report/tree.txt",
                      tree_text(head, view::call_tree(profile, samples, {}), {}, {}));
  test::expect_golden("report/callers.txt",
                      tree_text(head, view::call_tree(profile, samples, {.inverted = true}),
                                {.inverted = true}, {}));
}

/// Inlined in one place and not in another.
Profile with_inlines() {
  return ProfileBuilder()
      .function("hot<int>", {.file = "h.h", .line = 1})
      .function("hot<long>", {.file = "h.h", .line = 1})
      .user("main#4;~hot<int>#2", 20)
      .user("main#4;~hot<long>#2", 10)
      .user("main;~sometimes", 3)
      .user("main;sometimes", 4)
      .sys("main;~reader;read@libc.so.6", "entry_SYSCALL_64;v", test::syscall("read"), 5)
      .build();
}

TEST(Text, MarksInlinedFunctionsInEveryReport) {
  const Profile profile = with_inlines();
  const auto samples = view::select(profile, {});
  const ReportHead head = report_head(profile, samples);
  const std::string overview = overview_of(profile, {});
  EXPECT_THAT(overview, HasSubstr("hot<int> (inlined)"));
  EXPECT_THAT(overview, HasSubstr("reader (inlined)"));
  EXPECT_THAT(causes_text(head, 0, {}), HasSubstr("reader (inlined)"));
  const std::string functions =
      table_text(head, view::function_table(profile, samples, {}), {}, {});
  EXPECT_THAT(functions, HasSubstr("hot<int> (inlined)"));
  EXPECT_THAT(functions, HasSubstr("sometimes"));
  EXPECT_THAT(functions, Not(HasSubstr("sometimes (inlined)"))) << "not in all of its time";
  EXPECT_THAT(table_text(head, view::group_table(profile, samples, view::GroupBy::kLine, {}),
                         {.rows = RowsOf::kLines}, {}),
              HasSubstr("h.h:2      hot<int> (inlined) +1\n"));
  for (const bool inverted : {false, true}) {
    const std::string tree =
        tree_text(head, view::call_tree(profile, samples, {.inverted = inverted}),
                  {.inverted = inverted}, {.width = 60});
    EXPECT_THAT(tree, HasSubstr("hot<int> (inlined)"));
    EXPECT_THAT(tree, HasSubstr("sometimes (inlined)"));
    EXPECT_THAT(tree, testing::ContainsRegex("sometimes +prog"));
  }
}

TEST(TreeText, LeavesOutBranchesBelowTheThreshold) {
  const Profile profile =
      ProfileBuilder().user("main;a", 990).user("main;b", 6).user("main;c", 4).build();
  const auto samples = view::select(profile, {});
  const ReportHead head = report_head(profile, samples);
  const view::CallTree tree = view::call_tree(profile, samples, {});
  const std::string text = tree_text(head, tree, {.min_share = 0.5}, {});
  EXPECT_THAT(text, HasSubstr("─ b"));
  EXPECT_THAT(text, Not(HasSubstr("─ c")));
  EXPECT_THAT(tree_text(head, tree, {.min_share = 0}, {}), HasSubstr("─ c"));
  EXPECT_THAT(tree_text(head, tree, {.min_share = 0.8}, {}), HasSubstr("… 2 more"));
}

TEST(TreeText, StaysWithinTheWidthHoweverDeep) {
  ProfileBuilder builder;
  std::string path = "main";
  for (int i = 0; i < 60; ++i) {
    path += ";f";
    builder.user(path, 1);
    builder.user(path + ";leaf", 1);
  }
  const Profile profile = builder.build();
  const auto samples = view::select(profile, {});
  const std::string text = tree_text(report_head(profile, samples),
                                     view::call_tree(profile, samples, {}), {}, {.width = 80});
  EXPECT_THAT(text, HasSubstr("+1 "));
  EXPECT_THAT(text, HasSubstr("+51 "));
}

/// The head of a report on one event.
std::string head_of(const Profile& profile, std::uint16_t event) {
  const auto samples = view::select(profile, {.event = event});
  return head_text(report_head(profile, samples, event), {.width = 100});
}

TEST(HeadText, SaysWhatElseWasSampled) {
  const Profile profile = ProfileBuilder()
                              .user("main;work", 40)
                              .another_event("page-faults")
                              .user("main;touch", 1)
                              .another_event("syscalls:sys_enter_brk")
                              .user("main;grow", 1500)
                              .another_event("major-faults")
                              .build();
  EXPECT_THAT(head_of(profile, 0),
              HasSubstr("also sampled: syscalls:sys_enter_brk (1,500 samples) · page-faults (1 "
                        "sample)\nno samples of 1 other event · --event NAME shows one\n"));
  const std::string brk = head_of(profile, 2);
  EXPECT_THAT(brk, HasSubstr("each of syscalls:sys_enter_brk · 1,500 samples"));
  EXPECT_THAT(brk, HasSubstr("also sampled: cpu-clock (40 samples) · page-faults (1 sample)"));
  EXPECT_THAT(brk, HasSubstr("1500 syscalls:sys_enter_brk: user 1500, sys 0"));
}

TEST(HeadText, NamesTheFirstFewOfManyEvents) {
  ProfileBuilder builder;
  builder.user("main", 40);
  for (int i = 0; i < 9; ++i) {
    const std::string name = "event-" + std::to_string(i);
    builder.another_event(name).user("main", static_cast<std::uint64_t>(100 - i));
  }
  const std::string text = head_of(builder.build(), 0);
  EXPECT_THAT(text, HasSubstr("event-0 (100 samples)"));
  EXPECT_THAT(text, HasSubstr("event-4 (96 samples)"));
  EXPECT_THAT(text, Not(HasSubstr("event-5")));
  EXPECT_THAT(text, HasSubstr("and 4 more"));
}

TEST(HeadText, OfOneEventSpeaksOfNoOther) {
  EXPECT_THAT(head_of(ProfileBuilder().user("main", 40).build(), 0), Not(HasSubstr("--event")));
}

TEST(HeadText, SaysHowOftenAnEventWasSampled) {
  Profile profile = ProfileBuilder().event("page-faults", "page-faults").user("main", 40).build();
  const auto head = [&](std::uint64_t hz, std::uint64_t period) {
    profile.run.events[0].frequency_hz = hz;
    profile.run.events[0].period = period;
    return head_of(profile, 0);
  };
  EXPECT_THAT(head(999, 0), HasSubstr("page-faults at 999 Hz"));
  EXPECT_THAT(head(0, 1), HasSubstr("each of page-faults ·"));
  EXPECT_THAT(head(0, 1000), HasSubstr("one in 1,000 page-faults ·"));
  profile.run.events[0].unit = "ns";
  EXPECT_THAT(head(0, 1000000), HasSubstr("page-faults every 1,000,000 ns ·"));
}

TEST(HeadText, GivesLossesNoShareOfOneEventsSamples) {
  ProfileBuilder builder;
  builder.user("main;work", 40).another_event("page-faults").user("main;touch", 7);
  builder.run().losses.samples_lost = 1000;
  EXPECT_THAT(head_of(builder.build(), 1), HasSubstr("1,000 lost, of all events"));
}

TEST(HeadText, SaysOfWhatThereIsNoSample) {
  const Profile profile = ProfileBuilder().user("main", 40).another_event("page-faults").build();
  EXPECT_THAT(head_of(profile, 1), HasSubstr("no samples: there were no page-faults"));
}

TEST(Overview, OfACountSaysWhatItIsACountOf) {
  const Profile profile = ProfileBuilder()
                              .user("main;work", 40)
                              .another_event("page-faults")
                              .user("main;touch", 70)
                              .build();
  const std::string text =
      overview_text(profile, view::overview(profile, view::select(profile, {.event = 1})),
                    {.width = 100}, {.event = 1});
  EXPECT_THAT(text, HasSubstr("Top functions by page-faults"));
  EXPECT_THAT(text, HasSubstr("also sampled: cpu-clock (40 samples)"));
  EXPECT_THAT(text, Not(HasSubstr("work")));
}

TEST(Text, FitsEveryWidthFromEightyOn) {
  for (const std::size_t width : {80, 100, 111, 160}) {
    for (const std::string& text : all_texts(growing_heap(), {.width = width})) {
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        const std::string line = text.substr(at, end - at);
        EXPECT_LE(display_width(line), width) << line;
        at = end + 1;
      }
    }
  }
}

TEST(Text, NeverCarriesAnEscapeFromAName) {
  const std::string evil = "\x1b]0;owned\x07\r\xc2\x9b\u202e";
  ProfileBuilder builder;
  builder.command({"./" + evil}).function(evil, {.file = evil + ".cc", .line = 3});
  builder.process(evil, 7).thread(evil, 8);
  builder.user("main;" + evil, 40).sys(evil + "@" + evil, evil, test::syscall(evil), 40);
  builder.run().notes = {"note " + evil};
  for (const std::string& text : all_texts(builder.build(), {})) {
    for (const char c : text)
      EXPECT_TRUE(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
    EXPECT_EQ(text.find("\xc2\x9b"), std::string::npos);
    EXPECT_EQ(text.find("\u202e"), std::string::npos);
  }
}

TEST(Text, IsMadeOfAnyProfile) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    for (const std::string& text : all_texts(test::random_profile(seed), {.width = 40}))
      EXPECT_FALSE(text.empty());
  }
  for (const std::string& text : all_texts(Profile(), {})) EXPECT_FALSE(text.empty());
}

}  // namespace
}  // namespace profiler::render
