#include "render/html_profile.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <ranges>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "render/html_columns.h"
#include "render/printable.h"
#include "view/call_path.h"
#include "view/cause_ledger.h"
#include "view/module_name.h"
#include "view/runtime_code.h"
#include "view/simple_name.h"
#include "view/stack_weights.h"

namespace profiler::render {
namespace {

constexpr std::uint64_t kNsPerUs = 1000;
/// Up to so many samples, times are exact to a microsecond.
constexpr std::size_t kExactSamples = 200'000;

// Kinds of functions, added up.
constexpr std::uint32_t kKernel = 1;
constexpr std::uint32_t kUnnamed = 2;
constexpr std::uint32_t kRuntimeName = 4;
constexpr std::uint32_t kRuntimeModule = 8;
constexpr std::uint32_t kStart = 16;

/// Numbers rows of a table in the order in which they are first asked for.
class Renumbering {
 public:
  explicit Renumbering(std::size_t rows) : numbers_(rows) {}
  /// Of the row; `is_new` tells that it had none.
  std::uint32_t of(std::size_t row, bool& is_new) {
    is_new = numbers_[row] == 0;
    if (is_new) {
      rows_.push_back(row);
      numbers_[row] = static_cast<std::uint32_t>(rows_.size());
    }
    return numbers_[row] - 1;
  }
  std::uint32_t of(std::size_t row) {
    bool is_new = false;
    return of(row, is_new);
  }
  [[nodiscard]] const std::vector<std::size_t>& rows() const { return rows_; }

 private:
  std::vector<std::uint32_t> numbers_;  ///< + 1; 0: none yet.
  std::vector<std::size_t> rows_;
};

class StringTable {
 public:
  std::uint32_t of(const std::string& text) {
    const auto [known, is_new] =
        numbers_.try_emplace(text, static_cast<std::uint32_t>(texts_.size()));
    if (is_new) texts_.push_back(printable(text));
    return known->second;
  }
  /// + 1; 0 for "".
  std::uint32_t maybe(const std::string& text) { return text.empty() ? 0 : of(text) + 1; }

  void write(HtmlColumns& out) const {
    std::size_t size = texts_.size();
    for (const std::string& text : texts_) size += text.size();
    out.number(texts_.size());
    out.number(size);
    for (const std::string& text : texts_) {
      out.raw(text);
      out.raw("\n");
    }
  }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<std::string> texts_;
};

struct FunctionRow {
  std::uint32_t name = 0;
  std::uint32_t module = 0;
  std::uint32_t file = 0;
  std::uint32_t line = 0;
  std::uint32_t kind = 0;
};
struct LocationRow {
  std::uint32_t function = 0;
  std::uint32_t file = 0;
  std::uint32_t line = 0;
};
struct NodeRow {
  std::uint32_t parent = 0;  ///< + 1
  std::uint32_t frame = 0;
};

class PayloadWriter {
 public:
  PayloadWriter(const Profile& profile, const view::Selection& selection)
      : profile_(profile),
        selection_(selection),
        modules_(profile.modules.size() + 1),
        functions_(profile.functions.size()),
        frames_(profile.frames.size() + 1),
        nodes_(profile.nodes.size()),
        causes_(profile.causes.size()),
        processes_(profile.processes.size()) {}

  std::string write(std::string_view facts) {
    collect_samples();
    number_stacks();
    // Tables that others refer to stand before them, and are known only when those are written.
    HtmlColumns stacks;
    write_stacks(stacks);
    HtmlColumns nodes;
    write_nodes(nodes);
    HtmlColumns frames;
    write_frames(frames);
    HtmlColumns causes;
    write_causes(causes);
    HtmlColumns threads;
    write_threads(threads);

    HtmlColumns out;
    out.number(facts.size());
    out.raw(facts);
    strings_.write(out);
    write_modules(out);
    write_functions(out);
    out.raw(frames.take());
    out.raw(nodes.take());
    out.raw(causes.take());
    out.raw(stacks.take());
    out.raw(threads.take());
    write_samples(out);
    write_waits(out);
    return out.take();
  }

