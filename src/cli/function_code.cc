#include "cli/function_code.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "machine/disassembler.h"
#include "perf_data/module_search.h"
#include "symbolizer/elf/code_names.h"
#include "symbolizer/elf/elf_file.h"
#include "symbolizer/elf/fde_table.h"
#include "symbolizer/module_symbolizer.h"
#include "view/module_name.h"
#include "view/simple_name.h"

namespace profiler::cli {
namespace {

using render::AsmBlock;
using render::AsmInstruction;
using symbolizer::ElfFile;

/// More than that is no function.
constexpr std::uint64_t kLargest = std::uint64_t{16} << 20;

/// The file that ran, or why it is not to be had.
Result<std::shared_ptr<const ElfFile>> open_module(const Profile& profile, const Module& module,
                                                   const std::string& sysroot) {
  const std::string& path = profile.text(module.path);
  if (view::is_kernel(module.kind)) {
    return std::unexpected(Error{.what = "kernel code is in no file here",
                                 .path = path,
                                 .advice = "--asm shows that of programs and libraries"});
  }
  if (module.kind != ModuleKind::kFile) {
    return std::unexpected(Error{.what = "is memory, not a file that could be read again",
                                 .path = path.empty() ? "code of no known module" : path});
  }
  std::vector<std::string> candidates;
  if (!sysroot.empty()) candidates.push_back(sysroot + path);
  candidates.push_back(path);
  if (const std::string cache = symbolizer::default_build_id_cache();
      module.build_id && !cache.empty())
    candidates.push_back(perf_data::build_id_file(cache, module.build_id) + "/elf");

  std::optional<Error> error;
  for (const std::string& candidate : candidates) {
    auto file = ElfFile::open(candidate);
    if (!file) {
      if (!error) error = file.error();
      continue;
    }
    if (!module.build_id || perf_data::same_build_id(module.build_id, (*file)->build_id()))
      return *std::move(file);
    error = Error{.what = "is not the file that ran: its build id is " +
                          ((*file)->build_id() ? (*file)->build_id().hex() : "missing") + ", not " +
                          module.build_id.hex(),
                  .path = candidate};
  }
  return std::unexpected(error.value_or(Error{.what = "not found", .path = path}));
}

/// One module's part of a function.
class ModuleCode {
 public:
  ModuleCode(const Profile& profile, std::shared_ptr<const ElfFile> file, std::string module,
             const std::set<std::string>& functions, const machine::Disassembler& disassembler)
      : profile_(profile),
        file_(std::move(file)),
        module_(std::move(module)),
        functions_(functions),
        disassembler_(disassembler),
        names_(file_, symbolizer::find_debug_file(*file_, {})),
        fdes_(file_->unwind_sections()),
        symbolizer_(file_, {}) {}

  /// The blocks that hold `addresses`, which are by rising address.
  std::vector<AsmBlock> blocks(const std::vector<const view::AnnotatedAddress*>& addresses) {
    std::vector<AsmBlock> blocks;
    for (std::size_t i = 0; i < addresses.size();) {
      const Range range = range_of(ModuleAddress(addresses[i]->address));
      std::size_t end = i;
      while (end < addresses.size() && addresses[end]->address < range.end.value()) ++end;
      end = std::max(end, i + 1);
      blocks.push_back(block(range, {addresses.begin() + static_cast<std::ptrdiff_t>(i),
                                     addresses.begin() + static_cast<std::ptrdiff_t>(end)}));
      i = end;
    }
    return blocks;
  }

 private:
  struct Range {
    ModuleAddress start;
    ModuleAddress end;
  };

  /// The function that was compiled around `address`, as the symbol or the unwind table has it.
  [[nodiscard]] Range range_of(ModuleAddress address) const {
    Range range{.start = address, .end = address + 1};
    if (const auto symbol = names_.symbol_at(address)) {
      range = {.start = symbol->start, .end = symbol->end};
    } else if (const auto fde = fdes_.find(address)) {
      range = {.start = fde->start, .end = fde->end()};
    }
    if (range.end - range.start > kLargest) range.end = range.start + kLargest;
    return range;
  }

  AsmBlock block(const Range& range,
                 const std::vector<const view::AnnotatedAddress*>& addresses) const {
    AsmBlock block;
    block.module = module_;
    const auto here = symbolizer_.symbolize(range.start);
    block.symbol = here.frames.empty() ? "code" : here.frames.back().function;
    std::map<std::string, std::uint32_t> files;
    auto sampled = addresses.begin();
    bool last_kept = true;
    const auto code = file_->bytes_at(range.start, range.end - range.start);
    for (machine::Instruction& decoded : disassembler_.disassemble(code, range.start.value())) {
      AsmInstruction in;
      in.address = decoded.address;
      in.text = with_target(std::move(decoded.text), range);
      bool has_samples = false;
      for (; sampled != addresses.end() && (*sampled)->address < decoded.address + decoded.length;
           ++sampled) {
        in.charge.self += (*sampled)->charge.self;
        in.charge.total += (*sampled)->charge.total;
        has_samples = true;
      }
      const bool is_of_function = locate(in, block, files);
      if (is_of_function || has_samples) {
        in.follows = last_kept;
        block.instructions.push_back(std::move(in));
      }
      last_kept = is_of_function || has_samples;
    }
    return block;
  }

