#include "tests/integration/counted_run.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "record/child_process.h"
#include "record/target.h"
#include "tests/support/temporary_directory.h"

namespace profiler::syscalls {

SyscallRow CountedRun::row(const std::string& name) const {
  for (const SyscallRow& row : account.rows)
    if (text(row.name) == name) return row;
  return {};
}

test::CallCounts CountedRun::counts() const {
  test::CallCounts counts;
  for (const SyscallRow& row : account.rows) {
    test::CallCount& count = counts[text(row.name)];
    count.calls += row.calls;
    count.errors += row.errors;
  }
  return counts;
}

double CountedRun::printed(const std::string& key) const {
  const std::size_t at = out.find("\"" + key + "\":");
  return at == std::string::npos ? -1 : std::atof(out.c_str() + at + key.size() + 3);
}

std::optional<std::string> counting_refused() {
  record::RecordOptions options;
  options.scope = Scope::kThreads;
  options.tids = {::getpid()};
  const auto target = record::Target::find(options, std::nullopt);
  if (!target) return target.error().message();
  const auto backend = RingCounter::attach(*target, options, {.ring_bytes = 65536});
  if (!backend) return backend.error().message();
  return std::nullopt;
}

std::string workload(const std::string& name) { return PROFILER_WORKLOADS "/" + name; }

void take_account(const RingCounter& backend, CountedRun& run) {
  run.account = backend.account([&](std::string_view text) {
    const auto known = std::ranges::find(run.strings, text);
    if (known != run.strings.end())
      return StringIndex(static_cast<std::size_t>(known - run.strings.begin()));
    run.strings.emplace_back(text);
    return StringIndex(run.strings.size() - 1);
  });
}

CountedRun count_run(const std::vector<std::string>& command, const RingSettings& settings,
                     std::optional<Coverage> coverage) {
  CountedRun run;
  const test::TemporaryDirectory directory;
  const std::string out = directory.file("out");

  // The child has our standard output.
  std::fflush(nullptr);
  const int before = ::dup(STDOUT_FILENO);
  const int file = ::open(out.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ::dup2(file, STDOUT_FILENO);
  record::ChildOptions child_options;
  child_options.command = command;
  auto child = record::ChildProcess::fork_waiting(child_options);
  ::dup2(before, STDOUT_FILENO);
  ::close(before);
  ::close(file);
  if (!child) {
    ADD_FAILURE() << command[0] << " cannot be started";
    return run;
  }

  record::RecordOptions options;
  options.command = command;
  options.coverage = coverage;
  const auto target = record::Target::find(options, child->pid());
  auto backend = RingCounter::attach(*target, options, settings);
  if (!backend || !child->start()) {
    ADD_FAILURE() << command[0] << " is not counted: "
                  << (backend ? "no such program" : backend.error().message());
    return run;
  }
  std::optional<record::ChildEnd> end;
  while (!(end = child->poll_end())) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  (*backend)->detach();
  run.status = end->status;
  run.out = test::read_bytes(out);
  run.ring_bytes = (*backend)->ring_bytes();
  run.reader_cpu_ns = (*backend)->reader_cpu_ns();
  run.records = (*backend)->records();
  take_account(**backend, run);
  return run;
}

}  // namespace profiler::syscalls
