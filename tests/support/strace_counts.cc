#include "tests/support/strace_counts.h"

#include <sstream>
#include <vector>

namespace profiler::test {

CallCounts parse_strace_counts(std::string_view text) {
  CallCounts counts;
  int rules = 0;  // Lines of dashes: one before the rows, one after.
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line) && rules < 2;) {
    if (line.starts_with("------ ")) {
      ++rules;
      continue;
    }
    if (rules == 0) continue;
    std::istringstream fields(line);
    std::vector<std::string> words;
    for (std::string word; fields >> word;) words.push_back(word);
    // % time, seconds, usecs/call, calls, errors (nothing where there were none), name
    if (words.size() != 5 && words.size() != 6) return {};
    counts[words.back()] = {.calls = std::stoull(words[3]),
                            .errors = words.size() == 6 ? std::stoull(words[4]) : 0};
  }
  return counts;
}

}  // namespace profiler::test
