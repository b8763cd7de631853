#include "view/annotation.h"

#include <algorithm>
#include <compare>
#include <functional>
#include <map>
#include <utility>

#include "view/stack_weights.h"

namespace profiler::view {
namespace {

/// A sum to which each stack adds its total once, however often it comes by.
struct Sum {
  Charge charge;
  std::uint64_t last_stack = 0;

  void add(const Weight& weight, std::uint64_t stack, bool self) {
    if (self) charge.self += weight;
    if (last_stack == stack) return;
    last_stack = stack;
    charge.total += weight;
  }
};

struct LineSum {
  Sum sum;
  std::map<PathEntry, Sum> callees;
};

class Annotator {
 public:
  Annotator(const Profile& profile, const std::vector<FunctionIndex>& functions)
      : profile_(profile), wanted_(profile.functions.size()), met_(profile.functions.size()) {
    for (const FunctionIndex function : functions) {
      wanted_[function.row()] = true;
      in_kernel_ = in_kernel_ || profile.functions[function].kernel;
    }
  }

  void add(const StackWeight& s) {
    ++stack_;
    weight_ = s.weight;
    innermost_ = true;
    if (in_kernel_ && s.stack.kernel) {
      add_chain(s.stack.kernel);
    } else if (s.stack.kernel || s.stack.cause || s.hidden_kernel) {
      callee_ = folded_kernel(profile_, s.stack);
      innermost_ = false;
    }
    add_chain(s.stack.user);
  }

  Annotation take(const std::vector<FunctionIndex>& functions) {
    Annotation result;
    for (const FunctionIndex function : functions)
      if (met_[function.row()]) result.functions.push_back(function);
    result.inlined = inlined_ && !compiled_;
    result.partly_inlined = inlined_ && compiled_;
    result.charge = all_.charge;
    for (const auto& [path, sum] : files_)
      result.files.push_back({.path = profile_.text(path), .lines = {}, .charge = sum.charge});
    std::size_t file = 0;
    StringIndex path;
    for (const auto& [place, sum] : lines_) {
      // Both maps are by path first.
      if (file == 0 || place.first != path) ++file;
      path = place.first;
      result.files[file - 1].lines.push_back(
          {.line = place.second, .charge = sum.sum.charge, .callees = callees(sum)});
    }
    std::ranges::stable_sort(result.files, std::greater{}, [](const AnnotatedFile& f) {
      return std::pair(f.charge.total.all(), f.charge.self.all());
    });
    for (const auto& [at, sum] : addresses_)
      result.addresses.push_back({.module = at.first, .address = at.second, .charge = sum.charge});
    return result;
  }

 private:
  void add_chain(NodeIndex leaf) {
    for (NodeIndex n = leaf; n; n = profile_.nodes[n].parent) add_frame(profile_.nodes[n].frame);
  }

  void add_frame(FrameIndex index) {
    if (!index) return;
    const Frame& frame = profile_.frames[index];
    const bool interrupted = innermost_;
    bool is_named = false;
    bool is_wanted = false;
    for (std::size_t i = 0; i < frame.name.count; ++i) {
      const LocationIndex row(frame.name.first.row() + i);
      if (!profile_.locations.contains(row) || !profile_.locations[row].function) continue;
      is_named = true;
      const Location& location = profile_.locations[row];
      const bool inlined = i + 1U < frame.name.count;
      if (wanted_[location.function.row()]) {
        add_location(location, inlined);
        is_wanted = true;
      }
      step({.inlined = inlined, .function = location.function});
    }
    if (!is_named) step({.kind = PathEntry::Kind::kAddress, .frame = index});
    if (is_wanted) addresses_[{frame.module, frame.address}].add(weight_, stack_, interrupted);
  }

  void step(const PathEntry& entry) {
    callee_ = entry;
    innermost_ = false;
  }

  void add_location(const Location& location, bool inlined) {
    met_[location.function.row()] = true;
    (inlined ? inlined_ : compiled_) = true;
    all_.add(weight_, stack_, innermost_);
    const StringIndex file = profile_.text(location.file).empty() ? StringIndex() : location.file;
    files_[file].add(weight_, stack_, innermost_);
    LineSum& line = lines_[{file, file ? location.line : 0}];
    line.sum.add(weight_, stack_, innermost_);
    if (!innermost_) line.callees[callee_].add(weight_, stack_, false);
  }

  [[nodiscard]] std::vector<LineCallee> callees(const LineSum& line) const {
    std::vector<LineCallee> callees;
    callees.reserve(line.callees.size());
    for (const auto& [entry, sum] : line.callees) {
      callees.push_back({.name = label(profile_, entry),
                         .inlined = entry.inlined,
                         .kernel = is_kernel_step(entry) ||
                                   (entry.function && profile_.functions[entry.function].kernel),
                         .weight = sum.charge.total});
    }
    std::ranges::stable_sort(callees, std::greater{},
                             [](const LineCallee& c) { return c.weight.all(); });
    return callees;
  }

  const Profile& profile_;
  std::vector<bool> wanted_;  ///< By function row, as the next.
  std::vector<bool> met_;
  bool in_kernel_ = false;
  bool inlined_ = false;
  bool compiled_ = false;
  Sum all_;
  std::map<StringIndex, Sum> files_;
  std::map<std::pair<StringIndex, std::uint32_t>, LineSum> lines_;
  std::map<std::pair<ModuleIndex, std::uint64_t>, Sum> addresses_;
  // Of the stack that is being walked, from its innermost step outwards:
  std::uint64_t stack_ = 0;
  Weight weight_;
  bool innermost_ = true;
  PathEntry callee_;  ///< The step before; none while innermost_.
};

}  // namespace

Annotation annotate(const Profile& profile, const std::vector<const Sample*>& samples,
                    const std::vector<FunctionIndex>& functions) {
  Annotator annotator(profile, functions);
  for (const StackWeight& s : stack_weights(profile, samples)) annotator.add(s);
  return annotator.take(functions);
}

}  // namespace profiler::view
