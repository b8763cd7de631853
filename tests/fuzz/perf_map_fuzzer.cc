// libFuzzer on maps of generated code: any text is a perf-PID.map. What it names is held to what a
// reader would say that goes through the lines from the first on, for each address anew.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/jit/jit_symbol.h"
#include "symbolizer/jit/perf_map.h"
#include "tests/fuzz/heap_peak.h"

namespace {

using profiler::RuntimeAddress;

constexpr std::size_t kMaxAddresses = 256;
/// A name for each address, whole, and twice again as it is taken apart.
constexpr std::size_t kConstant =
    (std::size_t{1} << 20) + 4 * kMaxAddresses * symbolizer::kMaxJitName;

/// Where something begins or ends, by the text.
std::vector<RuntimeAddress> addresses_in(std::string_view text) {
  std::vector<RuntimeAddress> addresses = {RuntimeAddress(0), RuntimeAddress(0x1000),
                                           RuntimeAddress(~std::uint64_t{0})};
  while (!text.empty() && addresses.size() < kMaxAddresses - 3) {
    const std::string_view line = text.substr(0, text.find('\n'));
    std::uint64_t start = 0;
    std::uint64_t size = 0;
    const char* const end = line.data() + line.size();
    const auto first = std::from_chars(line.data(), end, start, 16);
    if (first.ptr != end) std::from_chars(first.ptr + 1, end, size, 16);
    for (const std::uint64_t address : {start, start + size - 1, start + size})
      addresses.emplace_back(address);
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  std::ranges::sort(addresses);
  return addresses;
}

/// The last whole line that covers the address, one address at a time.
std::string name_at(std::string_view text, RuntimeAddress address) {
  std::string name;
  const std::array<RuntimeAddress, 1> one = {address};
  while (text.find('\n') != std::string_view::npos) {
    const std::size_t size = text.find('\n') + 1;
    const std::string of_line = symbolizer::find_in_perf_map(text.substr(0, size), one)[0];
    if (!of_line.empty()) name = of_line;
    text.remove_prefix(size);
  }
  return name;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto addresses = addresses_in(text);
  {
    const profiler::test::HeapPeak peak;
    for (const std::string& name : symbolizer::find_in_perf_map(text, addresses))
      static_cast<void>(symbolizer::parse_jit_symbol(name));
    profiler::test::expect_at_most(kConstant, peak);
  }
  if (size > 2048) return 0;
  const auto names = symbolizer::find_in_perf_map(text, addresses);
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    if (names[i] != name_at(text, addresses[i])) std::abort();
  }
  return 0;
}
