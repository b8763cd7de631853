#include "tests/support/profile_builder.h"

#include <charconv>
#include <ranges>
#include <utility>

namespace profiler::test {

struct ProfileBuilder::ParsedFrame {
  std::string name;
  std::string module;
  std::uint32_t line = 0;
  bool inlined = false;
};

namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::uint64_t hexadecimal(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

}  // namespace

ProfileBuilder::ProfileBuilder() {
  profile_.run.events = {{.name = "cpu-clock", .frequency_hz = 1000, .unit = "ns"}};
  profile_.run.command = {"./prog"};
  profile_.run.cpus = 2;
  profile_.run.exit_status = 0;
  process("prog", 100);
}

StringIndex ProfileBuilder::intern(std::string_view text) {
  if (const auto found = strings_.find(text); found != strings_.end()) return found->second;
  const StringIndex index = profile_.strings.push_back(std::string(text));
  strings_.emplace(text, index);
  return index;
}

ModuleIndex ProfileBuilder::module(std::string_view path, bool kernel) {
  if (const auto found = modules_.find(path); found != modules_.end()) return found->second;
  Module row;
  row.path = intern(path);
  row.names = NameSource::kSymtab;
  if (kernel) {
    row.kind = path == "[kernel]" ? ModuleKind::kKernel : ModuleKind::kKernelModule;
    row.names = NameSource::kKallsyms;
  } else if (path == "[vdso]") {
    row.kind = ModuleKind::kVdso;
  }
  const ModuleIndex index = profile_.modules.push_back(row);
  modules_.emplace(path, index);
  return index;
}

FunctionIndex ProfileBuilder::intern_function(std::string_view name, std::string_view module_path,
                                              bool kernel) {
  const std::pair key{std::string(name), std::string(module_path)};
  if (const auto found = functions_.find(key); found != functions_.end()) return found->second;
  Function row;
  row.name = intern(name);
  row.system_name = row.name;
  row.module = module(module_path, kernel);
  row.kernel = kernel;
  const FunctionIndex index = profile_.functions.push_back(row);
  functions_.emplace(key, index);
  return index;
}

ProfileBuilder& ProfileBuilder::function(std::string_view name, const FunctionDetails& details) {
  Function& row = profile_.functions[intern_function(name, details.module, false)];
  if (!details.file.empty()) row.file = intern(details.file);
  row.line = details.line;
  if (!details.system_name.empty()) row.system_name = intern(details.system_name);
  return *this;
}

ProfileBuilder& ProfileBuilder::process(std::string_view name, Pid pid, Pid parent_pid) {
  process_ =
      profile_.processes.push_back({.pid = pid, .parent_pid = parent_pid, .name = intern(name)});
  return thread(name, pid);
}

ProfileBuilder& ProfileBuilder::thread(std::string_view name, Tid tid) {
  thread_ = profile_.threads.push_back({.process = process_, .tid = tid, .name = intern(name)});
  return *this;
}

ProfileBuilder& ProfileBuilder::period(std::uint64_t ns) {
  period_ns_ = ns;
  return *this;
}

ProfileBuilder& ProfileBuilder::at(std::uint64_t time_ns) {
  time_ns_ = time_ns;
  return *this;
}

ProfileBuilder& ProfileBuilder::end(StackEnd end) {
  end_ = end;
  return *this;
}

ProfileBuilder& ProfileBuilder::event(std::string name, std::string unit) {
  profile_.run.events[0] = {.name = std::move(name), .frequency_hz = 1000, .unit = std::move(unit)};
  return *this;
}

ProfileBuilder& ProfileBuilder::another_event(std::string name) {
  profile_.run.events.push_back({.name = name, .frequency_hz = 0, .period = 1, .unit = name});
  event_ = static_cast<std::uint16_t>(profile_.run.events.size() - 1);
  return period(1);
}

NodeIndex ProfileBuilder::node(NodeIndex parent, FrameIndex frame) {
  const std::pair key{parent, frame};
  if (const auto found = nodes_.find(key); found != nodes_.end()) return found->second;
  const NodeIndex index = profile_.nodes.push_back({.parent = parent, .frame = frame});
  nodes_.emplace(key, index);
  return index;
}

FrameIndex ProfileBuilder::frame(const std::vector<ParsedFrame>& inlined_last, bool kernel) {
  std::string key;
  for (const ParsedFrame& f : inlined_last)
    key += f.name + '@' + f.module + '#' + std::to_string(f.line) + ';';
  if (const auto found = frames_.find(key); found != frames_.end()) return found->second;

  const ParsedFrame& outermost = inlined_last.front();
  Frame row;
  row.module = module(outermost.module, kernel);
  if (outermost.name.starts_with("0x")) {
    row.address = hexadecimal(std::string_view(outermost.name).substr(2));
  } else {
    row.address = next_address_;
    next_address_ += 0x10;
    row.name.first = LocationIndex(profile_.locations.size());
    row.name.count = static_cast<std::uint16_t>(inlined_last.size());
    row.name.naming = outermost.name.find("+0x") == std::string::npos ? Naming::kSymbol  //
                                                                      : Naming::kRange;
    for (const auto& f : std::ranges::reverse_view(inlined_last)) {
      const FunctionIndex function = intern_function(f.name, f.module, kernel);
      profile_.locations.push_back(
          {.function = function, .file = profile_.functions[function].file, .line = f.line});
    }
  }
  const FrameIndex index = profile_.frames.push_back(row);
  frames_.emplace(key, index);
  return index;
}

NodeIndex ProfileBuilder::chain(std::string_view text, bool kernel) {
  NodeIndex leaf;
  std::vector<ParsedFrame> pending;
  const auto flush = [&] {
    if (!pending.empty()) leaf = node(leaf, frame(pending, kernel));
    pending.clear();
  };
  for (std::string_view part : split(text, ';')) {
    ParsedFrame parsed;
    if (part.starts_with('~')) {
      parsed.inlined = true;
      part.remove_prefix(1);
    }
    if (const std::size_t hash = part.rfind('#'); hash != std::string_view::npos) {
      const std::string_view line = part.substr(hash + 1);
      std::from_chars(line.data(), line.data() + line.size(), parsed.line);
      part = part.substr(0, hash);
    }
    parsed.module = kernel ? "[kernel]" : "prog";
    if (const std::size_t at = part.rfind('@'); at != std::string_view::npos) {
      parsed.module = part.substr(at + 1);
      part = part.substr(0, at);
    }
    parsed.name = part;
    if (!parsed.inlined) flush();
    pending.push_back(std::move(parsed));
  }
  flush();
  return leaf;
}

CauseIndex ProfileBuilder::intern_cause(const Entry& cause, const Entry& entry) {
  const Cause row{.cause = {cause.kind, intern(cause.name)},
                  .entry = {entry.kind, intern(entry.name)}};
  for (std::size_t i = 0; i < profile_.causes.size(); ++i)
    if (profile_.causes[CauseIndex(i)] == row) return CauseIndex(i);
  return profile_.causes.push_back(row);
}

StackIndex ProfileBuilder::intern_stack(const Stack& stack) {
  const std::tuple key{stack.user, stack.kernel, stack.end, stack.cause, stack.wait};
  const auto [found, is_new] = stacks_.try_emplace(key);
  if (is_new) found->second = profile_.stacks.push_back(stack);
  return found->second;
}

void ProfileBuilder::add_samples(const Stack& stack, Mode mode, std::uint64_t count) {
  const StackIndex index = intern_stack(stack);
  for (; count != 0; --count) {
    Sample sample;
    sample.time_ns = time_ns_;
    sample.weight = period_ns_;
    sample.thread = thread_;
    sample.stack = index;
    sample.mode = mode;
    sample.event = event_;
    profile_.samples.push_back(sample);
    time_ns_ += period_ns_;
  }
}

ProfileBuilder& ProfileBuilder::user(std::string_view user_stack, std::uint64_t count) {
  add_samples({.user = chain(user_stack, false), .kernel = {}, .end = end_, .cause = {}},
              Mode::kUser, count);
  return *this;
}

ProfileBuilder& ProfileBuilder::sys(std::string_view user_stack, std::string_view kernel_stack,
                                    const Entry& cause, std::uint64_t count) {
  return sys(user_stack, kernel_stack, cause, cause, count);
}

ProfileBuilder& ProfileBuilder::sys(std::string_view user_stack, std::string_view kernel_stack,
                                    const Entry& cause, const Entry& entry, std::uint64_t count) {
  const NodeIndex user = chain(user_stack, false);
  add_samples({.user = user,
               .kernel = chain(kernel_stack, true),
               .end = user ? end_ : StackEnd::kNoUserStack,
               .cause = intern_cause(cause, entry)},
              Mode::kSys, count);
  return *this;
}

void ProfileBuilder::add_waits(const Stack& stack, bool runnable, std::uint64_t ns,
                               std::uint64_t count) {
  profile_.run.wait_coverage = WaitCoverage::kStacks;
  const StackIndex index = intern_stack(stack);
  for (; count != 0; --count) {
    profile_.waits.push_back({.time_ns = time_ns_,
                              .ns = ns,
                              .count = 1,
                              .thread = thread_,
                              .stack = index,
                              .waker = {},
                              .runnable = runnable});
    time_ns_ += ns;
  }
}

ProfileBuilder& ProfileBuilder::wait(std::string_view user_stack, std::string_view kernel_stack,
                                     WaitClass what, std::uint64_t ns, std::uint64_t count,
                                     const Entry& call) {
  const NodeIndex user = chain(user_stack, false);
  add_waits({.user = user,
             .kernel = chain(kernel_stack, true),
             .end = user ? end_ : StackEnd::kNoUserStack,
             .cause = intern_cause(call, call),
             .wait = what},
            false, ns, count);
  return *this;
}

ProfileBuilder& ProfileBuilder::runnable(std::string_view user_stack, std::uint64_t ns,
                                         std::uint64_t count) {
  add_waits({.user = chain(user_stack, false),
             .kernel = chain("exit_to_user_mode_loop;schedule;__schedule", true),
             .end = end_,
             .cause = {},
             .wait = WaitClass::kRunnable},
            true, ns, count);
  return *this;
}

ProfileBuilder& ProfileBuilder::unsampled_wait(std::uint64_t ns, std::uint32_t count,
                                               bool runnable) {
  if (profile_.run.wait_coverage == WaitCoverage::kNone)
    profile_.run.wait_coverage = WaitCoverage::kDurations;
  profile_.waits.push_back({.time_ns = time_ns_,
                            .ns = ns,
                            .count = count,
                            .thread = thread_,
                            .stack = {},
                            .waker = {},
                            .runnable = runnable});
  time_ns_ += ns;
  return *this;
}

ProfileBuilder& ProfileBuilder::schedule(const ThreadSchedule& schedule) {
  if (profile_.run.wait_coverage == WaitCoverage::kNone)
    profile_.run.wait_coverage = WaitCoverage::kDurations;
  ThreadSchedule row = schedule;
  row.thread = thread_;
  row.last_ns = row.first_ns + row.on_cpu_ns + row.blocked_ns + row.runnable_ns + row.unknown_ns;
  profile_.schedules.push_back(row);
  return *this;
}

ProfileBuilder& ProfileBuilder::counted(const CountedCall& call) {
  SyscallAccount& account = profile_.syscalls;
  if (account.backend == SyscallBackend::kNone) account.backend = SyscallBackend::kBpf;
  SyscallRow row;
  row.name = intern(call.name);
  if (!call.group.empty()) row.group = intern(call.group);
  row.group_id = call.group_id;
  row.number = call.number;
  row.abi = call.abi;
  row.restarts = call.restarts;
  row.unfinished = call.unfinished;
  row.begun_before = call.begun_before;
  row.returned = call.returned;
  row.cpu_ns = call.cpu_ns;
  for (const auto& [ns, times] : call.durations) {
    row.min_ns = row.calls == 0 ? ns : std::min(row.min_ns, ns);
    row.max_ns = std::max(row.max_ns, ns);
    row.calls += times;
    row.wall_ns += ns * times;
    row.squares_ns2 +=
        static_cast<double>(ns) * static_cast<double>(ns) * static_cast<double>(times);
    row.durations.add(ns, times);
  }
  row.calls = std::max(row.calls, call.calls);
  for (const auto& [number, count] : call.errors) {
    row.errors += count;
    account.errors.push_back(
        {.row = SyscallIndex(account.rows.size()), .error = number, .count = count});
  }
  account.rows.push_back(row);
  return *this;
}

ProfileBuilder& ProfileBuilder::called_by(std::string_view user_stack, std::uint64_t calls,
                                          std::uint64_t wall_ns, std::uint64_t cpu_ns) {
  SyscallAccount& account = profile_.syscalls;
  account.callers.push_back(
      {.row = SyscallIndex(account.rows.size() - 1),
       .stack =
           intern_stack({.user = chain(user_stack, false), .kernel = {}, .end = end_, .cause = {}}),
       .calls = calls,
       .wall_ns = wall_ns,
       .cpu_ns = cpu_ns,
       .samples = calls});
  return *this;
}

ProfileBuilder& ProfileBuilder::command(std::vector<std::string> words) {
  profile_.run.command = std::move(words);
  return *this;
}

ProfileBuilder& ProfileBuilder::charged(std::uint64_t real_ns, std::uint64_t user_ns,
                                        std::uint64_t sys_ns) {
  profile_.run.charged = {.source = TimeCharged::Source::kWait4,
                          .real_ns = real_ns,
                          .user_ns = user_ns,
                          .sys_ns = sys_ns};
  profile_.run.duration_ns = real_ns;
  return *this;
}

}  // namespace profiler::test
