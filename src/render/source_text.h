// A source file as it was found here, to be shown beside the times of its lines. Reading it is not
// done here (cli/source_files.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace profiler::render {

struct SourceText {
  std::string path;                ///< It was read from; "": not found.
  std::vector<std::string> lines;  ///< Without line breaks.
  bool newer = false;              ///< Than the recording: it may not be what ran.

  /// Line 1 is the first; null for one that is not there.
  [[nodiscard]] const std::string* line(std::uint32_t number) const {
    return number >= 1 && number <= lines.size() ? &lines[number - 1] : nullptr;
  }
};

/// Where the function ends that is declared at `declared` (0: unknown) and holds `last`: at the
/// first line after it that closes a block which begins no further right than the declaration.
/// Where there is none, `last`.
[[nodiscard]] std::uint32_t guess_function_end(const SourceText& source, std::uint32_t declared,
                                               std::uint32_t last);

/// Tabs as spaces up to the next multiple of 8.
[[nodiscard]] std::string without_tabs(const std::string& line);

}  // namespace profiler::render
