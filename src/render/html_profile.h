// A profile as the columns that the viewer of an HTML page works on: it has the samples, and makes
// every table and picture itself, so that all of them can follow one selection.
//
//   std::string bytes = html_columns(profile, view::select_with_waits(profile, filter), facts);
//
// In this order, each table one field after the other; a reference is a row number, one that may be
// absent is the row number + 1. Texts are references to strings, times are in microseconds, weights
// in the event's unit.
//
//   facts      length in bytes; JSON (html_facts.h)
//   strings    n; lengths in bytes; all bytes. UTF-8, printable
//   modules    n; name
//   functions  n; name; module?; file?; line; kind: 1: of the kernel, 2: of no name, 4 and 8:
//              run-time support by its name and by its module (runtime_code.h), added up
//   locations  n; function; file?; line
//   frames     n; how many locations, the innermost inlined function first, frame after frame
//   nodes      n; how many rows before it the caller is (0: none); frame
//   causes     n; label of the cause; label of the entry
//   stacks     n; user node?; kernel node?; 0: complete, 1: truncated, 2: broken; 0: user, 1: sys,
//              2: wait; folded?: what stands for the kernel part; cause?; class of waiting?;
//              step?: what stands for the wait on top of that
//   processes  n; name; pid (signed)
//   threads    n; process?; name; tid (signed); of its schedule: first, last, ns on a CPU, ns
//              blocked, ns runnable
//   samples    for each thread: how many; then for all, thread by thread: time since the one
//              before (signed); stack; difference of its weight to the one before of that mode
//              (signed); number of waits of those that are waits
//   waits      as they were recorded, to be drawn: for each thread: how many; then for all: time
//              since the one before (signed); length; 1: runnable
//
// Stacks are numbered by how many samples they have, most first. Only rows that a sample needs are
// there.
#pragma once

#include <string>
#include <string_view>

#include "profiler/profile.h"
#include "view/filter.h"

namespace profiler::render {

[[nodiscard]] std::string html_columns(const Profile& profile, const view::Selection& selection,
                                       std::string_view facts);

}  // namespace profiler::render
