#include "record/ring_buffer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace profiler::record {
namespace {

std::size_t page_bytes() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

}  // namespace

RingReader::RingReader(perf_event_mmap_page& control, std::span<const std::byte> data)
    : control_(&control), data_(data), tail_(control.data_tail), head_(tail_), told_(tail_) {}

std::uint64_t RingReader::begin() {
  // Acquire: pairs with the kernel's write barrier between a record's bytes and data_head, so that
  // what is read below `head` is what was written before it.
  const std::uint64_t head =
      std::atomic_ref<__u64>(control_->data_head).load(std::memory_order_acquire);
  if (head - tail_ > data_.size()) skip_to(head);  // Also when head went backwards.
  see_whether_full(head);
  return head;
}

void RingReader::see_whether_full(std::uint64_t head) {
  if (head - told_ + kAlmostFull > data_.size()) was_full_ = true;
}

std::span<const std::byte> RingReader::rebuild(std::size_t position, std::size_t size) {
  const std::size_t first = data_.size() - position;
  wrapped_.resize(size);
  std::memcpy(wrapped_.data(), data_.data() + position, first);
  std::memcpy(wrapped_.data() + first, data_.data(), size - first);
  return wrapped_;
}

void RingReader::skip_to(std::uint64_t head) {
  ++malformed_;
  tail_ = head;
}

void RingReader::give_back() {
  see_whether_full(std::atomic_ref<__u64>(control_->data_head).load(std::memory_order_relaxed));
  told_ = tail_;
  // Release: every byte of the records was read before the kernel sees that it may overwrite them.
  std::atomic_ref<__u64>(control_->data_tail).store(tail_, std::memory_order_release);
}

Result<MappedRing> MappedRing::map(int fd, std::size_t data_bytes, std::size_t offset) {
  return map(fd, data_bytes, offset, PROT_READ | PROT_WRITE);
}

Result<MappedRing> MappedRing::map_overwritten(int event_fd, std::size_t data_bytes) {
  // perf_mmap(): a ring whose reader cannot say what it has read is written over.
  return map(event_fd, data_bytes, 0, PROT_READ);
}

Result<MappedRing> MappedRing::map(int fd, std::size_t data_bytes, std::size_t offset,
                                   int protection) {
  const std::size_t bytes = page_bytes() + data_bytes;
  void* base = ::mmap(nullptr, bytes, protection, MAP_SHARED, fd, static_cast<off_t>(offset));
  if (base == MAP_FAILED) {
    return std::unexpected(
        Error{.what = "cannot map a ring of " + std::to_string(data_bytes >> 10) + " KiB",
              .system_error = errno,
              .advice = "a smaller -m, or raise kernel.perf_event_mlock_kb"});
  }
  return MappedRing(static_cast<std::byte*>(base), bytes);
}

MappedRing::~MappedRing() {
  if (base_ != nullptr) ::munmap(base_, bytes_);
}

MappedRing::MappedRing(MappedRing&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

MappedRing& MappedRing::operator=(MappedRing&& other) noexcept {
  std::swap(base_, other.base_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

perf_event_mmap_page& MappedRing::control() const {
  return *reinterpret_cast<perf_event_mmap_page*>(base_);
}

std::span<const std::byte> MappedRing::data() const {
  const std::size_t page = page_bytes();
  return {base_ + page, bytes_ - page};
}

}  // namespace profiler::record
