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
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "render/html_columns.h"
#include "render/html_tables.h"
#include "view/call_path.h"
#include "view/stack_weights.h"

namespace profiler::render {
namespace {

constexpr std::uint64_t kNsPerUs = 1000;
/// Up to so many samples, times are exact to a microsecond.
constexpr std::size_t kExactSamples = 200'000;

class PayloadWriter {
 public:
  PayloadWriter(const Profile& profile, const HtmlSamples& given)
      : profile_(profile), given_(given), tables_(profile), processes_(profile.processes.size()) {}

  HtmlPayload write(std::string_view facts) {
    collect_samples();
    number_stacks();
    HtmlColumns stacks;
    write_stacks(stacks);
    HtmlColumns threads;
    write_threads(threads);

    // What they refer to stands before them.
    HtmlColumns out;
    out.number(facts.size());
    out.raw(facts);
    tables_.write(out);
    out.raw(stacks.take());
    write_sums(out);
    out.raw(threads.take());
    HtmlColumns samples;
    write_samples(samples);
    write_waits(samples);
    return {.tables = out.take(), .samples = samples.take()};
  }

 private:
  using Rows = std::vector<std::uint32_t>;
  using Numbers = std::vector<std::uint64_t>;

  /// Threads are those of the profile, then one for samples of none.
  [[nodiscard]] std::size_t thread_row(ThreadIndex thread) const {
    return profile_.threads.contains(thread) ? thread.row() : profile_.threads.size();
  }
  [[nodiscard]] std::size_t side_size() const { return profile_.threads.size() + 1; }
  /// Of both sides, if two are compared.
  [[nodiscard]] std::size_t thread_count() const {
    return side_size() * (given_.before == nullptr ? 1 : 2);
  }
  /// The profile's row of the thread; none for the last of a side.
  [[nodiscard]] ThreadIndex thread_at(std::size_t row) const {
    const std::size_t of_side = row % side_size();
    return of_side < profile_.threads.size() ? ThreadIndex(of_side) : ThreadIndex();
  }

  /// By thread, then by time.
  void collect_samples() {
    std::vector<std::pair<std::size_t, const Sample*>> all;
    all.reserve(given_.samples.size() + (given_.before == nullptr ? 0 : given_.before->size()));
    for (const Sample* sample : given_.samples)
      all.emplace_back(thread_row(sample->thread), sample);
    if (given_.before != nullptr) {
      for (const Sample* sample : *given_.before)
        all.emplace_back(side_size() + thread_row(sample->thread), sample);
    }
    starts_.assign(thread_count() + 1, 0);
    for (const auto& [thread, sample] : all) ++starts_[thread + 1];
    std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
    std::vector<const Sample*> sorted(all.size());
    std::vector<std::size_t> next(starts_.begin(), starts_.end() - 1);
    for (const auto& [thread, sample] : all) sorted[next[thread]++] = sample;
    for (std::size_t thread = 0; thread < thread_count(); ++thread) {
      std::ranges::stable_sort(
          std::span(sorted).subspan(starts_[thread], starts_[thread + 1] - starts_[thread]), {},
          &Sample::time_ns);
    }
    samples_ = std::move(sorted);
  }

