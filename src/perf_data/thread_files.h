// The files data.0, data.1, … beside `data` in the directory that perf record --threads writes:
// what each of its threads has read, records without a header.
//
//   ThreadFiles threads(thread_files_of("perf.data/data"));
//   while (auto record = threads.next()) threads.set_time(time_of(*record));
//
// Gives a few records of whichever file is furthest behind in time, so that all stay abreast.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "perf_data/input_file.h"
#include "perf_data/record_stream.h"

namespace profiler::perf_data {

/// In their order; those that cannot be opened, and any behind them, are left out.
[[nodiscard]] std::vector<InputFile> thread_files_of(const std::string& data_path);

class ThreadFiles {
 public:
  explicit ThreadFiles(std::vector<InputFile> files);

  [[nodiscard]] std::optional<std::span<const std::byte>> next();
  /// Of the record that next() gave last, if it has one.
  void set_time(std::uint64_t ns);

  [[nodiscard]] std::size_t count() const { return files_.size(); }
  /// Bytes read, and bytes in all.
  [[nodiscard]] std::uint64_t position() const;
  [[nodiscard]] std::uint64_t size() const;
  /// What kept records of each file from being read.
  [[nodiscard]] std::vector<Error> problems() const;

 private:
  struct File {
    InputFile input;
    RecordStream records;
    std::uint64_t newest_ns = 0;
    bool ended = false;

    explicit File(InputFile file);
  };

  std::vector<std::unique_ptr<File>> files_;
  File* current_ = nullptr;
  std::size_t left_of_turn_ = 0;
};

}  // namespace profiler::perf_data
