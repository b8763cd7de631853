#include "pipeline/kernel_names.h"

#include <sys/utsname.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "symbolizer/elf/build_id_note.h"
#include "symbolizer/elf/elf_file.h"
#include "symbolizer/kernel/kernel_files.h"
#include "symbolizer/kernel/read_kallsyms.h"
#include "symbolizer/kernel/vmlinux_symbols.h"

namespace profiler::pipeline {
namespace {

using symbolizer::ElfFile;
using symbolizer::KernelAnchors;
using symbolizer::KernelSymbols;
using FilePointer = std::shared_ptr<const ElfFile>;

BuildId running_build_id() {
  std::ifstream file("/sys/kernel/notes", std::ios::binary);
  const std::vector<char> notes{std::istreambuf_iterator<char>(file), {}};
  return symbolizer::build_id_in_notes(std::as_bytes(std::span(notes)));
}

/// Where what the identity names lies by other addresses of the same kernel; 0: not known.
std::uint64_t reference_in(const KernelAnchors& anchors, const KernelIdentity& identity) {
  if (identity.reference == "_text") return anchors.text;
  return identity.reference == "_stext" ? anchors.stext : 0;
}

Result<KernelSymbols> read(const std::string& path, const KernelIdentity& identity) {
  auto symbols = symbolizer::read_kallsyms(path);
  if (symbols) place(*symbols, identity);
  return symbols;
}

/// Two builds of one version lay their functions out differently: names of another would be wrong.
Result<FilePointer> open_vmlinux(const std::string& path, const KernelIdentity& identity) {
  const auto failure = [&path](const std::string& what, std::string advice) {
    return std::unexpected(Error{.what = "kernel functions have no names: " + what,
                                 .path = path,
                                 .advice = std::move(advice)});
  };
  const auto file = ElfFile::open(path);
  if (!file) {
    return failure(file.error().what,
                   "give the vmlinux that is an ELF file, not a compressed image");
  }
  const BuildId& found = (*file)->build_id();
  if (identity.build_id && found && !symbolizer::same_build_id(identity.build_id, found)) {
    return failure("it is another kernel's (build id " + found.hex() + ")",
                   "the recording's is " + identity.build_id.hex());
  }
  return *file;
}

/// Where the vmlinux's code lay, as far as the recording or its symbols tell.
std::optional<std::uint64_t> distance_to(const ElfFile& vmlinux, const KernelIdentity& identity,
                                         const KernelAnchors& in_memory) {
  const KernelAnchors linked = symbolizer::vmlinux_anchors(vmlinux);
  if (const std::uint64_t from = reference_in(linked, identity);
      from != 0 && identity.reference_address != 0)
    return identity.reference_address - from;
  if (linked.text != 0 && in_memory.text != 0) return in_memory.text - linked.text;
  if (linked.stext != 0 && in_memory.stext != 0) return in_memory.stext - linked.stext;
  if (identity.unmoved) return 0;
  return std::nullopt;
}

/// Finds what names there are, each source behind the better ones.
class Search {
 public:
  Search(const KernelIdentity& identity, const KernelNameSources& sources)
      : identity_(identity), sources_(sources) {}

  Result<KernelSymbols> names() {
    if (!sources_.vmlinux.empty()) {
      auto given = open_vmlinux(sources_.vmlinux, identity_);
      if (!given) return std::unexpected(given.error());
      vmlinux_ = *std::move(given);
    } else {
      vmlinux_ = symbolizer::find_vmlinux(identity_.build_id, identity_.release,
                                          sources_.debug_files, sources_.root);
    }
    auto symbols = table();
    if (symbols && vmlinux_ != nullptr && symbolizer::has_debug_information(*vmlinux_)) {
      if (const auto distance = distance_to(*vmlinux_, identity_, symbols->anchors()))
        symbols->set_image({.file = vmlinux_, .distance = *distance});
    }
    return symbols;
  }

