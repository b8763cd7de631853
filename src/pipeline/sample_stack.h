// The two halves of a sample's call chain: the kernel's own, and the user's, unwound from registers
// and stack bytes or, where the kernel walked frame pointers, taken from its chain.
//
//   SampleStack stack(unwinder, modules, generated_code, interner);
//   StackIndex row = stack.intern(sample, mode, process, {thread, sample_number});
//   for (const LateStack& late : stack.late_stacks()) …     // of earlier samples
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pipeline/generated_code.h"
#include "pipeline/interner.h"
#include "pipeline/live_code.h"
#include "pipeline/module_files.h"
#include "pipeline/stack_history.h"
#include "process/process_table.h"
#include "profiler/event.h"
#include "profiler/profile.h"
#include "unwind/unwinder.h"

namespace profiler::pipeline {

/// The user part of a stack that was cut off when its sample was interned, and is complete now
/// (StackEnd::kJoined).
struct LateStack {
  std::uint64_t sample = 0;  ///< StackHistory::Origin::sample
  NodeIndex user;
  std::uint16_t joined_frames = 0;
};

class SampleStack {
 public:
  /// `live`: the processes are there to be asked for the instructions of generated code.
  SampleStack(unwind::Unwinder& unwinder, ModuleFiles& modules, GeneratedCode& generated,
              Interner& interner, bool live)
      : unwinder_(unwinder),
        modules_(modules),
        generated_(generated),
        interner_(interner),
        live_code_(live) {}

  /// `mode`: what the sample was decided to be; a sys sample has at least one kernel frame.
  StackIndex intern(const SampleEvent& sample, Mode mode, const process::ProcessState& process,
                    const StackHistory::Origin& origin);

  /// The chain without its innermost kernel function; valid until the next call.
  [[nodiscard]] std::span<const std::uint64_t> without_innermost(
      std::span<const std::uint64_t> chain);

  /// What the last intern() has shown of the stacks of earlier samples.
  [[nodiscard]] const std::vector<LateStack>& late_stacks() const { return late_; }

 private:
  /// A sample of one process at one time.
  struct Moment {
    const process::ProcessState& process;
    std::uint64_t time_ns;
  };
  NodeIndex chain(const std::vector<unwind::UserFrame>& frames, const Moment& moment);
  void split_chain(const SampleEvent& sample, Mode mode);
  /// `joined`: see Stack::joined_frames.
  StackEnd user_frames(const SampleEvent& sample, Mode mode, const Moment& moment,
                       const StackHistory::Origin& origin, std::uint16_t& joined);
  StackEnd unwind(const SampleEvent& sample, const Moment& moment,
                  const StackHistory::Origin& origin, std::uint16_t& joined);
  /// Up to the first address in no mapping; returns whether there was none.
  bool add_chain_frames(const process::AddressSpace& space);

  unwind::Unwinder& unwinder_;
  ModuleFiles& modules_;
  GeneratedCode& generated_;
  Interner& interner_;
  StackHistory history_;
  LiveCode live_code_;
  // Kept for their memory. Innermost first.
  std::vector<CodeAddress<RuntimeAddress>> kernel_chain_;
  std::vector<CodeAddress<RuntimeAddress>> user_chain_;
  bool chain_is_full_ = false;  // The kernel may have had more to say.
  std::vector<unwind::UserFrame> user_frames_;
  std::vector<FrameIndex> frames_;
  std::vector<std::uint64_t> shortened_chain_;
  std::vector<LateStack> late_;
};

}  // namespace profiler::pipeline
