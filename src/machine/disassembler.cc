#include "machine/disassembler.h"

#include <capstone/capstone.h>
#include <dlfcn.h>

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <utility>

#include "machine/instruction_x86_64.h"

namespace profiler::machine {
namespace {

/// The functions of Capstone that are used.
struct Capstone {
  decltype(&cs_open) open = nullptr;
  decltype(&cs_close) close = nullptr;
  decltype(&cs_option) option = nullptr;
  decltype(&cs_malloc) allocate = nullptr;
  decltype(&cs_free) free = nullptr;
  decltype(&cs_disasm_iter) next = nullptr;
};

/// The library whose header this was compiled with; never unloaded.
const Capstone* capstone() {
  static const Capstone* const kLoaded = []() -> const Capstone* {
    const std::string name = "libcapstone.so." + std::to_string(CS_API_MAJOR);
    void* const library = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return nullptr;
    static Capstone functions;
    bool all = true;
    const auto find = [&](auto& function, const char* symbol) {
      function =
          reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(library, symbol));
      all = all && function != nullptr;
    };
    find(functions.open, "cs_open");
    find(functions.close, "cs_close");
    find(functions.option, "cs_option");
    find(functions.allocate, "cs_malloc");
    find(functions.free, "cs_free");
    find(functions.next, "cs_disasm_iter");
    return all ? &functions : nullptr;
  }();
  return kLoaded;
}

/// ".byte 0x62, 0xf1"
std::string as_bytes(std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = ".byte";
  for (const std::byte b : bytes) {
    text += text.size() == 5 ? " 0x" : ", 0x";
    text += kDigits[std::to_integer<unsigned>(b) >> 4];
    text += kDigits[std::to_integer<unsigned>(b) & 15];
  }
  return text;
}

}  // namespace

struct Disassembler::State {
  State(const Capstone& functions, Architecture of) : library(functions), architecture(of) {}
  ~State() {
    if (instruction != nullptr) library.free(instruction, 1);
    if (handle != 0) library.close(&handle);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// What Capstone does not know, at the length that it has: what follows is read from its start.
  [[nodiscard]] std::span<const std::byte> unknown(std::span<const std::byte> code) const {
    if (architecture == Architecture::kAarch64)
      return code.first(std::min<std::size_t>(code.size(), 4));
    const auto decoded = decode_instruction(code);
    return code.first(decoded && decoded->length != 0 ? decoded->length : 1);
  }

  const Capstone& library;
  Architecture architecture;
  csh handle = 0;
  cs_insn* instruction = nullptr;
};

Disassembler::Disassembler(std::unique_ptr<State> state) : state_(std::move(state)) {}
Disassembler::~Disassembler() = default;
Disassembler::Disassembler(Disassembler&&) noexcept = default;
Disassembler& Disassembler::operator=(Disassembler&&) noexcept = default;

Result<Disassembler> Disassembler::open(Architecture architecture) {
  const Capstone* const library = capstone();
  if (library == nullptr) {
    const std::string version = std::to_string(CS_API_MAJOR);
    return std::unexpected(Error{.what = "libcapstone.so." + version + " is not here",
                                 .advice = "install libcapstone" + version});
  }
  auto state = std::make_unique<State>(*library, architecture);
  const bool is_x86 = architecture == Architecture::kX86_64;
  const cs_err opened = library->open(is_x86 ? CS_ARCH_X86 : CS_ARCH_ARM64,
                                      is_x86 ? CS_MODE_64 : CS_MODE_LITTLE_ENDIAN, &state->handle);
  if (opened != CS_ERR_OK)
    return std::unexpected(Error{.what = "Capstone does not know this machine's code"});
  if (is_x86) library->option(state->handle, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
  state->instruction = library->allocate(state->handle);
  return Disassembler(std::move(state));
}

std::vector<Instruction> Disassembler::disassemble(std::span<const std::byte> code,
                                                   std::uint64_t address) const {
  std::vector<Instruction> instructions;
  while (!code.empty()) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(code.data());
    std::size_t left = code.size();
    std::uint64_t at = address;
    std::size_t length = 0;
    std::string text;
    if (state_->library.next(state_->handle, &bytes, &left, &at, state_->instruction)) {
      const cs_insn& found = *state_->instruction;
      length = found.size;
      text = found.mnemonic;
      if (found.op_str[0] != '\0') text.append(" ").append(found.op_str);
    }
    if (length == 0) {
      const auto unknown = state_->unknown(code);
      length = unknown.size();
      text = as_bytes(unknown);
    }
    instructions.push_back(
        {.address = address, .length = static_cast<std::uint8_t>(length), .text = std::move(text)});
    code = code.subspan(length);
    address += length;
  }
  return instructions;
}

}  // namespace profiler::machine
