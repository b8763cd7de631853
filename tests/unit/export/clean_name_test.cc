#include "export/clean_name.h"

#include <gtest/gtest.h>

#include <random>

#include "profiler/utf8.h"

namespace profiler::exporter {
namespace {

TEST(CleanName, LeavesPlainAndForeignNamesAsTheyAre) {
  EXPECT_EQ(clean_name("std::sort<int>(a, b)"), "std::sort<int>(a, b)");
  EXPECT_EQ(clean_name("größe_漢字"), "größe_漢字");
  EXPECT_EQ(clean_name("</script><img src=x onerror=alert(1)>"),
            "</script><img src=x onerror=alert(1)>");
}

TEST(CleanName, IsOneLineThatMovesNoCursor) {
  EXPECT_EQ(clean_name("a\nb\r\tc"), "a\ufffdb\ufffd\ufffdc");
  EXPECT_EQ(clean_name("\x1b[31mred"), "\ufffd[31mred");
  EXPECT_EQ(clean_name("\u009b31m line\u2028end"), "\ufffd31m line\ufffdend");
  EXPECT_EQ(clean_name("\xff\xc3("), "\ufffd\ufffd(");
  EXPECT_EQ(clean_name(""), "[no name]");
  EXPECT_EQ(clean_name("  "), "[no name]");
}

TEST(CleanName, OfAnyBytesIsValidAndWithoutControls) {
  std::mt19937 random(5);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes;
    for (unsigned size = random() % 20; size != 0; --size) bytes += static_cast<char>(random());
    const std::string clean = clean_name(bytes);
    std::string again;
    for (std::string_view rest = clean; !rest.empty();) {
      const char32_t c = next_code_point(rest);
      EXPECT_TRUE(c >= 0x20 && (c < 0x7f || c > 0x9f)) << static_cast<unsigned>(c);
      append_utf8(again, c);
    }
    EXPECT_EQ(again, clean) << "valid UTF-8 is read and written unchanged";
    EXPECT_EQ(clean_name(clean), clean);
  }
}

TEST(CleanWord, HasNoBlanks) {
  EXPECT_EQ(clean_word("a b\tc", "x"), "a_b\ufffdc");
  EXPECT_EQ(clean_word("", "none"), "none");
}

}  // namespace
}  // namespace profiler::exporter
