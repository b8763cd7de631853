#include "tests/oracle/perf/comparison.h"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

#include "perf_data/import.h"
#include "profiler/stack_end.h"
#include "tests/oracle/perf/call_site.h"

namespace profiler::oracle {
namespace {

/// Frames of an example on either side of where chains part.
constexpr std::size_t kBefore = 2;
constexpr std::size_t kBehind = 4;
constexpr const char* kUnmapped = "[unknown]";

/// Ours are addresses to look up: a byte before the one that a call returns to.
bool same(const ShownFrame& ours, const ShownFrame& perfs) {
  if (ours.kernel != perfs.kernel) return false;
  if (ours.address == perfs.address || ours.address + 1 == perfs.address) return true;
  // perf has an offset in what is no file to us. Pages stay pages.
  constexpr std::uint64_t kInPage = 4095;
  return perfs.module.starts_with("/memfd:") && perfs.module == ours.module &&
         ((ours.address & kInPage) == (perfs.address & kInPage) ||
          ((ours.address + 1) & kInPage) == (perfs.address & kInPage));
}

ShownFrame as_return_address(ShownFrame ours) {
  ++ours.address;
  return ours;
}

bool contains(const std::vector<ShownFrame>& frames, std::size_t from, auto equals) {
  return from < frames.size() &&
         std::any_of(frames.begin() + static_cast<std::ptrdiff_t>(from), frames.end(), equals);
}

struct Verdict {
  std::string name;
  bool suspicious = true;
};

/// What to call it that two chains part at row `i`, and whether perf may be right.
class Judge {
 public:
  Verdict of(const ShownSample& ours, const std::string& end, const ShownSample& perfs,
             std::size_t i) {
    const ShownFrame* perf = i < perfs.frames.size() ? &perfs.frames[i] : nullptr;
    const ShownFrame* our = i < ours.frames.size() ? &ours.frames[i] : nullptr;
    if (perf->kernel || (our != nullptr && our->kernel)) return {"kernel frames differ"};
    if (i != 0 && our == nullptr && ours.frames[i - 1].kernel &&
        end == name(StackEnd::kNoUserStack))
      return {"perf has an address of the program before execve", false};
    if (i == 0 || perfs.frames[i - 1].kernel) return {"the address in user mode differs"};
    const bool leaf = i == 1 || perfs.frames[i - 2].kernel;
    Verdict verdict = of_callers(ours, end, perfs, i, our, *perf);
    verdict.name += leaf ? ", of the innermost frame" : ", of a caller";
    return verdict;
  }
  /// Whether each of our frames from that row on is where a call returns to.
  bool all_behind_calls(const ShownSample& ours, std::size_t from) {
    for (std::size_t i = from; i < ours.frames.size(); ++i) {
      if (sites_.judge(as_return_address(ours.frames[i]), ours.frames[i - 1]) == CallSite::kNoCall)
        return false;
    }
    return true;
  }
  std::string code_at(const ShownFrame& frame) { return sites_.code_at(frame); }
  ShownSample as_linked(ShownSample perfs) {
    for (ShownFrame& frame : perfs.frames) frame.address = sites_.linked_address(frame);
    return perfs;
  }

 private:
  Verdict of_callers(const ShownSample& ours, const std::string& end, const ShownSample& perfs,
                     std::size_t i, const ShownFrame* our, const ShownFrame& perf) {
    const ShownFrame& callee = ours.frames[i - 1];
    if (perf.module == kUnmapped) {
      return {our == nullptr ? "both end, perf with an address outside mapped memory"
                             : "perf leaves mapped memory",
              false};
    }
    if (our != nullptr && (perf.module.starts_with("[stack") || perf.module == "[heap]"))
      return {"perf returns into data", false};
    const CallSite perfs_site = sites_.judge(perf, callee);
    if (our == nullptr) {
      if (perfs_site == CallSite::kNoCall)
        return {"ours ends, perf returns where no call is", false};
      return {"ours ends (" + end + "), perf goes on"};
    }
    const CallSite our_site = sites_.judge(as_return_address(*our), callee);
    if (perfs_site == CallSite::kNoCall && our_site != CallSite::kNoCall)
      return {"perf returns where no call is", false};
    if (our_site == CallSite::kNoCall) return {"ours returns where no call is"};
    if (our_site == CallSite::kCallsIt && perfs_site != CallSite::kCallsIt)
      return {"perf's caller calls another function", false};
    if (perfs_site == CallSite::kCallsIt && our_site != CallSite::kCallsIt)
      return {"our caller calls another function"};
    // (A frame that recurs is found whichever chain it is missing from.)
    const bool perf_skips =
        contains(ours.frames, i + 1, [&](const ShownFrame& f) { return same(f, perf); });
    const bool we_skip =
        contains(perfs.frames, i + 1, [&](const ShownFrame& f) { return same(*our, f); });
    if (perf_skips && !we_skip) return {"perf skips a caller", false};
    if (we_skip && !perf_skips) return {"ours skips a caller"};
    // Ours is a whole chain of calls; perf's is not.
    if (end == name(StackEnd::kUndefinedReturnAddress) && all_behind_calls(ours, i) &&
        !is_whole(ours, perfs)) {
      return {"ours is a whole chain of calls, perf's is not", false};
    }
    return {"undecided"};
  }

  /// Whether perf's chain ends as ours does.
  static bool is_whole(const ShownSample& ours, const ShownSample& perfs) {
    return same(ours.frames.back(), perfs.frames.back());
  }

