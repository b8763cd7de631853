// What the name of an output says of its format: "-o x.json" is JSON.
//
//   Result<std::string> format = wanted_format(*options);                 // "text", "json", "csv"
//   if (const auto fits = check_ending(*options, "svg"); !fits) …        // of one format only
//   if (is_gzip_name(output)) …                                           // "x.svg.gz", "x.svgz"
//
// An ending that is no format's, as in "notes.log", says nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/command_line.h"
#include "profiler/error.h"

namespace profiler::cli {

/// The format that --format names, else that of the ending of -o, else text. Fails for the ending
/// of a picture or a page: no table is one.
[[nodiscard]] Result<std::string> wanted_format(const ParsedOptions& options);

/// For what is always of one format: fails where -o ends as a file of another. `ending`: its own.
[[nodiscard]] Result<void> check_ending(const ParsedOptions& options, std::string_view ending);

/// "json" of "a/x.json" and of "x.json.gz"; "" where there is none.
[[nodiscard]] std::string ending_of(std::string_view path);

/// Of a picture or a page, by which command it may be made; none if it is no such ending; "" if no
/// command makes any.
[[nodiscard]] std::optional<std::string_view> maker_of(std::string_view ending);

[[nodiscard]] bool is_gzip_name(std::string_view path);

}  // namespace profiler::cli
