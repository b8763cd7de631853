// What a page says of the recording as a whole, as JSON: the head of a report, advice, the exact
// system calls, and what pictures look like. Everything that follows the viewer's selection is not
// here but in the columns (html_profile.h).
//
//   {"report": profiler.report/1 without tables, "title", "status", "facts":
//   [{"text","warning"}],
//    "notes": [""], "advice": [""], "syscalls": profiler.syscalls/1 or null, "machine": {…},
//    "unit": "s", "waits": true, "kinds": [{"letter","legend"}], "colors": {"light": […], "dark":
//    […]}, "sources": [{"file","newer","lines": [""]}] or null}
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profiler/profile.h"
#include "render/source_text.h"
#include "view/filter.h"

namespace profiler::render {

/// A file's text, to be embedded. `file`: its name as the profile has it.
struct EmbeddedSource {
  std::string file;
  SourceText text;
};

struct HtmlOptions {
  std::string title = {};      ///< Empty: the command.
  std::string selection = {};  ///< Which samples of the profile are in it; empty: all.
  std::uint16_t event = 0;     ///< Row of Run::events that the samples are of.
  bool has_sources = false;    ///< Sources were asked for; those found are in `sources`.
  std::vector<EmbeddedSource> sources = {};
};

[[nodiscard]] std::string html_facts(const Profile& profile, const view::Selection& selection,
                                     const HtmlOptions& options);

/// Files that lines of the samples lie in, by time, most first: what `sources` may hold.
[[nodiscard]] std::vector<std::string> source_files(const Profile& profile,
                                                    const view::Selection& selection);

}  // namespace profiler::render
