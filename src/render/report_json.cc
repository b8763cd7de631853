#include "render/report_json.h"

#include <optional>
#include <vector>

#include "render/first_rows.h"
#include "render/json_charge.h"
#include "render/json_waits.h"
#include "render/json_writer.h"
#include "view/module_name.h"

namespace profiler::render {
namespace {

std::string_view source_name(TimeCharged::Source source) {
  switch (source) {
    case TimeCharged::Source::kNone:
      return "none";
    case TimeCharged::Source::kWait4:
      return "wait4";
    case TimeCharged::Source::kProc:
      return "proc";
  }
  return "none";
}

/// The kinds of the format; work of exec and exit with no call around it goes under "other".
std::string_view kind_name(KernelEntryKind kind) {
  return name(kind == KernelEntryKind::kExecExit ? KernelEntryKind::kOther : kind);
}

std::string_view boundary_name(KernelEntryKind kind, const std::string& detail) {
  return detail.empty() ? name(kind) : std::string_view(detail);
}

class ReportWriter {
 public:
  explicit ReportWriter(const ReportHead& head) : head_(head), is_time_(head.event->is_time()) {
    const Run& run = head.profile->run;
    json_.begin_object();
    json_.key("schema").string("profiler.report/1");
    json_.line_break().key("command").begin_array();
    for (const std::string& word : run.command) json_.string(word);
    json_.end().key("exit_status");
    if (run.exit_status) {
      json_.signed_number(*run.exit_status);
    } else {
      json_.null();
    }
    json_.line_break().key("event").begin_object();
    event_fields(*head.event);
    json_.end();
    events();
    time(run);
    quality();
    recorder(run.cost);
    json_.line_break().key("causes").begin_array();
    for (const view::CauseRow& row : head.causes) {
      json_.line_break().begin_object();
      cause_fields(row);
      json_.end();
    }
    json_.end();
    waits();
    json_.line_break();
  }

  void begin_rows(std::string_view key) { json_.key(key).begin_array(); }

  void table_row(const view::TableRow& row, RowsOf rows) {
    json_.line_break().begin_object();
    switch (rows) {
      case RowsOf::kFunctions:
        json_.key("name").string(row.label);
        json_.key("module").string_or_null(row.module);
        json_.key("file").string_or_null(row.file).key("line").number_or_null(row.line);
        json_.key("kernel").boolean(row.kernel).key("inlined").boolean(row.inlined);
        break;
      case RowsOf::kModules:
        json_.key("name").string(row.label).key("path").string_or_null(row.path);
        json_.key("kernel").boolean(row.kernel);
        break;
      case RowsOf::kProcesses:
        json_.key("name").string(row.label).key("pid");
        optional_id(row.pid);
        json_.key("processes").number(row.processes);
        break;
      case RowsOf::kThreads:
        json_.key("name").string(row.label).key("tid");
        optional_id(row.tid);
        json_.key("process").string(row.process).key("pid");
        optional_id(row.pid);
        json_.key("schedule");
        write_thread_times(json_, row.times);
        break;
      case RowsOf::kLines:
        json_.key("file").string_or_null(row.file).key("line").number_or_null(row.line);
        json_.key("function").string(row.label).key("module").string_or_null(row.module);
        json_.key("kernel").boolean(row.kernel).key("inlined").boolean(row.inlined);
        break;
    }
    charge(row.charge);
    json_.end();
  }

  void cause_row(const view::CauseRow& row) {
    json_.line_break().begin_object();
    cause_fields(row);
    charge({.self = row.weight, .total = row.weight});
    json_.end();
  }

  void wait_row(const view::WaitRow& row) {
    json_.line_break().begin_object();
    write_wait_class(json_, row);
    charge({.self = row.weight, .total = row.weight});
    json_.end();
  }

