// The subcommands: one function and one file each (time.cc, record.cc, …). main.cc holds their
// table.
//
//   std::vector<std::string> args = {"-i", "profiler.data", "--by", "module"};
//   return profiler::cli::report_command(args);
//
// `args` is what follows the command's name. The result is the exit status of the process: options
// in, exit status out. Parsing is command_line.h's part, printing output.h's and pager.h's.
#pragma once

#include <span>
#include <string>

namespace profiler::cli {

int time_command(std::span<const std::string> args);
int record_command(std::span<const std::string> args);
int import_command(std::span<const std::string> args);
int report_command(std::span<const std::string> args);
int annotate_command(std::span<const std::string> args);
int flamegraph_command(std::span<const std::string> args);
int html_command(std::span<const std::string> args);
int export_command(std::span<const std::string> args);
int syscalls_command(std::span<const std::string> args);
int symbolize_command(std::span<const std::string> args);

}  // namespace profiler::cli
