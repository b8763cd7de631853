#include "perf_data/recorded_command.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace profiler::perf_data {
namespace {

/// Options of perf-record(1) whose value is the next word. Others have none, or stick to it.
constexpr std::string_view kShortWithValue = "CDFGcejkmoprtu";
constexpr std::array<std::string_view, 29> kLongWithValue = {"affinity",
                                                             "branch-filter",
                                                             "call-graph",
                                                             "cgroup",
                                                             "clang-opt",
                                                             "clang-path",
                                                             "clockid",
                                                             "comp-level",
                                                             "control",
                                                             "count",
                                                             "cpu",
                                                             "delay",
                                                             "event",
                                                             "filter",
                                                             "freq",
                                                             "max-size",
                                                             "mmap-flush",
                                                             "mmap-pages",
                                                             "num-thread-synthesize",
                                                             "output",
                                                             "pid",
                                                             "proc-map-timeout",
                                                             "realtime",
                                                             "switch-max-files",
                                                             "switch-output-event",
                                                             "synth",
                                                             "tid",
                                                             "uid",
                                                             "vmlinux"};

/// Whether the word after this option belongs to it.
bool takes_next(std::string_view option) {
  if (option.starts_with("--")) {
    option.remove_prefix(2);
    return std::ranges::find(kLongWithValue, option) != kLongWithValue.end();
  }
  // "-ag": several in one word. The first with a value ends it: "-F99".
  for (std::size_t i = 1; i < option.size(); ++i) {
    if (kShortWithValue.find(option[i]) != std::string_view::npos) return i + 1 == option.size();
    // Their value is optional, and sticks.
    if (option[i] == 'z' || option[i] == 'I' || option[i] == 'S') return false;
  }
  return false;
}

}  // namespace

std::vector<std::string> recorded_command(const std::vector<std::string>& perf) {
  auto word = std::ranges::find(perf, "record");
  if (word == perf.end()) return perf;
  for (++word; word != perf.end(); ++word) {
    if (*word == "--") {
      ++word;
      break;
    }
    if (!word->starts_with('-') || word->size() == 1) break;
    if (takes_next(*word) && word + 1 != perf.end()) ++word;
  }
  return word == perf.end() ? perf : std::vector<std::string>(word, perf.end());
}

}  // namespace profiler::perf_data
