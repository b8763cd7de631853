// A decoder for each table: the columns of a chunk's payload become its rows in the profile.
//
//   if (const char* reason = decode_threads(payload, profile)) …     // damaged; profile as it was
//
// decode_table (table_decoder.h) chooses one by the type of the chunk; nobody else calls them.
#pragma once

#include <string_view>

#include "profiler/profile.h"

namespace profiler::profile {

// Null: decoded. Else what is wrong with it.

// record_tables.cc
[[nodiscard]] const char* decode_strings(std::string_view payload, Profile& profile);
[[nodiscard]] const char* decode_modules(std::string_view payload, Profile& profile);
[[nodiscard]] const char* decode_frames(std::string_view payload, Profile& profile);
[[nodiscard]] const char* decode_nodes(std::string_view payload, Profile& profile);
[[nodiscard]] const char* decode_stacks(std::string_view payload, Profile& profile);
[[nodiscard]] const char* decode_processes(std::string_view payload, Profile& profile);
[[nodiscard]] const char* decode_threads(std::string_view payload, Profile& profile);
[[nodiscard]] const char* decode_samples(std::string_view payload, Profile& profile);

// name_tables.cc
[[nodiscard]] const char* decode_functions(std::string_view payload, Profile& profile);
[[nodiscard]] const char* decode_locations(std::string_view payload, Profile& profile);
[[nodiscard]] const char* decode_frame_names(std::string_view payload, Profile& profile);
[[nodiscard]] const char* decode_causes(std::string_view payload, Profile& profile);
[[nodiscard]] const char* decode_stack_causes(std::string_view payload, Profile& profile);

// syscall_tables.cc
[[nodiscard]] const char* decode_syscalls(std::string_view payload, Profile& profile);
[[nodiscard]] const char* decode_syscall_errors(std::string_view payload, Profile& profile);
[[nodiscard]] const char* decode_syscall_callers(std::string_view payload, Profile& profile);

}  // namespace profiler::profile
