#include "unwind/unwinder.h"

#include <linux/perf_event.h>

#include <utility>

#include "unwind/arch/aarch64/registers.h"
#include "unwind/arch/x86_64/registers.h"
#include "unwind/walk.h"

namespace profiler::unwind {

struct Unwinder::State {
  Architecture architecture;
  WalkContext context;
};

Unwinder::Unwinder(Architecture architecture)
    : state_(std::make_unique<State>(State{.architecture = architecture, .context = {}})) {}
Unwinder::~Unwinder() = default;
Unwinder::Unwinder(Unwinder&&) noexcept = default;
Unwinder& Unwinder::operator=(Unwinder&&) noexcept = default;

void Unwinder::add_module(ModuleIndex module, std::shared_ptr<const symbolizer::ElfFile> file) {
  auto& modules = state_->context.modules;
  if (module.row() >= modules.size()) modules.resize(module.row() + 1U);
  modules[module.row()] = std::make_unique<ModuleCfi>(std::move(file));
}

StackEnd Unwinder::unwind(const StackSnapshot& snapshot, const process::AddressSpace& space,
                          std::vector<UserFrame>& frames) {
  frames.clear();
  switch (snapshot.registers.abi) {
    case PERF_SAMPLE_REGS_ABI_64:
      break;
    case PERF_SAMPLE_REGS_ABI_NONE:
      return StackEnd::kNoUserStack;
    default:
      return StackEnd::kUnsupported;
  }
  WalkContext& context = state_->context;
  const StackEnd end = state_->architecture == Architecture::kX86_64
                           ? Walk<x86_64::Registers>(context, snapshot, space).run()
                           : Walk<aarch64::Registers>(context, snapshot, space).run();
  context.frames.copy_to(frames);
  return end;
}

const UnwindStatistics& Unwinder::statistics() const { return state_->context.statistics; }

}  // namespace profiler::unwind
