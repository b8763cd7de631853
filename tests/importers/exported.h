// A profile on disk, exported and reported by the program: what readers' tests share.
//
//   Exported exported(profile);
//   std::string file = exported.write("speedscope", "x.speedscope.json", {"--wall"});
//   exported.report().at("main").total.user
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "profile/profile_writer.h"
#include "tests/support/command.h"
#include "tests/support/temporary_directory.h"

namespace profiler::test {

/// What a function is charged, in nanoseconds (or the event's unit, as user and sys).
struct Charged {
  std::int64_t self_user = 0, self_sys = 0, total_user = 0, total_sys = 0;
  [[nodiscard]] std::int64_t self() const { return self_user + self_sys; }
  [[nodiscard]] std::int64_t total() const { return total_user + total_sys; }
  bool operator==(const Charged&) const = default;
};
using ChargedByName = std::map<std::string, Charged>;

/// Whether there is such a program.
inline bool have(const std::string& program) {
  return run({"sh", "-c", "command -v " + program}).exit_status == 0;
}

/// Where what belongs to these tests lies.
inline std::string importers_folder() { return PROFILER_SOURCE_DIR "/tests/importers"; }

class Exported {
 public:
  explicit Exported(const Profile& profile) {
    auto writer = profile::ProfileWriter::create(directory_.file("profiler.data"));
    if (!writer || !writer->finish(Profile(profile))) ADD_FAILURE() << "no profile was written";
  }

  [[nodiscard]] std::string path(const std::string& name) const { return directory_.file(name); }

  /// The file that was written; a failure if there is none.
  std::string write(const std::string& format, const std::string& name,
                    const std::vector<std::string>& options = {}) {
    std::vector<std::string> words = {PROFILER_PROGRAM, "export", "--format", format, "-o", name};
    words.insert(words.end(), options.begin(), options.end());
    const CommandResult result = run(words, {.directory = directory_.path()});
    EXPECT_EQ(result.exit_status, 0) << result.err;
    EXPECT_EQ(result.err, "");
    return directory_.file(name);
  }

  /// `profiler report --format json`, with the kernel's functions.
  nlohmann::json report_json() {
    const CommandResult result =
        run({PROFILER_PROGRAM, "report", "--format", "json", "--kernel-frames"},
            {.directory = directory_.path()});
    EXPECT_EQ(result.exit_status, 0) << result.err;
    return nlohmann::json::parse(result.out, nullptr, false);
  }

  /// Its functions by name; those of one name together.
  ChargedByName report() {
    ChargedByName functions;
    const auto ns = [](const nlohmann::json& seconds) {
      return static_cast<std::int64_t>(std::llround(seconds.get<double>() * 1e9));
    };
    const nlohmann::json document = report_json();
    for (const nlohmann::json& row : document["functions"]) {
      Charged& f = functions[row["name"]];
      f.self_user += ns(row["self"]["user_s"]);
      f.self_sys += ns(row["self"]["sys_s"]);
      f.total_user += ns(row["total"]["user_s"]);
      f.total_sys += ns(row["total"]["sys_s"]);
    }
    // What waits only is in the report, and in no export of time on the CPU.
    std::erase_if(functions, [](const auto& f) { return f.second == Charged{}; });
    return functions;
  }

 private:
  TemporaryDirectory directory_;
};

}  // namespace profiler::test
