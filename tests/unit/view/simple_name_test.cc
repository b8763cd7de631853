#include "view/simple_name.h"

#include <gtest/gtest.h>

namespace profiler::view {
namespace {

constexpr const char* kString =
    "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >";

TEST(SimpleName, CallsStringsWhatTheirUsersCallThem) {
  EXPECT_EQ(simple_name(std::string(kString) + "::swap(" + kString + "&)"),
            "std::string::swap(std::string&)");
  EXPECT_EQ(simple_name("f(std::basic_string_view<char, std::char_traits<char> >)"),
            "f(std::string_view)");
  EXPECT_EQ(simple_name("std::basic_ostream<char, std::char_traits<char> >& std::operator<< "
                        "<std::char_traits<char> >(std::basic_ostream<char, std::char_traits<char> "
                        ">&, char const*)"),
            "std::operator<< <std::char_traits<char>>(std::ostream&, char const*)");
}

TEST(SimpleName, LeavesOutDefaultArgumentsOfTheLibrarysTemplates) {
  EXPECT_EQ(simple_name("std::map<int, std::vector<long, std::allocator<long> >, std::less<int>, "
                        "std::allocator<std::pair<int const, std::vector<long, std::allocator<long>"
                        " > > > >::operator[](int const&)"),
            "std::map<int, std::vector<long>>::operator[](int const&)");
  EXPECT_EQ(simple_name("f(std::unique_ptr<T, std::default_delete<T> >)"), "f(std::unique_ptr<T>)");
  EXPECT_EQ(simple_name("std::less<int>::operator()(int) const"),
            "std::less<int>::operator()(int) const");
  EXPECT_EQ(simple_name("mine::vector<int, std::allocator<int> >::f()"),
            "mine::vector<int, std::allocator<int>>::f()")
      << "no template of std: what its defaults are is not known";
  EXPECT_EQ(simple_name("std::vector<int, Pool<int> >::clear()"),
            "std::vector<int, Pool<int>>::clear()");
}

TEST(SimpleName, LeavesOutReturnTypes) {
  EXPECT_EQ(simple_name("unsigned long app::mix<unsigned long>(unsigned long)"),
            "app::mix<unsigned long>(unsigned long)");
  EXPECT_EQ(simple_name("decltype (declval<int>()) app::f<int>(int)"), "app::f<int>(int)");
  EXPECT_EQ(simple_name("std::vector<int> f<int>() [clone .cold]"), "f<int>() [clone .cold]");
  EXPECT_EQ(simple_name("void (anonymous namespace)::g<int>(int)"),
            "(anonymous namespace)::g<int>(int)");
  EXPECT_EQ(simple_name("bool std::operator< <char>(A const&, B const&)"),
            "std::operator< <char>(A const&, B const&)");
}

TEST(SimpleName, LeavesAloneWhatIsNoReturnType) {
  for (const char* name : {"operator new(unsigned long)",
                           "Value::operator unsigned int() const",
                           "f(int, char const*)",
                           "Pointer<int>::operator->() const",
                           "a::operator<=>(b)",
                           "Matrix::operator()(int, int)",
                           "non-virtual thunk to Stream::write(int)",
                           "guard variable for f(int)::cache",
                           "main::{lambda(int)#1}::operator()(int) const",
                           "f(int) const::{lambda(auto:1&&)#2}::operator()(int) const",
                           "<syscall read>",
                           "<page fault>",
                           "<alloc::vec::Vec<T> as core::iter::Extend<T>>::extend",
                           "core::ops::function::FnOnce::call_once{{vtable.shim}}",
                           "main.(*Arena).grow",
                           "Function: (anonymous) /srv/a.js:1:2",
                           "void (*f<int>(int))(char)",
                           "std.stdio.writeln!(string, int).writeln(string)",
                           "memcpy@plt",
                           "prog+0x1130",
                           "foo.cold",
                           "__x64_sys_read"}) {
    EXPECT_EQ(simple_name(name), name);
  }
}

TEST(SimpleName, KeepsNamesWhoseBracketsDoNotMatch) {
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "a<";
  deep.append(5000, '>');
  for (const std::string& name :
       {std::string("f(((((("), std::string("x<y"), std::string("void f>(int)"), deep,
        std::string("std::vector<int, std::allocator<int> )"), std::string(20'000, '<')}) {
    EXPECT_EQ(simple_name(name), name);
    EXPECT_EQ(base_function_name(name), name);
  }
}

TEST(SimpleName, CanLeaveOutParametersAlone) {
  EXPECT_EQ(without_parameters("void app::mix<int>(int) const"), "app::mix<int>");
  EXPECT_EQ(without_parameters("Value::operator()(int)"), "Value::operator()");
  EXPECT_EQ(without_parameters("<page fault>"), "<page fault>");
}

TEST(BaseFunctionName, HasNoArgumentsOfEitherKind) {
  EXPECT_EQ(base_function_name("Arena::grow(unsigned long)"), "Arena::grow");
  EXPECT_EQ(base_function_name("int Arena<4>::grow<int>(int) const"), "Arena<4>::grow");
  EXPECT_EQ(base_function_name("bool std::operator< <char>(A const&)"), "std::operator<");
  EXPECT_EQ(base_function_name("f(int)::{lambda(int)#1}::operator()(int) const"),
            "f(int)::{lambda(int)#1}::operator()");
  EXPECT_EQ(base_function_name("f<int>(int) [clone .cold]"), "f");
  EXPECT_EQ(base_function_name("(anonymous namespace)::g(int)"), "(anonymous namespace)::g");
  EXPECT_EQ(base_function_name("main"), "main");
  EXPECT_EQ(base_function_name("main.(*Arena).grow"), "main.(*Arena).grow");
  EXPECT_EQ(base_function_name("__invoke_impl<void, main()::<lambda(int)>&, int>"),
            "__invoke_impl");
}

}  // namespace
}  // namespace profiler::view
