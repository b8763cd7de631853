#include "perf_data/kernel_names.h"

#include <sys/utsname.h>

#include <algorithm>
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

Result<symbolizer::KernelSymbols> read(const std::string& path, const KernelIdentity& identity) {
  auto symbols = symbolizer::read_kallsyms(path);
  if (symbols) {
    place(*symbols, identity);
  } else if (symbols.error().path.empty()) {
    symbols.error().path = path;
  }
  return symbols;
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
  symbolizer::KernelSymbols symbols = symbolizer::vmlinux_symbols(**file);
  if (symbols.size() == 0) return failure("it has no symbol table", "give the one with symbols");
  place(symbols, identity);
  return symbols;
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

void place(symbolizer::KernelSymbols& symbols, const KernelIdentity& identity) {
  const symbolizer::KernelAnchors anchors = symbols.anchors();
  const std::uint64_t there = identity.reference == "_text"    ? anchors.text
                              : identity.reference == "_stext" ? anchors.stext
                                                               : 0;
  if (there == 0 || identity.reference_address == 0 || there == identity.reference_address) return;
  symbols.move(identity.reference_address - there);
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
