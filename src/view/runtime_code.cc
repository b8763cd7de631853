#include "view/runtime_code.h"

#include <algorithm>
#include <array>

namespace profiler::view {
namespace {

// A module is one of these if its name goes on with ".so", or with "-" or "." and a digit:
// "libc.so.6", "libc-2.31.so". A program may well be called "ld".
constexpr std::array<std::string_view, 23> kModules = {
    "libc",
    "libpthread",
    "libm",
    "librt",
    "libdl",  // the C library
    "ld-linux-x86-64",
    "ld-linux-aarch64",
    "ld-linux",
    "ld64",
    "ld",  // the loader
    "ld-musl-x86_64",
    "ld-musl-aarch64",  //
    "libstdc++",
    "libc++",
    "libc++abi",
    "libgcc_s",
    "libsupc++",  // the C++ run-time
    "libjemalloc",
    "libtcmalloc",
    "libtcmalloc_minimal",
    "libtcmalloc_and_profiler",  // allocators
    "libmimalloc",
    "libmimalloc-secure",
};
constexpr std::array<std::string_view, 4> kBracketed = {"[vdso]", "[vvar]", "[vsyscall]",
                                                        "linux-vdso.so.1"};

// After "_ZN" and cv-qualifiers: namespaces std, __gnu_cxx and __cxxabiv1, and the abbreviations
// of the Itanium C++ ABI, 5.1.9, for members of std.
constexpr std::array<std::string_view, 9> kNested = {"St", "Sa", "Sb",         "Ss",          "Si",
                                                     "So", "Sd", "9__gnu_cxx", "10__cxxabiv1"};
// Whole functions: in std, and operator new, new[], delete, delete[].
constexpr std::array<std::string_view, 5> kUnnested = {"_ZSt", "_Znw", "_Zna", "_Zdl", "_Zda"};

bool ends_module_name(std::string_view rest) {
  if (rest.starts_with(".so")) return true;
  return rest.size() > 1 && (rest[0] == '-' || rest[0] == '.') && rest[1] >= '0' && rest[1] <= '9';
}

}  // namespace

bool is_runtime_module(std::string_view name) {
  if (std::ranges::find(kBracketed, name) != kBracketed.end()) return true;
  return std::ranges::any_of(kModules, [name](std::string_view module) {
    return name.starts_with(module) && ends_module_name(name.substr(module.size()));
  });
}

bool is_runtime_function(std::string_view system_name) {
  const auto starts_with_one_of = [](std::string_view text, const auto& prefixes) {
    return std::ranges::any_of(
        prefixes, [text](std::string_view prefix) { return text.starts_with(prefix); });
  };
  if (starts_with_one_of(system_name, kUnnested)) return true;
  if (!system_name.starts_with("_ZN")) return false;
  system_name.remove_prefix(3);
  const std::size_t qualifiers = system_name.find_first_not_of("rVKRO");
  if (qualifiers == std::string_view::npos) return false;
  return starts_with_one_of(system_name.substr(qualifiers), kNested);
}

bool is_start_function(std::string_view name) {
  constexpr std::array<std::string_view, 9> kStarts = {"_start",
                                                       "__libc_start_main",
                                                       "__libc_start_main_impl",
                                                       "__libc_start_call_main",
                                                       "start_thread",
                                                       "clone",
                                                       "clone3",
                                                       "__clone3",
                                                       "__clone"};
  name = name.substr(0, name.find('@'));  // A symbol's version.
  return std::ranges::find(kStarts, name) != kStarts.end();
}

}  // namespace profiler::view
