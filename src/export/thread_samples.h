// Samples thread by thread, each thread's by time: for formats that have a track for each.
//
//   for (const ThreadSamples& thread : samples_by_thread(profile, samples))
//     thread_title(profile, thread.thread), thread.samples
//
// A thread here is a row of Profile::threads: a thread under one name, in one program.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profiler/profile.h"

namespace profiler::exporter {

struct ThreadSamples {
  ThreadIndex thread;  ///< None: not known.
  std::vector<const Sample*> samples;
  std::uint64_t weight = 0;  ///< Of all of them.
  std::uint64_t on_cpu = 0;  ///< Of those that are no waits.
};

/// By row; those without a thread last.
[[nodiscard]] std::vector<ThreadSamples> samples_by_thread(
    const Profile& profile, const std::vector<const Sample*>& samples);

/// Rows of threads by their time on the CPU, most first; of those without, by their waits.
[[nodiscard]] std::vector<std::size_t> heaviest_first(const std::vector<ThreadSamples>& threads);

/// "prog (pid 100)", "worker (prog, pid 100, tid 101)", "[no thread]".
[[nodiscard]] std::string thread_title(const Profile& profile, ThreadIndex thread);

/// The words of the command, "" for an attach.
[[nodiscard]] std::string command_text(const Run& run);

}  // namespace profiler::exporter
