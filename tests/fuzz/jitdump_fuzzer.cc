// libFuzzer on jitdumps: any bytes follow the header of one. Read in two parts, replayed over time,
// and all of its code named.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "symbolizer/jit/jitdump.h"
#include "tests/fuzz/heap_peak.h"

namespace {

using profiler::RuntimeAddress;
using symbolizer::JitDump;

constexpr std::int32_t kPid = 1234;
constexpr std::size_t kMaxAddresses = 64;
constexpr std::size_t kConstant = std::size_t{4} << 20;
constexpr std::size_t kPerByte = 64;

bool write_all(int descriptor, const std::uint8_t* data, std::size_t size) {
  return ::write(descriptor, data, size) == static_cast<ssize_t>(size);
}

/// Numbers in it: addresses and times, if it has any.
std::vector<std::uint64_t> numbers_in(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint64_t> numbers = {0, 0x7000, ~std::uint64_t{0}};
  for (std::size_t at = 0; at + 8 <= size && numbers.size() < kMaxAddresses; at += 8) {
    std::uint64_t number = 0;
    std::memcpy(&number, data + at, sizeof number);
    numbers.push_back(number);
    numbers.push_back(number + 1);
  }
  return numbers;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::uint32_t header[] = {0x4a695444, 1, 40, 62, 0, kPid, 0, 0, 0, 0};
  const int descriptor = ::memfd_create("jitdump", MFD_CLOEXEC);
  if (descriptor < 0 || ::write(descriptor, header, sizeof header) != sizeof header) std::abort();
  const profiler::test::HeapPeak peak;
  auto dump = JitDump::open(descriptor, "jitdump", kPid);
  if (!dump) std::abort();
  const auto numbers = numbers_in(data, size);
  JitDump::Replay replay(**dump);
  std::vector<std::uint64_t> positions = numbers;
  const std::size_t half = size / 2;
  if (!write_all(descriptor, data, half)) std::abort();
  (*dump)->update();
  for (const std::uint64_t number : numbers) {
    if (const auto found = replay.find(RuntimeAddress(number), 1000)) positions.push_back(*found);
  }
  if (!write_all(descriptor, data + half, size - half)) std::abort();
  (*dump)->update();
  for (const std::uint64_t number : numbers) {
    if (const auto found = replay.find(RuntimeAddress(number), ~std::uint64_t{0}))
      positions.push_back(*found);
  }
  std::ranges::sort(positions);
  static_cast<void>((*dump)->names(positions));
  profiler::test::expect_at_most(kConstant + kPerByte * size, peak);
  return 0;
}
