// libFuzzer on the reader of perf.data: any bytes are a file.
//
//   perf_data_fuzzer -max_total_time=600 CORPUS tests/fuzz/corpus/perf_data
//
// The first directory gets what is new; the second has a small recording of each form.
#include <cstddef>
#include <cstdint>
#include <span>

#include "perf_data/import.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto file = profiler::perf_data::InputFile::of_bytes(
      std::as_bytes(std::span<const std::uint8_t>(data, size)));
  // No cache, no sysroot: an input is to have the same outcome everywhere.
  const auto profile = profiler::perf_data::import_perf_data(
      file, {.path = "input", .kallsyms = "/dev/null", .build_id_cache = "/nonexistent"}, nullptr);
  return profile && profile->samples.size() > size ? -1 : 0;
}
