#include "export/callgrind.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "export/clean_name.h"
#include "export/thread_samples.h"
#include "view/module_name.h"

namespace profiler::exporter {
namespace {

constexpr std::size_t kPieceSize = 65536;
constexpr FunctionId kSelf = ~FunctionId{0};

struct Cost {
  std::uint64_t user = 0;
  std::uint64_t sys = 0;
  std::uint64_t wait = 0;
  void add(const view::Weight& weight) {
    user += weight.user;
    sys += weight.sys;
    wait += weight.wait;
  }
};

/// What a line of a function cost by itself, or by calling another.
struct Row {
  FunctionId function = 0;
  std::uint32_t line = 0;
  FunctionId callee = kSelf;
  std::uint64_t calls = 0;
  Cost cost;
};

/// Names are written once, and numbers after that (name compression).
class NameNumbers {
 public:
  void append(std::string& text, std::string_view key, const std::string& name) {
    const auto [known, is_new] = numbers_.try_emplace(name, numbers_.size() + 1);
    fmt::format_to(std::back_inserter(text), "{}=({})", key, known->second);
    if (is_new) text += " " + name;
    text += '\n';
  }

 private:
  std::unordered_map<std::string, std::size_t> numbers_;
};

/// Where a function stands in the file.
struct FunctionPlace {
  std::string object;
  std::string file;
  std::string name;
};

class CallgrindWriter {
 public:
  CallgrindWriter(const Profile& profile, const CallgrindOptions& options, const Sink& sink)
      : profile_(profile),
        options_(options),
        sink_(sink),
        places_(profile, options.kernel),
        rows_by_line_(profile.frames.size()) {}

  void write(const std::vector<const Sample*>& samples) {
    for (const view::StackWeight& s :
         view::stack_weights(profile_, samples, view::StackOwner::kProcessName))
      add(s);
    std::ranges::sort(rows_, {}, [](const Row& row) {
      return std::tuple(row.function, row.line, row.callee + 1);  // A line's own cost first.
    });
    write_head();
    FunctionId current = kSelf;
    for (const Row& row : rows_) {
      if (row.function != current) begin_function(current = row.function);
      write_row(row);
      if (text_.size() >= kPieceSize) flush();
    }
    flush();
  }

 private:
  struct Key {
    FunctionId function;
    std::uint32_t line;
    FunctionId callee;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const {
      const std::uint64_t pair = std::uint64_t{key.function} << 32 | key.callee;
      return static_cast<std::size_t>(
          (pair ^ std::uint64_t{key.line} << 17) * 0x9e37'79b9'7f4a'7c15ULL >> 7);
    }
  };

  void flush() {
    sink_(text_);
    text_.clear();
  }

  Row& row(FunctionId function, std::uint32_t line, FunctionId callee) {
    const auto [found, is_new] = rows_by_line_.try_emplace(
        {function, line, callee}, static_cast<std::uint32_t>(rows_.size()));
    if (is_new) {
      rows_.push_back(
          {.function = function, .line = line, .callee = callee, .calls = 0, .cost = {}});
    }
    return rows_[found->second];
  }

  [[nodiscard]] std::uint32_t line_of(const Step& step) const {
    return step.location ? profile_.locations[step.location].line : 0;
  }

  /// Whether the stack at hand has not shown the function yet.
  bool is_first(FunctionId function) {
    if (function >= last_stack_.size())
      last_stack_.resize(std::max<std::size_t>(function + 1, places_.functions()), 0);
    return std::exchange(last_stack_[function], stack_) != stack_;
  }

  void add(const view::StackWeight& s) {
    ++stack_;
    const Step process = places_.steps(places_.process(s.process_name)).front();
    (void)is_first(process.function);
    FunctionId caller = process.function;
    std::uint32_t caller_line = 0;
    for (const PlaceId place : places_.path(s)) {
      for (const Step& step : places_.steps(place)) {
        Row& call = row(caller, caller_line, step.function);
        call.calls += s.weight.samples + s.weight.waits;
        if (is_first(step.function)) call.cost.add(s.weight);
        caller = step.function;
        caller_line = line_of(step);
      }
    }
    row(caller, caller_line, kSelf).cost.add(s.weight);
    total_.add(s.weight);
  }

