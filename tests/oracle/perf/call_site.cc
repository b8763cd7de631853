#include "tests/oracle/perf/call_site.h"

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "symbolizer/elf/vdso.h"

namespace profiler::oracle {
namespace {

constexpr std::size_t kLongestCall = 8;
constexpr std::size_t kDirectCall = 5;

unsigned at(std::span<const std::byte> bytes, std::size_t i) {
  return std::to_integer<unsigned>(bytes[i]);
}

/// Whether an indirect call (FF /2, Intel SDM volume 2) of just this length is at the end of
/// `code`.
bool ends_in_indirect_call(std::span<const std::byte> code, std::size_t length) {
  std::span<const std::byte> call = code.last(length);
  // Prefixes: segment, notrack, REX.
  while (call.size() > 2) {
    const unsigned byte = at(call, 0);
    if (byte != 0x3e && byte != 0x64 && byte != 0x65 && (byte & 0xf0) != 0x40) break;
    call = call.subspan(1);
  }
  if (call.size() < 2 || at(call, 0) != 0xff) return false;
  const unsigned modrm = at(call, 1);
  if ((modrm >> 3 & 7) != 2) return false;
  const unsigned mode = modrm >> 6;
  const unsigned rm = modrm & 7;
  std::size_t size = 2;
  if (mode != 3 && rm == 4) {
    if (call.size() < 3) return false;
    ++size;
    if (mode == 0 && (at(call, 2) & 7) == 5) size += 4;
  }
  if (mode == 0 && rm == 5) size += 4;
  if (mode == 1) size += 1;
  if (mode == 2) size += 4;
  return size == call.size();
}

}  // namespace

const CallSites::Module& CallSites::module(const std::string& path) {
  const auto [entry, is_new] = modules_.try_emplace(path);
  if (is_new) {
    if (path == "[vdso]") {
      entry->second.file = symbolizer::running_vdso();
    } else if (auto file = symbolizer::ElfFile::open(path)) {
      entry->second.file = *file;
    }
    if (const auto& file = entry->second.file)
      entry->second.functions = std::make_unique<symbolizer::FdeTable>(file->unwind_sections());
  }
  return entry->second;
}

std::uint64_t CallSites::linked_address(const ShownFrame& frame) {
  const Module& in = module(frame.module);
  if (!in.file) return frame.address;
  const auto address = in.file->address_of(FileOffset(frame.address));
  return address ? address->value() : frame.address;
}

std::string CallSites::code_at(const ShownFrame& frame) {
  const Module& in = module(frame.module);
  std::string text;
  if (!in.file) return text;
  for (const std::byte byte : in.file->bytes_at(ModuleAddress(frame.address), 12)) {
    char hex[8];
    std::snprintf(hex, sizeof hex, "%s%02x", text.empty() ? "" : " ",
                  std::to_integer<unsigned>(byte));
    text += hex;
  }
  return text;
}

bool CallSites::is_signal_return(const ShownFrame& frame) {
  // mov $__NR_rt_sigreturn,%rax; syscall
  constexpr std::string_view kCode("\x48\xc7\xc0\x0f\0\0\0\x0f\x05", 9);
  const Module& in = module(frame.module);
  if (!in.file) return false;
  for (const std::uint64_t address : {frame.address - 1, frame.address, frame.address + 1}) {
    const auto code = in.file->bytes_at(ModuleAddress(address), kCode.size());
    if (std::string_view(reinterpret_cast<const char*>(code.data()), code.size()) == kCode)
      return true;
  }
  return false;
}

CallSite CallSites::judge(const ShownFrame& caller, const ShownFrame& callee) {
  if (is_signal_return(callee) || is_signal_return(caller)) return CallSite::kUnknown;
  const Module& in = module(caller.module);
  if (!in.file || in.file->machine() != symbolizer::Machine::kX86_64) return CallSite::kUnknown;
  const auto code = in.file->bytes_at(ModuleAddress(caller.address - kLongestCall), kLongestCall);
  if (code.size() < kLongestCall) return CallSite::kNoCall;
  if (at(code, kLongestCall - kDirectCall) == 0xe8) {
    std::int32_t distance = 0;
    std::memcpy(&distance, code.data() + code.size() - sizeof distance, sizeof distance);
    const ModuleAddress target(caller.address + static_cast<std::uint64_t>(std::int64_t{distance}));
    if (in.file->bytes_at(target, 1).size() == 1) {
      const auto called = in.functions->find(target);
      if (!called || called->start != target) return CallSite::kCall;  // A stub, or no table.
      if (callee.module != caller.module) return CallSite::kElsewhere;
      return called->contains(ModuleAddress(callee.address)) ? CallSite::kCallsIt
                                                             : CallSite::kElsewhere;
    }
  }
  for (std::size_t length = 2; length <= kLongestCall; ++length) {
    if (ends_in_indirect_call(code, length)) return CallSite::kCall;
  }
  return CallSite::kNoCall;
}

}  // namespace profiler::oracle
