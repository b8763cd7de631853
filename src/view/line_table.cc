#include "view/line_table.h"

#include <string>
#include <tuple>
#include <utility>

#include "view/call_path.h"
#include "view/group_charges.h"
#include "view/module_name.h"
#include "view/table_rows.h"

namespace profiler::view {
namespace {

/// The source line, or where there is none the step of the path. With both, one function's part of
/// a line: such a group is no row of the table, but tells whose line it mostly is.
using LineKey = std::tuple<StringIndex, std::uint32_t, PathEntry>;

class LineTable {
 public:
  LineTable(const Profile& profile, const std::vector<const Sample*>& samples, bool kernel_frames)
      : profile_(profile), of_frame_(profile.frames.size()) {
    Grouping grouping;
    grouping.of_frame = [this](FrameIndex frame) { return groups(frame); };
    grouping.of_kernel = [this](const Stack& stack) {
      return step_row(folded_kernel(profile_, stack));
    };
    grouping.of_nothing = [this] {
      PathEntry broken;
      broken.kind = PathEntry::Kind::kBroken;
      return step_row(broken);
    };
    charges_ = charge_groups(profile, samples, kernel_frames, grouping);
    charges_.resize(rows_.size());
  }

  Table take() {
    label_lines();
    for (const Part& part : parts_) charges_[part.group] = {};
    return rows_.finish(charges_);
  }

 private:
  /// A function's part of a line.
  struct Part {
    std::uint32_t group = 0;
    std::uint32_t line = 0;  ///< The group of the whole line.
    FunctionIndex function;
  };

  std::uint32_t step_row(const PathEntry& entry) {
    return rows_.number({{}, 0, entry}, [&] {
      TableRow row;
      if (is_kernel_step(entry)) return kernel_row(label(profile_, entry));
      row.label = label(profile_, entry);
      if (entry.function) {
        row.inlined = true;  // Until it is met as a function of its own.
        row.module = module_name(profile_, profile_.functions[entry.function].module);
        row.kernel = profile_.functions[entry.function].kernel;
      } else if (entry.frame) {
        const ModuleIndex module = profile_.frames[entry.frame].module;
        row.module = module_name(profile_, module);
        row.kernel = module && is_kernel(profile_.modules[module].kind);
      }
      return row;
    });
  }

  /// Outermost first, as Grouping wants it: the part before its line, so that self is the line's.
  void add_location(const Location& location, bool inlined, std::vector<std::uint32_t>& groups) {
    PathEntry entry;
    entry.function = location.function;
    if (profile_.text(location.file).empty() || location.line == 0) {
      groups.push_back(step_row(entry));
      if (!inlined) rows_[groups.back()].inlined = false;
      return;
    }
    const std::uint32_t line = rows_.number({location.file, location.line, PathEntry{}}, [&] {
      TableRow row;
      row.inlined = true;
      row.file = profile_.text(location.file);
      row.line = location.line;
      return row;
    });
    if (!inlined) rows_[line].inlined = false;
    const std::size_t known = rows_.size();
    const std::uint32_t part =
        rows_.number({location.file, location.line, entry}, [] { return TableRow{}; });
    if (rows_.size() != known)
      parts_.push_back({.group = part, .line = line, .function = location.function});
    groups.push_back(part);
    groups.push_back(line);
  }

  std::span<const std::uint32_t> groups(FrameIndex frame) {
    if (!frame) return {};
    std::vector<std::uint32_t>& known = of_frame_[frame.row()];
    if (!known.empty()) return known;
    for_each_location(profile_, frame, [&](LocationIndex location) {
      add_location(profile_.locations[location], !known.empty(), known);
    });
    if (known.empty()) {
      PathEntry address;
      address.kind = PathEntry::Kind::kAddress;
      address.frame = frame;
      known.push_back(step_row(address));
    }
    return known;
  }

  /// Each line is its heaviest function's.
  void label_lines() {
    std::vector<const Part*> heaviest(rows_.size());
    const auto weight = [&](const Part& part) { return charges_[part.group].total.wall(); };
    for (const Part& part : parts_) {
      if (charges_[part.group].total.empty()) continue;
      TableRow& row = rows_[part.line];
      ++row.functions;
      const Part*& best = heaviest[part.line];
      if (best == nullptr || weight(part) > weight(*best)) best = &part;
    }
    for (const Part* part : heaviest) {
      if (part == nullptr) continue;
      const Function& function = profile_.functions[part->function];
      TableRow& row = rows_[part->line];
      row.label = profile_.text(function.name);
      row.module = module_name(profile_, function.module);
      row.kernel = function.kernel;
    }
  }

  const Profile& profile_;
  TableRows<LineKey> rows_;
  std::vector<Part> parts_;
  std::vector<std::vector<std::uint32_t>> of_frame_;  ///< Filled in as frames are met.
  std::vector<Charge> charges_;
};

}  // namespace

Table line_table(const Profile& profile, const std::vector<const Sample*>& samples,
                 const TableOptions& options) {
  return LineTable(profile, samples, options.kernel_frames).take();
}

}  // namespace profiler::view
