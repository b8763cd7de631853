// Gets debug files from the servers that $DEBUGINFOD_URLS names (debuginfod(8)), by build id.
//
//   Debuginfod servers({.progress = [](const Debuginfod::Progress&) { return true; }});
//   search.download = [&](const BuildId& id) { return servers.fetch(id); };
//   if (!servers.trouble().empty()) …       // one line: they did not answer
//
// elfutils' client does it, and keeps what it gets ($DEBUGINFOD_CACHE_PATH, else
// ~/.cache/debuginfod_client). It is loaded when a file is asked for, not before: it brings curl
// and more with it, and most people have no servers. Its own limits hold ($DEBUGINFOD_TIMEOUT,
// $DEBUGINFOD_MAXTIME, $DEBUGINFOD_MAXSIZE) besides those below. One thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "profiler/build_id.h"

namespace symbolizer {

class Debuginfod {
 public:
  struct Progress {
    std::size_t file = 0;    ///< Which it is, from 1.
    std::uint64_t got = 0;   ///< Bytes of it.
    std::uint64_t size = 0;  ///< 0: not known yet.
  };
  struct Options {
    /// Called about once a second while a file comes; false ends it, and all that would follow.
    std::function<bool(const Progress&)> progress = {};
    /// Without an answer for so long, nothing more is asked for.
    std::chrono::milliseconds answer_within{10'000};
    /// All files together.
    std::chrono::milliseconds limit{120'000};
    std::string library = "libdebuginfod.so.1";
  };

  /// Whether there are servers to ask.
  [[nodiscard]] static bool has_servers();

  explicit Debuginfod(Options options);
  ~Debuginfod();
  Debuginfod(const Debuginfod&) = delete;
  Debuginfod& operator=(const Debuginfod&) = delete;

  /// The path of the file that came, of whatever contents, or "". Quick once there was trouble.
  [[nodiscard]] std::string fetch(const profiler::BuildId& id);
  /// Why nothing is asked for any more; "": all is well.
  [[nodiscard]] const std::string& trouble() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace symbolizer