  CallSites sites_;
};

std::string shown(const ShownFrame& frame) {
  char address[32];
  std::snprintf(address, sizeof address, "%llx ", static_cast<unsigned long long>(frame.address));
  return address + frame.module;
}

std::string example(const ShownSample& ours, const std::string& end, const ShownSample& perfs,
                    std::size_t i, Judge& judge) {
  char head[128];
  std::snprintf(head, sizeof head, "    %s %d/%d at %llu.%09llu, frame %zu; ours ",
                ours.comm.c_str(), ours.pid, ours.tid,
                static_cast<unsigned long long>(ours.time / 1'000'000'000),
                static_cast<unsigned long long>(ours.time % 1'000'000'000), i);
  std::string text = head + end + "\n";
  if (i > 0) text += "    code of the frame before: " + judge.code_at(ours.frames[i - 1]) + "\n";
  const auto add = [&](const char* whose, const std::vector<ShownFrame>& frames) {
    const std::size_t first = i < kBefore ? 0 : i - kBefore;
    for (std::size_t row = first; row < std::min(frames.size(), i + kBehind); ++row)
      text += std::string("    ") + whose + (row == i ? " > " : "   ") + shown(frames[row]) + "\n";
  };
  add("ours", ours.frames);
  add("perf", perfs.frames);
  return text;
}

struct Shown {
  std::vector<ShownSample> samples;
  std::vector<std::string> ends;
};

Shown shown_by_us(const Profile& profile) {
  std::vector<std::pair<ShownSample, std::string>> rows;
  for (const Sample& sample : profile.samples) {
    const Thread& thread = profile.threads[sample.thread];
    ShownSample shown{.time = profile.run.start_monotonic_ns + sample.time_ns,
                      .pid = profile.processes[thread.process].pid,
                      .tid = thread.tid,
                      .comm = profile.text(thread.name),
                      .frames = {}};
    const Stack& stack = profile.stacks[sample.stack];
    for (const NodeIndex leaf : {stack.kernel, stack.user}) {
      for (NodeIndex node = leaf; node; node = profile.nodes[node].parent) {
        const Frame& frame = profile.frames[profile.nodes[node].frame];
        const Module& module = profile.modules[frame.module];
        shown.frames.push_back({.address = frame.address,
                                .module = profile.text(module.path),
                                .kernel = module.kind == ModuleKind::kKernel});
      }
    }
    rows.emplace_back(std::move(shown), std::string(name(stack.end)));
  }
  std::ranges::stable_sort(
      rows, {}, [](const auto& row) { return std::tuple(row.first.time, row.first.tid); });
  Shown all;
  for (auto& [sample, end] : rows) {
    all.samples.push_back(std::move(sample));
    all.ends.push_back(std::move(end));
  }
  return all;
}

}  // namespace

Comparison compare(const std::vector<ShownSample>& ours, const std::vector<std::string>& ends,
                   const std::vector<ShownSample>& perfs) {
  Comparison all;
  Judge judge;
  std::size_t next = 0;
  for (const ShownSample& shown : perfs) {
    const ShownSample perf = judge.as_linked(shown);
    ++all.samples;
    const auto key = std::tuple(perf.time, perf.tid);
    while (next < ours.size() && std::tuple(ours[next].time, ours[next].tid) < key) ++next;
    if (next == ours.size() || std::tuple(ours[next].time, ours[next].tid) != key) {
      ++all.unpaired;
      continue;
    }
    const ShownSample& our = ours[next];
    const std::string& end = ends[next++];
    std::size_t i = 0;
    while (i < our.frames.size() && i < perf.frames.size() && same(our.frames[i], perf.frames[i]))
      ++i;
    Verdict verdict;
    if (i < perf.frames.size()) {
      verdict = judge.of(our, end, perf, i);
    } else if (i == our.frames.size()) {
      ++all.equal;
      continue;
    } else if (i == 0 || our.frames[i - 1].kernel || judge.all_behind_calls(our, i)) {
      ++all.extended;
      all.extending_frames += our.frames.size() - i;
      continue;
    } else {
      verdict = {"ours extends perf's with a frame behind no call"};
    }
    DifferenceClass& found = all.classes[verdict.name];
    found.suspicious = verdict.suspicious;
    if (found.count++ == 0) found.example = example(our, end, perf, i, judge);
  }
  return all;
}

Result<Comparison> compare_with_perf(const std::string& path) {
  const auto perfs = run_perf_script(path);
  if (!perfs) return std::unexpected(perfs.error());
  const auto profile = perf_data::import_perf_data({.path = path}, nullptr);
  if (!profile) return std::unexpected(profile.error());
  const Shown ours = shown_by_us(*profile);
  return compare(ours.samples, ours.ends, *perfs);
}

std::size_t Comparison::suspicious() const {
  return std::accumulate(classes.begin(), classes.end(), unpaired,
                         [](std::size_t sum, const auto& entry) {
                           return sum + (entry.second.suspicious ? entry.second.count : 0);
                         });
}

std::string Comparison::text() const {
  std::string text;
  const auto line = [&text](std::size_t count, const std::string& what) {
    char number[32];
    std::snprintf(number, sizeof number, "%8zu  ", count);
    text += number + what + "\n";
  };
  line(samples, "samples");
  line(equal, "equal");
  line(extended, "ours extends perf's, by " + std::to_string(extending_frames) +
                     " frames, each of which a call returns to");
  if (unpaired != 0) line(unpaired, "of perf's are none of ours  << LOOK");
  for (const auto& [name, found] : classes) {
    line(found.count, name + (found.suspicious ? "  << LOOK" : ""));
    text += found.example;
  }
  return text;
}

}  // namespace profiler::oracle
