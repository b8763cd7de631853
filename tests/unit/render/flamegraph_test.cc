#include "render/flamegraph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <regex>
#include <string>
#include <vector>

#include "render/flamegraph_style.h"
#include "tests/support/profile_builder.h"
#include "view/call_tree.h"
#include "view/filter.h"

namespace profiler::render {
namespace {

using test::ProfileBuilder;
using test::syscall;
using ::testing::HasSubstr;
using ::testing::Not;

/// A frame as it stands in the file.
struct Drawn {
  std::string kind;  ///< First letter of its class.
  std::string name;
  std::string details;
  std::string label;
  std::uint64_t weight = 0;
  std::uint64_t samples = 0;
  double x = 0;
  double y = 0;
  double width = 0;
};

double number(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const std::size_t begin = text.find(before);
  if (begin == std::string::npos) return {};
  const std::size_t from = begin + before.size();
  return text.substr(from, text.find(after, from) - from);
}

std::vector<Drawn> frames_of(const std::string& svg) {
  std::vector<Drawn> frames;
  std::size_t at = 0;
  while ((at = svg.find("<g class=\"", at)) != std::string::npos) {
    const std::size_t end = svg.find("</g>", at);
    const std::string g = svg.substr(at, end - at);
    at += 1;
    const std::string values = between(g, "data-v=\"", "\"");
    if (values.empty() || g.find("<g ", 1) != std::string::npos) continue;
    const std::string title = between(g, "<title>", "</title>");
    Drawn frame;
    frame.kind = g.substr(10, 1);
    frame.name = title.substr(0, title.find('\n'));
    frame.details = title.substr(title.find('\n') + 1);
    frame.label = between(g, "<text", "</text>");
    frame.label = frame.label.substr(std::min(frame.label.find('>'), frame.label.size() - 1) + 1);
    frame.weight = std::strtoull(values.c_str(), nullptr, 10);
    frame.samples = std::strtoull(values.c_str() + values.find(' '), nullptr, 10);
    frame.x = number(between(g, "<rect x=\"", "\""));
    frame.y = number(between(g, " y=\"", "\""));
    frame.width = number(between(g, " width=\"", "\""));
    frames.push_back(frame);
  }
  return frames;
}

std::string draw(const Profile& profile, const FlamegraphOptions& options = {},
                 const view::TreeOptions& tree = {}) {
  return flamegraph(profile, view::call_tree(profile, view::select(profile, {}), tree), options);
}

Drawn frame_named(const std::string& svg, const std::string& name) {
  const std::vector<Drawn> frames = frames_of(svg);
  const auto found = std::ranges::find(frames, name, &Drawn::name);
  EXPECT_NE(found, frames.end()) << name;
  return found == frames.end() ? Drawn() : *found;
}

Profile small() {
  return ProfileBuilder()
      .command({"./prog", "a<b"})
      .user("main;f;g", 50)
      .user("main;f", 20)
      .user("main;h", 10)
      .sys("main;f;read@libc.so.6", "entry_SYSCALL_64;vfs_read", syscall("read"), 20)
      .build();
}

Profile random_profile(unsigned stacks, unsigned depth) {
  ProfileBuilder builder;
  std::mt19937 random(7);
  std::vector<std::string> stack;
  for (unsigned i = 0; i < stacks; ++i) {
    stack.resize(std::min<std::size_t>(stack.size(), random() % depth));
    do {
      stack.push_back("ns::Class" + std::to_string(random() % 7) + "<int, std::string>::method_" +
                      std::to_string(random() % 40) + "(std::vector<int> const&)");
    } while (stack.size() < depth && random() % 12 != 0);
    std::string text = "main";
    for (const std::string& frame : stack) text += ";" + frame;
    builder.user(text);
  }
  return builder.build();
}

/// A hundred thousand stacks and more: rows put in place directly, since the builder reads text.
Profile deep_random_tree() {
  constexpr std::size_t kFunctions = 300;
  std::string text = "f0";
  for (std::size_t i = 1; i < kFunctions; ++i) {
    text += ";ns::Class" + std::to_string(i % 7) + "<int, std::string>::f" + std::to_string(i) +
            "(std::vector<int> const&)";
  }
  Profile profile = ProfileBuilder().user(text).build();
  const Sample sample = profile.samples[0];
  profile.samples.clear();
  profile.stacks.clear();
  profile.nodes.clear();
  std::mt19937 random(7);
  std::vector<NodeIndex> path = {profile.nodes.push_back({.parent = {}, .frame = FrameIndex(0)})};
  while (profile.stacks.size() < 110'000) {
    path.resize(1 + random() % path.size());
    do {
      path.push_back(profile.nodes.push_back(
          {.parent = path.back(), .frame = FrameIndex(random() % kFunctions)}));
    } while (path.size() < 60 && random() % 8 != 0);
    profile.samples.push_back(sample);
    profile.samples.back().stack = profile.stacks.push_back(
        {.user = path.back(), .kernel = {}, .end = StackEnd::kUndefinedReturnAddress, .cause = {}});
  }
  return profile;
}

/// What an XML parser that is not ours says of the text: "" if it is well-formed.
std::string xml_error(const std::string& text) {
  const std::string path = testing::TempDir() + "flamegraph_test." + std::to_string(getpid());
  std::ofstream(path, std::ios::binary) << text;
  const std::string command =
      "python3 -c 'import sys, xml.parsers.expat as x; "
      "x.ParserCreate().ParseFile(open(sys.argv[1], \"rb\"))' " +
      path + " 2>&1";
  std::string output;
  FILE* pipe = popen(command.c_str(), "r");
  char buffer[256];
  while (pipe != nullptr && std::fgets(buffer, sizeof buffer, pipe) != nullptr) output += buffer;
  const int status = pipe == nullptr ? -1 : pclose(pipe);
  std::filesystem::remove(path);
  if (status != 0 && output.empty()) output = "python3 failed";
  return output;
}

bool has_python() { return std::system("python3 -c 'import xml.parsers.expat' 2>/dev/null") == 0; }

/// Each frame lies on one that holds it, and siblings do not overlap: checked on the drawn numbers,
/// which are rounded to a hundredth.
void expect_proper_nesting(const std::vector<Drawn>& frames, bool root_below) {
  constexpr double kRounding = 0.011;
  std::map<double, std::vector<const Drawn*>> rows;
  for (const Drawn& frame : frames) rows[root_below ? -frame.y : frame.y].push_back(&frame);
  const std::vector<const Drawn*>* below = nullptr;
  for (auto& [y, row] : rows) {
    std::ranges::sort(row, {}, &Drawn::x);
    for (std::size_t i = 1; i < row.size(); ++i)
      ASSERT_LE(row[i - 1]->x + row[i - 1]->width, row[i]->x + 2 * kRounding) << row[i]->name;
    for (const Drawn* frame : row) {
      if (below == nullptr) continue;
      const auto parent = std::ranges::upper_bound(*below, frame->x + kRounding, {}, &Drawn::x);
      ASSERT_NE(parent, below->begin()) << frame->name;
      const Drawn& p = **std::prev(parent);
      ASSERT_LE(frame->x + frame->width, p.x + p.width + 2 * kRounding) << frame->name;
      ASSERT_LE(frame->weight, p.weight);
    }
    below = &row;
  }
}

TEST(Flamegraph, NamesAreThoseOfTablesAndPages) {
  const std::string svg =
      draw(ProfileBuilder()
               .user("main;void sort<std::__cxx11::basic_string<char, std::char_traits<char>, "
                     "std::allocator<char> > >(int)")
               .build());
  EXPECT_EQ(frame_named(svg, "sort&lt;std::string&gt;(int)").samples, 1);
  EXPECT_THAT(svg, Not(HasSubstr("__cxx11")));
}

TEST(Flamegraph, EveryFrameIsAsWideAsItsShare) {
  const std::vector<Drawn> frames = frames_of(draw(small(), {.width = 1020}));
  ASSERT_EQ(frames.size(), 7U);
  for (const Drawn& frame : frames) {
    EXPECT_DOUBLE_EQ(frame.width, static_cast<double>(frame.samples) * 10) << frame.name;
    EXPECT_EQ(frame.weight, frame.samples * 1'000'000) << frame.name;
  }
}

TEST(Flamegraph, FramesStandOnTheirCallersAndDoNotOverlap) {
  const std::vector<Drawn> flame = frames_of(draw(small()));
  expect_proper_nesting(flame, true);
  EXPECT_EQ(flame.front().name, "all");
  EXPECT_GT(flame.front().y, flame.back().y);
  const std::vector<Drawn> icicle = frames_of(draw(small(), {.icicle = true}));
  expect_proper_nesting(icicle, false);
  EXPECT_EQ(icicle.front().y, 0);
  expect_proper_nesting(frames_of(draw(random_profile(3000, 30), {.min_width = 0})), true);
}

TEST(Flamegraph, TitlesSayNameSecondsSamplesAndShare) {
  const std::string svg = draw(small());
  const Drawn f = frame_named(svg, "f");
  EXPECT_EQ(f.details, "0.090 s (0.070 s user, 0.020 s sys), 90 samples, 90.0 % · prog");
  EXPECT_EQ(frame_named(svg, "g").details, "0.050 s user, 50 samples, 50.0 % · prog");
  EXPECT_EQ(frame_named(svg, "&lt;syscall read&gt;").details,
            "0.020 s sys, 20 samples, 20.0 % · kernel");
}

TEST(Flamegraph, SamplesOfTheInnermostPartsAddUpToAll) {
  const Profile profile = random_profile(2000, 25);
  const std::vector<Drawn> frames = frames_of(draw(profile, {.min_width = 0, .size_limit = 0}));
  // Self samples: a frame's own less its children's, who follow it one row up.
  std::uint64_t self = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    self += frames[i].samples;
    for (std::size_t j = i + 1; j < frames.size() && frames[j].y < frames[i].y; ++j)
      if (frames[i].y - frames[j].y < 19) self -= frames[j].samples;
  }
  EXPECT_EQ(self, profile.samples.size());
  EXPECT_EQ(frames.front().samples, profile.samples.size());
}

TEST(Flamegraph, UnderThirtySamplesGivesCountsOnly) {
  const Profile few = ProfileBuilder().user("main;f", 29).build();
  EXPECT_EQ(frame_named(draw(few), "f").details, "0.029 s user, 29 samples · prog");
  const Profile enough = ProfileBuilder().user("main;f", 30).build();
  EXPECT_THAT(frame_named(draw(enough), "f").details, HasSubstr("100.0 %"));
}

TEST(Flamegraph, HeaderNamesCommandEventAndTotals) {
  const std::string svg = draw(small(), {.selection = "process=prog"});
  EXPECT_THAT(svg, HasSubstr("<text class=\"name\" x=\"10\" y=\"30\">./prog a&lt;b</text>"));
  EXPECT_THAT(svg, HasSubstr(">cpu-clock at 1,000 Hz · user 0.080 s · sys 0.020 s · 100 samples · "
                             "only process=prog</text>"));
  EXPECT_THAT(draw(small(), {.title = "Mine"}), HasSubstr("y=\"30\">Mine</text>"));
}

TEST(Flamegraph, CountsOfOtherEventsKeepTheirUnit) {
  const Profile profile =
      ProfileBuilder().event("cache-misses", "misses").period(1000).user("main", 40).build();
  const std::string svg = draw(profile);
  EXPECT_EQ(frame_named(svg, "main").details, "40,000 misses user, 40 samples, 100.0 % · prog");
  EXPECT_THAT(svg, HasSubstr("data-unit=\"misses\""));
}

TEST(Flamegraph, KindsOfFramesDifferInClass) {
  const Profile profile = ProfileBuilder()
                              .user("main;~inlined", 40)
                              .sys("main", "entry_SYSCALL_64;ksys_read", syscall("read"), 40)
                              .end(StackEnd::kDumpTooShort)
                              .user("deep", 40)
                              .end(StackEnd::kNoUnwindInfo)
                              .user("lost;0x77", 40)
                              .build();
  const std::string folded = draw(profile);
  EXPECT_EQ(frame_named(folded, "all").kind, "p");
  EXPECT_EQ(frame_named(folded, "main").kind, "u");
  EXPECT_EQ(frame_named(folded, "inlined").kind, "i");
  EXPECT_EQ(frame_named(folded, "&lt;syscall read&gt;").kind, "e");
  EXPECT_EQ(frame_named(folded, "[truncated]").kind, "b");
  EXPECT_EQ(frame_named(folded, "[broken]").kind, "b");
  EXPECT_EQ(frame_named(folded, "prog+0x77").kind, "u");
  EXPECT_THAT(folded, HasSubstr(">kernel, by what entered it</text>"));
  EXPECT_THAT(folded, Not(HasSubstr(">kernel</text>")))
      << "the legend holds what is in the picture";
  const std::string whole = draw(profile, {}, {.path = {.kernel_frames = true}});
  EXPECT_EQ(frame_named(whole, "ksys_read").kind, "k");
  EXPECT_THAT(whole, HasSubstr(">kernel</text>"));
}

TEST(Flamegraph, HostileNamesAreInert) {
  if (!has_python()) GTEST_SKIP() << "needs python3 with expat to read XML";
  const Profile profile = ProfileBuilder()
                              .command({"]]>", "</title>", "\xff\x01"})
                              .user("main;</script><img src=x onerror=alert(1)>", 10)
                              .user("main;a&b\"c'd]]>", 10)
                              .user("main;\x01\x1b[2J\xc3\xe2\x80\xae\x7f\xef\xbf\xbf", 10)
                              .build();
  const std::string svg = draw(profile, {.title = {}, .selection = "<&>"});
  EXPECT_EQ(xml_error(svg), "");
  EXPECT_THAT(svg, Not(HasSubstr("<img")));
  EXPECT_THAT(svg, HasSubstr("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;"));
  EXPECT_THAT(svg, Not(HasSubstr("\x1b")));
}

TEST(Flamegraph, EveryPictureIsWellFormedXml) {
  if (!has_python()) GTEST_SKIP() << "needs python3 with expat to read XML";
  EXPECT_EQ(xml_error(draw(small())), "");
  EXPECT_EQ(xml_error(draw(small(), {.icicle = true}, {.path = {}, .inverted = true})), "");
  EXPECT_EQ(xml_error(draw(random_profile(5000, 30))), "");
  EXPECT_EQ(xml_error(draw(ProfileBuilder().build())), "");
  EXPECT_NE(xml_error("<svg>"), "") << "the oracle must be able to object";
}

TEST(Flamegraph, IsTheSameEveryTime) {
  EXPECT_EQ(draw(random_profile(2000, 30)), draw(random_profile(2000, 30)));
}

TEST(Flamegraph, LabelsAreCutToTheirFrames) {
  const Profile profile = ProfileBuilder()
                              .user("main;a_function_with_a_name_that_is_long", 10)
                              .user("main;x", 90)
                              .build();
  const Drawn cut =
      frame_named(draw(profile, {.width = 1020}), "a_function_with_a_name_that_is_long");
  EXPECT_EQ(cut.label, "a_function_w…");
  // Seven px a character, and three at each side.
  EXPECT_LE(13 * 7 + 6, cut.width);
  EXPECT_EQ(frame_named(draw(profile, {.width = 220}), "a_function_with_a_name_that_is_long").label,
            "")
      << "too narrow for any label";
}

TEST(Flamegraph, NarrowFramesAreMergedAndCounted) {
  ProfileBuilder builder;
  builder.user("main;wide;inner", 9000);
  for (int i = 0; i < 500; ++i) builder.user("main;narrow" + std::to_string(i) + ";leaf", 2);
  const Profile profile = builder.build();
  const std::string svg = draw(profile, {.width = 1020, .min_width = 1});
  const Drawn merged = frame_named(svg, "[500 narrow frames]");
  EXPECT_EQ(merged.samples, 1000U);
  EXPECT_EQ(merged.kind, "m");
  EXPECT_DOUBLE_EQ(merged.width, 100);
  EXPECT_THAT(svg, Not(HasSubstr("narrow12")));
  // 1,000 of 10,000 weights on two rows of four: all, main, wide and inner hold 38,000.
  EXPECT_THAT(svg, HasSubstr("Not drawn: 1,000 frames narrower than 1 px, 5.0 % of the picture"));
  EXPECT_THAT(draw(profile, {.width = 1020, .min_width = 0}), Not(HasSubstr("Not drawn")));
}

TEST(Flamegraph, OfFramesThatAreOneSampleEachThoseNearTheRootAreDrawn) {
  ProfileBuilder builder;
  for (int i = 0; i < 3000; ++i) {
    const std::string n = std::to_string(i);
    builder.user("main;a" + n + ";b" + n + ";c" + n, 1);
  }
  const std::vector<Drawn> frames =
      frames_of(draw(builder.build(), {.min_width = 0, .size_limit = std::size_t{3000} * 160}));
  const auto drawn = [&](char first) {
    return std::ranges::count_if(frames, [&](const Drawn& frame) {
      return frame.name.front() == first && frame.name != "all";
    });
  };
  EXPECT_EQ(drawn('a'), 3000);
  EXPECT_EQ(drawn('b'), 0) << "all of a row or none";
  EXPECT_EQ(drawn('c'), 0);
}

TEST(Flamegraph, AFewSamplesDeepInARecursionDoNotMakeItHigh) {
  std::string deep = "main";
  for (int i = 0; i < 1000; ++i) deep += ";again";
  const std::string narrow =
      draw(ProfileBuilder().user("main;work", 9'990).user(deep, 10).build(), {.size_limit = 0});
  EXPECT_LT(frames_of(narrow).front().y, 160 * kRowPitch);
  EXPECT_THAT(narrow, HasSubstr("Not drawn: 852 frames of narrow towers over 150 rows high"));
  const std::string wide =
      draw(ProfileBuilder().user("main;work", 60).user(deep, 40).build(), {.size_limit = 0});
  EXPECT_GT(frames_of(wide).front().y, 1000 * kRowPitch) << "what is much of the time is drawn";
}

TEST(Flamegraph, AHundredThousandStacksStayASmallFile) {
  const Profile profile = deep_random_tree();
  const view::CallTree tree = view::call_tree(profile, view::select(profile, {}), {});
  ASSERT_GE(std::ranges::count_if(tree.nodes, [](const auto& n) { return n.self.samples != 0; }),
            100'000);
  const std::string svg = flamegraph(profile, tree, {});
  EXPECT_LT(svg.size(), 2'200'000U);
  EXPECT_GT(svg.size(), 500'000U) << "there was room for more";
  EXPECT_THAT(svg, HasSubstr("Not drawn: "));
  expect_proper_nesting(frames_of(svg), true);
}

TEST(Flamegraph, DrawsAStackFiveThousandDeep) {
  std::string stack = "main";
  for (int i = 0; i < 5000; ++i) stack += ";f" + std::to_string(i);
  const std::string svg = draw(ProfileBuilder().user(stack, 40).build());
  const std::vector<Drawn> frames = frames_of(svg);
  ASSERT_EQ(frames.size(), 5002U);
  EXPECT_EQ(frames.front().y, 5001 * 18);
  EXPECT_EQ(frames.back().y, 0);
  EXPECT_EQ(frames.back().name, "f4999");
}

TEST(Flamegraph, WithoutSamplesItSaysSo) {
  const std::string empty = draw(ProfileBuilder().command({"true"}).build());
  EXPECT_THAT(empty, HasSubstr("No samples in this profile"));
  EXPECT_THAT(empty, HasSubstr(">true</text>"));
  EXPECT_THAT(frames_of(empty), testing::IsEmpty());
  EXPECT_THAT(empty, Not(HasSubstr("<script")));

  const Profile profile = small();
  const std::string none =
      flamegraph(profile, view::call_tree(profile, {}, {}), {.selection = "module=nowhere"});
  EXPECT_THAT(none, HasSubstr("No samples match"));
  EXPECT_THAT(none, HasSubstr("module=nowhere"));
}

TEST(Flamegraph, InvertedTreesShowFunctionsWithTheirCallersOnThem) {
  const std::string svg = draw(small(), {.inverted = true}, {.path = {}, .inverted = true});
  EXPECT_THAT(svg, HasSubstr("bottom-up"));
  EXPECT_EQ(frame_named(svg, "g").samples, 50U);
  expect_proper_nesting(frames_of(svg), true);
}

}  // namespace
}  // namespace profiler::render
