// A perf.data made by hand, in either form.
//
//   PerfDataBuilder data;
//   data.event(attr, {7}).feature(Feature::kHostname, feature_string("box"));
//   data.record(RecordBuilder(PERF_RECORD_COMM) … .finish());
//   std::vector<std::byte> bytes = data.file_form();      // or pipe_form()
//
// The attribute of standard_attr() makes samples and other records that sample() and with_trailer()
// lay out.
#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "perf_data/format.h"
#include "tests/unit/events/record_builder.h"

namespace profiler::perf_data {

using Bytes = std::vector<std::byte>;
using events::RecordBuilder;

inline perf_event_attr standard_attr(std::uint64_t config = PERF_COUNT_SW_CPU_CLOCK) {
  perf_event_attr attr{};
  attr.type = PERF_TYPE_SOFTWARE;
  attr.size = sizeof attr;
  attr.config = config;
  attr.sample_period = 1000;
  attr.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
                     PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN;
  attr.sample_id_all = 1;
  attr.enable_on_exec = 1;
  attr.inherit = 1;
  return attr;
}

struct SampleFields {
  std::uint64_t id = 7;
  std::uint64_t time = 0;
  std::uint64_t period = 1000;
  std::int32_t pid = 100;
  std::int32_t tid = 100;
  std::uint16_t mode = PERF_RECORD_MISC_USER;
  std::vector<std::uint64_t> chain = {PERF_CONTEXT_USER, 0x401000};
};

inline Bytes sample(const SampleFields& fields) {
  RecordBuilder record(PERF_RECORD_SAMPLE, fields.mode);
  record.u64(fields.id)
      .u64(fields.chain.size() > 1 ? fields.chain[1] : 0)
      .i32(fields.pid)
      .i32(fields.tid)
      .u64(fields.time)
      .u32(1)
      .u32(0)
      .u64(fields.period)
      .u64(fields.chain.size());
  for (const std::uint64_t value : fields.chain) record.u64(value);
  return record.finish();
}

/// The sample_id that follows every record but samples.
inline Bytes with_trailer(RecordBuilder record, std::uint64_t time, std::uint64_t id = 7) {
  return record.i32(100).i32(100).u64(time).u32(1).u32(0).u64(id).finish();
}

inline Bytes mmap_record(std::uint64_t time, std::uint64_t start, std::uint64_t length,
                         const std::string& path, std::int32_t pid = 100,
                         std::uint64_t offset = 0) {
  return with_trailer(RecordBuilder(PERF_RECORD_MMAP)
                          .i32(pid)
                          .i32(pid)
                          .u64(start)
                          .u64(length)
                          .u64(offset)
                          .string(path),
                      time);
}

inline Bytes comm_record(std::uint64_t time, const std::string& name) {
  return with_trailer(
      RecordBuilder(PERF_RECORD_COMM, PERF_RECORD_MISC_COMM_EXEC).i32(100).i32(100).string(name),
      time);
}

inline Bytes perf_record(RecordType type, std::span<const std::byte> body = {}) {
  return RecordBuilder(static_cast<std::uint32_t>(type)).bytes(body).finish();
}

template <class T>
void append(Bytes& out, const T& value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

inline void append(Bytes& out, const Bytes& bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

/// A length and as many bytes, padded with zeros as perf does.
inline Bytes feature_string(const std::string& text) {
  Bytes out;
  append(out, static_cast<std::uint32_t>((text.size() + 1 + 63) / 64 * 64));
  for (const char c : text) out.push_back(static_cast<std::byte>(c));
  out.resize(4 + (text.size() + 1 + 63) / 64 * 64);
  return out;
}

class PerfDataBuilder {
 public:
  PerfDataBuilder& event(const perf_event_attr& attr, std::vector<std::uint64_t> ids,
                         std::size_t attr_size = sizeof(perf_event_attr)) {
    attr_size_ = attr_size;
    events_.emplace_back(attr, std::move(ids));
    return *this;
  }
  PerfDataBuilder& record(const Bytes& record) {
    append(records_, record);
    return *this;
  }
  PerfDataBuilder& feature(Feature feature, Bytes payload) {
    features_.emplace_back(static_cast<std::uint64_t>(feature), std::move(payload));
    return *this;
  }

  /// Features in the order of their bits, as they were added.
  [[nodiscard]] Bytes file_form() const {
    FileHeader header{};
    header.magic = kMagic;
    header.size = sizeof header;
    header.attr_size = attr_size_ + sizeof(Section);
    Bytes ids;
    Bytes attrs;
    for (const auto& [attr, of_event] : events_) {
      append_attr(attrs, attr);
      append(attrs, Section{sizeof header + ids.size(), of_event.size() * 8});
      for (const std::uint64_t id : of_event) append(ids, id);
    }
    header.attrs = {sizeof header + ids.size(), attrs.size()};
    header.data = {header.attrs.offset + attrs.size(), records_.size()};
    Bytes table;
    Bytes payloads;
    const std::uint64_t payloads_at =
        header.data.offset + header.data.size + features_.size() * sizeof(Section);
    for (const auto& [bit, payload] : features_) {
      header.features[bit / 64] |= std::uint64_t{1} << (bit % 64);
      append(table, Section{payloads_at + payloads.size(), payload.size()});
      append(payloads, payload);
    }
    Bytes out;
    append(out, header);
    for (const Bytes* part :
         std::initializer_list<const Bytes*>{&ids, &attrs, &records_, &table, &payloads})
      append(out, *part);
    return out;
  }

  [[nodiscard]] Bytes pipe_form() const {
    Bytes out;
    append(out, PipeHeader{kMagic, sizeof(PipeHeader)});
    for (const auto& [bit, payload] : features_) {
      Bytes body;
      append(body, bit);
      append(body, payload);
      append(out, perf_record(RecordType::kHeaderFeature, body));
    }
    for (const auto& [attr, ids] : events_) {
      Bytes body;
      append_attr(body, attr);
      for (const std::uint64_t id : ids) append(body, id);
      append(out, perf_record(RecordType::kHeaderAttr, body));
    }
    append(out, records_);
    return out;
  }

  [[nodiscard]] const Bytes& records() const { return records_; }

 private:
  void append_attr(Bytes& out, perf_event_attr attr) const {
    attr.size = static_cast<std::uint32_t>(attr_size_);
    Bytes bytes;
    append(bytes, attr);
    bytes.resize(attr_size_);
    append(out, bytes);
  }

  std::size_t attr_size_ = sizeof(perf_event_attr);
  std::vector<std::pair<perf_event_attr, std::vector<std::uint64_t>>> events_;
  std::vector<std::pair<std::uint64_t, Bytes>> features_;
  Bytes records_;
};

}  // namespace profiler::perf_data
