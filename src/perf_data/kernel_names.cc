#include "perf_data/kernel_names.h"

#include <sys/utsname.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "perf_data/module_search.h"
#include "symbolizer/elf/build_id_note.h"
#include "symbolizer/elf/elf_file.h"
#include "symbolizer/kernel/read_kallsyms.h"
#include "symbolizer/kernel/vmlinux_symbols.h"

namespace profiler::perf_data {
namespace {

BuildId running_build_id() {
  std::ifstream file("/sys/kernel/notes", std::ios::binary);
  const std::vector<char> notes{std::istreambuf_iterator<char>(file), {}};
  return symbolizer::build_id_in_notes(std::as_bytes(std::span(notes)));
}

Result<symbolizer::KernelSymbols> parse(std::string text, const std::string& path,
                                        const KernelIdentity& identity) {
  auto symbols = symbolizer::KernelSymbols::parse(
      rebased_kallsyms(std::move(text), identity.reference, identity.reference_address));
  if (!symbols && symbols.error().path.empty()) symbols.error().path = path;
  return symbols;
}

Result<symbolizer::KernelSymbols> read(const std::string& path, const KernelIdentity& identity) {
  auto text = symbolizer::read_kallsyms_text(path);
  if (!text) return std::unexpected(text.error());
  return parse(*std::move(text), path, identity);
}

/// Two builds of one version lay their functions out differently: names of another would be wrong.
Result<symbolizer::KernelSymbols> read_vmlinux(const std::string& path,
                                               const KernelIdentity& identity) {
  const auto failure = [&path](const std::string& what, std::string advice) {
    return std::unexpected(Error{.what = "kernel functions have no names: " + what,
                                 .path = path,
                                 .advice = std::move(advice)});
  };
  const auto file = symbolizer::ElfFile::open(path);
  if (!file) {
    return failure(file.error().what,
                   "give the vmlinux that is an ELF file, not a compressed image");
  }
  const BuildId& found = (*file)->build_id();
  if (identity.build_id && found && !same_build_id(identity.build_id, found)) {
    return failure("it is another kernel's (build id " + found.hex() + ")",
                   "the recording's is " + identity.build_id.hex());
  }
  std::string text = symbolizer::vmlinux_symbols(**file);
  if (text.empty()) return failure("it has no symbol table", "give the one with symbols");
  return parse(std::move(text), path, identity);
}

}  // namespace

std::string kernel_module_name(std::string_view mapped) {
  std::string name;
  if (mapped.starts_with('[') && mapped.ends_with(']')) {
    if (mapped.starts_with("[kernel") || mapped.starts_with("[guest")) return {};
    name = mapped.substr(1, mapped.size() - 2);
  } else {
    const std::size_t ending = mapped.rfind(".ko");
    if (ending == std::string_view::npos) return {};
    name = mapped.substr(0, ending);
    name.erase(0, name.rfind('/') + 1);
  }
  // The file's name may have either, the module has '_' (modprobe(8)).
  std::ranges::replace(name, '-', '_');
  return name;
}

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
  if (!sources.vmlinux.empty()) return read_vmlinux(sources.vmlinux, identity);
  if (is_running_kernel(identity)) return read("/proc/kallsyms", identity);
  if (const std::string cached = build_id_file(sources.build_id_cache, identity.build_id);
      !cached.empty()) {
    if (auto symbols = read(cached + "/kallsyms", identity)) return symbols;
  }
  std::string what = "kernel functions have no names: the recording's kernel";
  if (!identity.release.empty()) what += " (" + identity.release + ")";
  return std::unexpected(Error{
      .what = what + " is not the one that runs here",
      .advice = "give its /proc/kallsyms with --kallsyms FILE or its image with --vmlinux FILE"});
}

}  // namespace profiler::perf_data
