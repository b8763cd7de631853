#include "symbolizer/demangle.h"

#include <libiberty/demangle.h>

#include <cstdlib>
#include <memory>

namespace symbolizer {
namespace {

constexpr std::size_t kMaxOutput = std::size_t{64} << 10;
// The C++ demangler needs stack in proportion to the name.
constexpr std::size_t kMaxInput = std::size_t{64} << 10;
constexpr std::size_t kMaxDlangInput = std::size_t{4} << 10;

struct OutputTooLong {};

/// Called by the demangler with each piece of the name. Throwing is the only way to stop it; its
/// working memory is on the stack.
void append(const char* piece, std::size_t size, void* opaque) {
  auto& output = *static_cast<std::string*>(opaque);
  if (output.size() + size > kMaxOutput) throw OutputTooLong();
  output.append(piece, size);
}

constexpr int kOptions = DMGL_PARAMS | DMGL_ANSI;

bool is_dlang(std::string_view name) {
  return name.size() > 2 && name.starts_with("_D") && name[2] >= '0' && name[2] <= '9';
}

}  // namespace

std::string demangle(std::string_view mangled) {
  std::string name(mangled);
  if (!is_mangled(name) || name.size() > kMaxInput) return name;
  if (name == "_Dmain") return "D main";
  std::string output;
  if (is_dlang(name)) {
    if (name.size() > kMaxDlangInput) return name;
    const std::unique_ptr<char, decltype(&std::free)> text(dlang_demangle(name.c_str(), kOptions),
                                                           &std::free);
    return text == nullptr ? name : std::string(text.get());
  }
  try {
    // Rust first: its legacy names are valid C++ ones with a hash at the end.
    if (rust_demangle_callback(name.c_str(), kOptions, append, &output) != 0) return output;
    output.clear();
    if (name.starts_with("_Z") &&
        cplus_demangle_v3_callback(name.c_str(), kOptions, append, &output) != 0) {
      return output;
    }
  } catch (const OutputTooLong&) {
    return name;
  }
  return name;
}

}  // namespace symbolizer
