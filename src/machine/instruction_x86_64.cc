#include "machine/instruction_x86_64.h"

#include <algorithm>

namespace profiler::machine {
namespace {

constexpr std::size_t kMaxLength = 15;

/// Reads bytes, and remembers when there were none left.
class Bytes {
 public:
  explicit Bytes(std::span<const std::byte> code)
      : code_(code.first(std::min(code.size(), kMaxLength))) {}

  std::uint8_t next() {
    if (position_ >= code_.size()) {
      failed_ = true;
      return 0;
    }
    return std::to_integer<std::uint8_t>(code_[position_++]);
  }
  [[nodiscard]] std::uint8_t peek() const {
    return position_ < code_.size() ? std::to_integer<std::uint8_t>(code_[position_]) : 0;
  }
  /// A little-endian number, sign-extended.
  std::int64_t number(unsigned size) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i) value |= std::uint64_t{next()} << (8 * i);
    if (size == 0 || size == 8) return static_cast<std::int64_t>(value);
    const unsigned unused = 64 - 8 * size;
    return static_cast<std::int64_t>(value << unused) >> unused;
  }
  void skip(unsigned count) {
    for (unsigned i = 0; i < count; ++i) next();
  }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::size_t position() const { return position_; }

 private:
  std::span<const std::byte> code_;
  std::size_t position_ = 0;
  bool failed_ = false;
};

struct Prefixes {
  bool operand_size = false;
  bool address_size = false;
  std::uint8_t rex = 0;
  [[nodiscard]] bool w() const { return (rex & 8) != 0; }
  [[nodiscard]] std::uint8_t r() const { return (rex & 4) != 0 ? 8 : 0; }
  [[nodiscard]] std::uint8_t b() const { return (rex & 1) != 0 ? 8 : 0; }
};

Prefixes read_prefixes(Bytes& bytes) {
  Prefixes prefixes;
  for (;;) {
    switch (bytes.peek()) {
      case 0x66:
        prefixes.operand_size = true;
        break;
      case 0x67:
        prefixes.address_size = true;
        break;
      case 0x26:
      case 0x2e:
      case 0x36:
      case 0x3e:
      case 0x64:
      case 0x65:
      case 0xf0:
      case 0xf2:
      case 0xf3:
        break;
      default:
        if ((bytes.peek() & 0xf0) == 0x40) prefixes.rex = bytes.next();
        return prefixes;
    }
    bytes.next();
    if (bytes.failed()) return prefixes;
  }
}

/// What follows an opcode: whether a ModRM byte, and an immediate of how many bytes.
struct Shape {
  bool valid = true;
  bool modrm = false;
  unsigned immediate = 0;
};
constexpr Shape kInvalid{.valid = false};
constexpr Shape kPlain{};

Shape primary_shape(std::uint8_t opcode, const Prefixes& prefixes) {
  const unsigned word = prefixes.operand_size && !prefixes.w() ? 2 : 4;
  if (opcode < 0x40) {  // Arithmetic: six forms of each of eight operations.
    const unsigned form = opcode & 7U;
    if (form < 4) return {.modrm = true};
    if (form == 4) return {.immediate = 1};
    if (form == 5) return {.immediate = word};
    return kInvalid;
  }
  if (opcode < 0x50) return kInvalid;  // A second REX prefix.
  if (opcode < 0x60) return kPlain;    // push, pop
  switch (opcode) {
    case 0x63:
      return {.modrm = true};
    case 0x68:
      return {.immediate = word};
    case 0x69:
    case 0x81:
    case 0xc7:
      return {.modrm = true, .immediate = word};
    case 0x6a:
    case 0xa8:
    case 0xcd:
    case 0xeb:
      return {.immediate = 1};
    case 0x6b:
    case 0x80:
    case 0x83:
    case 0xc0:
    case 0xc1:
    case 0xc6:
      return {.modrm = true, .immediate = 1};
    case 0xa9:
      return {.immediate = word};
    case 0xc2:
    case 0xca:
      return {.immediate = 2};
    case 0xc8:
      return {.immediate = 3};
    case 0xe8:
    case 0xe9:
      return {.immediate = 4};
    case 0x60:
    case 0x61:
    case 0x62:
    case 0x82:
    case 0x9a:
    case 0xc4:
    case 0xc5:
    case 0xce:
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xea:
      return kInvalid;  // (62, c4, c5 begin vector instructions: read elsewhere.)
    default:
      break;
  }
  if (opcode >= 0x6c && opcode <= 0x6f) return kPlain;
  if (opcode >= 0x70 && opcode <= 0x7f) return {.immediate = 1};
  if (opcode >= 0x84 && opcode <= 0x8f) return {.modrm = true};
  if (opcode >= 0xa0 && opcode <= 0xa3) return {.immediate = prefixes.address_size ? 4U : 8U};
  if (opcode >= 0xb0 && opcode <= 0xb7) return {.immediate = 1};
  if (opcode >= 0xb8 && opcode <= 0xbf) return {.immediate = prefixes.w() ? 8 : word};
  if (opcode >= 0xd0 && opcode <= 0xd3) return {.modrm = true};
  if (opcode >= 0xd8 && opcode <= 0xdf) return {.modrm = true};
  if (opcode >= 0xe0 && opcode <= 0xe7) return {.immediate = 1};
  if (opcode == 0xf6 || opcode == 0xf7) return {.modrm = true};  // test has an immediate: see below
  if (opcode == 0xfe || opcode == 0xff) return {.modrm = true};
  return kPlain;
}

