// How far the samples can be trusted: stacks that reach their root, frames that have names.
//
//   Quality q = quality(profile, samples);
//   q.stacks_broken, q.frames_unnamed
//
// Each sample's stack is one stack; every frame of every sample is one frame, kernel frames and
// recursion included, inlined functions not.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "profiler/profile.h"

namespace profiler::view {

struct Quality {
  std::uint64_t samples = 0;
  std::uint64_t lost = 0;      ///< Of the whole recording: for want of ring space or of time.
  std::uint64_t lost_all = 0;  ///< Other processes' samples too, in rings of whole CPUs: exact.
  std::uint64_t stacks_complete = 0;
  std::uint64_t stacks_joined = 0;  ///< Of the complete: with frames of another sample's.
  std::uint64_t stacks_truncated = 0;
  std::uint64_t stacks_broken = 0;
  std::array<std::uint64_t, kStackEndCount> ends{};  ///< By StackEnd.
  std::uint64_t frames = 0;
  std::uint64_t frames_joined = 0;  ///< Those frames (Stack::joined_frames).
  std::uint64_t frames_by_symbol = 0;
  std::uint64_t frames_by_range = 0;
  /// Of those: no more is known than which memory or which unreadable file they lie in.
  std::uint64_t frames_by_mapping = 0;
  std::uint64_t frames_unnamed = 0;
  /// Of modules with a full symbol table (.symtab, also of a debug file or .gnu_debugdata,
  /// kallsyms).
  std::uint64_t frames_with_symtab = 0;
  std::uint64_t frames_with_symtab_by_symbol = 0;
};

[[nodiscard]] Quality quality(const Profile& profile, const std::vector<const Sample*>& samples);

}  // namespace profiler::view