 private:
  using Rows = std::vector<std::uint32_t>;
  using Numbers = std::vector<std::uint64_t>;

  /// Threads are those of the profile, then one for samples of none.
  [[nodiscard]] std::size_t thread_row(ThreadIndex thread) const {
    return profile_.threads.contains(thread) ? thread.row() : profile_.threads.size();
  }
  [[nodiscard]] std::size_t thread_count() const { return profile_.threads.size() + 1; }

  /// By thread, then by time.
  void collect_samples() {
    samples_ = selection_.samples;
    starts_.assign(thread_count() + 1, 0);
    for (const Sample* sample : samples_) ++starts_[thread_row(sample->thread) + 1];
    std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
    std::vector<const Sample*> sorted(samples_.size());
    std::vector<std::size_t> next(starts_.begin(), starts_.end() - 1);
    for (const Sample* sample : samples_) sorted[next[thread_row(sample->thread)]++] = sample;
    for (std::size_t thread = 0; thread < thread_count(); ++thread) {
      std::ranges::stable_sort(
          std::span(sorted).subspan(starts_[thread], starts_[thread + 1] - starts_[thread]), {},
          &Sample::time_ns);
    }
    samples_ = std::move(sorted);
  }

  void number_stacks() {
    view::StackRows stacks(profile_);
    stack_of_.reserve(samples_.size());
    for (const Sample* sample : samples_)
      stack_of_.push_back(static_cast<std::uint32_t>(stacks.add(*sample)));
    stacks_ = std::move(stacks.rows());
    // The most frequent have the smallest numbers. (Of waits, each row is few samples for many.)
    std::vector<std::uint64_t> uses(stacks_.size());
    for (const std::uint32_t stack : stack_of_) ++uses[stack];
    const auto all = std::views::iota(0U, static_cast<std::uint32_t>(stacks_.size()));
    Rows order(all.begin(), all.end());
    std::ranges::stable_sort(order, std::ranges::greater(),
                             [&](std::uint32_t row) { return uses[row]; });
    Rows number(order.size());
    std::vector<view::StackWeight> sorted;
    sorted.reserve(order.size());
    for (const std::uint32_t row : order) {
      number[row] = static_cast<std::uint32_t>(sorted.size());
      sorted.push_back(stacks_[row]);
    }
    stacks_ = std::move(sorted);
    for (std::uint32_t& stack : stack_of_) stack = number[stack];
  }

  /// + 1 of the node's row, which its callers' precede; 0: none.
  std::uint32_t node(NodeIndex leaf) {
    std::vector<NodeIndex> pending;
    for (NodeIndex n = leaf; n; n = profile_.nodes[n].parent) pending.push_back(n);
    std::uint32_t parent = 0;
    while (!pending.empty()) {
      bool is_new = false;
      const NodeIndex n = pending.back();
      pending.pop_back();
      const std::uint32_t row = nodes_.of(n.row(), is_new);
      if (is_new) {
        const FrameIndex frame = profile_.nodes[n].frame;
        node_rows_.push_back(
            {.parent = parent, .frame = frames_.of(frame ? frame.row() : profile_.frames.size())});
      }
      parent = row + 1;
    }
    return parent;
  }

  std::uint32_t label(const view::PathEntry& entry) {
    return strings_.of(view::label(profile_, entry)) + 1;
  }

