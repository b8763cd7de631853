#include "render/diff_json.h"

#include <cmath>
#include <optional>
#include <string_view>

#include "profiler/cause.h"
#include "render/first_rows.h"
#include "render/json_charge.h"
#include "render/json_waits.h"
#include "render/json_writer.h"
#include "view/diff_noise.h"
#include "view/thread_times.h"

namespace profiler::render {
namespace {

using view::Change;
using view::DiffCause;
using view::DiffRow;
using view::Weight;

class DiffWriter {
 public:
  explicit DiffWriter(const DiffReport& report)
      : report_(report),
        totals_(report.diff->totals),
        is_time_(report.after.event->is_time()),
        has_waits_(totals_.waits) {}

  std::string write(std::size_t limit) {
    json_.begin_object().key("schema").string("profiler.diff/1");
    json_.line_break().key("normalize");
    json_.string(totals_.normalize == view::Normalize::kCpuTime ? "cpu" : "none");
    json_.key("scale").fraction(totals_.scale);
    json_.key("confidence").fraction(view::kConfidence);
    json_.key("tests").number(report_.diff->tests);
    json_.key("standard_deviations").fraction(report_.diff->critical);
    side("old", report_.before, totals_.before, totals_.effective_before);
    side("new", report_.after, totals_.after, totals_.effective_after);
    json_.line_break().key("notes").begin_array();
    for (const std::string& note : diff_notes(report_)) json_.string(note);
    json_.end();
    if (!report_.causes_only) {
      json_.line_break().key(report_.grouped ? "rows" : "functions").begin_array();
      for (const DiffRow& row : first_rows(report_.diff->rows, limit)) this->row(row);
      json_.end();
    }
    json_.line_break().key("causes").begin_array();
    for (const DiffCause& row : first_rows(report_.diff->causes, limit)) cause(row);
    json_.end().line_break().end();
    return json_.take() + '\n';
  }

 private:
  void side(std::string_view key, const DiffReport::Side& side, const Weight& all,
            double effective) {
    const Run& run = side.profile->run;
    json_.line_break().key(key).begin_object().key("file").string(side.path);
    json_.key("command").begin_array();
    for (const std::string& word : run.command) json_.string(word);
    json_.end().key("event").begin_object().key("name").string(side.event->name);
    json_.key("unit").string(side.event->is_time() ? "s" : side.event->unit).end();
    json_.key("time").begin_object().key("real_s");
    write_optional_seconds(json_, run.charged.real_ns);
    json_.key("user_s");
    write_optional_seconds(json_, run.charged.user_ns);
    json_.key("sys_s");
    write_optional_seconds(json_, run.charged.sys_ns);
    json_.key("wait_s");
    write_optional_seconds(json_, side.has_waits
                                      ? std::optional(view::wait_totals(*side.profile).wait_ns)
                                      : std::nullopt);
    json_.end();
    json_.key("sampled");
    weight(all, all);
    json_.key("effective_samples").fraction(effective).end();
  }

  void row(const DiffRow& row) {
    const view::TableRow& what = row.what;
    json_.line_break().begin_object();
    json_.key("name").string(what.label);
    if (report_.rows == RowsOf::kModules) json_.key("path").string_or_null(what.path);
    if (report_.rows == RowsOf::kThreads) json_.key("process").string(what.process);
    if (report_.rows == RowsOf::kFunctions || report_.rows == RowsOf::kLines) {
      json_.key("module").string_or_null(what.module);
      json_.key("file").string_or_null(what.file).key("line").number_or_null(what.line);
      json_.key("inlined").boolean(what.inlined);
    }
    json_.key("kernel").boolean(what.kernel);
    const auto charge = [&](std::string_view key, const view::Charge& of, const Weight& whole) {
      json_.key(key).begin_object().key("self");
      weight(of.self, whole);
      json_.key("total");
      weight(of.total, whole);
      json_.end();
    };
    charge("old", row.before, totals_.before);
    charge("new", row.after(), totals_.after);
    json_.key("delta").begin_object().key("self");
    delta(row.before.self, row.after().self, row.self);
    json_.key("total");
    delta(row.before.total, row.after().total, row.total);
    json_.end().key("noise").begin_object().key("self");
    noise(row.self);
    json_.key("total");
    noise(row.total);
    json_.end().key("significant").boolean(row.significant()).end();
  }

