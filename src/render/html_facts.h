// What a page says of the recording as a whole, as JSON: the head of a report, advice, the exact
// system calls, and what pictures look like. Everything that follows the viewer's selection is not
// here but in the columns (html_profile.h).
//
//   {"report": profiler.report/1 without tables, "title", "status", "selection", "span_s": or null,
//    "facts": [{"text","warning"}], "notes": [""], "advice": [""],
//    "syscalls": profiler.syscalls/1 or null, "machine": {…}, "unit": "s", "waits": true,
//    "kinds": ["user", …], "colors": {"light": ["#…"], "dark": […]},
//    "sources": [{"file","newer","lines": [""]}] or null,
//    "comparison": {"old","new","same_event","normalized","scale","critical","effective_before",
//                   "effective_after","time": {"real_s","user_s","sys_s"}} or null}
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profiler/profile.h"
#include "render/source_text.h"
#include "view/diff_totals.h"
#include "view/filter.h"

namespace profiler::render {

/// A file's text, to be embedded. `file`: its name as the profile has it.
struct EmbeddedSource {
  std::string file;
  SourceText text;
};

/// What a recording is compared with: the profile is the joined one, its samples are those after.
struct HtmlComparison {
  std::string old_path;
  std::string new_path;
  const std::vector<const Sample*>& before;
  view::DiffTotals totals;
  double critical = 0;     ///< As many standard deviations are chance.
  bool same_event = true;  ///< Else seconds of the one are none of the other.
  TimeCharged charged;     ///< Of the old one.
};

struct HtmlOptions {
  std::string title = {};      ///< Empty: the command.
  std::string selection = {};  ///< Which samples of the profile are in it; empty: all.
  std::uint64_t span_ns = 0;   ///< How long the time is that was chosen of it; 0: all.
  std::uint16_t event = 0;     ///< Row of Run::events that the samples are of.
  bool has_sources = false;    ///< Sources were asked for; those found are in `sources`.
  std::vector<EmbeddedSource> sources = {};
  const HtmlComparison* comparison = nullptr;
  std::string version = {};  ///< Of the profiler that makes the page.
};

[[nodiscard]] std::string html_facts(const Profile& profile, const view::Selection& selection,
                                     const HtmlOptions& options);

/// Files that lines of the samples lie in, by time, most first: what `sources` may hold.
[[nodiscard]] std::vector<std::string> source_files(const Profile& profile,
                                                    const view::Selection& selection);

}  // namespace profiler::render