  [[nodiscard]] bool has_cpu() const { return options_.times != Times::kWaits; }
  [[nodiscard]] bool has_waits() const { return options_.times != Times::kOnCpu; }

  void write_head() {
    const Run& run = profile_.run;
    const EventInfo event =
        options_.event < run.events.size() ? run.events[options_.event] : EventInfo();
    const std::string command = command_text(run);
    text_ += "# callgrind format\nversion: 1\ncreator: profiler\n";
    text_ += "cmd: " + (command.empty() ? "[none]" : command) + "\n";
    text_ += "desc: Event: " + clean_name(event.name) + "\n";
    text_ += "positions: line\n";
    if (event.is_time()) {
      if (has_cpu()) {
        text_ +=
            "event: user_ns : Time in user mode (ns)\nevent: sys_ns : Time in the kernel (ns)\n"
            "event: cpu_ns = user_ns + sys_ns : Time on a CPU (ns)\n";
      }
      if (has_waits()) text_ += "event: wait_ns : Time off the CPU (ns)\n";
      text_ += "events:";
      if (has_cpu()) text_ += " user_ns sys_ns";
      if (has_waits()) text_ += " wait_ns";
      text_ += '\n';
    } else {
      const std::string unit = clean_name(event.unit);
      text_ += "event: user : In user mode (" + unit + ")\n";
      text_ += "event: sys : In the kernel (" + unit + ")\nevents: user sys\n";
    }
    text_ += "summary:";
    append_cost(total_);
  }

  void append_cost(const Cost& cost) {
    if (has_cpu()) fmt::format_to(std::back_inserter(text_), " {} {}", cost.user, cost.sys);
    if (has_waits()) fmt::format_to(std::back_inserter(text_), " {}", cost.wait);
    text_ += '\n';
  }

  /// "???" is what the format's readers take for unknown.
  [[nodiscard]] FunctionPlace place_of(FunctionId id) const {
    FunctionPlace place{.object = "???", .file = "???", .name = places_.name(id)};
    if (places_.is_process(id)) {
      place.name = "[process] " + place.name;
      return place;
    }
    if (const ModuleIndex module = places_.module(id))
      place.object = clean_name(profile_.text(profile_.modules[module].path));
    const Function* const function = places_.function(id);
    if (function != nullptr && !profile_.text(function->file).empty())
      place.file = clean_name(profile_.text(function->file));
    return place;
  }

  const FunctionPlace& known_place(FunctionId id) {
    if (id >= known_.size()) known_.resize(places_.functions());
    if (known_[id].name.empty()) known_[id] = place_of(id);
    return known_[id];
  }

  void begin_function(FunctionId id) {
    const FunctionPlace& place = known_place(id);
    object_ = place.object;
    text_ += '\n';
    objects_.append(text_, "ob", place.object);
    files_.append(text_, "fl", place.file);
    names_.append(text_, "fn", place.name);
  }

  void write_row(const Row& row) {
    if (row.callee != kSelf) {
      const FunctionPlace& callee = known_place(row.callee);
      const Function* const function = places_.function(row.callee);
      if (callee.object != object_) objects_.append(text_, "cob", callee.object);
      files_.append(text_, "cfi", callee.file);
      names_.append(text_, "cfn", callee.name);
      fmt::format_to(std::back_inserter(text_), "calls={} {}\n", row.calls,
                     function != nullptr ? function->line : 0);
    }
    fmt::format_to(std::back_inserter(text_), "{}", row.line);
    append_cost(row.cost);
  }

  const Profile& profile_;
  const CallgrindOptions& options_;
  const Sink& sink_;
  Places places_;
  std::vector<Row> rows_;
  std::unordered_map<Key, std::uint32_t, Hash> rows_by_line_;
  std::vector<std::uint32_t> last_stack_;  ///< In which each function was met last.
  std::uint32_t stack_ = 0;
  Cost total_;
  std::vector<FunctionPlace> known_;  ///< By function; without a name: not yet.
  std::string object_;                ///< Of the function that is being written.
  NameNumbers objects_;
  NameNumbers files_;
  NameNumbers names_;
  std::string text_;
};

}  // namespace

void write_callgrind(const Profile& profile, const std::vector<const Sample*>& samples,
                     const CallgrindOptions& options, const Sink& sink) {
  CallgrindWriter(profile, options, sink).write(samples);
}

}  // namespace profiler::exporter