  /// "callq 0x1060 <memcmp@plt>": which function a direct call or jump leads to.
  [[nodiscard]] std::string with_target(std::string text, const Range& range) const {
    const std::size_t hex = text.rfind("0x");
    // Only an address stands alone: operands of other instructions have commas, brackets or a "$".
    const std::size_t space = text.find(' ');
    if (hex == std::string::npos || space == std::string::npos) return text;
    const bool is_call = text.starts_with("call") || text.starts_with("bl ");
    const bool is_branch = is_call || text.starts_with('j') || text.starts_with("b ");
    if (!is_branch || (hex != space + 1 && text.substr(space, hex - space) != " #")) return text;
    std::uint64_t target = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + hex + 2, end, target, 16);
    if (error != std::errc() || stop != end) return text;
    if (!is_call && target >= range.start.value() && target < range.end.value()) return text;
    const auto there = symbolizer_.symbolize(ModuleAddress(target));
    if (there.frames.empty()) return text;
    return text + " <" + view::without_parameters(there.frames.back().function) + '>';
  }

  /// Whose line the instruction is. False: none of the function's.
  bool locate(AsmInstruction& in, AsmBlock& block,
              std::map<std::string, std::uint32_t>& files) const {
    const auto at = symbolizer_.symbolize(ModuleAddress(in.address));
    const auto own = std::ranges::find_if(
        at.frames, [&](const SourceFrame& frame) { return functions_.contains(frame.function); });
    if (own == at.frames.end()) return false;
    const auto [file, is_new] =
        files.try_emplace(own->file, static_cast<std::uint32_t>(block.files.size()));
    if (is_new) block.files.push_back(own->file);
    in.file = file->second;
    in.line = own->line;
    if (own != at.frames.begin()) {
      in.inlined = at.frames.front().function;
      in.inlined_file = at.frames.front().file;
      in.inlined_line = at.frames.front().line;
    }
    return true;
  }

  const Profile& profile_;
  std::shared_ptr<const ElfFile> file_;
  std::string module_;
  const std::set<std::string>& functions_;
  const machine::Disassembler& disassembler_;
  symbolizer::CodeNames names_;
  symbolizer::FdeTable fdes_;
  symbolizer::ModuleSymbolizer symbolizer_;
};

Result<machine::Disassembler> disassembler_for(symbolizer::Machine machine) {
  switch (machine) {
    case symbolizer::Machine::kX86_64:
      return machine::Disassembler::open(machine::Architecture::kX86_64);
    case symbolizer::Machine::kAarch64:
      return machine::Disassembler::open(machine::Architecture::kAarch64);
    case symbolizer::Machine::kOther:
      break;
  }
  return std::unexpected(Error{.what = "only x86-64 and aarch64 code can be read"});
}

std::uint64_t weight(const AsmBlock& block) {
  std::uint64_t sum = 0;
  for (const AsmInstruction& in : block.instructions) sum += in.charge.total.all();
  return sum;
}

}  // namespace

Result<FunctionCode> function_code(const Profile& profile, const view::Annotation& annotation,
                                   const std::string& sysroot) {
  std::set<std::string> functions;
  for (const FunctionIndex function : annotation.functions)
    functions.insert(profile.text(profile.functions[function].name));
  std::map<ModuleIndex, std::vector<const view::AnnotatedAddress*>> by_module;
  for (const view::AnnotatedAddress& at : annotation.addresses) by_module[at.module].push_back(&at);

  FunctionCode code;
  std::optional<Error> error;
  for (const auto& [index, addresses] : by_module) {
    Module module;
    module.kind = ModuleKind::kUnmapped;
    if (index) module = profile.modules[index];
    auto file = open_module(profile, module, sysroot);
    auto disassembler = file ? disassembler_for((*file)->machine())
                             : Result<machine::Disassembler>(std::unexpected(file.error()));
    if (!disassembler) {
      if (!error) error = disassembler.error();
      code.notes.push_back("no instructions: " + disassembler.error().message());
      continue;
    }
    ModuleCode reader(profile, *file, view::module_name(profile, index), functions, *disassembler);
    for (AsmBlock& block : reader.blocks(addresses)) code.blocks.push_back(std::move(block));
  }
  if (code.blocks.empty() && error) {
    if (error->advice.empty()) error->advice = "--asm needs the file that ran";
    return std::unexpected(*error);
  }
  std::ranges::stable_sort(code.blocks, std::greater{}, weight);
  return code;
}

}  // namespace profiler::cli
