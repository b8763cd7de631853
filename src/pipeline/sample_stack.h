// The two halves of a sample's call chain: the kernel's own, and the user's, unwound from registers
// and stack bytes or, where the kernel walked frame pointers, taken from its chain.
//
//   SampleStack stack(unwinder, modules, interner);
//   StackIndex row = stack.intern(sample, address_space);
#pragma once

#include <vector>

#include "pipeline/interner.h"
#include "pipeline/module_files.h"
#include "process/address_space.h"
#include "profiler/event.h"
#include "profiler/profile.h"
#include "unwind/unwinder.h"

namespace profiler::pipeline {

class SampleStack {
 public:
  SampleStack(unwind::Unwinder& unwinder, ModuleFiles& modules, Interner& interner)
      : unwinder_(unwinder), modules_(modules), interner_(interner) {}

  /// `mode`: what the sample was decided to be; a sys sample has at least one kernel frame.
  /// `has_execed`: the process has become another program since it was first seen.
  StackIndex intern(const SampleEvent& sample, Mode mode, const process::AddressSpace& space,
                    bool has_execed);

 private:
  void split_chain(const SampleEvent& sample, Mode mode);
  StackEnd user_frames(const SampleEvent& sample, Mode mode, const process::AddressSpace& space);
  /// Up to the first address in no mapping; returns whether there was none.
  bool add_chain_frames(const process::AddressSpace& space);

  unwind::Unwinder& unwinder_;
  ModuleFiles& modules_;
  Interner& interner_;
  // Kept for their memory. Innermost first.
  std::vector<CodeAddress<RuntimeAddress>> kernel_chain_;
  std::vector<CodeAddress<RuntimeAddress>> user_chain_;
  std::vector<unwind::UserFrame> user_frames_;
  std::vector<FrameIndex> frames_;
};

}  // namespace profiler::pipeline
