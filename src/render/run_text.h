// What a recording was and how good it is, in words: shared by the overview and the head of a
// report.
//
//   out += facts_text(event_facts(run, event, quality), style);
//       // "cpu-clock at 999 Hz · 4,837 samples · none lost"
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/profile.h"
#include "render/text_line.h"
#include "view/cause_ledger.h"
#include "view/event_list.h"
#include "view/quality.h"
#include "view/thread_times.h"

namespace profiler::render {

struct Fact {
  std::string text;
  bool warning = false;
};
using Facts = std::vector<Fact>;

/// The event of the samples with that row of Run::events; a clock where the profile has none.
[[nodiscard]] const EventInfo& main_event(const Profile& profile, std::uint16_t event = 0);

/// "./prog --opt 'two words'", cut to `width`; what was attached to where there was no command.
[[nodiscard]] std::string command_text(const Run& run, std::size_t width);
/// "exit status 0", "killed by SIGSEGV"; "" where nothing was waited for.
[[nodiscard]] std::string status_text(const Run& run);

/// Event and frequency, samples, losses.
[[nodiscard]] Facts event_facts(const Run& run, const EventInfo& event,
                                const view::Quality& quality);
/// Complete, truncated, broken stacks; unnamed frames.
[[nodiscard]] Facts stack_facts(const Run& run, const view::Quality& quality, bool counts);
/// Waits, how many of them have a stack, what was lost of them; none where waiting was not
/// recorded. `is_part`: what stands beside them is of a part of the recording only.
[[nodiscard]] Facts wait_facts(const Profile& profile, const view::WaitTotals& waited,
                               bool is_part = false);
/// What else was sampled, and how to see it; none where there is but one event.
[[nodiscard]] Facts other_event_facts(const std::vector<view::EventRow>& events,
                                      const EventInfo& shown);
/// "cs (12 samples)", "page-faults (3 samples)", "and 2 more": those with samples, by their number.
[[nodiscard]] std::vector<std::string> event_texts(const std::vector<view::EventRow>& events);
/// On as many lines as it takes.
[[nodiscard]] std::string facts_text(const Facts& facts, const TextStyle& style);

/// What the user should know before he believes the numbers: one line each. `selection`: which
/// samples of the recording `quality` is of ("process=as"); "" for all.
[[nodiscard]] std::vector<std::string> notes_text(const Run& run, const EventInfo& event,
                                                  const view::Quality& quality,
                                                  std::string_view selection = {});

/// `text` on as many lines as it takes, the first after `mark`, the others under it.
[[nodiscard]] std::string wrapped(std::string_view text, std::string_view mark,
                                  const TextStyle& style, Colour colour);

/// "page fault (anonymous)", "page fault (anonymous) in read".
[[nodiscard]] std::string cause_text(const view::CauseRow& row);
/// "arena.cc:41", or where no file is known, the module.
[[nodiscard]] std::string place_text(std::string_view module, std::string_view file,
                                     std::uint32_t line);
/// What stands behind the name of an inlined function, as in perf's reports; "" for others.
[[nodiscard]] std::string inline_mark(bool inlined);
/// Quoted for a shell if need be.
[[nodiscard]] std::string shell_word(std::string_view word);

}  // namespace profiler::render
