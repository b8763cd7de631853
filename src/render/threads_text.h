// Threads for people: what each did with its life, and how the scheduler treated it.
//
//   std::string text = threads_text(head, rows, 40, style);       // three shares a thread
//   std::string text = schedule_text(head, rows, 40, style);      // switches, delays, migrations
//
// For tables whose rows have times (view/thread_times.h); has_thread_times() tells.
#pragma once

#include <cstddef>
#include <string>

#include "render/report.h"
#include "render/text_line.h"
#include "view/table.h"

namespace profiler::render {

[[nodiscard]] bool has_thread_times(const view::Table& table);

/// A line a thread: its lifetime, and user, sys and wait of it. `limit` 0: all.
[[nodiscard]] std::string threads_text(const ReportHead& head, const view::Table& table,
                                       std::size_t limit, const TextStyle& style);

/// A line a thread: switches voluntary and not, migrations, how long it waited for a CPU.
[[nodiscard]] std::string schedule_text(const ReportHead& head, const view::Table& table,
                                        std::size_t limit, const TextStyle& style);

}  // namespace profiler::render
