#include "view/diff.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "view/diff_noise.h"
#include "view/function_charges.h"

namespace profiler::view {
namespace {

/// What one side's rows were charged, and the squares of the waits in them (µs²).
struct SideCharges {
  std::vector<Charge> charges;
  std::vector<Charge> squares;

  [[nodiscard]] static Charge at(const std::vector<Charge>& of, std::size_t row) {
    return row < of.size() ? of[row] : Charge{};
  }
};

/// Waits whose weight is the square of what one of them lasted, in µs², times how many they are: as
/// sums these are what the sums of their durations vary by.
std::vector<Sample> squared_waits(const std::vector<const Sample*>& samples) {
  std::vector<Sample> squares;
  for (const Sample* sample : samples) {
    if (sample->mode != Mode::kWait) continue;
    Sample square = *sample;
    square.weight = static_cast<std::uint64_t>(std::min(wait_square(*sample) / 1e6, 1e18));
    squares.push_back(square);
  }
  return squares;
}

std::vector<const Sample*> pointers(const std::vector<Sample>& samples) {
  std::vector<const Sample*> pointers;
  pointers.reserve(samples.size());
  for (const Sample& sample : samples) pointers.push_back(&sample);
  return pointers;
}

class Comparison {
 public:
  Comparison(const JoinedProfile& joined, const DiffOptions& options)
      : joined_(joined), options_(options), before_(joined.before()), after_(joined.after()) {
    if (options.waits) {
      squares_before_ = squared_waits(before_);
      squares_after_ = squared_waits(after_);
    }
    diff_.totals = diff_totals(joined, options);
  }

  void functions() {
    FunctionCharges functions(joined_.profile, {.kernel_frames = options_.kernel_frames});
    const auto charge = [&](const std::vector<const Sample*>& samples,
                            const std::vector<Sample>& squares) {
      return SideCharges{.charges = functions.charges(samples),
                         .squares = functions.charges(pointers(squares))};
    };
    const SideCharges before = charge(before_, squares_before_);
    const SideCharges after = charge(after_, squares_after_);
    const std::size_t size = std::max(before.charges.size(), after.charges.size());
    for (std::size_t i = 0; i < size; ++i) {
      const Charge was = SideCharges::at(before.charges, i);
      const Charge is = SideCharges::at(after.charges, i);
      if (was.total.empty() && is.total.empty()) continue;
      TableRow what = functions.row(static_cast<StepId>(i));
      what.charge = is;
      add_row(std::move(what), was, SideCharges::at(before.squares, i),
              SideCharges::at(after.squares, i));
    }
  }

  void groups(GroupBy by) {
    const auto table = [&](const std::vector<const Sample*>& samples) {
      return group_table(joined_.profile, samples, by, {.kernel_frames = options_.kernel_frames});
    };
    struct Sides {
      std::optional<TableRow> before;
      std::optional<TableRow> after;
      Charge squares_before;
      Charge squares_after;
    };
    std::map<GroupKey, Sides> rows;
    for (TableRow& row : table(before_)) rows[key_of(row)].before = std::move(row);
    for (TableRow& row : table(after_)) rows[key_of(row)].after = std::move(row);
    for (const TableRow& row : table(pointers(squares_before_)))
      rows[key_of(row)].squares_before = row.charge;
    for (const TableRow& row : table(pointers(squares_after_)))
      rows[key_of(row)].squares_after = row.charge;
    for (auto& [key, sides] : rows) {
      if (!sides.before && !sides.after)
        continue;  // Nothing but the square of a wait of no length.
      const Charge was = sides.before ? sides.before->charge : Charge{};
      TableRow what = sides.after ? std::move(*sides.after) : std::move(*sides.before);
      if (!sides.after) what.charge = {};
      what.pid.reset();
      what.tid.reset();
      add_row(std::move(what), was, sides.squares_before, sides.squares_after);
    }
  }

  void causes() {
    using Key = std::tuple<KernelEntryKind, std::string, KernelEntryKind, std::string>;
    std::map<Key, DiffCause> rows;
    const auto at = [&](const CauseRow& row) -> DiffCause& {
      return rows[{row.kind, row.name, row.entry_kind, row.entry_name}];
    };
    for (CauseRow& row : cause_ledger(joined_.profile, before_)) {
      DiffCause& cause = at(row);
      cause.before = std::exchange(row.weight, {});
      cause.what = std::move(row);
    }
    for (CauseRow& row : cause_ledger(joined_.profile, after_)) at(row).what = std::move(row);
    for (auto& [key, cause] : rows) {
      cause.what.callers.clear();
      diff_.causes.push_back(std::move(cause));
    }
  }