  void write_stacks(HtmlColumns& out) {
    std::vector<Rows> columns(8);
    for (const view::StackWeight& row : stacks_) {
      const Stack& stack = row.stack;
      columns[0].push_back(node(stack.user));
      columns[1].push_back(node(stack.kernel));
      const Completeness how_far = completeness(stack.end);
      columns[2].push_back(how_far == Completeness::kComplete    ? 0
                           : how_far == Completeness::kTruncated ? 1
                                                                 : 2);
      columns[3].push_back(static_cast<std::uint32_t>(row.mode));
      const bool in_kernel = stack.kernel || stack.cause || row.hidden_kernel;
      columns[4].push_back(in_kernel ? label(view::folded_kernel(profile_, stack)) : 0);
      const bool is_wait = row.mode == Mode::kWait;
      columns[5].push_back(stack.cause && !is_wait ? causes_.of(stack.cause.row()) + 1 : 0);
      columns[6].push_back(is_wait ? strings_.of(std::string(name(stack.wait))) + 1 : 0);
      const auto step = view::wait_node(stack);
      columns[7].push_back(step ? label(*step) : 0);
    }
    out.number(stacks_.size());
    out.ascending(columns.front());
    for (const Rows& column : std::span(columns).subspan(1)) out.plain(column);
  }

  void write_nodes(HtmlColumns& out) {
    out.number(node_rows_.size());
    for (std::size_t i = 0; i < node_rows_.size(); ++i)
      out.number(node_rows_[i].parent == 0 ? 0 : i + 1 - node_rows_[i].parent);
    Rows frames;
    for (const NodeRow& row : node_rows_) frames.push_back(row.frame);
    out.ascending(frames);
  }

  void write_frames(HtmlColumns& out) {
    std::vector<LocationRow> locations;
    Rows counts;
    for (const std::size_t row : frames_.rows()) {
      const std::size_t before = locations.size();
      const bool is_known = row < profile_.frames.size();
      const FrameName name = is_known ? profile_.frames[FrameIndex(row)].name : FrameName{};
      for (std::size_t i = 0; i < name.count; ++i) {
        const LocationIndex location(name.first.row() + i);
        if (!profile_.locations.contains(location)) continue;
        const Location& there = profile_.locations[location];
        if (!there.function) continue;
        locations.push_back({.function = function(there.function),
                             .file = strings_.maybe(profile_.text(there.file)),
                             .line = there.line});
      }
      if (locations.size() == before) {
        locations.push_back(
            {.function = unnamed(is_known ? FrameIndex(row) : FrameIndex()), .file = 0, .line = 0});
      }
      counts.push_back(static_cast<std::uint32_t>(locations.size() - before));
    }
    out.number(locations.size());
    Rows functions;
    Numbers lines;
    for (const LocationRow& row : locations) {
      functions.push_back(row.function);
      const std::int64_t declared = function_rows_[row.function].line;
      lines.push_back(HtmlColumns::folded(std::int64_t{row.line} - declared));
    }
    out.ascending(functions);
    for (const LocationRow& row : locations)
      out.number(row.file == function_rows_[row.function].file ? 0 : row.file + 1);
    out.wide(lines);
    out.number(counts.size());
    out.plain(counts);
  }

  std::uint32_t function(FunctionIndex index) {
    bool is_new = false;
    const std::uint32_t known = functions_.of(index.row(), is_new);
    if (is_new) {
      const Function& f = profile_.functions[index];
      function_number_.push_back(static_cast<std::uint32_t>(function_rows_.size()));
      function_rows_.push_back({.name = strings_.of(view::simple_name(profile_.text(f.name))),
                                .module = module(f.module),
                                .file = strings_.maybe(profile_.text(f.file)),
                                .line = f.line,
                                .kind = kind(f)});
    }
    return function_number_[known];
  }

  [[nodiscard]] std::uint32_t kind(const Function& function) const {
    std::uint32_t kind = function.kernel ? kKernel : 0;
    if (view::is_runtime_function(profile_.text(function.system_name))) kind |= kRuntimeName;
    if (view::is_start_function(profile_.text(function.name))) kind |= kStart;
    return kind | kind_of_module(function.module);
  }

  [[nodiscard]] std::uint32_t kind_of_module(ModuleIndex module) const {
    const bool is_runtime =
        module &&
        view::is_runtime_module(view::base_name(profile_.text(profile_.modules[module].path)));
    return is_runtime ? kRuntimeModule : 0;
  }