  /// Depth first, without recursion: a tree may be as deep as a stack.
  void tree(const view::CallTree& tree) {
    json_.key("root");
    struct Open {
      std::uint32_t node;
      std::size_t next_child;
    };
    std::vector<Open> open;
    const auto enter = [&](std::uint32_t node) {
      tree_node(tree.nodes[node], node == 0);
      open.push_back({.node = node, .next_child = 0});
    };
    enter(0);
    while (!open.empty()) {
      const std::vector<std::uint32_t>& children = tree.nodes[open.back().node].children;
      if (open.back().next_child < children.size()) {
        if (open.back().next_child == 0) json_.line_break();
        enter(children[open.back().next_child++]);
      } else {
        json_.end().end();
        open.pop_back();
      }
    }
  }

  void end_rows() { json_.end(); }

  std::string finish() {
    json_.end();
    return json_.take() + '\n';
  }

 private:
  void event_fields(const EventInfo& event) {
    json_.key("name").string(event.name);
    json_.key("frequency_hz").number_or_null(event.frequency_hz);
    json_.key("period").number_or_null(event.period);
    json_.key("unit").string(event.is_time() ? "s" : event.unit);
  }

  void events() {
    json_.line_break().key("events").begin_array();
    for (const view::EventRow& row : head_.events) {
      json_.line_break().begin_object();
      event_fields(*row.event);
      json_.key("samples").number(row.weight.samples);
      if (row.event->is_time()) {
        json_.key("sampled_s").seconds(row.weight.all());
      } else {
        json_.key("sampled_value").number(row.weight.all());
      }
      json_.end();
    }
    json_.end();
  }

  void time(const Run& run) {
    json_.line_break().key("time").begin_object();
    json_.key("source").string(source_name(run.charged.source));
    json_.key("real_s");
    optional_seconds(run.charged.real_ns);
    json_.key("user_s");
    optional_seconds(run.charged.user_ns);
    json_.key("sys_s");
    optional_seconds(run.charged.sys_ns);
    const bool has_waits = run.wait_coverage != WaitCoverage::kNone;
    json_.key("wait_s");
    optional_seconds(has_waits ? std::optional(head_.waited.wait_ns) : std::nullopt);
    json_.key("threads");
    optional_number(has_waits ? std::optional(head_.waited.threads) : std::nullopt);
    amount("sampled_user", head_.sampled.user);
    if (run.kernel_sampled) {
      amount("sampled_sys", head_.sampled.sys);
    } else {
      json_.key(is_time_ ? "sampled_sys_s" : "sampled_sys_value").null();
    }
    json_.end();
  }

  void quality() {
    const view::Quality& q = head_.quality;
    json_.line_break().key("quality").begin_object();
    json_.key("samples").number(q.samples).key("lost").number(q.lost);
    json_.key("lost_all").number(q.lost_all);
    json_.key("stacks_complete").number(q.stacks_complete);
    json_.key("stacks_joined").number(q.stacks_joined);
    json_.key("stacks_truncated").number(q.stacks_truncated);
    json_.key("stacks_broken").number(q.stacks_broken);
    json_.key("frames").number(q.frames).key("frames_by_symbol").number(q.frames_by_symbol);
    json_.key("frames_joined").number(q.frames_joined);
    json_.key("frames_by_range").number(q.frames_by_range);
    json_.key("frames_by_mapping").number(q.frames_by_mapping);
    json_.key("frames_unnamed").number(q.frames_unnamed);
    json_.key("frames_with_symtab").number(q.frames_with_symtab);
    json_.key("frames_with_symtab_by_symbol").number(q.frames_with_symtab_by_symbol);
    wait_quality();
    json_.end();
  }

  void wait_quality() {
    const Profile& profile = *head_.profile;
    const bool has_waits = profile.run.wait_coverage != WaitCoverage::kNone;
    const view::WaitCounts counts = view::wait_counts(profile);
    const auto number = [&](std::string_view key, std::uint64_t value) {
      json_.key(key);
      optional_number(has_waits ? std::optional(value) : std::nullopt);
    };
    number("waits", counts.waits);
    number("wait_stacks", counts.stacks);
    json_.key("wait_not_sampled_s");
    std::optional<std::uint64_t> not_sampled;
    if (head_.has_waits) not_sampled = 0;
    for (const view::WaitRow& row : head_.waits)
      if (row.wait == WaitClass::kNotSampled) not_sampled = row.weight.wait;
    optional_seconds(not_sampled);
    number("switches_lost", profile.run.losses.switches_lost);
    number("intervals_unknown", profile.run.losses.intervals_unknown);
  }

