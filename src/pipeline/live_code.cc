#include "pipeline/live_code.h"

#include <sys/uio.h>

#include <algorithm>

#include "pipeline/row_set.h"

namespace profiler::pipeline {

unwind::CodeSource* LiveCode::of(const process::ProcessState& process, std::uint64_t time_ns) {
  if (!live_) return nullptr;
  pid_ = process.pid;
  incarnation_ = process.incarnation;
  execs_ = process.execs;
  time_ns_ = time_ns;
  return this;
}

std::span<const std::byte> LiveCode::page_at(std::uint64_t address) {
  if (pages_ == nullptr) pages_ = std::make_unique<std::array<Page, kPages>>();
  Page& page = (*pages_)[mix(address ^ mix(incarnation_)) % kPages];
  const bool is_kept = page.address == address && page.incarnation == incarnation_ &&
                       page.execs == execs_ && time_ns_ < page.read_ns + kKeptNs;
  if (!is_kept) {
    page.address = address;
    page.incarnation = incarnation_;
    page.execs = execs_;
    page.read_ns = time_ns_;
    const iovec here = {.iov_base = page.bytes.data(), .iov_len = kPageBytes};
    // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of another process.
    const iovec there = {.iov_base = reinterpret_cast<void*>(address), .iov_len = kPageBytes};
    const ssize_t size = ::process_vm_readv(pid_, &here, 1, &there, 1, 0);
    page.size = size < 0 ? 0 : static_cast<std::size_t>(size);
  }
  return std::span(page.bytes).first(page.size);
}

std::span<const std::byte> LiveCode::code_at(RuntimeAddress address) {
  const std::uint64_t offset = address.value() % kPageBytes;
  const std::uint64_t start = address.value() - offset;
  auto code = page_at(start);
  code = code.subspan(std::min<std::size_t>(offset, code.size()));
  if (code.size() >= kMostCode) return code.first(kMostCode);
  const auto end = std::ranges::copy(code, joined_.begin()).out;
  const auto room = static_cast<std::size_t>(joined_.end() - end);
  const auto next = page_at(start + kPageBytes);
  const auto last = std::ranges::copy(next.first(std::min(room, next.size())), end).out;
  return std::span<const std::byte>(joined_).first(
      static_cast<std::size_t>(last - joined_.begin()));
}

}  // namespace profiler::pipeline
