// Completes user stacks whose copy was too short. The outer frames of a deep stack stay the same
// for many samples: where another stack of the same thread that reached its start passes through
// the very frame at which this one was cut off, its outer frames are this one's too. The other
// stack is the last one before or the first one after.
//
//   StackHistory history;
//   StackEnd end = unwinder.unwind(snapshot, space, frames);
//   joined = history.add({thread, sample_number}, snapshot, end, frames, on_completed);
//
// appends to `frames` what it lacked, and calls on_completed for samples added before.
//
// Evidence, not proof: a thread can return and call its way to the same addresses again. So the
// frames next to the cut must have the same return addresses in the same places, and the bytes
// above the outermost one that was copied must be as they were. How often that is wrong is measured
// against whole copies of the same samples: tests/bench/README.md.
//
// Nothing is kept, and no time spent, while all stacks are far from being cut off.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "profiler/event.h"
#include "profiler/stack_end.h"
#include "unwind/unwinder.h"

namespace profiler::pipeline {

/// A thread of one program. Thread ids are used again, and exec replaces the stack.
struct ThreadKey {
  Tid tid = 0;
  std::uint64_t incarnation = 0;  ///< Of its process.
  std::uint32_t execs = 0;
  bool operator==(const ThreadKey&) const = default;
};

class StackHistory {
 public:
  /// Frames next to the cut that both stacks must pass through.
  static constexpr std::size_t kCommonFrames = 2;
  /// Bytes above the stack pointer of each that must be the same.
  static constexpr std::size_t kCommonBytes = 64;
  /// Stacks are kept from when one takes that part of the bytes copied.
  static constexpr std::uint64_t kNearlyCutOff = 4;
  /// A stack of more frames stays cut off: walking it would cost more than the sample is worth.
  static constexpr std::size_t kMaxFrames = 2 * unwind::Unwinder::kMaxFrames;
  /// Threads whose stacks are kept.
  static constexpr std::size_t kMaxThreads = 1024;
  /// Frames of all the stacks that are kept: 48 bytes each.
  static constexpr std::size_t kMaxFramesKept = 400'000;

  struct Origin {
    ThreadKey thread;
    std::uint64_t sample = 0;  ///< The caller's number for it, rising.
  };
  /// Is told of a stack of an earlier sample that a later one has completed: all its frames, of
  /// which the outermost `joined` are another stack's.
  using OnCompleted = std::function<void(
      std::uint64_t sample, const std::vector<unwind::UserFrame>& frames, std::size_t joined)>;

  /// `frames` (innermost first) is a stack that ended with `end`. If that is truncated, appends the
  /// frames it lacks and returns their number; 0: they are not known, or not yet. Tells of each
  /// earlier one by itself, since all of them can be too many to hold.
  std::size_t add(const Origin& origin, const unwind::StackSnapshot& snapshot, StackEnd end,
                  std::vector<unwind::UserFrame>& frames, const OnCompleted& on_completed);

 private:
  struct KnownFrame {
    unwind::UserFrame frame;
    std::uint64_t digest = 0;  ///< Of the bytes above its stack pointer. 0: they were not at hand.
  };
  using KnownStack = std::vector<KnownFrame>;  ///< Innermost first.
  struct Waiting {
    std::uint64_t sample = 0;
    KnownStack frames;
  };
  struct Thread {
    ThreadKey key;
    KnownStack last;  ///< That reached its start. Empty: none did.
    std::vector<Waiting> waiting;
  };

  Thread& thread(const ThreadKey& key);
  void forget(Thread& thread);
  /// Other threads' stacks, as many as it takes.
  void make_room(const Thread& wanted);
  void wait(Thread& thread, std::uint64_t sample, KnownStack stack);
  void complete_waiting(Thread& thread, const OnCompleted& on_completed);
  static KnownStack known(const unwind::StackSnapshot& snapshot,
                          const std::vector<unwind::UserFrame>& frames);
  /// Appends to `cut_off` the frames of `whole` that it lacks; returns their number.
  static std::size_t join(KnownStack& cut_off, const KnownStack& whole);

  bool needed_ = false;
  std::unordered_map<Tid, Thread> threads_;
  std::size_t frames_kept_ = 0;
  std::vector<unwind::UserFrame> completed_;  ///< Kept for its memory.
};

}  // namespace profiler::pipeline
