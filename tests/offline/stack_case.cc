#include "tests/offline/stack_case.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "tests/offline/sparse_file.h"
#include "tests/support/temporary_directory.h"

namespace profiler::test {
namespace {

/// By perf's numbers (asm/perf_regs.h); segment registers are never sampled.
constexpr std::array<std::string_view, StackCase::kRegisters> kRegisterNames = {
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "rip", "eflags", "cs",  "ss",
    "ds",  "es",  "fs",  "gs",  "r8",  "r9",  "r10", "r11", "r12", "r13",    "r14", "r15"};
constexpr std::string_view kRequested = "stack_requested";
constexpr std::string_view kExec = "exec";

std::string hex(std::uint64_t value) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "0x%llx", static_cast<unsigned long long>(value));
  return digits;
}

Result<std::vector<StackCase::MapLine>> read_maps(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::unexpected(Error{.what = "cannot be read", .path = path});
  std::vector<StackCase::MapLine> maps;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    if (line == kExec) {
      maps.push_back({.exec = true, .start = {}, .end = {}, .offset = {}, .path = {}});
      continue;
    }
    unsigned long long start = 0;
    unsigned long long end = 0;
    unsigned long long offset = 0;
    char permissions[5] = {};
    int path_at = 0;
    if (std::sscanf(line.c_str(), "%llx-%llx %4s %llx %*s %*s %n", &start, &end, permissions,
                    &offset, &path_at) < 4) {
      return std::unexpected(Error{.what = "bad line: " + line, .path = path});
    }
    if (permissions[2] != 'x') continue;
    maps.push_back({.start = RuntimeAddress(start),
                    .end = RuntimeAddress(end),
                    .offset = FileOffset(offset),
                    .path = line.substr(static_cast<std::size_t>(path_at))});
  }
  return maps;
}

std::string line_of(const StackCase::MapLine& line) {
  if (line.exec) return std::string(kExec) + "\n";
  char text[96];
  std::snprintf(text, sizeof text, "%llx-%llx r-xp %08llx 00:00 0 ",
                static_cast<unsigned long long>(line.start.value()),
                static_cast<unsigned long long>(line.end.value()),
                static_cast<unsigned long long>(line.offset.value()));
  return text + line.path + "\n";
}

}  // namespace

std::string module_name(std::string_view path) {
  // "[vdso]" and "//anon" are names, not paths.
  if (path.starts_with('[') || path.starts_with("//")) return std::string(path);
  return std::string(path.substr(path.rfind('/') + 1));
}

std::string sparse_name(std::string_view path) {
  std::string name = module_name(path);
  std::erase_if(name, [](char c) { return c == '[' || c == ']'; });
  return name + ".sparse";
}

Result<StackCase> StackCase::read(const std::string& folder) {
  StackCase result;
  auto maps = read_maps(folder + "/maps");
  if (!maps) return std::unexpected(maps.error());
  result.maps = *std::move(maps);

  std::ifstream registers(folder + "/registers");
  std::string name;
  std::string value;
  while (registers >> name >> value) {
    const std::uint64_t number = std::stoull(value, nullptr, 0);
    const auto* const found = std::ranges::find(kRegisterNames, name);
    if (name == kRequested) {
      result.stack_requested = number;
    } else if (found != kRegisterNames.end()) {
      result.registers[static_cast<std::size_t>(found - kRegisterNames.begin())] = number;
    } else {
      return std::unexpected(Error{.what = "no register " + name, .path = folder + "/registers"});
    }
  }
  const std::string stack = read_bytes(folder + "/stack.bin");
  result.stack.resize(stack.size());
  std::ranges::transform(stack, result.stack.begin(), [](char c) { return std::byte(c); });
  return result;
}

void StackCase::write(const std::string& folder) const {
  std::filesystem::create_directories(folder);
  std::string map_lines;
  for (const MapLine& line : maps) map_lines += line_of(line);
  write_bytes(folder + "/maps", map_lines);
  std::string values;
  for (std::size_t i = 0; i < kRegisters; ++i) {
    if (registers[i]) values += std::string(kRegisterNames[i]) + " " + hex(*registers[i]) + "\n";
  }
  values += std::string(kRequested) + " " + std::to_string(stack_requested) + "\n";
  write_bytes(folder + "/registers", values);
  std::string bytes;
  for (const std::byte b : stack) bytes += static_cast<char>(b);
  write_bytes(folder + "/stack.bin", bytes);
}

std::string ChainFrame::place() const {
  return module + (module.empty() ? "" : "+") + hex(address);
}

