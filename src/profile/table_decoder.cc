#include "profile/table_decoder.h"

#include "profile/syscall_account_codec.h"
#include "profile/tables.h"

namespace profiler::profile {

const char* decode_table(ChunkType type, std::string_view payload, Profile& profile) {
  switch (type) {
    case ChunkType::kStrings:
      return decode_strings(payload, profile);
    case ChunkType::kModules:
      return decode_modules(payload, profile);
    case ChunkType::kFrames:
      return decode_frames(payload, profile);
    case ChunkType::kNodes:
      return decode_nodes(payload, profile);
    case ChunkType::kStacks:
      return decode_stacks(payload, profile);
    case ChunkType::kProcesses:
      return decode_processes(payload, profile);
    case ChunkType::kThreads:
      return decode_threads(payload, profile);
    case ChunkType::kSamples:
      return decode_samples(payload, profile);
    case ChunkType::kFunctions:
      return decode_functions(payload, profile);
    case ChunkType::kLocations:
      return decode_locations(payload, profile);
    case ChunkType::kFrameNames:
      return decode_frame_names(payload, profile);
    case ChunkType::kCauses:
      return decode_causes(payload, profile);
    case ChunkType::kStackCauses:
      return decode_stack_causes(payload, profile);
    case ChunkType::kSyscallAccount:
      return decode_syscall_account(payload, profile.syscalls) ? nullptr : "malformed account";
    case ChunkType::kSyscalls:
      return decode_syscalls(payload, profile);
    case ChunkType::kSyscallErrors:
      return decode_syscall_errors(payload, profile);
    case ChunkType::kSyscallCallers:
      return decode_syscall_callers(payload, profile);
    case ChunkType::kRun:
    case ChunkType::kEnd:
      break;
  }
  return nullptr;
}

}  // namespace profiler::profile
