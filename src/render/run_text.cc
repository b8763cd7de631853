#include "render/run_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <functional>
#include <ranges>

#include "render/amount.h"
#include "render/printable.h"
#include "render/short_name.h"
#include "view/module_name.h"

namespace profiler::render {
namespace {

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", grouped(count), count == 1 ? one : many);
}

std::string_view scope_text(Scope scope) {
  switch (scope) {
    case Scope::kProgram:
      return "program";
    case Scope::kProcesses:
      return "attached processes";
    case Scope::kThreads:
      return "attached threads";
    case Scope::kSystem:
      return "whole machine";
    case Scope::kCpus:
      return "chosen CPUs";
    case Scope::kCgroup:
      return "cgroup";
  }
  return "";
}

/// Its name, and how often it was sampled.
std::string event_text(const EventInfo& event) {
  if (event.frequency_hz != 0)
    return fmt::format("{} at {} Hz", event.name, grouped(event.frequency_hz));
  if (event.period == 0) return event.name;
  if (event.is_time()) return fmt::format("{} every {} ns", event.name, grouped(event.period));
  return event.period == 1 ? "each of " + event.name
                           : fmt::format("one in {} {}", grouped(event.period), event.name);
}

std::string signal_name(int signal) {
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? std::string("SIG") + name : fmt::format("signal {}", signal);
}

}  // namespace

const EventInfo& main_event(const Profile& profile, std::uint16_t event) {
  static const EventInfo kClock;
  return event < profile.run.events.size() ? profile.run.events[event] : kClock;
}

