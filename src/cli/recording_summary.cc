#include "cli/recording_summary.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <iterator>

#include "cli/output.h"
#include "profiler/stack_end.h"
#include "render/printable.h"
#include "render/run_text.h"
#include "view/event_list.h"

namespace profiler::cli {
namespace {

using EndCounts = std::array<std::uint64_t, kStackEndCount>;

EndCounts count_ends(const Profile& profile) {
  EndCounts counts{};
  for (const Sample& sample : profile.samples)
    ++counts[static_cast<std::size_t>(profile.stacks[sample.stack].end)];
  return counts;
}

void append_details(std::string& text, const Profile& profile, const EndCounts& ends) {
  auto out = std::back_inserter(text);
  const Run& run = profile.run;
  for (int i = 0; i < kStackEndCount; ++i) {
    if (ends[static_cast<std::size_t>(i)] != 0) {
      fmt::format_to(out, "  {:>8} stacks: {}\n", ends[static_cast<std::size_t>(i)],
                     profiler::name(static_cast<StackEnd>(i)));
    }
  }
  fmt::format_to(out, "  {} processes seen, {} ended unsampled; {}\n", run.losses.processes_seen,
                 run.losses.processes_unsampled,
                 run.coverage == Coverage::kPerCpu ? "one event per CPU" : "inherited events");
  if (run.losses.all_samples_lost() != 0) {
    fmt::format_to(
        out, "  {} samples lost in full rings, {} dropped; about {} of other processes\n",
        run.losses.samples_lost, run.losses.samples_dropped, run.losses.samples_lost_of_others);
  }
  const double samples =
      profile.samples.empty() ? 1.0 : static_cast<double>(profile.samples.size());
  fmt::format_to(
      out, "  recorder: {:.1f} ms of CPU ({:.1f} us a sample), naming {:.1f} ms, peak {}\n",
      static_cast<double>(run.cost.recording_cpu_ns) / 1e6,
      static_cast<double>(run.cost.recording_cpu_ns) / 1e3 / samples,
      static_cast<double>(run.cost.naming_cpu_ns) / 1e6, size_text(run.cost.peak_memory_bytes));
  fmt::format_to(out, "  {} frames, {} nodes, {} stacks, {} functions, {} modules\n",
                 profile.frames.size(), profile.nodes.size(), profile.stacks.size(),
                 profile.functions.size(), profile.modules.size());
}

}  // namespace

std::string recording_summary(const Recorded& recorded, Verbosity verbosity) {
  const Profile& profile = recorded.profile;
  const EndCounts ends = count_ends(profile);
  std::uint64_t complete = 0;
  for (int i = 0; i < kStackEndCount; ++i) {
    if (completeness(static_cast<StackEnd>(i)) == Completeness::kComplete)
      complete += ends[static_cast<std::size_t>(i)];
  }
  const Losses& losses = profile.run.losses;
  const std::uint64_t samples = profile.samples.size();
  std::string text = fmt::format("profiler: {} samples", samples);
  if (samples >= 30) {
    text += fmt::format(", {:.1f} % with complete stacks",
                        100.0 * static_cast<double>(complete) / static_cast<double>(samples));
  }
  const std::uint64_t lost = losses.target_samples_lost();
  text += fmt::format(", {}{} lost", lost == losses.all_samples_lost() ? "" : "about ", lost);
  if (lost != 0) {
    text += fmt::format(" ({:.1f} %)",
                        100.0 * static_cast<double>(lost) / static_cast<double>(lost + samples));
  }
  text += fmt::format(", {} in {}\n", size_text(recorded.bytes), recorded.path);
  if (profile.run.events.size() > 1 && samples != 0) {
    std::string events;
    for (const std::string& event : render::event_texts(view::event_list(profile)))
      events += (events.empty() ? "" : ", ") + event;
    text += "profiler: " + render::printable(events) + "\n";
  }
  for (const std::string& note : profile.run.notes)
    text += "profiler: " + render::printable(note) + "\n";
  if (verbosity == Verbosity::kVerbose) append_details(text, profile, ends);
  return text;
}

}  // namespace profiler::cli