 private:
  Result<KernelSymbols> table() {
    if (!sources_.kallsyms.empty()) {
      auto symbols = read(sources_.kallsyms, identity_);
      if (!symbols) symbols.error().path = sources_.kallsyms;
      return symbols;
    }
    std::optional<Error> hidden;
    if (is_running_kernel(identity_, sources_.running)) {
      auto symbols = read(sources_.running_kallsyms, identity_);
      const bool restarted = !identity_.boot.empty() && identity_.boot != sources_.running.boot;
      if (symbols && restarted) symbols->move(0);
      if (symbols && (!restarted || is_placed(*symbols))) return symbols;
      if (symbols) return std::unexpected(restarted_since());
      hidden = symbols.error();
    }
    if (const std::string cached =
            symbolizer::build_id_file(sources_.debug_files.build_id_cache, identity_.build_id);
        !cached.empty()) {
      // That of the same kernel, but of any boot.
      auto symbols = read(cached + "/kallsyms", identity_);
      if (symbols && is_placed(*symbols)) return symbols;
    }
    if (vmlinux_ != nullptr) {
      KernelSymbols symbols = symbolizer::vmlinux_symbols(*vmlinux_);
      if (symbols.size() == 0 && !sources_.vmlinux.empty()) {
        return std::unexpected(
            Error{.what = "kernel functions have no names: it has no symbol table",
                  .path = sources_.vmlinux,
                  .advice = "give the one with symbols"});
      }
      place(symbols, identity_);
      if (symbols.size() != 0 && (is_placed(symbols) || !sources_.vmlinux.empty())) return symbols;
    }
    if (auto symbols = system_map()) return *std::move(symbols);
    return std::unexpected(hidden ? *hidden : not_here());
  }

  /// Only that of the machine itself: nothing but its release says which kernel it belongs to.
  [[nodiscard]] std::optional<KernelSymbols> system_map() const {
    const bool same_machine = !sources_.root.empty() || identity_.host == sources_.running.host;
    if (!same_machine) return std::nullopt;
    const std::string path = symbolizer::find_system_map(identity_.release, sources_.root);
    if (path.empty()) return std::nullopt;
    auto symbols = read(path, identity_);
    if (!symbols || !is_placed(*symbols)) return std::nullopt;
    return *std::move(symbols);
  }

  [[nodiscard]] bool is_placed(const KernelSymbols& symbols) const {
    if (identity_.reference_address == 0) return identity_.unmoved;
    return reference_in(symbols.anchors(), identity_) == identity_.reference_address;
  }

  [[nodiscard]] static Error restarted_since() {
    return {.what = "kernel functions have no names: this machine has been restarted since",
            .advice = "the recording does not tell where its kernel lay"};
  }

  [[nodiscard]] Error not_here() const {
    std::string what = "kernel functions have no names: the recording's kernel";
    if (!identity_.release.empty()) what += " (" + identity_.release + ")";
    return {
        .what = what + " is not the one that runs here",
        .advice = "give its /proc/kallsyms with --kallsyms FILE or its image with --vmlinux FILE"};
  }

  const KernelIdentity& identity_;
  const KernelNameSources& sources_;
  FilePointer vmlinux_;
};

}  // namespace

std::uint64_t KernelIdentity::text(std::string_view architecture) const {
  // On x86-64 both are one place.
  const bool is_text = reference == "_text" || (reference == "_stext" && architecture == "x86_64");
  return is_text ? reference_address : 0;
}

KernelIdentity running_kernel() {
  KernelIdentity identity{.build_id = running_build_id()};
  utsname name{};
  if (::uname(&name) == 0) {
    identity.release = name.release;
    identity.host = name.nodename;
  }
  std::ifstream("/proc/sys/kernel/random/boot_id") >> identity.boot;
  std::ifstream options("/proc/cmdline");
  identity.unmoved = std::find(std::istream_iterator<std::string>(options), {}, "nokaslr") !=
                     std::istream_iterator<std::string>();
  return identity;
}

KernelIdentity kernel_of(const Profile& profile) {
  KernelIdentity identity{
      .release = profile.run.kernel_release, .host = profile.run.host, .boot = profile.run.boot_id};
  for (const Module& module : profile.modules)
    if (module.kind == ModuleKind::kKernel) identity.build_id = module.build_id;
  if (profile.run.kernel_text != 0) {
    identity.reference = "_text";
    identity.reference_address = profile.run.kernel_text;
  }
  return identity;
}

bool is_running_kernel(const KernelIdentity& identity, const KernelIdentity& running) {
  if (identity.build_id && running.build_id)
    return symbolizer::same_build_id(identity.build_id, running.build_id);
  return !identity.release.empty() && identity.release == running.release &&
         identity.host == running.host;
}

void place(KernelSymbols& symbols, const KernelIdentity& identity) {
  const std::uint64_t there = reference_in(symbols.anchors(), identity);
  if (there == 0 || identity.reference_address == 0 || there == identity.reference_address) return;
  symbols.move(identity.reference_address - there);
}

Result<KernelSymbols> kernel_names(const KernelIdentity& identity,
                                   const KernelNameSources& sources) {
  return Search(identity, sources).names();
}

}  // namespace profiler::pipeline