  void number_stacks() {
    // Of a comparison, names of processes are those of two recordings.
    view::StackRows stacks(profile_, given_.before == nullptr ? view::StackOwner::kProcessName
                                                              : view::StackOwner::kNone);
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

  void write_stacks(HtmlColumns& out) {
    std::vector<Rows> columns(9);
    const bool several =
        std::ranges::adjacent_find(stacks_, std::ranges::not_equal_to(),
                                   &view::StackWeight::process_name) != stacks_.end();
    for (const view::StackWeight& row : stacks_) {
      const Stack& stack = row.stack;
      columns[0].push_back(tables_.node(stack.user));
      columns[1].push_back(tables_.node(stack.kernel));
      const Completeness how_far = completeness(stack.end);
      columns[2].push_back(how_far == Completeness::kComplete    ? 0
                           : how_far == Completeness::kTruncated ? 1
                                                                 : 2);
      columns[3].push_back(static_cast<std::uint32_t>(row.mode));
      const bool in_kernel = stack.kernel || stack.cause || row.hidden_kernel;
      columns[4].push_back(in_kernel ? tables_.label(view::folded_kernel(profile_, stack)) : 0);
      const bool is_wait = row.mode == Mode::kWait;
      columns[5].push_back(is_wait ? 0 : tables_.cause(stack.cause));
      columns[6].push_back(is_wait ? tables_.string(std::string(name(stack.wait))) + 1 : 0);
      const auto step = view::wait_node(stack);
      columns[7].push_back(step ? tables_.label(*step) : 0);
      columns[8].push_back(several ? tables_.string(profile_.text(row.process_name)) + 1 : 0);
    }
    out.number(stacks_.size());
    out.ascending(columns.front());
    for (const Rows& column : std::span(columns).subspan(1)) out.plain(column);
  }

  void write_threads(HtmlColumns& out) {
    Rows processes;
    for (std::size_t i = 0; i < thread_count(); ++i) {
      const ThreadIndex thread = thread_at(i);
      const ProcessIndex process = thread ? profile_.threads[thread].process : ProcessIndex();
      processes.push_back(process ? processes_.of(process.row()) + 1 : 0);
    }
    out.number(processes_.rows().size());
    for (const std::size_t row : processes_.rows())
      out.number(tables_.string(profile_.text(profile_.processes[ProcessIndex(row)].name)));
    for (const std::size_t row : processes_.rows())
      out.number(HtmlColumns::folded(profile_.processes[ProcessIndex(row)].pid));

    out.number(thread_count());
    out.plain(processes);
    for (std::size_t i = 0; i < thread_count(); ++i) {
      const ThreadIndex thread = thread_at(i);
      out.number(
          tables_.string(thread ? profile_.text(profile_.threads[thread].name) : "[unknown]"));
    }
    for (std::size_t i = 0; i < thread_count(); ++i) {
      const ThreadIndex thread = thread_at(i);
      out.number(HtmlColumns::folded(thread ? profile_.threads[thread].tid : -1));
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

  /// What selections of samples need not be asked for.
  void write_sums(HtmlColumns& out) const {
    const std::uint64_t typical = typical_weight();
    out.number(typical);
    const std::size_t sides = given_.before == nullptr ? 1 : 2;
    for (std::size_t side = 0; side < sides; ++side) {
      Rows counts(stacks_.size());
      std::vector<std::uint64_t> weights(stacks_.size());
      for (std::size_t i = starts_[side * side_size()]; i < starts_[(side + 1) * side_size()];
           ++i) {
        const Sample& sample = *samples_[i];
        counts[stack_of_[i]] += sample.mode == Mode::kWait ? sample.waits : 1U;
        weights[stack_of_[i]] += sample.weight;
      }
      Numbers rests;
      rests.reserve(weights.size());
      for (std::size_t i = 0; i < weights.size(); ++i) {
        const auto rest = static_cast<std::int64_t>(weights[i] - counts[i] * typical);
        rests.push_back(HtmlColumns::folded(rest));
      }
      out.plain(counts);
      out.wide(rests);
    }
  }

  /// Of samples on a CPU: nearly always the sampling period.
  [[nodiscard]] std::uint64_t typical_weight() const {
    std::unordered_map<std::uint64_t, std::size_t> uses;
    for (const Sample* sample : samples_)
      if (sample->mode != Mode::kWait) ++uses[sample->weight];
    const auto most = std::ranges::max_element(uses, [](const auto& a, const auto& b) {
      return std::tie(a.second, a.first) < std::tie(b.second, b.first);
    });
    return most == uses.end() ? 0 : most->first;
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
    if (given_.draws_waits) {
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

  const Profile& profile_;
  HtmlSamples given_;
  std::vector<const Sample*> samples_;  ///< By thread and time.
  std::vector<std::size_t> starts_;     ///< Of each thread's, and the end.
  Rows stack_of_;                       ///< Of each of samples_.
  std::vector<view::StackWeight> stacks_;

  HtmlTables tables_;
  HtmlRows processes_;
};

}  // namespace

HtmlPayload html_payload(const Profile& profile, const HtmlSamples& samples,
                         std::string_view facts) {
  return PayloadWriter(profile, samples).write(facts);
}

}  // namespace profiler::render
