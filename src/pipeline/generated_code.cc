#include "pipeline/generated_code.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "pipeline/jit_advice.h"
#include "symbolizer/jit/jit_symbol.h"

namespace profiler::pipeline {
namespace {

/// A program that has made no map yet is asked for it again after this time, and then less often.
constexpr std::uint64_t kFirstPauseNs = 50'000'000;
constexpr std::uint64_t kLastPauseNs = 3'200'000'000;
/// Between a program and the map that has the names of its code.
constexpr int kMaxForks = 16;
constexpr const char* kTmp = "/tmp";

std::string row_name(const std::string& mapped, const std::string& program) {
  const bool plain = mapped.empty() || mapped == "//anon" || mapped.starts_with("/dev/zero") ||
                     mapped.starts_with("/anon_hugepage");
  // "[heap]", "/memfd:doublemapper": what somebody has named is better known by that.
  return plain ? "[JIT] " + (program.empty() ? std::string("code") : program) : mapped;
}

bool is_same_directory(int a, int b) {
  struct stat first{};
  struct stat second{};
  return ::fstat(a, &first) == 0 && ::fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

}  // namespace

std::shared_ptr<const OpenDirectory> GeneratedCode::shared(
    std::shared_ptr<const OpenDirectory> found) {
  if (found == nullptr) return nullptr;
  for (const auto& known : directories_) {
    if (is_same_directory(known->descriptor(), found->descriptor())) return known;
  }
  if (directories_.size() >= kMaxOpen) return nullptr;
  directories_.push_back(found);
  return found;
}

GeneratedCode::Program& GeneratedCode::new_program(const Key& key, Pid pid,
                                                   const std::string& name) {
  const auto [entry, is_new] = programs_.try_emplace(key);
  Program& program = entry->second;
  if (!is_new) return program;
  program.pid = pid;
  program.name = name;
  program.identity.own_pid = pid;
  program.pause_ns = kFirstPauseNs;
  if (files_.elsewhere) return program;
  if (own_tmp_ == nullptr) own_tmp_ = shared(own_directory(kTmp));
  program.tmp = own_tmp_;
  if (!files_.live) return program;
  if (auto its_own = shared(directory_of(pid, kTmp))) program.tmp = std::move(its_own);
  if (const auto identity = identify(pid)) program.identity = *identity;
  return program;
}

GeneratedCode::Program& GeneratedCode::program_of(const process::ProcessState& process) {
  Program& program = new_program({.incarnation = process.incarnation, .execs = process.execs},
                                 process.pid, process.name);
  if (program.seen) return program;
  program.seen = true;
  program.advice = advice_for(process);
  if (process.execs == 0 && process.forked_from.incarnation != 0) {
    const Key parent{.incarnation = process.forked_from.incarnation,
                     .execs = process.forked_from.execs};
    program.parent = &new_program(parent, process.parent_pid, process.name);
  }
  return program;
}

std::string_view GeneratedCode::advice_for(const process::ProcessState& process) const {
  for (const process::Mapping& mapping : process.space.mappings()) {
    const std::string_view advice =
        jit_advice(profile_.text(profile_.modules[mapping.module].path));
    if (!advice.empty()) return advice;
  }
  return {};
}

std::unique_ptr<symbolizer::PerfMapFile> GeneratedCode::open_map(Program& program) {
  const symbolizer::PerfMapConditions conditions{.owner = program.identity.user,
                                                 .written_after_ns = program.identity.start_unix_ns,
                                                 .made_before_ns = files_.ended_unix_ns};
  const auto try_open = [&](const OpenDirectory* directory,
                            Pid pid) -> std::unique_ptr<symbolizer::PerfMapFile> {
    if (directory == nullptr) return nullptr;
    auto map = symbolizer::PerfMapFile::open(directory->descriptor(), pid, conditions);
    if (map) return *std::move(map);
    if (map.error().system_error != ENOENT) program.refusal = map.error().message();
    return nullptr;
  };
  if (auto map = try_open(program.tmp.get(), program.identity.own_pid)) return map;
  // Agents outside a container write where we look, under the number that we know.
  if (program.tmp == own_tmp_ && program.identity.own_pid == program.pid) return nullptr;
  return try_open(own_tmp_.get(), program.pid);
}

void GeneratedCode::keep_map(Program& program) {
  if (program.map != nullptr || open_maps_ >= kMaxOpen) return;
  program.map = open_map(program);
  if (program.map != nullptr) ++open_maps_;
}

GeneratedCode::Place GeneratedCode::place(const process::ProcessState& process, ModuleIndex mapped,
                                          std::uint64_t address, std::uint64_t time_ns) {
  Program& program = program_of(process);
  if (files_.live && program.map == nullptr && time_ns >= program.next_try_ns) {
    keep_map(program);
    program.next_try_ns = time_ns + program.pause_ns;
    program.pause_ns = std::min(2 * program.pause_ns, kLastPauseNs);
  }
  ModuleIndex& row = program.modules[mapped.row()];
  if (!row) {
    row = modules_.add_generated(
        row_name(profile_.text(profile_.modules[mapped].path), program.name));
    by_module_[row.row()] = &program;
  }
  return {.module = row, .address = address};
}

void GeneratedCode::on_exit(const process::ProcessState& process) {
  if (!files_.live || programs_.empty()) return;
  const auto known = programs_.find({.incarnation = process.incarnation, .execs = process.execs});
  if (known != programs_.end()) keep_map(known->second);
}

void GeneratedCode::find_names(Program& program, std::span<const RuntimeAddress> sorted,
                               std::vector<SourceFrame>& names) {
  std::unique_ptr<symbolizer::PerfMapFile> late;
  if (program.map == nullptr) late = open_map(program);
  const symbolizer::PerfMapFile* map = program.map ? program.map.get() : late.get();
  if (map == nullptr) return;
  program.has_map = true;
  auto found = map->names(sorted);
  if (!found) {
    program.refusal = found.error().message();
    return;
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].function.empty() && !(*found)[i].empty())
      names[i] = symbolizer::parse_jit_symbol((*found)[i]);
  }
}

std::vector<SourceFrame> GeneratedCode::names(ModuleIndex module,
                                              std::span<const RuntimeAddress> sorted) {
  std::vector<SourceFrame> names(sorted.size());
  const auto program = by_module_.find(module.row());
  if (program == by_module_.end()) return names;
  int forks = 0;
  for (Program* at = program->second; at != nullptr && forks <= kMaxForks; at = at->parent) {
    ++forks;
    find_names(*at, sorted, names);
    if (std::ranges::none_of(names, [](const SourceFrame& f) { return f.function.empty(); })) break;
  }
  return names;
}

std::string GeneratedCode::program(ModuleIndex module) const {
  const auto found = by_module_.find(module.row());
  return found == by_module_.end() ? std::string() : found->second->name;
}

std::string GeneratedCode::why_unnamed(ModuleIndex module) const {
  const auto found = by_module_.find(module.row());
  if (found == by_module_.end()) return {};
  const Program& program = *found->second;
  if (!program.refusal.empty()) return program.refusal;
  return program.has_map ? std::string() : std::string(program.advice);
}

}  // namespace profiler::pipeline
