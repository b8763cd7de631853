// A profile as the columns that the viewer of an HTML page works on: it has the samples, and makes
// every table and picture itself, so that all of them can follow one selection. What the first
// picture needs comes apart from the samples, which are most of it, so that it is there sooner.
//
//   const view::Selection chosen = view::select_with_waits(profile, filter);
//   const HtmlPayload payload = html_payload(profile, {.samples = chosen.samples}, facts);
//
// In this order, each table one field after the other; a reference is a row number, one that may be
// absent (?) is the row number + 1. Texts are references to strings, weights in the event's unit.
// Columns are plain but for (w)ide and (a)scending ones; (s)igned numbers are folded (HtmlColumns).
//
//   facts      length in bytes; JSON (html_facts.h)
//   strings    n; length in bytes; all, each ended by a line break. UTF-8, printable
//   modules    n; name
//   functions  n; name (a); module?; file?; line (w); kind: 1: of the kernel, 2: of no name, 4 and
//              8: run-time support by its name and by its module, 16: where a program or thread
//              begins (view/runtime_code.h), added up; how many rows before it the first is that
//              is the same function of the source (view/source_function.h)
//   locations  n; function (a); file: 0: the function's, else file? + 1; line less the function's
//              (s, w)
//   frames     n; how many locations, the innermost inlined function first, frame after frame
//   nodes      n; how many rows before it the caller is (0: none); frame (a)
//   causes     n; label of the cause; label of the entry
//   stacks     n; user node? (a); kernel node?; 0: complete, 1: truncated, 2: broken; 0: user,
//              1: sys, 2: wait; folded?: what stands for the kernel part; cause?; class of
//              waiting?; step?: what stands for the wait on top of that; name? of the process,
//              where the samples are of processes of several names
//   sums       the most frequent weight of a sample; for each side (HtmlSamples::before): of each
//              stack the number of its samples, or of waits; their weight less that many times the
//              most frequent one (s, w)
//   processes  n; name; pid (s)
//   threads    n; process?; name; tid (s); of its schedule: first and last in microseconds, ns on
//              a CPU, ns blocked, ns runnable
// and apart from them:
//
//   samples    microseconds a tick; for each thread: how many; then for all, thread by thread:
//              ticks since the one before (s, w); stack (w); difference of its weight to the one
//              before of that mode (s, w); number of waits of those that are waits
//   waits      as they were recorded, to be drawn: for each thread: how many; then for all:
//              microseconds since the one before (s, w); length in microseconds (w); 1: runnable
//
// Times are exact to a microsecond; of more than 200,000 samples, to a 16th of what lies between
// two of a thread, which is more than can be seen.
//
// Stacks are numbered by how many samples they have, most first. Only rows that a sample needs are
// there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "profiler/profile.h"

namespace profiler::render {

struct HtmlSamples {
  const std::vector<const Sample*>& samples;
  /// Those of the recording that it is compared with, over the same tables: as if taken in threads
  /// of their own, which stand behind the others in the same order. Null: nothing is compared.
  const std::vector<const Sample*>* before = nullptr;
  bool draws_waits = false;  ///< Profile::waits are to be drawn.
};

struct HtmlPayload {
  std::string tables;
  std::string samples;
};

[[nodiscard]] HtmlPayload html_payload(const Profile& profile, const HtmlSamples& samples,
                                       std::string_view facts);

}  // namespace profiler::render
