#include "export/thread_samples.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "export/clean_name.h"

namespace profiler::exporter {

std::vector<ThreadSamples> samples_by_thread(const Profile& profile,
                                             const std::vector<const Sample*>& samples) {
  std::vector<ThreadSamples> threads(profile.threads.size() + 1);
  for (std::size_t i = 0; i < profile.threads.size(); ++i) threads[i].thread = ThreadIndex(i);
  for (const Sample* sample : samples) {
    ThreadSamples& thread =
        profile.threads.contains(sample->thread) ? threads[sample->thread.row()] : threads.back();
    thread.samples.push_back(sample);
    thread.weight += sample->weight;
    if (sample->mode != Mode::kWait) thread.on_cpu += sample->weight;
  }
  std::erase_if(threads, [](const ThreadSamples& thread) { return thread.samples.empty(); });
  for (ThreadSamples& thread : threads)
    std::ranges::stable_sort(thread.samples, {}, &Sample::time_ns);
  return threads;
}

std::vector<std::size_t> heaviest_first(const std::vector<ThreadSamples>& threads) {
  std::vector<std::size_t> rows(threads.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = i;
  std::ranges::stable_sort(rows, std::greater(), [&](std::size_t row) {
    return std::pair(threads[row].on_cpu, threads[row].weight);
  });
  return rows;
}

std::string thread_title(const Profile& profile, ThreadIndex index) {
  if (!index) return "[no thread]";
  const Thread& thread = profile.threads[index];
  const Process process = thread.process ? profile.processes[thread.process] : Process();
  const std::string name = clean_name(profile.text(thread.name));
  const std::string pid = "pid " + std::to_string(process.pid);
  if (thread.tid == process.pid) return name + " (" + pid + ")";
  return name + " (" + clean_name(profile.text(process.name)) + ", " + pid + ", tid " +
         std::to_string(thread.tid) + ")";
}

std::string command_text(const Run& run) {
  std::string text;
  for (const std::string& word : run.command) text += (text.empty() ? "" : " ") + word;
  return text.empty() ? text : clean_name(text);
}

}  // namespace profiler::exporter
