#include "cli/load_profile.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include "cli/work_line.h"
#include "perf_data/header.h"
#include "pipeline/kernel_names.h"
#include "pipeline/pipeline.h"
#include "pipeline/resymbolize.h"
#include "pipeline/time_scale.h"
#include "profile/profile_reader.h"
#include "render/printable.h"
#include "symbolizer/kernel/kernel_symbols.h"

namespace profiler::cli {
namespace {

/// Files named in a line.
constexpr std::size_t kMissingShown = 3;

bool has_kernel_frames(const Profile& profile) {
  return std::ranges::any_of(
      profile.modules, [](const Module& module) { return module.kind == ModuleKind::kKernel; });
}

/// Names for a recording that was cut off before it could resolve them.
void name_interrupted(Profile& profile, const SymbolSources& sources) {
  const symbolizer::DebugFileSearch debug_files = debug_file_search(sources);
  std::string note = "the recording was cut off: its names were looked up now";
  std::optional<symbolizer::KernelSymbols> kernel;
  if (has_kernel_frames(profile)) {
    auto symbols = pipeline::kernel_names(pipeline::kernel_of(profile),
                                          {.vmlinux = sources.vmlinux, .debug_files = debug_files});
    if (!symbols) {
      note += "; " + symbols.error().message();
    } else {
      kernel = std::move(*symbols);
      if (profile.run.boot_id.empty()) {
        note += ", and kernel names are right only if this machine has not been restarted since";
      }
    }
  }
  pipeline::resolve_interrupted(profile, kernel ? &*kernel : nullptr, debug_files);
  profile.run.notes.push_back(std::move(note));
}

/// Whether a recording's note says what was true until now (pipeline/kernel_names, KallsymsParser).
bool is_of_hidden_kernel(const std::string& note) {
  return note.find("kernel functions have no names") != std::string::npos ||
         note.find("kernel symbols are hidden") != std::string::npos;
}

/// Better names, for debug files that arrived since.
void name_again(Profile& profile, const SymbolSources& sources) {
  const symbolizer::DebugFileSearch debug_files = debug_file_search(sources);
  std::optional<symbolizer::KernelSymbols> kernel;
  // Without it, what is found might be right for another boot.
  const pipeline::KernelIdentity identity = pipeline::kernel_of(profile);
  if (has_kernel_frames(profile) && identity.build_id && identity.reference_address != 0) {
    auto symbols =
        pipeline::kernel_names(identity, {.vmlinux = sources.vmlinux, .debug_files = debug_files});
    if (symbols) {
      kernel = std::move(*symbols);
    } else if (!sources.vmlinux.empty()) {
      std::fprintf(stderr, "profiler: %s\n", symbols.error().message().c_str());
    }
  }
  const pipeline::Resymbolized done =
      pipeline::resymbolize(profile, kernel ? &*kernel : nullptr, debug_files);
  if (done.kernel_is_named) std::erase_if(profile.run.notes, is_of_hidden_kernel);
  std::string text = std::to_string(done.improved) + " of " + std::to_string(done.frames) +
                     " code addresses have better names now";
  for (std::size_t i = 0; i < done.missing.size(); ++i) {
    if (i == kMissingShown) {
      text += ", …";
      break;
    }
    text += (i == 0 ? "; not here as recorded: " : ", ") + done.missing[i];
  }
  std::fprintf(stderr, "profiler: %s\n", text.c_str());
}

/// Read again in less time than a person waits.
constexpr std::uint64_t kBytesBetweenLines = std::uint64_t{16} << 20;

Result<Profile> import_profile(const std::string& path, const SymbolSources& sources) {
  Result<Profile> profile;
  {
    ImportProgressLine line;
    profile = perf_data::import_perf_data(
        {.path = path,
         .kallsyms = sources.kallsyms,
         .vmlinux = sources.vmlinux,
         .sysroot = sources.sysroot,
         .debug_files = debug_file_search(sources),
         .progress = [&](const perf_data::ImportProgress& progress) { line.update(progress); }},
        nullptr);
  }
  if (profile) complain_of_import(profile->run);
  return profile;
}

}  // namespace

void complain_of_import(const Run& run) {
  for (const std::string& note : run.notes)
    std::fprintf(stderr, "profiler: %s\n", render::printable(note).c_str());
  if (run.losses.malformed_records != 0) {
    std::fprintf(stderr, "profiler: %llu malformed records passed over\n",
                 static_cast<unsigned long long>(run.losses.malformed_records));
  }
}

void complain_of_damage(const std::string& path, const Run& run) {
  if (!run.interrupted) return;
  std::fprintf(stderr, "profiler: %s: was cut off or is damaged: this is what it held until then\n",
               render::printable(path).c_str());
}

ImportProgressLine::ImportProgressLine(bool quiet)
    : shown_(!quiet && ::isatty(STDERR_FILENO) == 1) {}

ImportProgressLine::~ImportProgressLine() {
  if (drawn_) std::fputs("\r\033[K", stderr);
}

void ImportProgressLine::update(const perf_data::ImportProgress& progress) {
  if (!shown_ || progress.position < drawn_at_ + kBytesBetweenLines) return;
  drawn_at_ = progress.position;
  drawn_ = true;
  std::fprintf(stderr, "\r\033[Kreading: %llu MB",
               static_cast<unsigned long long>(progress.position / 1'000'000));
  if (progress.size)
    std::fprintf(stderr, " of %llu", static_cast<unsigned long long>(*progress.size / 1'000'000));
  std::fprintf(stderr, ", %llu samples", static_cast<unsigned long long>(progress.samples));
  std::fflush(stderr);
}

Result<Profile> load_profile(const std::string& path, const SymbolSources& sources) {
  Result<Profile> profile;
  if (perf_data::is_perf_data(path)) {
    profile = import_profile(path, sources);
  } else {
    const WorkLine line("reading " + path, !sources.quiet);
    profile = profile::read_profile(path);
  }
  if (profile && profile->run.interrupted && profile->functions.empty())
    name_interrupted(*profile, sources);
  if (profile && sources.resymbolize) name_again(*profile, sources);
  if (profile) pipeline::apply_time_scale(*profile);
  return profile;
}

}  // namespace profiler::cli
