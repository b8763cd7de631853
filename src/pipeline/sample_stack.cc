#include "pipeline/sample_stack.h"

#include <linux/perf_event.h>

namespace profiler::pipeline {
namespace {

/// Values of a call chain from here up are PERF_CONTEXT_* markers, not addresses.
constexpr std::uint64_t kFirstMarker = PERF_CONTEXT_MAX;

/// Where the kernel ends a chain unless kernel.perf_event_max_stack was changed. Chains of just
/// that length by nature are rare.
constexpr std::size_t kUsualLimit = PERF_MAX_STACK_DEPTH;

}  // namespace

void SampleStack::split_chain(const SampleEvent& sample, Mode mode) {
  kernel_chain_.clear();
  user_chain_.clear();
  std::vector<CodeAddress<RuntimeAddress>>* part = nullptr;
  std::size_t addresses = 0;
  for (std::uint64_t value : sample.callchain) {
    if (value < kFirstMarker) ++addresses;
    if (value >= kFirstMarker) {
      part = value == PERF_CONTEXT_KERNEL ? &kernel_chain_
             : value == PERF_CONTEXT_USER ? &user_chain_
                                          : nullptr;
    } else if (part != nullptr) {
      // Each part begins where that side was executing; what follows are return addresses.
      part->push_back({.address = RuntimeAddress(value),
                       .kind = part->empty() ? AddressKind::kInstruction : AddressKind::kReturn});
    }
  }
  chain_is_full_ = addresses == kUsualLimit;
  if (mode == Mode::kSys && kernel_chain_.empty()) kernel_chain_.push_back({.address = sample.ip});
}

std::span<const std::uint64_t> SampleStack::without_innermost(
    std::span<const std::uint64_t> chain) {
  if (chain.size() < 3 || chain[0] != PERF_CONTEXT_KERNEL || chain[2] >= kFirstMarker) return chain;
  shortened_chain_.assign(chain.begin() + 1, chain.end());
  shortened_chain_[0] = chain[0];
  return shortened_chain_;
}

bool SampleStack::add_chain_frames(const process::AddressSpace& space) {
  for (const auto& address : user_chain_) {
    unwind::UserFrame frame{.address = address,
                            .module = {},
                            .module_address = address.lookup().value(),
                            .stack_pointer = 0};
    if (const process::Mapping* mapping = space.find(address.lookup())) {
      frame.module = mapping->module;
      frame.module_address = mapping->to_module(address.lookup()).value();
    } else if (!user_frames_.empty()) {
      return false;  // Whatever the register held was no frame pointer.
    }
    user_frames_.push_back(frame);
  }
  return true;
}

StackEnd SampleStack::user_frames(const SampleEvent& sample, Mode mode, const Moment& moment,
                                  const StackHistory::Origin& origin, std::uint16_t& joined) {
  user_frames_.clear();
  if (sample.user_registers.abi != 0) return unwind(sample, moment, origin, joined);
  if (!user_chain_.empty()) {
    if (!add_chain_frames(moment.process.space)) return StackEnd::kBadFramePointer;
    return chain_is_full_ ? StackEnd::kTooManyFrames : StackEnd::kKernelWalk;
  }
  if (mode == Mode::kUser) {
    user_chain_.push_back({.address = sample.ip});
    add_chain_frames(moment.process.space);
    return StackEnd::kNotUnwound;
  }
  return sample.callchain.empty() ? StackEnd::kNotUnwound : StackEnd::kNoUserStack;
}

StackEnd SampleStack::unwind(const SampleEvent& sample, const Moment& moment,
                             const StackHistory::Origin& origin, std::uint16_t& joined) {
  const unwind::StackSnapshot snapshot{.registers = sample.user_registers,
                                       .bytes = sample.user_stack,
                                       .requested_bytes = sample.user_stack_requested,
                                       .code = live_code_.of(moment.process, moment.time_ns)};
  const StackEnd end = unwinder_.unwind(snapshot, moment.process.space, user_frames_);
  const auto on_completed = [&](std::uint64_t earlier, const std::vector<unwind::UserFrame>& frames,
                                std::size_t of_others) {
    late_.push_back({.sample = earlier,
                     .user = chain(frames, moment),
                     .joined_frames = static_cast<std::uint16_t>(of_others)});
  };
  joined =
      static_cast<std::uint16_t>(history_.add(origin, snapshot, end, user_frames_, on_completed));
  return joined == 0 ? end : StackEnd::kJoined;
}

NodeIndex SampleStack::chain(const std::vector<unwind::UserFrame>& frames, const Moment& moment) {
  frames_.clear();
  for (const unwind::UserFrame& frame : frames) {
    GeneratedCode::Place place{.module = frame.module, .address = frame.module_address};
    if (!place.module) {
      place.module = modules_.unmapped();
    } else if (modules_.is_anonymous(place.module)) {
      place = generated_.place(moment.process, place.module, place.address, moment.time_ns);
    }
    frames_.push_back(interner_.frame(place.module, place.address));
  }
  return interner_.chain(frames_);
}

StackIndex SampleStack::intern(const SampleEvent& sample, Mode mode,
                               const process::ProcessState& process,
                               const StackHistory::Origin& origin) {
  const Moment moment{.process = process, .time_ns = sample.context.time_ns};
  late_.clear();
  split_chain(sample, mode);
  Stack stack;
  frames_.clear();
  for (const auto& address : kernel_chain_)
    frames_.push_back(interner_.frame(modules_.kernel(), address.lookup().value()));
  stack.kernel = interner_.chain(frames_);

  stack.end = user_frames(sample, mode, moment, origin, stack.joined_frames);
  // Late in execve the registers still are the old program's, whose mappings are gone.
  if (mode == Mode::kSys && origin.thread.execs != 0 && user_frames_.size() == 1 &&
      !user_frames_[0].module) {
    user_frames_.clear();
    stack.end = StackEnd::kNoUserStack;
  }
  stack.user = chain(user_frames_, moment);
  return interner_.stack(stack);
}

}  // namespace profiler::pipeline
