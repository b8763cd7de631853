// What already existed when recording began, from /proc, as the events that would have told it.
//
//   std::vector<Pid> all = with_descendants({pid});
//   const auto sink = [&](const Event& e) { pipeline.handle(e); };
//   scan_forks(all, now_ns, sink);
//   scan_contents(all, now_ns, sink);
//
// A snapshot of something that moves: a process may end or exec in the middle, which shows as
// missing or doubled events, never as an error. Build ids are not read here: device, inode and path
// are enough to find the file.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/event.h"

namespace profiler::record {

using EventSink = std::function<void(const Event&)>;

/// All processes that there are.
[[nodiscard]] std::vector<Pid> all_processes();
/// `pids` and all their descendants, parents first.
[[nodiscard]] std::vector<Pid> with_descendants(const std::vector<Pid>& pids);
/// Threads of a process that are there now; empty if it is not.
[[nodiscard]] std::vector<Tid> threads_of(Pid pid);
/// The process that a thread belongs to; none if there is no such thread.
[[nodiscard]] std::optional<Pid> process_of(Tid tid);

/// A ForkEvent for each process. Before any mapping is told: a fork copies its parent's.
void scan_forks(const std::vector<Pid>& pids, std::uint64_t time_ns, const EventSink& sink);
/// For each process its name, executable mappings, and threads with their names. Strings in an
/// event live until the sink returns.
void scan_contents(const std::vector<Pid>& pids, std::uint64_t time_ns, const EventSink& sink);
/// Only the mappings: after mmap records were lost.
void scan_mappings(const std::vector<Pid>& pids, std::uint64_t time_ns, const EventSink& sink);

/// One line of /proc/PID/maps; none if it is malformed or not executable. `path` keeps what the
/// event's view points to.
[[nodiscard]] std::optional<MmapEvent> parse_maps_line(std::string_view line, Pid pid,
                                                       std::uint64_t time_ns, std::string& path);

}  // namespace profiler::record
