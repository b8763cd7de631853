#include "perf_data/record_stream.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "perf_data/format.h"

namespace profiler::perf_data {
namespace {

template <class T>
std::optional<T> number_at(std::span<const std::byte> bytes, std::size_t offset) {
  T value{};
  if (offset > bytes.size() || bytes.size() - offset < sizeof value) return std::nullopt;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

bool is(const perf_event_header& header, RecordType type) {
  return header.type == static_cast<std::uint32_t>(type);
}

}  // namespace

void RecordStream::fail(std::string what, std::uint64_t offset) {
  if (problem_) return;
  problem_ = Error{.what = std::move(what), .path = file_.path(), .offset = offset};
}

std::span<const std::byte> RecordStream::aligned(std::span<const std::byte> record) {
  if (reinterpret_cast<std::uintptr_t>(record.data()) % alignof(std::uint64_t) == 0) return record;
  scratch_.resize((record.size() + 7) / 8);
  std::memcpy(scratch_.data(), record.data(), record.size());
  return std::as_bytes(std::span(scratch_)).first(record.size());
}

std::optional<std::span<const std::byte>> RecordStream::next() {
  for (;;) {
    if (auto record = next_pending()) return record;
    const auto record = next_in_file();
    if (!record) return std::nullopt;
    const auto header = *number_at<perf_event_header>(*record, 0);
    if (is(header, RecordType::kCompressed)) {
      decompress(*record, sizeof header, record->size() - sizeof header);
    } else if (is(header, RecordType::kCompressed2)) {
      // The size stands first, since the payload is padded.
      constexpr std::size_t kPayloadAt = sizeof header + 8;
      const auto size = number_at<std::uint64_t>(*record, sizeof header);
      if (!size || *size > record->size() - kPayloadAt) {
        fail("a compressed record contradicts itself", file_.position());
      } else {
        decompress(*record, kPayloadAt, static_cast<std::size_t>(*size));
      }
    } else {
      return aligned(*record);
    }
  }
}

void RecordStream::decompress(std::span<const std::byte> record, std::size_t payload_at,
                              std::size_t payload_size) {
  if (stream_broken_) return;
  if (decompressor_.add(record.subspan(payload_at, payload_size))) return;
  stream_broken_ = true;
  fail("compressed records cannot be read from here on", file_.position());
}

std::optional<std::span<const std::byte>> RecordStream::next_pending() {
  const auto bytes = decompressor_.pending();
  const auto header = number_at<perf_event_header>(bytes, 0);
  if (!header) return std::nullopt;
  if (header->size < sizeof *header) {
    decompressor_.consume(bytes.size());
    stream_broken_ = true;
    fail("compressed records make no sense from here on", file_.position());
    return std::nullopt;
  }
  if (header->size > bytes.size()) return std::nullopt;  // Goes on in the next one.
  ++count_;
  decompressor_.consume(header->size);
  return aligned(bytes.first(header->size));
}

std::optional<std::span<const std::byte>> RecordStream::next_in_file() {
  file_.advance(std::exchange(to_skip_, 0));
  const std::uint64_t at = file_.position();
  if (at >= end_) return std::nullopt;
  const std::uint64_t left = end_ - at;
  const auto start = file_.peek(
      static_cast<std::size_t>(std::min<std::uint64_t>(left, sizeof(perf_event_header))));
  if (start.empty()) {
    if (file_.read_error() != 0) fail("cannot be read further", at);
    return std::nullopt;
  }
  const auto header = number_at<perf_event_header>(start, 0);
  if (header && header->size < sizeof *header) {
    fail("records make no sense from here on", at);
    end_ = at;
    return std::nullopt;
  }
  const auto record =
      header ? file_.peek(std::min<std::size_t>(
                   static_cast<std::size_t>(std::min<std::uint64_t>(left, InputFile::kMaxPeek)),
                   header->size))
             : start;
  if (!header || record.size() < header->size) {
    fail("it ends inside a record", at);
    end_ = at;
    return std::nullopt;
  }
  ++count_;
  to_skip_ = header->size;
  skip_payload(*header, record);
  return record;
}

void RecordStream::skip_payload(const perf_event_header& header,
                                std::span<const std::byte> record) {
  std::uint64_t payload = 0;
  if (is(header, RecordType::kAuxtrace)) {
    payload = number_at<std::uint64_t>(record, sizeof header).value_or(0);
  } else if (is(header, RecordType::kTracingData)) {
    payload = (std::uint64_t{number_at<std::uint32_t>(record, sizeof header).value_or(0)} + 7) &
              ~std::uint64_t{7};
  }
  const std::uint64_t left = end_ - file_.position() - header.size;
  if (payload > left) {
    if (end_ != ~std::uint64_t{0}) fail("it ends inside the data of a record", file_.position());
    payload = left;
  }
  to_skip_ += payload;
}

}  // namespace profiler::perf_data
