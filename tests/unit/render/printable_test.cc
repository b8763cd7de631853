#include "render/printable.h"

#include <gtest/gtest.h>

#include <random>

namespace profiler::render {
namespace {

TEST(Printable, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(printable("std::vector<int>::push_back(int&&)"), "std::vector<int>::push_back(int&&)");
  EXPECT_EQ(printable("größe 函数 🙂"), "größe 函数 🙂");
}

TEST(Printable, ShowsWhatATerminalWouldActOn) {
  EXPECT_EQ(printable("\x1b[2Ja\r\n\tb\x7f"), "\\x1b[2Ja\\x0d\\x0a\\x09b\\x7f");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(printable("\xc2\x9b"), "\\u{9b}") << "the 8-bit control sequence introducer";
  EXPECT_EQ(printable("a\u202e\u2066\ufeff\u200bb"), "a\\u{202e}\\u{2066}\\u{feff}\\u{200b}b");
}

TEST(Printable, ShowsBytesThatAreNoUtf8) {
  EXPECT_EQ(printable("\xff"), "\\xff");
  EXPECT_EQ(printable("\xc3"), "\\xc3") << "cut off";
  EXPECT_EQ(printable("\xc0\x9b"), "\\xc0\\x9b") << "overlong";
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "beyond Unicode";
}

TEST(Printable, IsHarmlessWhateverTheBytes) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (std::uint32_t i = random() % 24; i > 0; --i) bytes += static_cast<char>(random() % 256);
    const std::string text = printable(bytes);
    std::string_view rest = text;
    while (!rest.empty()) {
      const auto c = first_character(rest);
      ASSERT_TRUE(c) << "not UTF-8";
      ASSERT_FALSE(c->code_point < 0x20 || (c->code_point >= 0x7f && c->code_point < 0xa0));
      rest.remove_prefix(c->bytes);
    }
    ASSERT_EQ(printable(text), text) << "it is done once";
  }
}

TEST(DisplayWidth, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("größe"), 5U);
  EXPECT_EQ(display_width("函数"), 4U);
  EXPECT_EQ(display_width("e\u0301"), 1U) << "a combining accent";
}

TEST(FittingHeadAndTail, NeverCutACharacter) {
  EXPECT_EQ(fitting_head("größe", 3), "grö");
  EXPECT_EQ(fitting_tail("größe", 3), "öße");
  EXPECT_EQ(fitting_head("函数", 3), "函");
  EXPECT_EQ(fitting_tail("函数", 3), "数");
  EXPECT_EQ(fitting_head("abc", 0), "");
  EXPECT_EQ(fitting_tail("xe\u0301", 0), "") << "no accent without its letter";
}

}  // namespace
}  // namespace profiler::render
