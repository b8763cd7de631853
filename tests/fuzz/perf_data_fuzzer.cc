// libFuzzer on the reader of perf.data: any bytes are a file.
#include <cstddef>
#include <cstdint>
#include <span>

#include "perf_data/import.h"
#include "tests/fuzz/heap_peak.h"

namespace {

// Tables that are there for every recording: the unwinder's caches, the window on the file.
constexpr std::size_t kConstant = std::size_t{16} << 20;
// A record of 40 bytes that tells of a process becomes a row, a state and a name of it.
constexpr std::size_t kPerByte = 64;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const profiler::test::HeapPeak peak;
  auto file = profiler::perf_data::InputFile::of_bytes(
      std::as_bytes(std::span<const std::uint8_t>(data, size)));
  // No cache, no sysroot: an input is to have the same outcome everywhere.
  const auto profile = profiler::perf_data::import_perf_data(
      file, {.path = "input", .kallsyms = "/dev/null", .build_id_cache = "/nonexistent"}, nullptr);
  profiler::test::expect_at_most(kConstant + kPerByte * size, peak);
  return 0;
}
