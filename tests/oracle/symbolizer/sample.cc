// Inlined calls of every kind, templates, virtual calls, static functions, cold parts.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <regex>
#include <string>
#include <vector>

namespace zoo {

struct Animal {
  virtual ~Animal() = default;
  virtual int speak(int times) const { return times * 3; }
};

struct Dog : Animal {
  int speak(int times) const override {
    std::vector<int> barks(static_cast<std::size_t>(times));
    for (int i = 0; i < times; ++i) barks[static_cast<std::size_t>(i)] = i ^ times;
    std::sort(barks.begin(), barks.end());
    return barks.empty() ? 0 : barks[barks.size() / 2];
  }
};

namespace {
int hidden(const std::string& text) {
  std::map<char, int> counts;
  for (const char c : text) ++counts[c];
  int best = 0;
  for (const auto& [key, count] : counts) best = std::max(best, count * key);
  return best;
}
}  // namespace

template <class Function>
int apply(Function function, int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += function(i);
  return sum;
}

}  // namespace zoo

int search(const std::string& text) {
  const std::regex pattern("a+(b|c)*");
  std::smatch match;
  return std::regex_search(text, match, pattern) ? static_cast<int>(match.position()) : -1;
}

int main(int argc, char** argv) {
  const std::unique_ptr<zoo::Animal> animal =
      argc > 3 ? std::make_unique<zoo::Animal>() : std::make_unique<zoo::Dog>();
  const std::function<int(int)> function = [&](int i) { return animal->speak(i); };
  std::printf("%d %d %d\n", zoo::apply(function, 100), zoo::hidden(argv[0]), search(argv[0]));
}