Shape shape_0f(std::uint8_t opcode) {
  if (opcode >= 0x80 && opcode <= 0x8f) return {.immediate = 4};
  if ((opcode >= 0x30 && opcode <= 0x37) || (opcode >= 0xc8 && opcode <= 0xcf)) return kPlain;
  switch (opcode) {
    case 0x04:
    case 0x0a:
    case 0x0c:
    case 0x24:
    case 0x25:
    case 0x26:
    case 0x27:
    case 0x36:
    case 0x39:
    case 0x3b:
    case 0x3c:
    case 0x3d:
    case 0x3e:
    case 0x3f:
      return kInvalid;
    case 0x05:
    case 0x06:
    case 0x07:
    case 0x08:
    case 0x09:
    case 0x0b:
    case 0x0e:
    case 0x77:
    case 0xa0:
    case 0xa1:
    case 0xa2:
    case 0xa8:
    case 0xa9:
    case 0xaa:
      return kPlain;
    case 0x0f:
    case 0x70:
    case 0x71:
    case 0x72:
    case 0x73:
    case 0xa4:
    case 0xac:
    case 0xba:
    case 0xc2:
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return {.modrm = true, .immediate = 1};
    default:
      return {.modrm = true};
  }
}

/// Reads ModRM, SIB and displacement.
void read_modrm(Bytes& bytes, const Prefixes& prefixes, X86Instruction& out) {
  const std::uint8_t modrm = bytes.next();
  const unsigned mode = modrm >> 6;
  const unsigned rm = modrm & 7U;
  out.has_modrm = true;
  out.reg = static_cast<std::uint8_t>(((modrm >> 3) & 7U) | prefixes.r());
  out.rm = static_cast<std::uint8_t>(rm | prefixes.b());
  out.memory = mode != 3;
  if (!out.memory) return;
  bool displacement_32 = mode == 2 || (mode == 0 && rm == 5);
  if (rm == 4) {
    const unsigned base = bytes.next() & 7U;
    displacement_32 = displacement_32 || (mode == 0 && base == 5);
  }
  bytes.skip(displacement_32 ? 4 : mode == 1 ? 1 : 0);
}

/// VEX (c4, c5) and EVEX (62): prefix bytes, opcode, ModRM, for some an immediate byte.
bool read_vector(Bytes& bytes, std::uint8_t first, X86Instruction& out) {
  unsigned map = 1;
  if (first == 0xc4) {
    map = bytes.next() & 0x1fU;
    bytes.skip(1);
  } else if (first == 0x62) {
    map = bytes.next() & 7U;
    bytes.skip(2);
  } else {
    bytes.skip(1);
  }
  out.map = OpcodeMap::kVector;
  out.opcode = bytes.next();
  if (map == 0 || map > 7) return false;
  if (map == 1 && out.opcode == 0x77) return true;  // vzeroupper
  read_modrm(bytes, {}, out);
  const bool immediate = map == 3 || (map == 1 && shape_0f(out.opcode).immediate == 1);
  if (immediate) out.immediate = bytes.number(1);
  return true;
}

bool read_rest(Bytes& bytes, const Prefixes& prefixes, X86Instruction& out) {
  out.opcode = bytes.next();
  if (prefixes.rex == 0 && (out.opcode == 0x62 || out.opcode == 0xc4 || out.opcode == 0xc5)) {
    return read_vector(bytes, out.opcode, out);
  }
  Shape shape;
  if (out.opcode != 0x0f) {
    shape = primary_shape(out.opcode, prefixes);
  } else {
    out.map = OpcodeMap::k0f;
    out.opcode = bytes.next();
    shape = shape_0f(out.opcode);
    if (out.opcode == 0x38 || out.opcode == 0x3a) {
      out.map = out.opcode == 0x38 ? OpcodeMap::k0f38 : OpcodeMap::k0f3a;
      out.opcode = bytes.next();
      shape = {.modrm = true, .immediate = out.map == OpcodeMap::k0f3a ? 1U : 0U};
    }
  }
  if (!shape.valid) return false;
  out.op_reg = static_cast<std::uint8_t>((out.opcode & 7U) | prefixes.b());
  if (shape.modrm) read_modrm(bytes, prefixes, out);
  if (out.map == OpcodeMap::kPrimary && (out.opcode & 0xfeU) == 0xf6 && (out.reg & 7U) < 2) {
    shape.immediate = out.opcode == 0xf6 ? 1 : out.operand_size_16 ? 2 : 4;
  }
  out.immediate = bytes.number(shape.immediate);
  return true;
}

}  // namespace

std::optional<X86Instruction> decode_instruction(std::span<const std::byte> code) {
  Bytes bytes(code);
  const Prefixes prefixes = read_prefixes(bytes);
  X86Instruction out;
  out.wide = prefixes.w();
  out.operand_size_16 = prefixes.operand_size && !prefixes.w();
  if (!read_rest(bytes, prefixes, out) || bytes.failed()) return std::nullopt;
  out.length = static_cast<std::uint8_t>(bytes.position());
  return out;
}

}  // namespace profiler::machine
