// How often a stack that was completed from an earlier one is right: the samples of a perf.data are
// unwound twice, with their whole stack copies and with the first part of each only.
//
//   perf record -F 2000 --call-graph dwarf,65528 -o perf.data PROG
//   joined_stacks perf.data 8192 16384 32768
//
// A joined stack is right when it is, frame by frame, the stack that the whole copy gives.
#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "perf_data/import.h"
#include "profiler/profile.h"

namespace {

using namespace profiler;

struct Code {
  std::string_view module;
  std::uint64_t address;
  bool operator==(const Code&) const = default;
};

/// The user frames, innermost first.
std::vector<Code> frames(const Profile& profile, const Stack& stack) {
  std::vector<Code> found;
  for (NodeIndex node = stack.user; node; node = profile.nodes[node].parent) {
    const Frame& frame = profile.frames[profile.nodes[node].frame];
    found.push_back({profile.text(profile.modules[frame.module].path), frame.address});
  }
  return found;
}

struct Outcome {
  std::uint64_t truncated = 0;  ///< By the shorter copy, joined or not.
  std::uint64_t joined = 0;
  std::uint64_t unknown = 0;  ///< Joined, but the whole copy was too short as well.
  std::uint64_t wrong = 0;
};

Outcome compare(const Profile& whole, const Profile& part) {
  Outcome outcome;
  for (std::size_t i = 0; i < part.samples.size(); ++i) {
    const Stack& stack = part.stacks[part.samples[i].stack];
    const Stack& truth = whole.stacks[whole.samples[i].stack];
    const bool joined = stack.end == StackEnd::kJoined;
    if (joined || completeness(stack.end) == Completeness::kTruncated) ++outcome.truncated;
    if (!joined) continue;
    ++outcome.joined;
    if (truth.end == StackEnd::kJoined || completeness(truth.end) != Completeness::kComplete) {
      ++outcome.unknown;
    } else if (frames(part, stack) != frames(whole, truth)) {
      ++outcome.wrong;
    }
  }
  return outcome;
}

std::string percent(std::uint64_t part, std::uint64_t all) {
  if (all == 0) return "-";
  return fmt::format("{:.2f} %", 100.0 * static_cast<double>(part) / static_cast<double>(all));
}

Result<Profile> import_with(const std::string& path, std::size_t bytes) {
  return perf_data::import_perf_data({.path = path, .max_stack_bytes = bytes}, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: joined_stacks PERF.DATA BYTES...\n");
    return 2;
  }
  const auto whole = import_with(argv[1], SIZE_MAX);
  if (!whole) {
    fmt::print(stderr, "{}\n", whole.error().message());
    return 1;
  }
  fmt::print("{:>8} {:>9} {:>10} {:>9} {:>9} {:>9} {:>9}\n", "copied", "samples", "cut off",
             "joined", "of these", "wrong", "unknown");
  for (int i = 2; i < argc; ++i) {
    const std::size_t bytes = std::strtoul(argv[i], nullptr, 0);
    const auto part = import_with(argv[1], bytes);
    if (!part || part->samples.size() != whole->samples.size()) {
      fmt::print(stderr, "{}: other samples with {} bytes a stack\n", argv[1], bytes);
      return 1;
    }
    const Outcome outcome = compare(*whole, *part);
    fmt::print("{:>8} {:>9} {:>10} {:>9} {:>9} {:>9} {:>9}\n", bytes, part->samples.size(),
               percent(outcome.truncated, part->samples.size()), outcome.joined,
               percent(outcome.joined, outcome.truncated),
               percent(outcome.wrong, outcome.joined - outcome.unknown), outcome.unknown);
  }
  return 0;
}
