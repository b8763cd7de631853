#include "render/short_name.h"

#include <gtest/gtest.h>

#include "render/printable.h"

namespace profiler::render {
namespace {

constexpr const char* kInsert =
    "std::map<int, std::basic_string<char, std::char_traits<char> > >::insert(std::pair<int, int>)";

TEST(ShortName, KeepsWhatFits) { EXPECT_EQ(short_name("main", 4), "main"); }

TEST(ShortName, LeavesOutTemplateArgumentsThenParametersInnermostFirst) {
  EXPECT_EQ(short_name(kInsert, 80), "std::map<int, std::string>::insert(std::pair<int, int>)");
  EXPECT_EQ(short_name(kInsert, 50), "std::map<int, std::string>::insert(std::pair<…>)");
  EXPECT_EQ(short_name(kInsert, 40), "std::map<…>::insert(std::pair<…>)");
  EXPECT_EQ(short_name(kInsert, 25), "std::map<…>::insert(…)");
}

TEST(ShortName, ThenDropsScopesFromTheLeft) {
  constexpr const char* kPush =
      "__gnu_cxx::__normal_iterator<int const*, std::vector<int> >::operator++()";
  EXPECT_EQ(short_name(kPush, 38), "…::__normal_iterator<…>::operator++()");
  EXPECT_EQ(short_name(kPush, 30), "__gnu_cxx::__no…::operator++()");
  EXPECT_EQ(short_name(kPush, 17), "…::operator++()");
  EXPECT_EQ(short_name("std::string::compare(std::string) const", 20), "…::compare(…) const");
  EXPECT_EQ(short_name("std::string::compare(std::string) const", 12), "…::compare") << "no room";
  EXPECT_EQ(short_name("a::b::operator<< <x::y>(z::w)", 21), "…::operator<< <…>(…)");
}

TEST(ShortName, IsWhatNobodyWritesAlsoWhereItWouldFit) {
  EXPECT_EQ(short_name("void f<std::vector<int, std::allocator<int> > >()", 100),
            "f<std::vector<int>>()");
}

TEST(ShortName, KeepsTheTypeThatAMethodOfGoIsOf) {
  EXPECT_EQ(short_name("net/http.(*persistConn).readLoop(int, int, int)", 40),
            "net/http.(*persistConn).readLoop(…)");
}

TEST(ShortName, CutsTheMiddleWhenNothingElseHelps) {
  EXPECT_EQ(short_name("a_very_long_c_function_name", 11), "a_ve…n_name");
  EXPECT_EQ(short_name("main", 1), "…");
  EXPECT_EQ(short_name("main", 0), "");
}

TEST(ShortName, OperatorsAreNoBrackets) {
  EXPECT_EQ(short_name("Matrix<float, 4>::operator<<(Stream<char, 2>&)", 32),
            "Matrix<…>::operator<<(…)");
  EXPECT_EQ(short_name("Matrix<float, 4>::operator()(unsigned, unsigned)", 30),
            "Matrix<…>::operator()(…)");
  EXPECT_EQ(short_name("bool std::operator< <char, Traits>(A const&, B const&)", 25),
            "std::operator< <…>(…)");
  EXPECT_EQ(short_name("Pointer<some::long_type>::operator->() const", 36),
            "Pointer<…>::operator->() const");
}

TEST(ShortName, KeepsAnonymousNamespaces) {
  EXPECT_EQ(short_name("(anonymous namespace)::Parser<Token, Token>::next(int, int)", 42),
            "(anonymous namespace)::Parser<…>::next(…)");
}

TEST(ShortName, FoldedNodesAreNoTemplates) {
  EXPECT_EQ(short_name("<syscall read>", 14), "<syscall read>");
  EXPECT_EQ(short_name("<irq apic_timer_interrupt>", 16), "<irq a…nterrupt>");
  EXPECT_LE(display_width(short_name("<irq apic_timer_interrupt>", 12)), 12U);
}

TEST(ShortName, FitsWhateverTheName) {
  for (const char* name :
       {kInsert, "f(((((((((", "a<b<c<d<e<f<g<h>>>>>>>", ">>>>>>", "函数函数函数<函>(函)",
        "operator", "operator<", "x::operator<=><int>(int)", "<<<<<<<<<<<<"}) {
    for (std::size_t width = 0; width < 60; ++width)
      EXPECT_LE(display_width(short_name(name, width)), width) << name;
  }
}

TEST(ShortName, IsQuickOnAHostileName) {
  std::string name;
  for (int i = 0; i < 16'000; ++i) name += i % 2 == 0 ? 'a' : '<';
  EXPECT_LE(display_width(short_name(name, 40)), 40U);
  name.clear();
  for (int i = 0; i < 4000; ++i) name += "a<";
  name.append(4000, '>');
  EXPECT_LE(display_width(short_name(name, 40)), 40U);
}

TEST(ShortPath, KeepsTheEnd) {
  EXPECT_EQ(short_path("/usr/lib/libc.so.6", 10), "…libc.so.6");
  EXPECT_EQ(short_path("a.cc", 10), "a.cc");
}

}  // namespace
}  // namespace profiler::render