  void recorder(const RecorderCost& cost) {
    json_.line_break().key("recorder").begin_object();
    json_.key("cpu_s").seconds(cost.recording_cpu_ns);
    json_.key("naming_cpu_s").seconds(cost.naming_cpu_ns);
    json_.key("peak_memory_bytes").number(cost.peak_memory_bytes).end();
  }

  void cause_fields(const view::CauseRow& row) {
    json_.key("kind").string(kind_name(row.kind));
    json_.key("name").string(boundary_name(row.kind, row.name));
    json_.key("entry").string(boundary_name(row.entry_kind, row.entry_name));
    json_.key("entry_kind").string(kind_name(row.entry_kind));
    amount("sys", row.weight.sys);
    json_.key("samples").number(row.weight.samples);
    json_.key("callers").begin_array();
    for (const view::CauseCaller& caller : row.callers) {
      json_.begin_object();
      write_call_site(json_, caller);
      amount("sys", caller.sys);
      json_.key("samples").number(caller.samples).end();
    }
    json_.end();
  }

  void waits() {
    json_.line_break().key("waits");
    if (!head_.has_waits) {
      json_.null();
      return;
    }
    json_.begin_array();
    for (const view::WaitRow& row : head_.waits) {
      json_.line_break().begin_object();
      write_wait_class(json_, row);
      json_.end();
    }
    json_.end();
  }

  void tree_node(const view::TreeNode& node, bool is_root) {
    const Profile& profile = *head_.profile;
    json_.begin_object();
    json_.key("name").string(is_root ? "all" : view::label(profile, node.entry));
    if (!is_root && node.entry.function) {
      const Function& function = profile.functions[node.entry.function];
      json_.key("module").string(view::module_name(profile, function.module));
      json_.key("file").string_or_null(profile.text(function.file));
      json_.key("line").number_or_null(function.line);
      json_.key("kernel").boolean(function.kernel);
      if (node.entry.inlined) json_.key("inlined").boolean(true);
    } else if (!is_root && view::is_kernel_step(node.entry)) {
      json_.key("kernel").boolean(true);
    }
    charge({.self = node.self, .total = node.total});
    json_.key("children").begin_array();
  }

  void charge(const view::Charge& charge) {
    write_charge(json_, charge, is_time_, head_.has_waits);
  }

  void amount(std::string_view what, std::uint64_t weight) {
    write_amount(json_, what, weight, is_time_);
  }

  void optional_seconds(const std::optional<std::uint64_t>& ns) {
    write_optional_seconds(json_, ns);
  }

  void optional_number(const std::optional<std::uint64_t>& number) {
    if (number) {
      json_.number(*number);
    } else {
      json_.null();
    }
  }

  void optional_id(const std::optional<std::int32_t>& id) {
    if (id) {
      json_.signed_number(*id);
    } else {
      json_.null();
    }
  }

  const ReportHead& head_;
  bool is_time_;
  JsonWriter json_;
};

}  // namespace

std::string table_json(const ReportHead& head, const view::Table& table, RowsOf rows,
                       std::string_view key) {
  ReportWriter writer(head);
  writer.begin_rows(key);
  for (const view::TableRow& row : table) writer.table_row(row, rows);
  writer.end_rows();
  return writer.finish();
}

std::string causes_json(const ReportHead& head, std::size_t limit) {
  ReportWriter writer(head);
  writer.begin_rows("rows");
  for (const view::CauseRow& row : first_rows(head.causes, limit)) writer.cause_row(row);
  writer.end_rows();
  return writer.finish();
}

std::string waits_json(const ReportHead& head, std::size_t limit) {
  ReportWriter writer(head);
  writer.begin_rows("rows");
  for (const view::WaitRow& row : first_rows(head.waits, limit)) writer.wait_row(row);
  writer.end_rows();
  return writer.finish();
}

std::string tree_json(const ReportHead& head, const view::CallTree& tree) {
  ReportWriter writer(head);
  writer.tree(tree);
  return writer.finish();
}

}  // namespace profiler::render
