#include "render/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "render/base64.h"
#include "render/html_columns.h"
#include "tests/support/profile_builder.h"
#include "view/filter.h"

namespace profiler::render {
namespace {

using test::ProfileBuilder;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::Not;

std::string page(const Profile& profile, const HtmlOptions& options = {}) {
  std::string text;
  html(profile, view::select_with_waits(profile, {}), options,
       [&](std::string_view bytes) { text += bytes; });
  return text;
}

std::string from_base64(const std::string& text) {
  std::string bytes;
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    if (c == '=') break;
    const auto digit =
        std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
            .find(c);
    EXPECT_NE(digit, std::string_view::npos) << c;
    group = group << 6 | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits >= 8) bytes += static_cast<char>(group >> (bits -= 8) & 0xff);
  }
  return bytes;
}

/// zlib's reading of gzip: not what wrote it.
std::string from_gzip(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(1 << 22, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

std::string block(const std::string& html, const std::string& id) {
  const std::size_t tag = html.find("id=\"" + id + "\"");
  EXPECT_NE(tag, std::string::npos);
  const std::size_t begin = html.find('>', tag) + 1;
  return from_gzip(from_base64(html.substr(begin, html.find('<', begin) - begin)));
}

/// The JSON at the beginning of the columns.
nlohmann::json facts(const std::string& html) {
  const std::string columns = block(html, "profile");
  std::size_t size = 0;
  std::size_t at = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(columns[at++]);
    size |= static_cast<std::size_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return nlohmann::json::parse(columns.substr(at, size));
}

Profile small() {
  return ProfileBuilder()
      .command({"./prog", "</title><script>alert(1)</script>", "\x1b[2J"})
      .user("main;work", 40)
      .sys("main;load;read@libc.so.6", "entry_SYSCALL_64;vfs_read", test::syscall("read"), 10)
      .build();
}

TEST(Base64, IsThatOfTheStandard) {
  // RFC 4648, section 10.
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kVectors = {
      {{"", ""},
       {"f", "Zg=="},
       {"fo", "Zm8="},
       {"foo", "Zm9v"},
       {"foob", "Zm9vYg=="},
       {"fooba", "Zm9vYmE="},
       {"foobar", "Zm9vYmFy"}}};
  for (const auto& [bytes, text] : kVectors) EXPECT_EQ(base64(bytes), text);
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(from_base64(base64(all)), all);
}

std::vector<int> bytes_of(HtmlColumns& columns) {
  std::vector<int> bytes;
  for (const char c : columns.take()) bytes.push_back(static_cast<unsigned char>(c));
  return bytes;
}

TEST(HtmlColumns, NumbersAreLeb128) {
  HtmlColumns columns;
  columns.plain(std::vector<std::uint32_t>{2, 127, 128, 12857});  // The examples of DWARF 5, 7.6.
  EXPECT_THAT(bytes_of(columns), ElementsAreArray({2, 127, 0x80, 1, 57 + 0x80, 100}));
  EXPECT_EQ(HtmlColumns::folded(0), 0U);
  EXPECT_EQ(HtmlColumns::folded(-1), 1U);
  EXPECT_EQ(HtmlColumns::folded(2147483647), 4294967294U);
  EXPECT_EQ(HtmlColumns::folded(-2147483648LL), 4294967295U);
}

TEST(HtmlColumns, WideOnesHaveTheirLowBytesFirst) {
  HtmlColumns columns;
  columns.wide(std::vector<std::uint64_t>{1, 0x102, 0x10003});
  EXPECT_THAT(bytes_of(columns), ElementsAreArray({1, 2, 3, 0, 1, 0x80, 2}));
}

TEST(HtmlColumns, EachNewReferenceIsTheSame) {
  HtmlColumns columns;
  columns.ascending(std::vector<std::uint32_t>{0, 1, 0, 2, 2});
  EXPECT_THAT(bytes_of(columns), ElementsAreArray({2, 2, 1, 2, 0, 0, 0, 0, 0, 0}));
}

TEST(Html, HoldsNothingOfAProfileOutsideItsColumns) {
  std::string text = page(small());
  // Base64 may spell any word by chance.
  for (const char* id : {"profile", "viewer", "samples"}) {
    const std::size_t begin = text.find('>', text.find("id=\"" + std::string(id) + '"')) + 1;
    text.erase(begin, text.find('<', begin) - begin);
  }
  EXPECT_THAT(text, Not(HasSubstr("alert(1)")));
  EXPECT_THAT(text, Not(HasSubstr("prog")));
  EXPECT_THAT(text, Not(HasSubstr("vfs_read")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_TRUE(text.ends_with("</html>\n"));
}

TEST(Html, AsksNobodyForAnything) {
  const std::string text = page(small());
  EXPECT_THAT(text, HasSubstr("default-src 'none'"));
  const std::string viewer = block(text, "viewer");
  for (const char* word : {"http:", "https:", "import(", "fetch(", "XMLHttpRequest", "innerHTML",
                           "document.write", "eval("}) {
    EXPECT_THAT(viewer, Not(HasSubstr(word)));
    EXPECT_THAT(text, Not(HasSubstr(word)));
  }
}

TEST(Html, TheViewerIsNoMoreThan60KiB) {
  const std::string text = page(ProfileBuilder().build());
  EXPECT_LE(viewer_size(), 60U * 1024);
  EXPECT_GT(viewer_size(), text.size() / 2);
}

TEST(Html, TheSameProfileGivesTheSameBytes) { EXPECT_EQ(page(small()), page(small())); }

TEST(Html, FactsAreThoseOfTheReport) {
  const nlohmann::json f = facts(page(small(), {.title = "nightly", .selection = "sys"}));
  EXPECT_EQ(f["title"], "nightly");
  EXPECT_EQ(f["selection"], "sys");
  EXPECT_EQ(f["report"]["schema"], "profiler.report/1");
  EXPECT_EQ(f["report"]["quality"]["samples"], 50);
  EXPECT_EQ(f["report"]["time"]["sampled_user_s"], 0.04);
  EXPECT_EQ(f["syscalls"], nullptr);
  EXPECT_EQ(f["sources"], nullptr);
  EXPECT_EQ(f["unit"], "s");
  EXPECT_EQ(f["colors"]["light"].size(), f["kinds"].size() * 5);
  // The command, without what a terminal would act on.
  const std::string title = facts(page(small()))["title"];
  EXPECT_THAT(title, HasSubstr("./prog"));
  EXPECT_THAT(title, Not(HasSubstr("\x1b")));
}

TEST(Html, OfAPartSaysWhatIsOfTheWhole) {
  const Profile profile =
      ProfileBuilder()
          .user("main;work", 40)
          .wait("main;read@libc.so.6", "entry_SYSCALL_64;schedule", WaitClass::kPipe, 1'000'000, 5)
          .build();
  const auto text = [&](const HtmlOptions& options) {
    std::string all;
    const nlohmann::json f = facts(page(profile, options));
    for (const auto& fact : f["facts"]) all += fact["text"].get<std::string>() + " · ";
    return all;
  };
  EXPECT_THAT(text({}), HasSubstr(" waits: 5 "));
  EXPECT_THAT(text({.selection = "thread=x"}), HasSubstr(" waits of the whole recording: 5 "));
  EXPECT_EQ(facts(page(profile))["span_s"], nullptr);
  EXPECT_EQ(facts(page(profile, {.span_ns = 1'500'000'000}))["span_s"], 1.5);
  EXPECT_EQ(facts(page(profile, {.version = "1.2.3"}))["machine"]["profiler"], "1.2.3");
}

TEST(Html, CountedCallsAreInIt) {
  ProfileBuilder builder;
  builder.user("main", 40).counted({.name = "read", .cpu_ns = 5000, .durations = {{1000, 7}}});
  const nlohmann::json f = facts(page(builder.build()));
  EXPECT_EQ(f["syscalls"]["syscalls"][0]["name"], "read");
  EXPECT_EQ(f["syscalls"]["syscalls"][0]["calls"], 7);
}

TEST(Html, SourcesAreFilesOfTheSamplesByTime) {
  const Profile profile = ProfileBuilder()
                              .function("main", {.file = "a.c", .line = 1})
                              .function("work", {.file = "b.c", .line = 1})
                              .user("main#3;work#7", 5)
                              .user("main#4", 30)
                              .build();
  const view::Selection selection = view::select_with_waits(profile, {});
  EXPECT_THAT(source_files(profile, selection), ElementsAreArray({"a.c", "b.c"}));
  SourceText text;
  text.path = "b.c";
  text.lines = {"int\tx;", "</script>"};
  const nlohmann::json f =
      facts(page(profile, {.has_sources = true, .sources = {{.file = "b.c", .text = text}}}));
  EXPECT_EQ(f["sources"][0]["file"], "b.c");
  EXPECT_EQ(f["sources"][0]["lines"][0], "int     x;");
}

}  // namespace
}  // namespace profiler::render
