// The records of perf.data one after the other, those inside compressed ones too.
//
//   RecordStream records(file, data_end);
//   while (auto record = records.next()) handle(*record);    // header.size bytes, 8-byte aligned
//   if (records.problem()) note(*records.problem());         // it ended early, and why
//
// Knows sizes only. A record is valid until the next call. Data that follow a record outside its
// own size (AUX area, tracing data) are skipped.
#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "perf_data/decompressor.h"
#include "perf_data/input_file.h"

namespace profiler::perf_data {

class RecordStream {
 public:
  /// From the file's position up to `end`. The file outlives it.
  RecordStream(InputFile& file, std::uint64_t end) : file_(file), end_(end) {}

  [[nodiscard]] std::optional<std::span<const std::byte>> next();
  /// The first thing that kept records from being read: "the file ends inside a record".
  [[nodiscard]] const std::optional<Error>& problem() const { return problem_; }
  /// perf's own records are among them, compressed ones as well as what was in them.
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  std::optional<std::span<const std::byte>> next_pending();
  std::optional<std::span<const std::byte>> next_in_file();
  void skip_payload(const perf_event_header& header, std::span<const std::byte> record);
  void decompress(std::span<const std::byte> record, std::size_t payload_at,
                  std::size_t payload_size);
  std::span<const std::byte> aligned(std::span<const std::byte> record);
  void fail(std::string what, std::uint64_t offset);

  InputFile& file_;
  std::uint64_t end_;
  std::uint64_t to_skip_ = 0;  // The record given last, and what follows it.
  Decompressor decompressor_;
  bool stream_broken_ = false;
  std::vector<std::uint64_t> scratch_;
  std::uint64_t count_ = 0;
  std::optional<Error> problem_;
};

}  // namespace profiler::perf_data