std::string text(const Chain& chain, bool repeats) {
  std::string lines;
  for (std::size_t i = 0; i < chain.frames.size();) {
    const ChainFrame& frame = chain.frames[i];
    std::size_t count = 1;
    while (repeats && i + count < chain.frames.size() &&
           chain.frames[i + count].place() == frame.place() &&
           chain.frames[i + count].kind == frame.kind) {
      ++count;
    }
    lines += frame.place();
    lines += frame.kind == AddressKind::kReturn ? " return" : " instruction";
    if (count > 1) lines += " x" + std::to_string(count);
    lines += '\n';
    i += count;
  }
  return lines + "end: " + std::string(name(chain.end)) + "\n";
}

pipeline::ModuleFiles::Opener sparse_modules(const std::string& folder) {
  return [folder](const MmapEvent& event) -> pipeline::ModuleFiles::FilePointer {
    const std::string name = sparse_name(event.path);
    if (!std::filesystem::exists(folder + "/" + name)) return nullptr;
    const auto sparse = SparseFile::read(read_bytes(folder + "/" + name));
    const TemporaryDirectory directory;  // What is mapped stays when the name goes.
    const std::string restored = directory.file(name);
    if (!sparse || !sparse->restore(restored)) return nullptr;
    auto file = symbolizer::ElfFile::open(restored);
    return file ? *file : nullptr;
  };
}

CaseWalk::CaseWalk(const StackCase& stack_case, pipeline::ModuleFiles::Opener opener)
    : case_(stack_case), modules_(profile_, interner_, std::move(opener)) {
  std::vector<bool> added;
  for (const StackCase::MapLine& line : case_.maps) {
    if (line.exec) {
      processes_.apply(
          CommEvent{.context = {}, .pid = kPid, .tid = kPid, .exec = true, .name = "program"});
      continue;
    }
    MmapEvent event;
    event.pid = kPid;
    event.tid = kPid;
    event.start = line.start;
    event.length = line.end - line.start;
    event.file_offset = line.offset;
    event.path = line.path;
    const pipeline::ModuleFiles::Place place = modules_.resolve(event);
    added.resize(std::max(added.size(), place.module.row() + std::size_t{1}));
    if (!added[place.module.row()]) {
      added[place.module.row()] = true;
      if (auto file = modules_.file(place.module))
        unwinder_.add_module(place.module, std::move(file));
    }
    processes_.process(kPid).space.map(
        {.start = line.start, .end = line.end, .module = place.module, .bias = place.bias});
  }
}

Chain CaseWalk::run() {
  std::vector<std::uint64_t> values;
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < StackCase::kRegisters; ++i) {
    if (!case_.registers[i]) continue;
    mask |= std::uint64_t{1} << i;
    values.push_back(*case_.registers[i]);
  }
  constexpr std::uint64_t kAbi64 = 2;
  std::vector<unwind::UserFrame> frames;
  Chain chain;
  chain.end =
      unwinder_.unwind({.registers = {.abi = kAbi64, .mask = mask, .values = values},
                        .bytes = case_.stack,
                        .requested_bytes = std::max(case_.stack_requested, case_.stack.size())},
                       processes_.process(kPid).space, frames);
  for (const unwind::UserFrame& frame : frames) chain.frames.push_back(chain_frame(frame));
  return chain;
}

ChainFrame CaseWalk::chain_frame(const unwind::UserFrame& frame) const {
  ChainFrame result{.module = {},
                    .address = frame.module_address + (frame.address.kind == AddressKind::kReturn),
                    .kind = frame.address.kind,
                    .at = frame.address.address,
                    .module_index = frame.module};
  if (frame.module) result.module = module_name(module_path(frame.module));
  return result;
}

std::string CaseWalk::place_of(RuntimeAddress address) const {
  const process::ProcessState* process = processes_.find(kPid);
  const process::Mapping* mapping = process == nullptr ? nullptr : process->space.find(address);
  ChainFrame frame{.module = {}, .address = address.value(), .at = address};
  if (mapping != nullptr) {
    frame.module = module_name(module_path(mapping->module));
    frame.address = mapping->to_module(address).value();
  }
  return frame.place();
}

std::string CaseWalk::place_of(std::string_view path, FileOffset offset) const {
  for (std::size_t i = 0; i < profile_.modules.size(); ++i) {
    const ModuleIndex index(i);
    if (module_path(index) != path || modules_.file(index) == nullptr) continue;
    const auto address = modules_.file(index)->address_of(offset);
    if (!address) continue;
    return ChainFrame{.module = module_name(path), .address = address->value(), .at = {}}.place();
  }
  return place_of(RuntimeAddress(offset.value()));
}

}  // namespace profiler::test
