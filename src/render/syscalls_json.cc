#include "render/syscalls_json.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "render/first_rows.h"
#include "render/json_writer.h"
#include "render/run_text.h"

namespace profiler::render {
namespace {

using view::SyscallTableRow;

std::string_view abi_name(SyscallAbi abi) {
  switch (abi) {
    case SyscallAbi::kNative:
      return "native";
    case SyscallAbi::kCompat32:
      return "compat32";
    case SyscallAbi::kX32:
      return "x32";
  }
  return "native";
}

class SyscallsWriter {
 public:
  SyscallsWriter(const SyscallsReport& report, const SyscallsJsonOptions& options)
      : report_(report), options_(options) {}

  std::string text() {
    const Run& run = report_.profile->run;
    const SyscallAccount& account = report_.profile->syscalls;
    json_.begin_object();
    json_.key("schema").string("profiler.syscalls/1");
    json_.key("backend").string(backend_name(account.backend));
    json_.key("lost").number(account.lost);
    json_.key("by").string_or_null(grouping_name(report_.by));
    json_.line_break().key("command").begin_array();
    for (const std::string& word : run.command) json_.string(word);
    json_.end().key("exit_status");
    if (run.exit_status) {
      json_.signed_number(*run.exit_status);
    } else {
      json_.null();
    }
    json_.line_break().key("time").begin_object();
    time("real_s", run.charged.real_ns);
    time("user_s", run.charged.user_ns);
    time("sys_s", run.charged.sys_ns);
    json_.end();
    samples();
    calls();
    faults();
    ledger();
    advice();
    json_.end();
    return json_.take() + '\n';
  }

 private:
  void time(std::string_view key, const std::optional<std::uint64_t>& ns) {
    json_.key(key);
    if (ns) {
      json_.seconds(*ns);
    } else {
      json_.null();
    }
  }
  /// null where no call ended.
  void time_of(std::string_view key, const SyscallTableRow& row, double ns) {
    const bool ended = row.durations.total() != 0;
    time(key, ended ? std::optional(static_cast<std::uint64_t>(std::llround(std::min(ns, 0x1p62))))
                    : std::nullopt);
  }
  void count(std::string_view key, const std::optional<std::uint64_t>& value) {
    json_.key(key);
    if (value) {
      json_.number(*value);
    } else {
      json_.null();
    }
  }

  void samples() {
    const EventInfo& event = *report_.event;
    json_.line_break().key("event").begin_object();
    json_.key("name").string(event.name);
    json_.key("frequency_hz").number_or_null(event.frequency_hz);
    json_.key("samples").number(report_.quality.samples).end();
  }

  void calls() {
    json_.line_break().key("syscalls").begin_array();
    for (const SyscallTableRow& row : first_rows(report_.table.rows, options_.limit)) call(row);
    json_.end();
  }

  void call(const SyscallTableRow& row) {
    json_.line_break().begin_object();
    json_.key("name").string(row.name);
    json_.key("abi").string(abi_name(row.abi)).key("number").signed_number(row.number);
    if (report_.by != SyscallGrouping::kNone) {
      json_.key("group").string(row.group);
      json_.key("group_id").signed_number(row.group_id);
    }
    json_.key("calls").number(row.calls).key("errors").number(row.errors);
    json_.key("restarts").number(row.restarts).key("unfinished").number(row.unfinished);
    json_.key("begun_before").number(row.begun_before);
    json_.key("wall_s").seconds(row.wall_ns).key("cpu_s").seconds(row.cpu_ns);
    time_of("min_s", row, static_cast<double>(row.min_ns));
    time_of("max_s", row, static_cast<double>(row.max_ns));
    time_of("mean_s", row, row.mean_ns);
    time_of("stddev_s", row, row.stddev_ns);
    time("p50_s", row.p50_ns);
    time("p99_s", row.p99_ns);
    json_.key("errno").begin_object();
    for (const view::SyscallErrno& error : row.errnos)
      json_.key(errno_name(error.number)).number(error.count);
    json_.end();
    if (options_.histogram) histogram(row.durations);
    json_.key("callers").begin_array();
    for (const view::SyscallCaller& caller : row.callers) {
      json_.begin_object();
      json_.key("function").string_or_null(caller.function);
      json_.key("module").string_or_null(caller.module);
      json_.key("file").string_or_null(caller.file).key("line").number_or_null(caller.line);
      json_.key("inlined").boolean(caller.inlined);
      json_.key("wall_s").seconds(caller.wall_ns).key("cpu_s").seconds(caller.cpu_ns);
      json_.key("calls").number(caller.calls).key("samples").number(caller.samples).end();
    }
    json_.end().end();
  }

  void histogram(const DurationHistogram& durations) {
    json_.key("histogram").begin_array();
    for (std::size_t i = 0; i < DurationHistogram::kBuckets; ++i) {
      if (durations.counts[i] == 0) continue;
      json_.begin_object().key("from_s").seconds(DurationHistogram::lower(i));
      json_.key("calls").number(durations.counts[i]).end();
    }
    json_.end();
  }

  void faults() {
    json_.line_break().key("faults").begin_object();
    count("minor", report_.ledger.minor_faults);
    count("major", report_.ledger.major_faults);
    time("sampled_sys_s", report_.ledger.faults_ns);
    json_.end();
  }

  void ledger() {
    const view::SysLedger& ledger = report_.ledger;
    const bool counted = report_.profile->syscalls.counted();
    const auto if_counted = [counted](std::uint64_t ns) {
      return counted ? std::optional(ns) : std::nullopt;
    };
    json_.line_break().key("ledger").begin_object();
    time("syscalls_s", if_counted(ledger.syscalls_ns));
    time("faults_s", ledger.faults_ns);
    time("interrupts_s", ledger.interrupts_ns);
    time("exec_exit_s", if_counted(ledger.exec_exit_ns));
    time("other_s", ledger.other_ns);
    json_.key("unattributed_s");
    if (counted && ledger.unattributed_ns) {
      json_.signed_seconds(*ledger.unattributed_ns);
    } else {
      json_.null();
    }
    time("of_which_faults_in_syscalls_s", ledger.faults_in_syscalls_ns);
    time("of_which_entering_calls_s", ledger.entering_ns);
    json_.end();
  }

  void advice() {
    json_.line_break().key("advice").begin_array();
    for (const view::Advice& piece : report_.advice) {
      json_.line_break().begin_object();
      json_.key("rule").string(piece.rule);
      json_.key("of").string(piece.of_real_time ? "real" : "cpu");
      json_.key("text").string(advice_text(piece)).end();
    }
    json_.end().line_break();
  }

  const SyscallsReport& report_;
  const SyscallsJsonOptions& options_;
  JsonWriter json_;
};

}  // namespace

std::string syscalls_json(const SyscallsReport& report, const SyscallsJsonOptions& options) {
  return SyscallsWriter(report, options).text();
}

}  // namespace profiler::render
