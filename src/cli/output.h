// Where a command's result goes: standard output (through a pager on a terminal), or a file that is
// there whole or not at all.
//
//   auto done = write_output(options->get<std::string>("output", "-"), text, Content::kText,
//   pager); return done ? 0 : line.fail(done.error());
//
// A reader that closed the pipe has seen enough: that is success, and quiet.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "profiler/error.h"

namespace profiler::cli {

enum class Content : std::uint8_t {
  kText,
  kBinary,  ///< Refuses a terminal.
};

enum class Paging : std::uint8_t {
  kNever,
  kOnTerminal,  ///< Standard output through $PAGER, if it is a terminal.
};

/// Writes all of `bytes` to `path`, or to standard output for "-". Text is compressed where the
/// name says so ("x.json.gz", "x.svgz").
[[nodiscard]] Result<void> write_output(const std::string& path, std::string_view bytes,
                                        Content content, Paging paging = Paging::kNever);

/// What makes an output piece by piece: calls its argument with bytes in order, any number of
/// times.
using Producer = std::function<void(const std::function<void(std::string_view)>&)>;

enum class Compression : std::uint8_t { kNone, kGzip };

/// The same as write_output() for what is too large to be held in memory. Never paged.
[[nodiscard]] Result<void> stream_output(const std::string& path, Content content,
                                         const Producer& producer,
                                         Compression compression = Compression::kNone);

/// "216 KB"
[[nodiscard]] std::string size_text(std::uint64_t bytes);

/// Says on stderr, if that is a terminal, which file is there now and how large it is.
void say_written(const std::string& path);

/// Writes all of `bytes` to the descriptor; a closed pipe is success. `name` is for the error.
[[nodiscard]] Result<void> write_all(int fd, std::string_view bytes, std::string_view name);

/// Replaces the file at `path` in one step. A device or a pipe at `path` is written as it is.
[[nodiscard]] Result<void> write_file(const std::string& path, std::string_view bytes);

}  // namespace profiler::cli