std::string shell_word(std::string_view word) {
  constexpr std::string_view kSafe = "-_./=:,+@%^";
  const bool safe = !word.empty() && std::ranges::all_of(word, [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           kSafe.find(c) != std::string_view::npos || static_cast<unsigned char>(c) >= 0x80;
  });
  if (safe) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string command_text(const Run& run, std::size_t width) {
  std::string text;
  for (const std::string& word : run.command) {
    if (!text.empty()) text += ' ';
    text += shell_word(word);
    if (text.size() > 4 * width) break;  // No more of it would be seen.
  }
  if (text.empty()) text = scope_text(run.scope);
  text = printable(text);
  if (display_width(text) <= width) return text;
  if (width == 0) return {};
  return std::string(fitting_head(text, width - 1)) + "…";
}

std::string status_text(const Run& run) {
  if (run.exit_signal != 0) return "killed by " + signal_name(run.exit_signal);
  if (run.exit_status) return fmt::format("exit status {}", *run.exit_status);
  return run.interrupted ? "recording cut off" : "";
}

Facts event_facts(const Run& run, const EventInfo& event, const view::Quality& quality) {
  Facts facts;
  facts.push_back({event_text(event)});
  facts.push_back({counted(quality.samples, "sample", "samples")});
  if (quality.lost == 0) {
    facts.push_back({"none lost"});
  } else if (run.events.size() > 1) {
    facts.push_back({fmt::format("{} lost, of all events", grouped(quality.lost)), true});
  } else {
    facts.push_back(
        {fmt::format("{}{} lost ({})", quality.lost == quality.lost_all ? "" : "about ",
                     grouped(quality.lost), percent(quality.lost, quality.lost + quality.samples)),
         true});
  }
  if (!run.kernel_sampled) facts.push_back({"user mode only", true});
  return facts;
}

Facts stack_facts(const Run& run, const view::Quality& quality, bool counts) {
  Facts facts;
  if (quality.samples == 0) return facts;
  if (quality.ends[static_cast<std::size_t>(StackEnd::kNotUnwound)] == quality.samples) {
    facts.push_back({"no call graphs"});
    return facts;
  }
  const auto part = [&](std::uint64_t stacks, std::string_view word) {
    return fmt::format("{} {}", counts ? grouped(stacks) : percent(stacks, quality.samples), word);
  };
  std::string complete = part(quality.stacks_complete, "complete");
  if (quality.stacks_joined != 0)
    complete += fmt::format(" ({})", part(quality.stacks_joined, "from other samples"));
  facts.push_back({"stacks: " + complete});
  const auto is_many = [&](std::uint64_t stacks) { return stacks * 100 > quality.samples; };
  facts.push_back({part(quality.stacks_truncated, "truncated"), is_many(quality.stacks_truncated)});
  facts.push_back({part(quality.stacks_broken, "broken"), is_many(quality.stacks_broken)});
  const auto frames = [&](std::uint64_t some, std::string_view what) {
    return fmt::format("{} of frames {}", percent(some, quality.frames), what);
  };
  if (quality.frames_by_mapping != 0)
    facts.push_back({frames(quality.frames_by_mapping, "known by mapping only"), true});
  if (quality.frames_unnamed != 0) {
    facts.push_back({frames(quality.frames_unnamed, "unnamed"), true});
  } else if (quality.frames_by_mapping == 0) {
    facts.push_back({"all frames named"});
  }
  if (const StackEnlargement& larger = run.stack_enlargement; larger.bytes != 0) {
    facts.push_back(
        {fmt::format("{} KiB of stack copied from {:.1f} s on", (larger.bytes + 1023) / 1024,
                     static_cast<double>(larger.after_ns) / 1e9)});
  }
  if (run.losses.stacks_shortened != 0)
    facts.push_back({counted(run.losses.stacks_shortened, "stack", "stacks") + " shortened", true});
  return facts;
}

Facts wait_facts(const Profile& profile, const view::WaitTotals& waited, bool is_part) {
  const Run& run = profile.run;
  if (run.wait_coverage == WaitCoverage::kNone) return {};
  const view::WaitCounts counts = view::wait_counts(profile);
  std::string waits =
      (is_part ? "waits of the whole recording: " : "waits: ") + grouped(counts.waits);
  if (waited.threads > 1) waits += fmt::format(" of {} threads", grouped(waited.threads));
  Facts facts = {{std::move(waits)}};
  if (run.wait_coverage == WaitCoverage::kDurations) {
    facts.push_back({"without stacks", true});
  } else if (counts.waits != 0) {
    facts.push_back({counts.stacks == counts.waits ? std::string("all with stacks")
                                                   : grouped(counts.stacks) + " with stacks"});
  }
  if (run.losses.switches_lost != 0)
    facts.push_back({counted(run.losses.switches_lost, "switch", "switches") + " lost", true});
  if (waited.unknown_ns != 0)
    facts.push_back({fmt::format("{} s unknown", seconds(waited.unknown_ns, 3)), true});
  return facts;
}

std::string facts_text(const Facts& facts, const TextStyle& style) {
  if (facts.empty()) return {};
  constexpr std::string_view kSeparator = " · ";
  constexpr std::size_t kSeparatorWidth = 3;
  std::string text;
  TextLine line(style);
  for (const Fact& fact : facts) {
    if (line.width() != 0 && line.room() < kSeparatorWidth + display_width(printable(fact.text)))
      text += line.take();
    if (line.width() != 0) line.add(kSeparator, Colour::kFaint);
    line.add(fact.text, fact.warning ? Colour::kWarning : Colour::kFaint);
  }
  return text + line.take();
}

std::vector<std::string> event_texts(const std::vector<view::EventRow>& events) {
  constexpr std::size_t kNamed = 5;
  std::vector<const view::EventRow*> sampled;
  for (const view::EventRow& row : events)
    if (row.weight.samples != 0) sampled.push_back(&row);
  std::ranges::stable_sort(sampled, std::ranges::greater(),
                           [](const view::EventRow* row) { return row->weight.samples; });
  std::vector<std::string> texts;
  for (const view::EventRow* row : sampled | std::views::take(kNamed)) {
    texts.push_back(fmt::format("{} ({})", row->event->name,
                                counted(row->weight.samples, "sample", "samples")));
  }
  if (sampled.size() > kNamed)
    texts.push_back(fmt::format("and {} more", grouped(sampled.size() - kNamed)));
  return texts;
}

Facts other_event_facts(const std::vector<view::EventRow>& events, const EventInfo& shown) {
  std::vector<view::EventRow> others;
  for (const view::EventRow& row : events)
    if (row.event != &shown) others.push_back(row);
  Facts facts;
  for (std::string& text : event_texts(others)) facts.push_back({std::move(text)});
  if (!facts.empty()) facts.front().text.insert(0, "also sampled: ");
  const auto without = static_cast<std::uint64_t>(std::ranges::count_if(
      others, [](const view::EventRow& row) { return row.weight.samples == 0; }));
  if (without != 0)
    facts.push_back({"no samples of " + counted(without, "other event", "other events")});
  if (without < others.size()) facts.push_back({"--event NAME shows one"});
  return facts;
}

std::vector<std::string> notes_text(const Run& run, const EventInfo& event,
                                    const view::Quality& quality, std::string_view selection) {
  std::vector<std::string> notes = run.notes;
  const Losses& losses = run.losses;
  if (run.interrupted)
    notes.emplace_back("the recording was cut off: this is what it held until then");
  const bool is_time = event.is_time() || event.unit == "cycles";
  const bool each_time = event.frequency_hz == 0 && event.period == 1;
  if (run.coverage == Coverage::kInherited && losses.processes_unsampled != 0 && !each_time) {
    notes.push_back(fmt::format(
        "{} of {} processes ended before their first sample: what they used is not shown",
        grouped(losses.processes_unsampled), grouped(losses.processes_seen)));
  }
  if (losses.side_records_lost != 0) {
    notes.push_back(counted(losses.side_records_lost, "record", "records") +
                    " of mappings and processes lost: some names may be wrong");
  }
  if (losses.throttles != 0) {
    notes.push_back(
        fmt::format("the kernel throttled sampling {}; a lower -F avoids it",
                    losses.throttles == 1 ? "once" : grouped(losses.throttles) + " times"));
  }
  if (losses.malformed_records != 0) {
    notes.push_back(counted(losses.malformed_records, "malformed record", "malformed records") +
                    " passed over");
  }
  const bool explained = std::ranges::any_of(
      run.notes, [](const std::string& note) { return note.starts_with("no samples: "); });
  if (quality.samples == 0 && explained) {
    // Not permitted, which the recorder has noted.
  } else if (quality.samples == 0 && !selection.empty()) {
    notes.push_back("no samples: none matches " + std::string(selection));
  } else if (quality.samples == 0 && run.interrupted) {
    notes.emplace_back("no samples: none was written before the recording was cut off");
  } else if (quality.samples == 0) {
    notes.push_back(is_time     ? "no samples: it used less CPU time than one sampling period"
                    : each_time ? "no samples: there were no " + event.unit
                                : "no samples: fewer " + event.unit + " than one sampling period");
  } else if (quality.samples < kFewSamples) {
    notes.push_back(fmt::format("only {}: counts instead of percentages{}",
                                counted(quality.samples, "sample", "samples"),
                                each_time                 ? ""
                                : event.frequency_hz == 0 ? "; a lower -c gives more"
                                                          : "; a higher -F gives more"));
  }
  return notes;
}

std::string wrapped(std::string_view text, std::string_view mark, const TextStyle& style,
                    Colour colour) {
  std::string out;
  TextLine line(style);
  line.add(mark, colour);
  const std::size_t indent = line.width();
  bool begin_of_line = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string word = printable(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    if (!begin_of_line && line.room() < display_width(word) + 1) {
      out += line.take();
      line.pad_to(indent);
      begin_of_line = true;
    }
    if (!begin_of_line) line.pad_to(line.width() + 1);
    line.add(word);
    begin_of_line = false;
  }
  return out + line.take();
}

std::string cause_text(const view::CauseRow& row) {
  std::string text = view::cause_label(row.kind, row.name);
  if (row.nested()) text += " in " + view::cause_label(row.entry_kind, row.entry_name);
  return text;
}

std::string inline_mark(bool inlined) { return inlined ? " (inlined)" : ""; }

std::string place_text(std::string_view module, std::string_view file, std::uint32_t line) {
  if (file.empty()) return std::string(module);
  const std::string_view name = view::base_name(file);
  return line == 0 ? std::string(name) : fmt::format("{}:{}", name, line);
}

}  // namespace profiler::render
