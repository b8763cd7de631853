// Another program, run as a person would: its exit status and what it wrote.
//
//   CommandResult result = run({"./profiler", "report"}, {.directory = directory.path()});
//   EXPECT_EQ(result.exit_status, 0) << result.err;
//
//   Command command({"./workload", "10"}, {});       // in the background
//   command.signal(SIGTERM);
//   command.wait().signal;
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace profiler::test {

struct CommandResult {
  int exit_status = -1;  ///< -1: a signal ended it.
  int signal = 0;        ///< The signal that ended it; 0: none.
  bool timed_out = false;
  std::string out;
  std::string err;
};

struct CommandOptions {
  std::string directory = {};  ///< To run in; empty: this one.
  std::vector<std::pair<std::string, std::string>> environment = {};  ///< Added or replaced.
  std::optional<unsigned> user = {};  ///< To run as, with the group of the same number.
  /// Called in the child while it has the caller's rights still; false: it ends with 124.
  std::function<bool()> prepare = {};
  std::chrono::seconds timeout{120};  ///< Then it is killed.
};

class Command {
 public:
  /// Standard input is empty. Starts at once; a program that cannot be started ends with 127.
  Command(std::vector<std::string> words, const CommandOptions& options);
  /// Kills it if it is still running.
  ~Command();
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const;
  CommandResult wait();

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::chrono::steady_clock::time_point deadline_;
  std::optional<CommandResult> result_;
};

inline CommandResult run(std::vector<std::string> words, const CommandOptions& options = {}) {
  return Command(std::move(words), options).wait();
}

/// The lines of what it wrote that hold `word`.
[[nodiscard]] std::vector<std::string> lines_with(const std::string& text, const std::string& word);

}  // namespace profiler::test
