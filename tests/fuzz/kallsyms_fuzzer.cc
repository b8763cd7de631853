// libFuzzer on the text of /proc/kallsyms: any bytes are a copy of it. The first byte says in what
// pieces it is read; what comes out must not depend on that.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "symbolizer/kernel/kallsyms_parser.h"
#include "tests/fuzz/heap_peak.h"

namespace {

using profiler::RuntimeAddress;
using symbolizer::KallsymsParser;
using symbolizer::KernelSymbol;
using symbolizer::KernelSymbols;

/// A line of "1 t x" is a symbol: 12 bytes, a byte of rank and NUL, twice while they are sorted.
constexpr std::size_t kPerByte = 64;
constexpr std::size_t kConstant = std::size_t{64} << 10;

void require(bool condition) {
  if (!condition) std::abort();
}

/// Where lines say that something begins, and about.
template <class Visit>
void for_each_address(std::string_view text, Visit visit) {
  for (std::size_t at = 0, seen = 0; at < text.size() && seen < 64; ++seen) {
    const std::uint64_t start = std::strtoull(text.data() + at, nullptr, 16);
    for (const std::uint64_t into : {std::uint64_t{0} - 1, std::uint64_t{0}, std::uint64_t{4095}})
      visit(RuntimeAddress(start + into));
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = std::size_t{*data} + 1;
  const std::string copy(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string_view text = copy;
  const profiler::test::HeapPeak peak;
  auto whole = KernelSymbols::parse(text);
  KallsymsParser parser;
  for (std::size_t at = 0; at < text.size(); at += piece) parser.add(text.substr(at, piece));
  const auto pieced = std::move(parser).finish();
  require(whole.has_value() == pieced.has_value());
  if (!whole) return 0;
  require(whole->size() == pieced->size());
  for_each_address(text, [&](RuntimeAddress address) {
    const auto one = whole->find(address);
    const auto other = pieced->find(address);
    require(one.has_value() == other.has_value());
    if (!one) return;
    require(one->start == other->start && one->size == other->size && one->name == other->name &&
            one->module == other->module);
    require(address - one->start < one->size);
  });
  whole->move(std::uint64_t{1} << 28);
  for_each_address(text, [&](RuntimeAddress address) {
    if (const auto moved = whole->find(address + (std::uint64_t{1} << 28)))
      require(moved->module.empty() && moved->name.size() < text.size());
  });
  profiler::test::expect_at_most(kConstant + kPerByte * size, peak);
  return 0;
}
