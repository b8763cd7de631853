// The `profiler` program: finds the command and hands it its arguments.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/spelling.h"
#include "cli/version.h"
#include "render/printable.h"

namespace profiler::cli {
namespace {

struct Command {
  std::string_view name;
  std::string_view summary;
  int (*run)(std::span<const std::string> args);
};

constexpr std::array kCommands = {
    Command{"time", "run a program and explain its time: like `time`, with reasons", time_command},
    Command{"record", "record a program, processes or the whole machine", record_command},
    Command{"import", "a perf.data becomes a profile", import_command},
    Command{"report", "tables and trees of a recording: user and sys by function", report_command},
    Command{"syscalls", "system calls of a program, counted: times, errors, who asked",
            syscalls_command},
    Command{"annotate", "the source of a function with the time of each line", annotate_command},
    Command{"flamegraph", "a recording as an interactive SVG", flamegraph_command},
    Command{"html", "a recording as one page: pictures, tables, timeline", html_command},
    Command{"export", "a recording in the formats of other tools", export_command},
    Command{"symbolize", "names for the addresses of an object file", symbolize_command},
};

std::string help_text() {
  std::string text =
      "Explains every second a program spends: which function, user or kernel, and why.\n"
      "\n"
      "Usage: profiler COMMAND [OPTIONS] …\n"
      "\n";
  for (const Command& command : kCommands) {
    std::string name(command.name);
    name.resize(12, ' ');
    text += "  " + name + std::string(command.summary) + "\n";
  }
  text +=
      "\n"
      "Examples:\n"
      "  profiler time -- g++ -O2 -c some.cc   where the seconds went, at a glance\n"
      "  profiler report                       the functions of that run, user and sys\n"
      "  profiler report --sys --by cause      why the kernel was entered\n"
      "  profiler record -p 1234 --duration 10 ten seconds of a running process\n"
      "  profiler flamegraph                   flamegraph.svg, for a browser\n"
      "  profiler html                         profile.html: everything, to attach to a ticket\n"
      "\n"
      "`profiler COMMAND --help` explains a command. A recording is profiler.data here.\n";
  return text;
}

int print(std::string_view text) {
  if (auto written = write_output("-", text, Content::kText); !written) {
    std::fprintf(stderr, "profiler: %s\n", render::printable(written.error().message()).c_str());
    return 1;
  }
  return 0;
}

/// A stream that we were started without would give its number to the first file we open, and what
/// is printed would end up there. Programs we start still find it closed.
void occupy_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) < 0 && errno == EBADF) open("/dev/null", O_RDWR | O_CLOEXEC);
  }
}

int run(std::span<const std::string> args) {
  if (args.empty()) {
    std::fputs(help_text().c_str(), stderr);
    return 1;
  }
  const std::string& name = args.front();
  const auto find = [](std::string_view wanted) {
    return std::ranges::find(kCommands, wanted, &Command::name);
  };
  if (name == "--version" || name == "-V" || name == "version") {
    return print(std::string("profiler ") + kVersion + "\n");
  }
  const bool help = name == "--help" || name == "-h" || name == "--help-all" || name == "help";
  if (help && args.size() == 1) return print(help_text());
  if (help) {
    if (const auto* command = find(args[1]); command != kCommands.end()) {
      const std::vector<std::string> ask = {name == "--help-all" ? name : "--help"};
      return command->run(ask);
    }
  } else if (const auto* command = find(name); command != kCommands.end()) {
    return command->run(args.subspan(1));
  }
  const std::string& unknown = help ? args[1] : name;
  std::vector<std::string> names;
  names.reserve(kCommands.size());
  for (const Command& command : kCommands) names.emplace_back(command.name);
  const std::string nearest = nearest_name(unknown, names);
  std::fprintf(
      stderr, "profiler: no command '%s'; %s\n", unknown.c_str(),
      nearest.empty() ? "see profiler --help" : ("did you mean '" + nearest + "'?").c_str());
  return 1;
}

}  // namespace
}  // namespace profiler::cli

int main(int argc, char** argv) {
  try {
    profiler::cli::occupy_standard_streams();
    const std::vector<std::string> args(argv + (argc > 0 ? 1 : 0), argv + argc);
    return profiler::cli::run(args);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "profiler: %s\n", problem.what());
    return 1;
  }
}
