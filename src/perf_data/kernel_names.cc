#include "perf_data/kernel_names.h"

#include <sys/utsname.h>

#include <charconv>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "perf_data/module_search.h"
#include "symbolizer/elf/build_id_note.h"
#include "symbolizer/kernel/read_kallsyms.h"

namespace profiler::perf_data {
namespace {

BuildId running_build_id() {
  std::ifstream file("/sys/kernel/notes", std::ios::binary);
  const std::vector<char> notes{std::istreambuf_iterator<char>(file), {}};
  return symbolizer::build_id_in_notes(std::as_bytes(std::span(notes)));
}

Result<symbolizer::KernelSymbols> read(const std::string& path, const KernelIdentity& identity) {
  auto text = symbolizer::read_kallsyms_text(path);
  if (!text) return std::unexpected(text.error());
  auto symbols = symbolizer::KernelSymbols::parse(
      rebased_kallsyms(*std::move(text), identity.reference, identity.reference_address));
  if (!symbols && symbols.error().path.empty()) symbols.error().path = path;
  return symbols;
}

}  // namespace

bool is_running_kernel(const KernelIdentity& identity) {
  if (identity.build_id) {
    if (const BuildId running = running_build_id())
      return same_build_id(identity.build_id, running);
  }
  utsname name{};
  return ::uname(&name) == 0 && !identity.release.empty() && identity.release == name.release &&
         identity.host == name.nodename;
}

std::string rebased_kallsyms(std::string text, const std::string& reference,
                             std::uint64_t address) {
  if (reference.empty() || address == 0) return text;
  const auto address_of = [](std::string_view line, std::uint64_t& value) {
    return std::from_chars(line.data(), line.data() + line.size(), value, 16).ec == std::errc();
  };
  const std::size_t name_at = text.find(" " + reference + "\n");
  if (name_at == std::string::npos) return text;
  const std::size_t before = text.rfind('\n', name_at);
  std::uint64_t there = 0;
  if (!address_of(std::string_view(text).substr(before == std::string::npos ? 0 : before + 1),
                  there) ||
      there == 0 || there == address) {
    return text;
  }
  const std::uint64_t distance = address - there;
  std::string moved;
  moved.reserve(text.size());
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    std::uint64_t value = 0;
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || line.ends_with(']') || !address_of(line, value))
      continue;
    value += distance;
    char digits[20];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(value));
    moved += digits;
    moved += line.substr(space);
    moved += '\n';
  }
  return moved;
}

Result<symbolizer::KernelSymbols> kernel_names(const KernelIdentity& identity,
                                               const KernelNameSources& sources) {
  if (!sources.kallsyms.empty()) return read(sources.kallsyms, identity);
  if (is_running_kernel(identity)) return read("/proc/kallsyms", identity);
  if (const std::string cached = cached_build_id(sources.build_id_cache, identity.build_id);
      !cached.empty()) {
    if (auto symbols = read(cached + "/kallsyms", identity)) return symbols;
  }
  std::string what = "kernel functions have no names: the recording's kernel";
  if (!identity.release.empty()) what += " (" + identity.release + ")";
  return std::unexpected(Error{.what = what + " is not the one that runs here",
                               .advice = "give its /proc/kallsyms with --kallsyms FILE"});
}

}  // namespace profiler::perf_data
