#include "export/perf_script.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>

#include "export/clean_name.h"
#include "view/module_name.h"

namespace profiler::exporter {
namespace {

constexpr std::size_t kPieceSize = 65536;
constexpr std::string_view kKernelFile = "[kernel.kallsyms]";

/// The address that a name of the form "module+0xSTART" ends in.
std::optional<std::uint64_t> address_in(std::string_view name) {
  const std::size_t at = name.rfind("+0x");
  if (at == std::string_view::npos) return std::nullopt;
  const char* const end = name.data() + name.size();
  std::uint64_t address = 0;
  const auto [stop, error] = std::from_chars(name.data() + at + 3, end, address, 16);
  return error == std::errc() && stop == end ? std::optional(address) : std::nullopt;
}

class PerfScriptWriter {
 public:
  PerfScriptWriter(const Profile& profile, const PerfScriptOptions& options, const Sink& sink)
      : profile_(profile), sink_(sink), places_(profile, options.kernel), stacks_(profile) {
    for (const EventInfo& event : profile.run.events)
      events_.push_back(clean_word(event.name, "event"));
    for (const Thread& thread : profile.threads)
      threads_.push_back(clean_name(profile.text(thread.name)));
  }

  void write(std::vector<const Sample*> samples) {
    std::ranges::stable_sort(samples, {}, &Sample::time_ns);
    for (const Sample* sample : samples) {
      write_head(*sample);
      for (const PlaceId place : std::views::reverse(places_.path(stacks_.of(*sample))))
        text_ += lines_of(place);
      text_ += '\n';
      if (text_.size() < kPieceSize) continue;
      sink_(text_);
      text_.clear();
    }
    sink_(text_);
  }

 private:
  void write_head(const Sample& sample) {
    std::string_view name = "[unknown]";
    Pid pid = -1;
    Tid tid = -1;
    if (profile_.threads.contains(sample.thread)) {
      const Thread& thread = profile_.threads[sample.thread];
      name = threads_[sample.thread.row()];
      pid = thread.process ? profile_.processes[thread.process].pid : thread.tid;
      tid = thread.tid;
    }
    const bool is_wait = sample.mode == Mode::kWait;
    const std::string_view event = is_wait ? "offcpu-time"
                                   : sample.event < events_.size()
                                       ? std::string_view(events_[sample.event])
                                       : "event";
    const std::uint64_t us = (profile_.run.start_monotonic_ns + sample.time_ns) / 1000;
    constexpr std::uint64_t kSecond = 1'000'000;
    fmt::format_to(std::back_inserter(text_), "{} {}/{} [{:03}] {:5}.{:06}: {:10} {}: \n", name,
                   pid, tid, sample.cpu, us / kSecond, us % kSecond, sample.weight, event);
  }

  /// Made once for each place.
  const std::string& lines_of(PlaceId place) {
    if (place >= lines_.size()) lines_.resize(std::max<std::size_t>(place + 1, places_.size()));
    std::string& lines = lines_[place];
    if (!lines.empty()) return lines;
    const Frame* const frame = places_.frame(place);
    const std::uint64_t address = frame != nullptr ? frame->address : 0;
    for (const Step& step : std::views::reverse(places_.steps(place))) {
      std::string name = places_.name(step.function);
      if (const auto start = frame != nullptr ? address_in(name) : std::nullopt)
        fmt::format_to(std::back_inserter(name), "+0x{:x}", address - std::min(address, *start));
      fmt::format_to(std::back_inserter(lines), "\t{:16x} {} ({})\n", address, name,
                     step.inlined ? "inlined" : file_of(step));
    }
    return lines;
  }

  [[nodiscard]] std::string file_of(const Step& step) const {
    const ModuleIndex module = places_.module(step.function);
    if (!module) return std::string(step.code == Code::kKernel ? kKernelFile : "[unknown]");
    if (profile_.modules[module].kind == ModuleKind::kKernel) return std::string(kKernelFile);
    std::string file;
    for (const char c : clean_name(profile_.text(profile_.modules[module].path))) {
      if (c == ' ') {
        file += "\\040";  // As in /proc/mounts: readers take a blank for the name's end.
      } else {
        file += c;
      }
    }
    return file;
  }

  const Profile& profile_;
  const Sink& sink_;
  Places places_;
  view::ChargedStacks stacks_;
  std::vector<std::string> events_;
  std::vector<std::string> threads_;
  std::vector<std::string> lines_;  ///< By place.
  std::string text_;
};

}  // namespace

void write_perf_script(const Profile& profile, const std::vector<const Sample*>& samples,
                       const PerfScriptOptions& options, const Sink& sink) {
  PerfScriptWriter(profile, options, sink).write(samples);
}

}  // namespace profiler::exporter
