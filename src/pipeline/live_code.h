// The instructions of generated code, read from the process that runs it, while it lives.
//
//   LiveCode live(true);
//   snapshot.code = live.of(process, sample_time_ns);
//   snapshot.code->code_at(address);            // read from the process, or from a page kept
//
// Pages are kept for a moment: code that is replaced in between is seen as it was. The process may
// have gone on since the sample as well; what is read is for the unwinder to check. Needs the
// permission to trace the process, as a parent has; without it there is no code.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "process/process_table.h"
#include "unwind/epilogue.h"

namespace profiler::pipeline {

class LiveCode : public unwind::CodeSource {
 public:
  explicit LiveCode(bool live) : live_(live) {}

  /// For samples of that process; null if none of them is live.
  [[nodiscard]] unwind::CodeSource* of(const process::ProcessState& process, std::uint64_t time_ns);
  [[nodiscard]] std::span<const std::byte> code_at(RuntimeAddress address) override;

 private:
  static constexpr std::size_t kPageBytes = 4096;
  static constexpr std::size_t kPages = 64;
  static constexpr std::size_t kMostCode = 256;
  static constexpr std::uint64_t kKeptNs = 1'000'000'000;

  struct Page {
    std::uint64_t address = 0;
    std::uint64_t incarnation = 0;
    std::uint32_t execs = 0;
    std::uint64_t read_ns = 0;
    std::size_t size = 0;  ///< 0: it could not be read.
    std::array<std::byte, kPageBytes> bytes;
  };
  [[nodiscard]] std::span<const std::byte> page_at(std::uint64_t address);

  bool live_;
  Pid pid_ = 0;
  std::uint64_t incarnation_ = 0;
  std::uint32_t execs_ = 0;
  std::uint64_t time_ns_ = 0;
  std::unique_ptr<std::array<Page, kPages>> pages_;  ///< Made when the first is read.
  std::array<std::byte, kMostCode> joined_;
};

}  // namespace profiler::pipeline
