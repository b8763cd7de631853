// The path that every recording takes, live or imported: decoded events in, a Profile out.
//
//   Pipeline pipeline(options, &writer);
//   pipeline.add_target(pid, TargetStart::kAtExec);
//   pipeline.handle(event);                     // in order of time
//   if (pipeline.write_error()) …               // disk full: stop, what was written stays
//   pipeline.finish(kernel_symbols);            // names and causes; then writer.finish(profile())
//
// Replays processes, keeps the samples of the target, unwinds, interns. Knows no source and starts
// no thread; used from one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "pipeline/event_roles.h"
#include "pipeline/generated_code_files.h"
#include "profile/profile_writer.h"
#include "profiler/error.h"
#include "profiler/event.h"
#include "profiler/profile.h"
#include "symbolizer/elf/debug_files.h"
#include "symbolizer/elf/elf_file.h"
#include "symbolizer/kernel/kernel_symbols.h"

namespace profiler::pipeline {

struct PipelineOptions {
  std::uint64_t start_monotonic_ns = 0;  ///< Sample times are stored relative to it.
  /// Keep every process's samples (-a, -C, -G): no targets are needed.
  bool all_processes = false;
  /// Samples kept in memory between writes.
  std::size_t samples_per_chunk = 16384;
  /// Without a writer: so many samples at most are kept. Of two neighbours one then stands for
  /// both.
  std::size_t samples_in_memory = std::size_t{1} << 20;
  /// Finds mapped files for a recording that was made elsewhere or long ago (ModuleFiles::Opener).
  std::function<std::shared_ptr<const symbolizer::ElfFile>(const MmapEvent&)> open_module = {};
  /// Where names of code that is in no file are found.
  GeneratedCodeFiles generated_code = {};
  /// Where separate debug files lie.
  symbolizer::DebugFileSearch debug_files = {};
};

/// From when on a target counts.
enum class TargetStart : std::uint8_t {
  kNow,
  kAtExec,  ///< From its next exec: a child of ours that has yet to become the program.
};

class Pipeline {
 public:
  /// `writer` may be null (nothing is written); it outlives the Pipeline.
  Pipeline(const PipelineOptions& options, profile::ProfileWriter* writer);
  ~Pipeline();

  /// The process and its descendants belong to the target.
  void add_target(Pid pid, TargetStart start);
  /// Only this thread does.
  void add_target_thread(Tid tid);
  /// Samples with this PERF_SAMPLE_ID belong to that row of Run::events. Unknown ids: row 0.
  void set_event_id(std::uint64_t id, std::uint16_t event_row);
  /// What each sample of the event stands for, where records do not say; 0: they do.
  void set_event_weight(std::uint16_t event_row, std::uint64_t weight);

  /// Context switches will be told: waits and schedules are made of them. Before anything is told
  /// of a target.
  void record_waits();
  /// What samples of that row are, if not the profile's.
  void set_event_role(std::uint16_t event_row, EventRole role);

  /// Before the first sample, where the start was not known when the pipeline was made.
  void set_start(std::uint64_t monotonic_ns);

  /// Whose samples they are: the kernel's build id, and where its "_text" lies (0: not known). May
  /// be called again when more is known.
  void set_kernel(const BuildId& build_id, std::uint64_t text);

  /// The next event in order of time. Views into its record are not kept.
  void handle(const Event& event);

  /// Records of context switches are missing.
  void lose_switches(std::uint64_t lost);
  /// The recording has ended: so have the waits that are not over. Once, before finish().
  void end_waits(std::uint64_t monotonic_ns);

  /// The user stack of an event that is no sample of the profile, as a row of Profile::stacks with
  /// a user part only. In order of time with handle(). None of a process that is not the target's.
  [[nodiscard]] std::optional<StackIndex> user_stack(SampleEvent event);

  /// Whether the process belongs to the target now.
  [[nodiscard]] bool is_target(Pid pid) const;
  /// Samples kept so far, whether already written, or merged for want of room, or not.
  [[nodiscard]] std::uint64_t sample_count() const;
  /// How the user stack of the sample kept last ended. There is one.
  [[nodiscard]] StackEnd last_stack_end() const;
  /// Why the last write failed, if it did.
  [[nodiscard]] const std::optional<Error>& write_error() const;
  /// The row of a text in Profile::strings.
  [[nodiscard]] StringIndex string(std::string_view text);
  /// Tables so far; `run` may be filled in by the caller. Samples are cleared when written.
  [[nodiscard]] Profile& profile();

  /// Resolves names and causes. `kernel`: null if there are none to be had; code that appeared
  /// while recording (BPF) is added to it.
  void finish(symbolizer::KernelSymbols* kernel);
  /// True if a kernel frame was seen: only then is kallsyms worth reading.
  [[nodiscard]] bool has_kernel_frames() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Resolves names and causes of a profile that was read from a recording cut off before its end,
/// from the files that its modules name, where the build ids still agree. `kernel`: null, or those
/// of the same boot.
void resolve_interrupted(Profile& profile, symbolizer::KernelSymbols* kernel,
                         const symbolizer::DebugFileSearch& debug_files = {});

}  // namespace profiler::pipeline