  /// A frame without a name is a function of its own.
  std::uint32_t unnamed(FrameIndex frame) {
    view::PathEntry entry;
    entry.kind = view::PathEntry::Kind::kAddress;
    entry.frame = frame;
    const ModuleIndex in = frame ? profile_.frames[frame].module : ModuleIndex();
    const bool is_kernel = in && view::is_kernel(profile_.modules[in].kind);
    function_rows_.push_back({.name = strings_.of(view::label(profile_, entry)),
                              .module = frame ? module(in) : 0,
                              .file = 0,
                              .line = 0,
                              .kind = kUnnamed | (is_kernel ? kKernel : 0) | kind_of_module(in)});
    return static_cast<std::uint32_t>(function_rows_.size() - 1);
  }

  std::uint32_t module(ModuleIndex index) {
    return modules_.of(index ? index.row() : profile_.modules.size()) + 1;
  }

  void write_modules(HtmlColumns& out) {
    out.number(module_names_.size());
    for (const std::uint32_t name : module_names_) out.number(name);
  }

  void write_functions(HtmlColumns& out) const {
    out.number(function_rows_.size());
    Rows names;
    Numbers lines;
    for (const FunctionRow& row : function_rows_) {
      names.push_back(row.name);
      lines.push_back(row.line);
    }
    out.ascending(names);
    for (const FunctionRow& row : function_rows_) out.number(row.module);
    for (const FunctionRow& row : function_rows_) out.number(row.file);
    out.wide(lines);
    for (const FunctionRow& row : function_rows_) out.number(row.kind);
  }

  void write_causes(HtmlColumns& out) {
    std::vector<Rows> columns(2);
    for (const std::size_t row : causes_.rows()) {
      const Cause& cause = profile_.causes[CauseIndex(row)];
      for (const auto& [column, boundary] :
           {std::pair{&columns[0], cause.cause}, std::pair{&columns[1], cause.entry}}) {
        column->push_back(
            strings_.of(view::cause_label(boundary.kind, profile_.text(boundary.name))));
      }
    }
    write_columns(out, columns);
    for (const std::size_t row : modules_.rows()) {
      module_names_.push_back(strings_.of(view::module_name(
          profile_, row < profile_.modules.size() ? ModuleIndex(row) : ModuleIndex())));
    }
  }

  void write_threads(HtmlColumns& out) {
    Rows processes;
    for (std::size_t i = 0; i < profile_.threads.size(); ++i) {
      const ProcessIndex process = profile_.threads[ThreadIndex(i)].process;
      processes.push_back(process ? processes_.of(process.row()) + 1 : 0);
    }
    processes.push_back(0);
    out.number(processes_.rows().size());
    for (const std::size_t row : processes_.rows())
      out.number(strings_.of(profile_.text(profile_.processes[ProcessIndex(row)].name)));
    for (const std::size_t row : processes_.rows())
      out.number(HtmlColumns::folded(profile_.processes[ProcessIndex(row)].pid));

    out.number(thread_count());
    for (const std::uint32_t process : processes) out.number(process);
    for (std::size_t i = 0; i < thread_count(); ++i) {
      out.number(strings_.of(i < profile_.threads.size()
                                 ? profile_.text(profile_.threads[ThreadIndex(i)].name)
                                 : "[unknown]"));
    }
    for (std::size_t i = 0; i < thread_count(); ++i) {
      out.number(HtmlColumns::folded(
          i < profile_.threads.size() ? profile_.threads[ThreadIndex(i)].tid : -1));
    }
    std::vector<ThreadSchedule> schedules(thread_count());
    for (const ThreadSchedule& schedule : profile_.schedules)
      if (profile_.threads.contains(schedule.thread)) schedules[schedule.thread.row()] = schedule;
    for (const ThreadSchedule& s : schedules) out.number(s.first_ns / kNsPerUs);
    for (const ThreadSchedule& s : schedules) out.number(s.last_ns / kNsPerUs);
    for (const ThreadSchedule& s : schedules) out.number(s.on_cpu_ns);
    for (const ThreadSchedule& s : schedules) out.number(s.blocked_ns);
    for (const ThreadSchedule& s : schedules) out.number(s.runnable_ns);
  }

