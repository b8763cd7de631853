// The program that perf record ran, out of perf's own command line.
//
//   recorded_command({"perf", "record", "-F", "99", "ls", "-l"});       // ls -l
//   recorded_command({"perf", "record", "-a"});                         // as it is: there is none
#pragma once

#include <string>
#include <vector>

namespace profiler::perf_data {

[[nodiscard]] std::vector<std::string> recorded_command(const std::vector<std::string>& perf);

}  // namespace profiler::perf_data
