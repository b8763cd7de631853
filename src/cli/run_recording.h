// One recording from options to a finished profile on disk: what `record` and `time` share.
//
//   std::expected<Recorded, int> recorded = run_recording(options, "profiler.data", verbosity, {});
//   if (!recorded) return recorded.error();            // 125, 126, 127; one line was printed
//   …                                                  // look at recorded->profile
//   return leave_as(recorded->profile.run);            // the child's status, or its signal
#pragma once

#include <expected>
#include <functional>
#include <string>

#include "cli/recording_options.h"
#include "cli/symbol_options.h"
#include "profiler/profile.h"
#include "record/record_options.h"
#include "syscalls/syscall_counter.h"

namespace profiler::cli {

struct Recorded {
  Profile profile;  ///< With names and samples.
  /// The file it lies in: `.part` if it could not be finished. "": none was asked for.
  std::string path;
  std::uint64_t bytes = 0;
  bool finished = false;  ///< False: one line said why; what was written stays in `path`.
};

/// System calls are to be counted as well.
struct Counting {
  syscalls::CounterSettings settings;
  /// Is shown, about once a second, a profile that holds what was counted so far and how long it
  /// took, and nothing else. May be empty.
  std::function<void(const Profile&)> live = {};
};

/// `path`: "" writes no file. `counting`: null if only samples are taken.
[[nodiscard]] std::expected<Recorded, int> run_recording(record::RecordOptions options,
                                                         const std::string& path,
                                                         Verbosity verbosity,
                                                         const SymbolSources& sources,
                                                         const Counting* counting = nullptr);

/// The exit status for a recording that ran: the child's. Ends this process by the child's signal
/// if one ended it.
[[nodiscard]] int leave_as(const Run& run);

}  // namespace profiler::cli
