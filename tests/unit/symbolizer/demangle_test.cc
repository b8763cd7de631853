#include "symbolizer/demangle.h"

#include <gtest/gtest.h>

#include <set>

#include "workshop.h"

namespace symbolizer {
namespace {

TEST(Demangle, KnowsEveryLanguageOfTheLinker) {
  EXPECT_EQ(demangle("_ZN5Arena4growEm"), "Arena::grow(unsigned long)");
  EXPECT_EQ(demangle("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE"),
            "core::fmt::Write::write_fmt");
  EXPECT_EQ(demangle("_RNvCs1234_7mycrate3foo"), "mycrate::foo");
  EXPECT_EQ(demangle("_D3std5stdio7writelnFAyaZv"), "std.stdio.writeln(immutable(char)[])");
  EXPECT_EQ(demangle("_ZL3foov.cold"), "foo() [clone .cold]");
}

TEST(Demangle, LeavesOtherNamesAlone) {
  for (const char* name :
       {"", "_", "_start", "_init", "read", "_Z", "_ZN", "_R", "_D", "__libc_start_main",
        "_IO_puts", "_dl_runtime_resolve_xsavec", "_ZN5Arena4grow"}) {
    EXPECT_EQ(demangle(name), name);
  }
}

TEST(Demangle, AgreesWithCxxfiltOnLibstdcxx) {
  test::Workshop shop;
  const std::string library = shop.output("g++ -print-file-name=libstdc++.so.6");
  if (library.empty()) GTEST_SKIP() << "needs g++: " << shop.log();
  const std::string names =
      shop.output("nm -D --defined-only --without-symbol-versions " +
                  library.substr(0, library.size() - 1) + " | awk '{print $3}' | grep ^_Z");
  ASSERT_FALSE(names.empty()) << shop.log();
  shop.write("names", names);
  const auto mangled = test::lines_of(names);
  const auto expected = test::lines_of(shop.output("c++filt -i <names"));
  ASSERT_EQ(mangled.size(), expected.size());
  ASSERT_GT(mangled.size(), 3000U);
  for (std::size_t i = 0; i < mangled.size(); ++i) {
    ASSERT_EQ(demangle(mangled[i]), expected[i]) << mangled[i];
  }
}

// Each argument names the one before twice: the text doubles with every eight characters.
TEST(Demangle, GivesUpOnNamesThatExplode) {
  const std::string_view digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string name = "_Z1fSt4pairIiiE";
  for (std::size_t i = 0; i < 35; ++i) {
    const std::string before = std::string("S") + digits[i] + "_";
    name += "S_I" + before + before + "E";
    if (i == 1) {
      EXPECT_EQ(demangle(name),
                "f(std::pair<int, int>, std::pair<std::pair<int, int>, std::pair<int, int> >, "
                "std::pair<std::pair<std::pair<int, int>, std::pair<int, int> >, "
                "std::pair<std::pair<int, int>, std::pair<int, int> > >)");
    }
  }
  EXPECT_EQ(demangle(name), name);
}

TEST(Demangle, SurvivesDeepNesting) {
  const std::string deep = "_Z1f" + std::string(60'000, 'P') + "i";
  EXPECT_LE(demangle(deep).size(), std::size_t{70} << 10);
  EXPECT_EQ(demangle("_Z" + std::string(1'000'000, 'P')).size(), 1'000'002U);
}

}  // namespace
}  // namespace symbolizer
