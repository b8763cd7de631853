// What is said once of the counted system calls, as the payload of a chunk: backend, grouping,
// losses, faults. Their rows are tables like others (table_encoder.h, table_decoder.h).
//
//   std::string payload = encode_syscall_account(profile.syscalls);
//   if (!decode_syscall_account(payload, profile.syscalls)) …     // malformed
#pragma once

#include <string>
#include <string_view>

#include "profiler/syscall_account.h"

namespace profiler::profile {

[[nodiscard]] std::string encode_syscall_account(const SyscallAccount& account);

/// Leaves the tables of `account` as they are. False: malformed.
[[nodiscard]] bool decode_syscall_account(std::string_view payload, SyscallAccount& account);

}  // namespace profiler::profile
