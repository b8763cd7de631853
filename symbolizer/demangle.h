// Names as a person wrote them, from names as the linker sees them: Itanium C++, Rust (legacy and
// v0), D.
//
//   demangle("_ZN5Arena4growEm");     // "Arena::grow(unsigned long)"
//   demangle("read");                 // "read": what is not mangled comes back as it is
#pragma once

#include <string>
#include <string_view>

namespace symbolizer {

/// Never longer than 64 KiB: a mangled name can stand for an exponentially longer one, and such a
/// name comes back mangled.
[[nodiscard]] std::string demangle(std::string_view mangled);

/// False: demangle() would return the name as it is.
[[nodiscard]] inline bool is_mangled(std::string_view name) {
  return name.starts_with("_Z") || name.starts_with("_R") || name.starts_with("_D") ||
         name.starts_with("__Z");
}

}  // namespace symbolizer
