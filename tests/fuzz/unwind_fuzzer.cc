// libFuzzer on the unwinder: call frame information, expressions and a whole walk. An input is
//
//   flags  (1: aarch64)
//   sizes of call frame information, code, stack: two bytes each, cut to what there is
//   these three, then registers: eight bytes each
//
// Words of the stack and registers whose highest byte is 1 or 2 are addresses of the code or of the
// stack, so that walks go far.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "tests/fuzz/heap_peak.h"
#include "tests/unit/unwind/synthetic_module.h"
#include "unwind/cfi_interpreter.h"
#include "unwind/expression.h"
#include "unwind/unwinder.h"

namespace {

using namespace profiler;          // NOLINT(google-build-using-namespace)
using namespace profiler::unwind;  // NOLINT(google-build-using-namespace)
using unwind::test::SyntheticModule;

constexpr std::uint64_t kBias = 0x5500'0000'0000;
constexpr std::uint64_t kStack = 0x7fff'0000'1000;
constexpr std::uint64_t kCode = 0x1000;
constexpr std::size_t kMaxCode = 0x8000;
constexpr std::size_t kMaxFdes = 256;
/// The module's image of 64 KiB, the unwinder's tables, the longest chain.
constexpr std::size_t kConstant = std::size_t{8} << 20;
constexpr std::size_t kPerByte = 32;

class Input {
 public:
  explicit Input(std::span<const std::byte> bytes) : rest_(bytes) {}
  std::span<const std::byte> take(std::size_t size) {
    const auto taken = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  template <class T>
  T number() {
    T value{};
    const auto bytes = take(sizeof value);
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), bytes.size());
    return value;
  }

 private:
  std::span<const std::byte> rest_;
};

std::uint64_t address_or_number(std::uint64_t word) {
  switch (word >> 56) {
    case 1:
      return kBias + (word & 0xffff);
    case 2:
      return kStack + (word & 0xffff);
    default:
      return word;
  }
}

/// To make an unwinder's tables takes longer than all else. So many inputs share one; each is a
/// module of its own, so that none sees the rules of another.
class UnwinderOfMany {
 public:
  static ModuleIndex next() {
    if (++module_ == kInputs) {
      module_ = 0;
      for (auto& unwinder : unwinders_) unwinder.reset();
    }
    return ModuleIndex(module_);
  }
  static Unwinder& get(bool arm) {
    auto& unwinder = unwinders_.at(arm ? 1 : 0);
    if (!unwinder) unwinder.emplace(arm ? Architecture::kAarch64 : Architecture::kX86_64);
    return *unwinder;
  }

 private:
  static constexpr std::size_t kInputs = 256;
  inline static std::size_t module_ = 0;
  inline static std::array<std::optional<Unwinder>, 2> unwinders_;
};

void look_up_rows(const symbolizer::ElfFile& file) {
  const symbolizer::FdeTable table(file.unwind_sections());
  std::size_t seen = 0;
  table.for_each([&](const symbolizer::Fde& fde) {
    CfiRow row;
    for (const ModuleAddress at : {fde.start, fde.start + fde.length / 2, fde.end() - 1}) {
      if (!find_row(fde, at, row)) continue;
      if (at < row.start || at >= row.end) std::abort();
    }
    return ++seen < kMaxFdes;
  });
}

constexpr std::uint32_t kNeverAdded = 1U << 20;

/// All code is the same.
class GeneratedCode : public CodeSource {
 public:
  explicit GeneratedCode(std::span<const std::byte> code) : code_(code) {}
  [[nodiscard]] std::span<const std::byte> code_at(RuntimeAddress address) override {
    return code_.subspan(std::min<std::size_t>(address.value() % 64, code_.size()));
  }

 private:
  std::span<const std::byte> code_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(std::as_bytes(std::span<const std::uint8_t>(data, size)));
  const bool arm = (input.number<std::uint8_t>() & 1) != 0;
  const auto sizes = input.number<std::array<std::uint16_t, 3>>();
  const auto cfi = input.take(sizes[0]);
  const auto code = input.take(std::min<std::size_t>(sizes[1], kMaxCode));
  const auto stack_bytes = input.take(sizes[2]);

  SyntheticModule module(arm ? EM_AARCH64 : EM_X86_64);
  module.eh_frame().assign(cfi.begin(), cfi.end());
  const auto* code_bytes = reinterpret_cast<const std::uint8_t*>(code.data());
  if (!code.empty()) module.set_code(kCode, {code_bytes, code_bytes + code.size()});
  const auto file = module.file();
  if (file == nullptr) return 0;

  std::vector<std::uint64_t> stack(stack_bytes.size() / 8);
  if (!stack.empty()) std::memcpy(stack.data(), stack_bytes.data(), stack.size() * 8);
  for (std::uint64_t& word : stack) word = address_or_number(word);
  std::vector<std::uint64_t> registers(arm ? 33 : 20);
  for (std::uint64_t& value : registers) value = address_or_number(input.number<std::uint64_t>());
  const auto snapshot_bytes = std::as_bytes(std::span(stack));

  const profiler::test::HeapPeak peak;
  look_up_rows(*file);
  RegisterSet known;
  for (unsigned reg = 0; reg < 16; ++reg) known.set(reg, registers[reg]);
  for (const auto expression : {code, cfi}) {
    static_cast<void>(evaluate(expression, known, StackMemory(kStack, snapshot_bytes, 8192), {}));
    static_cast<void>(evaluate(expression, known, StackMemory(0, {}, 0), kStack));
  }

  const ModuleIndex index = UnwinderOfMany::next();
  process::AddressSpace space;
  space.map({.start = RuntimeAddress(kBias),
             .end = RuntimeAddress(kBias + SyntheticModule::kCodeSize),
             .module = index,
             .bias = kBias});
  registers[arm ? 31 : 7] = kStack;
  Unwinder& unwinder = UnwinderOfMany::get(arm);
  unwinder.add_module(index, file);
  const StackSnapshot snapshot{
      .registers = {.abi = 2, .mask = arm ? (1ULL << 33) - 1 : 0xff0fff, .values = registers},
      .bytes = snapshot_bytes,
      .requested_bytes = 8192};
  std::vector<UserFrame> frames;
  const StackEnd end = unwinder.unwind(snapshot, space, frames);
  if (frames.size() > Unwinder::kMaxFrames || static_cast<int>(end) >= kStackEndCount) std::abort();
  // With its rules cached a walk goes the same way.
  std::vector<UserFrame> again;
  if (unwinder.unwind(snapshot, space, again) != end || again != frames) std::abort();

  // The same as code that was generated: no call frame information, but its instructions.
  GeneratedCode generated(code);
  space.map({.start = RuntimeAddress(kBias),
             .end = RuntimeAddress(kBias + SyntheticModule::kCodeSize),
             .module = ModuleIndex(kNeverAdded),
             .bias = 0});
  StackSnapshot generated_snapshot = snapshot;
  generated_snapshot.code = &generated;
  static_cast<void>(unwinder.unwind(generated_snapshot, space, frames));
  if (frames.size() > Unwinder::kMaxFrames) std::abort();
  profiler::test::expect_at_most(kConstant + kPerByte * size, peak);
  return 0;
}