  void write_samples(HtmlColumns& out) const {
    const std::uint64_t tick_ns = tick() * kNsPerUs;
    out.number(tick());
    for (std::size_t thread = 0; thread < thread_count(); ++thread)
      out.number(starts_[thread + 1] - starts_[thread]);
    Numbers column;
    for (std::size_t thread = 0; thread < thread_count(); ++thread) {
      std::int64_t before = 0;
      for (std::size_t i = starts_[thread]; i < starts_[thread + 1]; ++i) {
        const auto time = static_cast<std::int64_t>(samples_[i]->time_ns / tick_ns);
        column.push_back(HtmlColumns::folded(time - std::exchange(before, time)));
      }
    }
    out.wide(column);
    out.wide(Numbers(stack_of_.begin(), stack_of_.end()));
    column.clear();
    std::array<std::int64_t, 3> before{};
    for (const Sample* sample : samples_) {
      const auto weight = static_cast<std::int64_t>(sample->weight);
      column.push_back(HtmlColumns::folded(
          weight - std::exchange(before[static_cast<std::size_t>(sample->mode)], weight)));
    }
    out.wide(column);
    for (const Sample* sample : samples_)
      if (sample->mode == Mode::kWait) out.number(sample->waits);
  }

  /// Microseconds: a power of two.
  [[nodiscard]] std::uint64_t tick() const {
    if (samples_.size() <= kExactSamples) return 1;
    std::uint64_t sum_ns = 0;
    for (std::size_t thread = 0; thread < thread_count(); ++thread) {
      if (starts_[thread] != starts_[thread + 1])
        sum_ns += samples_[starts_[thread + 1] - 1]->time_ns - samples_[starts_[thread]]->time_ns;
    }
    return std::bit_floor(std::max<std::uint64_t>(sum_ns / samples_.size() / 16 / kNsPerUs, 1));
  }

  void write_waits(HtmlColumns& out) const {
    std::vector<std::vector<const Wait*>> waits(thread_count());
    if (selection_.has_waits) {
      for (const Wait& wait : profile_.waits) waits[thread_row(wait.thread)].push_back(&wait);
    }
    for (std::vector<const Wait*>& of_thread : waits) {
      std::ranges::stable_sort(of_thread, {}, &Wait::time_ns);
      out.number(of_thread.size());
    }
    Numbers times;
    Numbers lengths;
    for (const auto& of_thread : waits) {
      std::int64_t before = 0;
      for (const Wait* wait : of_thread) {
        const auto time = static_cast<std::int64_t>(wait->time_ns / kNsPerUs);
        times.push_back(HtmlColumns::folded(time - std::exchange(before, time)));
        lengths.push_back(wait->ns / kNsPerUs);
      }
    }
    out.wide(times);
    out.wide(lengths);
    for (const auto& of_thread : waits)
      for (const Wait* wait : of_thread) out.number(wait->runnable ? 1 : 0);
  }

  static void write_columns(HtmlColumns& out, const std::vector<Rows>& columns) {
    out.number(columns.front().size());
    for (const Rows& column : columns) out.plain(column);
  }

  const Profile& profile_;
  const view::Selection& selection_;
  std::vector<const Sample*> samples_;  ///< By thread and time.
  std::vector<std::size_t> starts_;     ///< Of each thread's, and the end.
  Rows stack_of_;                       ///< Of each of samples_.
  std::vector<view::StackWeight> stacks_;

  StringTable strings_;
  Renumbering modules_;
  Renumbering functions_;
  Renumbering frames_;
  Renumbering nodes_;
  Renumbering causes_;
  Renumbering processes_;
  std::vector<NodeRow> node_rows_;
  std::vector<FunctionRow> function_rows_;
  Rows function_number_;  ///< Of what functions_ numbers.
  Rows module_names_;
};

}  // namespace

std::string html_columns(const Profile& profile, const view::Selection& selection,
                         std::string_view facts) {
  return PayloadWriter(profile, selection).write(facts);
}

}  // namespace profiler::render
