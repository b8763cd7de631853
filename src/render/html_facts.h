// What a page says of the recording as a whole, as JSON: the head of a report, advice, the exact
// system calls, and what pictures look like. Everything that follows the viewer's selection is not
// here but in the columns (html_profile.h).
//
//   {"report": profiler.report/1 without tables, "title", "status", "selection", "span_s": or null,
//    "facts": [{"text","warning"}], "notes": [""], "advice": [""],
//    "syscalls": profiler.syscalls/1 or null, "machine": {…}, "unit": "s", "waits": true,
//    "kinds": ["user", …], "colors": {"light": ["#…"], "dark": […]},
//    "sources": [{"file","newer","lines": [""]}] or null,
//    "comparison": {"same_event","normalized","waits_only","scale","critical","effective_before",
//                   "effective_after","summary","notes": [""],
//                   "totals": [{"name","old","new","unit","change"}],
//                   "old" and "new": {"file","command","event","samples","status","start_unix_ms",
//                                     "host","notes": [""]}} or null}
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profiler/profile.h"
#include "render/diff_report.h"
#include "render/source_text.h"
#include "view/filter.h"

namespace profiler::render {

/// A file's text, to be embedded. `file`: its name as the profile has it.
struct EmbeddedSource {
  std::string file;
  SourceText text;
};

/// What a recording is compared with: the profile is the joined one, its samples are those after.
struct HtmlComparison {
  const DiffReport& report;  ///< Of functions.
  const std::vector<const Sample*>& before;
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
