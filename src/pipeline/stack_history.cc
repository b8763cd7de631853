#include "pipeline/stack_history.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <ranges>
#include <utility>

namespace profiler::pipeline {
namespace {

using unwind::StackSnapshot;
using unwind::UserFrame;

/// 0 if the copy does not hold all of them.
std::uint64_t digest_above(std::uint64_t stack_pointer, std::uint64_t base,
                           const StackSnapshot& snapshot) {
  const std::uint64_t offset = stack_pointer - base;
  if (offset > snapshot.bytes.size() || snapshot.bytes.size() - offset < StackHistory::kCommonBytes)
    return 0;
  std::uint64_t digest = 0x9e3779b97f4a7c15;
  for (std::size_t i = 0; i < StackHistory::kCommonBytes; i += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, snapshot.bytes.data() + offset + i, sizeof word);
    digest = (digest ^ word) * 0xff51afd7ed558ccd;
    digest ^= digest >> 32U;
  }
  return digest | 1U;
}

bool is_same(const UserFrame& a, const UserFrame& b) {
  return a.stack_pointer == b.stack_pointer && a.address == b.address;
}

}  // namespace

std::size_t StackHistory::add(const Origin& origin, const StackSnapshot& snapshot, StackEnd end,
                              std::vector<UserFrame>& frames, const OnCompleted& on_completed) {
  if (frames.empty() || completeness(end) == Completeness::kBroken) return 0;
  const std::uint64_t depth = frames.back().stack_pointer - frames.front().stack_pointer;
  if (depth >= snapshot.requested_bytes / kNearlyCutOff) needed_ = true;
  if (!needed_) return 0;

  Thread& thread = this->thread(origin.thread);
  KnownStack stack = known(snapshot, frames);
  std::size_t joined = 0;
  if (completeness(end) == Completeness::kTruncated) {
    joined = join(stack, thread.last);
    if (joined == 0) {
      wait(thread, origin.sample, std::move(stack));
      return 0;
    }
    for (std::size_t i = frames.size(); i < stack.size(); ++i) frames.push_back(stack[i].frame);
  }
  frames_kept_ += stack.size() - thread.last.size();
  thread.last = std::move(stack);
  complete_waiting(thread, on_completed);
  make_room(thread);
  return joined;
}

StackHistory::Thread& StackHistory::thread(const ThreadKey& key) {
  auto found = threads_.find(key.tid);
  if (found == threads_.end()) {
    if (threads_.size() >= kMaxThreads) {
      // Which has to go hardly matters: those still running are soon back.
      forget(threads_.begin()->second);
      threads_.erase(threads_.begin());
    }
    found = threads_.try_emplace(key.tid).first;
  }
  Thread& thread = found->second;
  if (thread.key != key) {
    forget(thread);
    thread.key = key;
  }
  return thread;
}

void StackHistory::forget(Thread& thread) {
  for (const Waiting& waiting : thread.waiting) frames_kept_ -= waiting.frames.size();
  frames_kept_ -= thread.last.size();
  thread.waiting.clear();
  thread.last.clear();
}

void StackHistory::make_room(const Thread& wanted) {
  for (auto other = threads_.begin(); frames_kept_ > kMaxFramesKept && other != threads_.end();) {
    if (&other->second == &wanted) {
      ++other;
      continue;
    }
    forget(other->second);
    other = threads_.erase(other);
  }
}

void StackHistory::wait(Thread& thread, std::uint64_t sample, KnownStack stack) {
  if (frames_kept_ + stack.size() > kMaxFramesKept) return;
  frames_kept_ += stack.size();
  thread.waiting.push_back({.sample = sample, .frames = std::move(stack)});
}

// Backwards, so that a stack deeper than the copies are long is completed from the next one, and
// that from the one after.
void StackHistory::complete_waiting(Thread& thread, const OnCompleted& on_completed) {
  const KnownStack* next = &thread.last;
  KnownStack completed;  // What `next` refers to, once it is not the thread's last.
  for (Waiting& waiting : thread.waiting | std::views::reverse) {
    frames_kept_ -= waiting.frames.size();
    const std::size_t joined = join(waiting.frames, *next);
    if (joined == 0) continue;
    completed = std::move(waiting.frames);
    next = &completed;
    completed_.clear();
    for (const KnownFrame& frame : completed) completed_.push_back(frame.frame);
    on_completed(waiting.sample, completed_, joined);
  }
  thread.waiting.clear();
}

StackHistory::KnownStack StackHistory::known(const StackSnapshot& snapshot,
                                             const std::vector<UserFrame>& frames) {
  const std::uint64_t base = frames.front().stack_pointer;
  KnownStack stack;
  stack.reserve(frames.size());
  for (const UserFrame& frame : frames) {
    stack.push_back({.frame = frame, .digest = digest_above(frame.stack_pointer, base, snapshot)});
  }
  return stack;
}

std::size_t StackHistory::join(KnownStack& cut_off, const KnownStack& whole) {
  const auto match = std::ranges::find_if(
      whole, [&](const KnownFrame& other) { return is_same(other.frame, cut_off.back().frame); });
  if (match == whole.end() || match + 1 == whole.end()) return 0;
  auto other = std::make_reverse_iterator(match + 1);
  auto frame = cut_off.rbegin();
  for (std::size_t compared = 0; compared < kCommonFrames; ++frame, ++other) {
    if (frame == cut_off.rend() || other == whole.rend()) return 0;
    if (!is_same(frame->frame, other->frame)) return 0;
    // The copy may end less than kCommonBytes above the outermost frames.
    if (frame->digest == 0) continue;
    if (frame->digest != other->digest) return 0;
    ++compared;
  }

  const auto joined = static_cast<std::size_t>(whole.end() - (match + 1));
  if (cut_off.size() + joined > kMaxFrames) return 0;
  cut_off.back().digest = match->digest;
  cut_off.insert(cut_off.end(), match + 1, whole.end());
  return joined;
}

}  // namespace profiler::pipeline
