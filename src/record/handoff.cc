#include "record/handoff.h"

#include <utility>

namespace profiler::record {
namespace {

/// Idle buffers beyond this are given back to the system.
constexpr std::size_t kMaxSpentBytes = std::size_t{16} << 20;

std::size_t bytes_of(const DrainRound& round) {
  std::size_t bytes = 0;
  for (const events::RecordBlock& block : round.blocks) bytes += block.bytes.size();
  return bytes;
}

}  // namespace

void Handoff::push(DrainRound&& round) {
  queued_bytes_.fetch_add(bytes_of(round), std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    rounds_.push_back(std::move(round));
  }
  changed_.notify_one();
}

void Handoff::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_one();
}

std::optional<DrainRound> Handoff::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || !rounds_.empty(); });
  if (rounds_.empty()) return std::nullopt;
  DrainRound round = std::move(rounds_.front());
  rounds_.pop_front();
  const std::size_t bytes = bytes_of(round);
  // Held before it is no longer queued: for a moment counted twice, never not at all.
  held_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  queued_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  return round;
}

std::vector<std::byte> Handoff::take_buffer() {
  const std::lock_guard lock(mutex_);
  if (spent_.empty()) return {};
  std::vector<std::byte> buffer = std::move(spent_.back());
  spent_.pop_back();
  spent_bytes_ -= buffer.capacity();
  return buffer;
}

void Handoff::recycle(std::vector<std::vector<std::byte>>&& buffers) {
  const std::lock_guard lock(mutex_);
  for (std::vector<std::byte>& buffer : buffers) {
    if (buffer.capacity() == 0 || spent_bytes_ + buffer.capacity() > kMaxSpentBytes) continue;
    buffer.clear();
    spent_bytes_ += buffer.capacity();
    spent_.push_back(std::move(buffer));
  }
}

}  // namespace profiler::record
