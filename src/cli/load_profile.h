// Opens the profile that `-i` names, for every command that looks at one: a profiler.data, or a
// perf.data, which is imported.
//
//   Result<Profile> profile = load_profile("profiler.data", symbol_sources(*options));
//
// A recording that was cut off has no names yet: they are resolved here. What could not be had of a
// perf.data is said on stderr.
#pragma once

#include <string>

#include "cli/symbol_options.h"
#include "perf_data/import.h"
#include "profiler/error.h"
#include "profiler/profile.h"

namespace profiler::cli {

[[nodiscard]] Result<Profile> load_profile(const std::string& path,
                                           const SymbolSources& sources = {});

/// A line on stderr for whatever could not be had of a perf.data.
void complain_of_import(const Run& run);

/// A line on stderr that a profile is not whole, where what is shown does not say it.
void complain_of_damage(const std::string& path, const Run& run);

/// The line that counts along while a long perf.data is read, if stderr is a terminal.
class ImportProgressLine {
 public:
  explicit ImportProgressLine(bool quiet = false);
  ~ImportProgressLine();
  ImportProgressLine(const ImportProgressLine&) = delete;
  ImportProgressLine& operator=(const ImportProgressLine&) = delete;

  void update(const perf_data::ImportProgress& progress);

 private:
  bool shown_;
  bool drawn_ = false;
  std::uint64_t drawn_at_ = 0;  // Position in the file.
};

}  // namespace profiler::cli
