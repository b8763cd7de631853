#include "pipeline/generated_code.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <limits>

#include "pipeline/jit_advice.h"
#include "symbolizer/jit/jit_symbol.h"

namespace profiler::pipeline {
namespace {

/// A program that has made no map yet is asked for it again after this time, and then less often.
constexpr std::uint64_t kFirstPauseNs = 50'000'000;
constexpr std::uint64_t kLastPauseNs = 3'200'000'000;
/// Between a program and the map that has the names of its code.
constexpr int kMaxForks = 16;
constexpr std::uint64_t kEndOfTime = std::numeric_limits<std::uint64_t>::max();
constexpr const char* kTmp = "/tmp";

std::string row_name(const std::string& mapped, const std::string& program) {
  const bool plain = mapped.empty() || mapped == "//anon" || mapped.starts_with("/dev/zero") ||
                     mapped.starts_with("/anon_hugepage");
  // "[heap]", "/memfd:doublemapper": what somebody has named is better known by that.
  return plain ? "[JIT] " + (program.empty() ? std::string("code") : program) : mapped;
}

/// Of "jit-1234.dump": perf's condition for a mapping to announce a jitdump.
std::optional<Pid> jitdump_number(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  constexpr std::string_view kBegin = "jit-";
  constexpr std::string_view kEnd = ".dump";
  if (!name.starts_with(kBegin) || !name.ends_with(kEnd)) return std::nullopt;
  Pid number = 0;
  const char* const end = name.data() + name.size() - kEnd.size();
  const auto [stop, error] = std::from_chars(name.data() + kBegin.size(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
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
  if (program.map != nullptr || open_files_ >= kMaxOpen) return;
  program.map = open_map(program);
  if (program.map != nullptr) ++open_files_;
}

ModuleIndex GeneratedCode::new_row(Program& program, const std::string& name, ModuleKind kind) {
  const ModuleIndex row = modules_.add_generated(name, kind);
  by_module_[row.row()] = &program;
  return row;
}

bool GeneratedCode::on_mapped(const process::ProcessState& process, const MmapEvent& event) {
  const auto number = jitdump_number(event.path);
  if (!number || files_.elsewhere) return false;
  if (open_files_ >= kMaxOpen) return true;
  const int descriptor = open_mapped(event, files_.live);
  if (descriptor < 0) return true;
  auto dump = symbolizer::JitDump::open(descriptor, std::string(event.path), *number);
  if (!dump) return true;
  Program& program = program_of(process);
  if (program.dump == nullptr) ++open_files_;
  program.dump = *std::move(dump);
  program.replay.emplace(*program.dump);
  program.dump_module = {};
  return true;
}

std::optional<std::uint64_t> GeneratedCode::position(Program& program, std::uint64_t address,
                                                     std::uint64_t time_ns) const {
  if (program.dump == nullptr) return std::nullopt;
  if (program.dump_read_ns != time_ns) program.dump->update();
  program.dump_read_ns = time_ns;
  return program.replay->find(RuntimeAddress(address), files_.monotonic ? time_ns : kEndOfTime);
}

GeneratedCode::Place GeneratedCode::place(const process::ProcessState& process, ModuleIndex mapped,
                                          std::uint64_t address, std::uint64_t time_ns) {
  Program& program = program_of(process);
  const std::string& mapped_path = profile_.text(profile_.modules[mapped].path);
  if (const auto at = position(program, address, time_ns)) {
    if (!program.dump_module) {
      program.dump_module =
          new_row(program, row_name(mapped_path, program.name), ModuleKind::kJitDump);
    }
    return {.module = program.dump_module, .address = *at};
  }
  if (program.dump != nullptr) {
    program.last_run_ns[address] = time_ns;
  } else if (files_.live && program.map == nullptr && time_ns >= program.next_try_ns) {
    keep_map(program);
    program.next_try_ns = time_ns + program.pause_ns;
    program.pause_ns = std::min(2 * program.pause_ns, kLastPauseNs);
  }
  ModuleIndex& row = program.modules[mapped.row()];
  if (!row) row = new_row(program, row_name(mapped_path, program.name), ModuleKind::kAnonymous);
  return {.module = row, .address = address};
}

void GeneratedCode::on_exit(const process::ProcessState& process) {
  if (!files_.live || programs_.empty()) return;
  const auto known = programs_.find({.incarnation = process.incarnation, .execs = process.execs});
  if (known != programs_.end()) keep_map(known->second);
}

void GeneratedCode::find_in_map(Program& program, std::span<const RuntimeAddress> sorted,
                                std::vector<SourceFrame>& names) {
  std::unique_ptr<symbolizer::PerfMapFile> late;
  if (program.map == nullptr) late = open_map(program);
  const symbolizer::PerfMapFile* map = program.map ? program.map.get() : late.get();
  if (map == nullptr) return;
  program.names_code = true;
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

void GeneratedCode::find_in_dump(const Program& program, const Program& runner,
                                 std::span<const RuntimeAddress> sorted,
                                 std::vector<SourceFrame>& names) const {
  struct Query {
    std::uint64_t time_ns = kEndOfTime;
    std::size_t index = 0;
    std::uint64_t position = 0;
  };
  std::vector<Query> queries;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (!names[i].function.empty()) continue;
    const auto ran = runner.last_run_ns.find(sorted[i].value());
    const bool known = files_.monotonic && ran != runner.last_run_ns.end();
    queries.push_back({.time_ns = known ? ran->second : kEndOfTime, .index = i});
  }
  std::ranges::sort(queries, {}, &Query::time_ns);
  symbolizer::JitDump::Replay replay(*program.dump);
  std::erase_if(queries, [&](Query& query) {
    const auto found = replay.find(sorted[query.index], query.time_ns);
    query.position = found.value_or(0);
    return !found;
  });
  std::ranges::sort(queries, {}, &Query::position);
  std::vector<std::uint64_t> positions;
  positions.reserve(queries.size());
  for (const Query& query : queries) positions.push_back(query.position);
  auto found = program.dump->names(positions);
  for (std::size_t i = 0; i < queries.size(); ++i) names[queries[i].index] = std::move(found[i]);
}

std::vector<SourceFrame> GeneratedCode::names(ModuleIndex module,
                                              std::span<const std::uint64_t> sorted) {
  std::vector<SourceFrame> names(sorted.size());
  const auto found = by_module_.find(module.row());
  if (found == by_module_.end()) return names;
  Program& runner = *found->second;
  if (module == runner.dump_module) return runner.dump->names(sorted);
  std::vector<RuntimeAddress> addresses;
  addresses.reserve(sorted.size());
  for (const std::uint64_t address : sorted) addresses.emplace_back(address);
  int forks = 0;
  for (Program* at = &runner; at != nullptr && forks <= kMaxForks; at = at->parent) {
    ++forks;
    if (at->dump != nullptr) {
      at->dump->update();
      at->names_code = true;
      find_in_dump(*at, runner, addresses, names);
    }
    const auto is_missing = [](const SourceFrame& frame) { return frame.function.empty(); };
    if (std::ranges::none_of(names, is_missing)) break;
    find_in_map(*at, addresses, names);
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
  return program.names_code ? std::string() : std::string(program.advice);
}

}  // namespace profiler::pipeline
