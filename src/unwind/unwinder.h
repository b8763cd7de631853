// From user registers and a copy of the stack to the chain of callers. Does no I/O: it sees the
// bytes it is given, the mappings it is given, and the modules that were added.
//
//   Unwinder unwinder;
//   unwinder.add_module(module, elf_file);                       // once per module
//   std::vector<UserFrame> frames;
//   StackEnd end = unwinder.unwind(sample, address_space, frames);   // frames: innermost first
//
// Rules (the CFI of one range of code, compiled) are cached by (module, module address): dlopen,
// fork and address randomisation keep the cache warm. Order at each frame: CFI, then the frame
// pointer with checks, then stop with a reason. Generated code has no CFI: how it will return is
// read from its instructions (epilogue.h), where those are to be had. The stack is never scanned
// for plausible values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "process/address_space.h"
#include "profiler/address.h"
#include "profiler/event.h"
#include "profiler/profile.h"
#include "profiler/stack_end.h"
#include "symbolizer/elf/elf_file.h"
#include "unwind/epilogue.h"

namespace profiler::unwind {

/// One frame of a user stack.
struct UserFrame {
  CodeAddress<RuntimeAddress> address;
  ModuleIndex module;  ///< None where no mapping holds the address.
  /// The lookup address in the module's space (a RuntimeAddress where there is no module).
  std::uint64_t module_address = 0;
  /// When it was running there: of a caller, what it was before the call pushed anything.
  std::uint64_t stack_pointer = 0;

  bool operator==(const UserFrame&) const = default;
};

/// What a sample holds for its user stack.
struct StackSnapshot {
  UserRegisters registers;
  std::span<const std::byte> bytes;   ///< From the stack pointer up.
  std::uint64_t requested_bytes = 0;  ///< More than bytes.size(): the copy stopped early.
  /// Instructions of modules that were never added; null: not to be had.
  CodeSource* code = nullptr;
};

/// Counted over the life of an Unwinder.
struct UnwindStatistics {
  std::uint64_t frames = 0;
  std::uint64_t cache_hits = 0;
  std::uint64_t rules_compiled = 0;
  std::uint64_t frame_pointer_steps = 0;
  std::uint64_t slow_path_steps = 0;  ///< Expression CFAs and realigned stacks.
};

/// Whose registers and calling convention the samples have.
enum class Architecture : std::uint8_t { kX86_64, kAarch64 };

#if defined(__aarch64__)
inline constexpr Architecture kHostArchitecture = Architecture::kAarch64;
#else
inline constexpr Architecture kHostArchitecture = Architecture::kX86_64;
#endif

class Unwinder {
 public:
  static constexpr std::size_t kMaxFrames = 4096;

  explicit Unwinder(Architecture architecture = kHostArchitecture);
  ~Unwinder();
  Unwinder(Unwinder&&) noexcept;
  Unwinder& operator=(Unwinder&&) noexcept;

  /// Gives `module` its unwind information. Cheap: nothing is read before an address needs it.
  /// A module that is never added unwinds by frame pointers.
  void add_module(ModuleIndex module, std::shared_ptr<const symbolizer::ElfFile> file);

  /// Replaces `frames` with the chain, innermost first; returns why it ended.
  StackEnd unwind(const StackSnapshot& snapshot, const process::AddressSpace& space,
                  std::vector<UserFrame>& frames);

  [[nodiscard]] const UnwindStatistics& statistics() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace profiler::unwind
