// A C++ program with what makes naming hard: static functions, aliases, inlining, templates,
// PLT calls. Compiled by the tests in whichever form they need.
#pragma once

#include <string_view>

namespace symbolizer::test {

inline constexpr std::string_view kSampleProgram = R"(
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>
namespace zoo {
struct Animal {
  std::string name;
  int legs = 4;
  virtual ~Animal() = default;
  virtual int speak(int times);
};
int Animal::speak(int times) {
  int sum = 0;
  for (int i = 0; i < times; ++i) sum += std::printf("%s\n", name.c_str());
  return sum;
}
template <class T>
inline __attribute__((always_inline)) T twice(T value) {
  value += value;
  return value;
}
inline __attribute__((always_inline)) int four_times(int value) {
  int half = twice(value);
  return twice(half) + std::rand();
}
static __attribute__((noinline)) int hidden(int value) {
  std::map<std::string, int> counts;
  for (int i = 0; i < value; ++i) counts[std::to_string(i % 7)] += four_times(i);
  int total = 0;
  for (auto& [key, count] : counts) total += count * static_cast<int>(key.size());
  return total;
}
}
extern "C" __attribute__((noinline)) int plain_c(int value) { return zoo::hidden(value) + 1; }
extern "C" int plain_alias(int) __attribute__((alias("plain_c")));
extern "C" int __plain_underscored(int) __attribute__((weak, alias("plain_c")));
int main(int argc, char** argv) {
  std::vector<zoo::Animal> animals(static_cast<std::size_t>(argc));
  for (auto& animal : animals) animal.name = argv[0];
  std::sort(animals.begin(), animals.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  int sum = plain_c(argc) + zoo::four_times(argc);
  for (auto& animal : animals) sum += animal.speak(sum & 3);
  return sum & 1;
}
)";

}  // namespace symbolizer::test
