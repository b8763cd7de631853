// Which maps and dumps of generated code may be those of a perf.data's processes: what they have
// left behind on this machine, if it is theirs.
//
//   pipeline_options.generated_code = generated_code_files("perf.data", attr, same_machine);
#pragma once

#include <linux/perf_event.h>

#include <string>

#include "pipeline/generated_code_files.h"

namespace profiler::perf_data {

/// `path`: of the recording, which was last written when it ended.
[[nodiscard]] pipeline::GeneratedCodeFiles generated_code_files(const std::string& path,
                                                                const perf_event_attr& attr,
                                                                bool same_machine);

}  // namespace profiler::perf_data
