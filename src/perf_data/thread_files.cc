#include "perf_data/thread_files.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace profiler::perf_data {
namespace {

/// More threads than perf starts.
constexpr std::size_t kMaxFiles = 4096;
/// Records of one file in a row: to choose takes longer than to read one.
constexpr std::size_t kTurn = 64;

}  // namespace

std::vector<InputFile> thread_files_of(const std::string& data_path) {
  std::vector<InputFile> files;
  while (files.size() < kMaxFiles) {
    auto file = InputFile::open(data_path + "." + std::to_string(files.size()));
    if (!file || !file->size()) break;
    files.push_back(*std::move(file));
  }
  return files;
}

ThreadFiles::File::File(InputFile file)
    : input(std::move(file)), records(input, input.size().value_or(0)) {}

ThreadFiles::ThreadFiles(std::vector<InputFile> files) {
  for (InputFile& file : files) files_.push_back(std::make_unique<File>(std::move(file)));
}

std::optional<std::span<const std::byte>> ThreadFiles::next() {
  for (;;) {
    if (left_of_turn_ == 0) {
      const auto behind = std::ranges::min_element(files_, {}, [](const auto& file) {
        return file->ended ? std::numeric_limits<std::uint64_t>::max() : file->newest_ns;
      });
      if (behind == files_.end() || (*behind)->ended) return std::nullopt;
      current_ = behind->get();
      left_of_turn_ = kTurn;
    }
    --left_of_turn_;
    if (auto record = current_->records.next()) return record;
    current_->ended = true;
    left_of_turn_ = 0;
  }
}

void ThreadFiles::set_time(std::uint64_t ns) {
  // The last nanosecond there is stands for the end.
  ns = std::min(ns, std::numeric_limits<std::uint64_t>::max() - 1);
  current_->newest_ns = std::max(current_->newest_ns, ns);
}

std::uint64_t ThreadFiles::position() const {
  std::uint64_t sum = 0;
  for (const auto& file : files_) sum += file->input.position();
  return sum;
}

std::uint64_t ThreadFiles::size() const {
  std::uint64_t sum = 0;
  for (const auto& file : files_) sum += file->input.size().value_or(0);
  return sum;
}

std::vector<Error> ThreadFiles::problems() const {
  std::vector<Error> problems;
  for (const auto& file : files_) {
    if (file->records.problem()) problems.push_back(*file->records.problem());
  }
  return problems;
}

}  // namespace profiler::perf_data