  void cause(const DiffCause& row) {
    const auto name_of = [](KernelEntryKind kind, const std::string& detail) {
      return detail.empty() ? profiler::name(kind) : std::string_view(detail);
    };
    const auto kind_of = [](KernelEntryKind kind) {
      return profiler::name(kind == KernelEntryKind::kExecExit ? KernelEntryKind::kOther : kind);
    };
    const view::CauseRow& what = row.what;
    json_.line_break().begin_object().key("kind").string(kind_of(what.kind));
    json_.key("name").string(name_of(what.kind, what.name));
    json_.key("entry").string(name_of(what.entry_kind, what.entry_name));
    json_.key("entry_kind").string(kind_of(what.entry_kind));
    const auto sys = [&](std::string_view key, const Weight& weight, const Weight& whole) {
      json_.key(key).begin_object();
      write_amount(json_, "sys", weight.sys, is_time_);
      json_.key("samples").number(weight.samples).key("share");
      share(weight, whole);
      json_.end();
    };
    sys("old", row.before, totals_.before);
    sys("new", what.weight, totals_.after);
    json_.key("delta").begin_object();
    signed_amount("sys", row.sys.delta);
    json_.key("share");
    share_change(row.before, what.weight);
    json_.end().key("noise").begin_object();
    signed_amount("sys", row.sys.noise);
    json_.key("share");
    noise_share(row.sys);
    json_.end().key("significant").boolean(row.sys.significant).end();
  }

  /// A value: {"user_s":…,"sys_s":…,"wait_s":…,"samples":…,"share":…}
  void weight(const Weight& weight, const Weight& whole) {
    json_.begin_object();
    write_amount(json_, "user", weight.user, is_time_);
    write_amount(json_, "sys", weight.sys, is_time_);
    json_.key(is_time_ ? "wait_s" : "wait_value");
    if (has_waits_) {
      json_.seconds(weight.wait);
    } else {
      json_.null();
    }
    json_.key("samples").number(weight.samples).key("share");
    share(weight, whole);
    json_.end();
  }

  void delta(const Weight& before, const Weight& after, const view::WeightChange& change) {
    json_.begin_object();
    signed_amount("user", view::cpu_delta(totals_, before.user, after.user));
    signed_amount("sys", view::cpu_delta(totals_, before.sys, after.sys));
    signed_amount("cpu", change.cpu.delta);
    wait(change.wait.delta);
    json_.key("share");
    share_change(before, after);
    json_.end();
  }

  void noise(const view::WeightChange& change) {
    json_.begin_object();
    signed_amount("cpu", change.cpu.noise);
    wait(change.wait.noise);
    json_.key("share");
    noise_share(change.cpu);
    json_.end();
  }

  void wait(double ns) {
    json_.key(is_time_ ? "wait_s" : "wait_value");
    if (has_waits_) {
      json_.signed_seconds(std::llround(ns));
    } else {
      json_.null();
    }
  }

  /// Null where the two are not of one event: they are no seconds of each other.
  void signed_amount(std::string_view what, double value) {
    json_.key(std::string(what) + (is_time_ ? "_s" : "_value"));
    if (!report_.same_event()) {
      json_.null();
    } else if (is_time_) {
      json_.signed_seconds(std::llround(value));
    } else {
      json_.signed_number(std::llround(value));
    }
  }

  static std::optional<double> share_of(const Weight& weight, const Weight& whole) {
    if (whole.all() == 0) return std::nullopt;
    return static_cast<double>(weight.all()) / static_cast<double>(whole.all());
  }
  void share(const Weight& weight, const Weight& whole) {
    fraction_or_null(share_of(weight, whole));
  }
  void share_change(const Weight& before, const Weight& after) {
    const auto was = share_of(before, totals_.before);
    const auto is = share_of(after, totals_.after);
    fraction_or_null(was && is ? std::optional(*is - *was) : std::nullopt);
  }
  /// Null where seconds are compared: their noise is not that of shares.
  void noise_share(const Change& change) {
    const bool compared = totals_.normalize == view::Normalize::kCpuTime && totals_.has_cpu();
    fraction_or_null(compared
                         ? std::optional(change.noise / static_cast<double>(totals_.after.all()))
                         : std::nullopt);
  }
  void fraction_or_null(const std::optional<double>& value) {
    if (value) {
      json_.fraction(*value);
    } else {
      json_.null();
    }
  }

  const DiffReport& report_;
  const view::DiffTotals& totals_;
  bool is_time_;
  bool has_waits_;
  JsonWriter json_;
};

}  // namespace

std::string diff_json(const DiffReport& report, std::size_t limit) {
  return DiffWriter(report).write(limit);
}

}  // namespace profiler::render