  Diff finish() {
    const DiffTotals& totals = diff_.totals;
    for (const DiffRow& row : diff_.rows) {
      if (is_testable_cpu(totals, row.before.total, row.after().total)) diff_.tests += 2;
      if (is_testable_wait(totals, row.before.total, row.after().total)) diff_.tests += 2;
    }
    for (const DiffCause& row : diff_.causes)
      if (is_testable_cpu(totals, row.before, row.what.weight)) ++diff_.tests;
    diff_.critical = critical_value(diff_.tests);
    for (std::size_t i = 0; i < diff_.rows.size(); ++i) {
      DiffRow& row = diff_.rows[i];
      const auto& [squares_before, squares_after] = squares_[i];
      row.total =
          change(row.before.total, row.after().total, squares_before.total, squares_after.total);
      row.self = change(row.before.self, row.after().self, squares_before.self, squares_after.self);
    }
    for (DiffCause& row : diff_.causes)
      row.sys = compare_cpu(totals, diff_.critical, row.before, row.what.weight);
    return std::move(diff_);
  }

 private:
  /// What a row of a group is known by: lines by where they are, whoever has most of them.
  using GroupKey =
      std::tuple<std::string, std::string, std::string, std::string, std::uint32_t, bool>;

  static GroupKey key_of(const TableRow& row) {
    const bool is_line = !row.file.empty() && row.line != 0;
    return {is_line ? "" : row.label,
            is_line ? "" : row.path,
            row.process,
            row.file,
            row.line,
            row.kernel};
  }

  void add_row(TableRow what, const Charge& before, const Charge& squares_before,
               const Charge& squares_after) {
    diff_.rows.push_back({.what = std::move(what), .before = before, .self = {}, .total = {}});
    squares_.emplace_back(squares_before, squares_after);
  }

  [[nodiscard]] WeightChange change(const Weight& before, const Weight& after,
                                    const Weight& squares_before,
                                    const Weight& squares_after) const {
    constexpr double kNsSquared = 1e6;  // In a µs².
    WeightChange change;
    change.cpu = compare_cpu(diff_.totals, diff_.critical, before, after);
    if (options_.waits) {
      change.wait = compare_wait(diff_.totals, diff_.critical, before, after,
                                 static_cast<double>(squares_before.wait) * kNsSquared,
                                 static_cast<double>(squares_after.wait) * kNsSquared);
    }
    return change;
  }

  const JoinedProfile& joined_;
  DiffOptions options_;
  std::vector<const Sample*> before_;
  std::vector<const Sample*> after_;
  std::vector<Sample> squares_before_;
  std::vector<Sample> squares_after_;
  std::vector<std::pair<Charge, Charge>> squares_;  ///< Of rows, before and after.
  Diff diff_;
};

double sort_value(const DiffRow& row, const DiffTotals& totals, DiffKey key) {
  switch (key) {
    case DiffKey::kTotal:
      return row.total.cpu.delta;
    case DiffKey::kSelf:
      return row.self.cpu.delta;
    case DiffKey::kUser:
      return cpu_delta(totals, row.before.total.user, row.after().total.user);
    case DiffKey::kSys:
      return cpu_delta(totals, row.before.total.sys, row.after().total.sys);
    case DiffKey::kWait:
      return row.total.wait.delta;
    case DiffKey::kName:
      return 0;
  }
  return 0;
}

}  // namespace

bool is_reported(const DiffRow& row, DiffKey key) {
  return key == DiffKey::kSelf ? row.self.significant() : row.significant();
}

void sort_diff(Diff& diff, DiffKey key) {
  std::ranges::sort(diff.rows, [&](const DiffRow& a, const DiffRow& b) {
    if (is_reported(a, key) != is_reported(b, key)) return is_reported(a, key);
    const double value_a = std::abs(sort_value(a, diff.totals, key));
    const double value_b = std::abs(sort_value(b, diff.totals, key));
    if (value_a != value_b) return value_a > value_b;
    const double self_a = key == DiffKey::kName ? 0 : std::abs(a.self.cpu.delta);
    const double self_b = key == DiffKey::kName ? 0 : std::abs(b.self.cpu.delta);
    if (self_a != self_b) return self_a > self_b;
    return std::tie(a.what.label, a.what.module, a.what.file, a.what.line, a.what.process) <
           std::tie(b.what.label, b.what.module, b.what.file, b.what.line, b.what.process);
  });
  std::ranges::stable_sort(diff.causes, [key](const DiffCause& a, const DiffCause& b) {
    if (a.sys.significant != b.sys.significant) return a.sys.significant;
    return key != DiffKey::kName && std::abs(a.sys.delta) > std::abs(b.sys.delta);
  });
}

Diff compare_functions(const JoinedProfile& joined, const DiffOptions& options) {
  Comparison comparison(joined, options);
  comparison.functions();
  comparison.causes();
  return comparison.finish();
}

Diff compare_groups(const JoinedProfile& joined, GroupBy by, const DiffOptions& options) {
  Comparison comparison(joined, options);
  comparison.groups(by);
  return comparison.finish();
}

Diff compare_causes(const JoinedProfile& joined, const DiffOptions& options) {
  Comparison comparison(joined, options);
  comparison.causes();
  return comparison.finish();
}

}  // namespace profiler::view
