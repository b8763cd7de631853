#include "render/json_waits.h"

#include <algorithm>

namespace profiler::render {

void write_optional_seconds(JsonWriter& json, const std::optional<std::uint64_t>& ns) {
  if (ns) {
    json.seconds(*ns);
  } else {
    json.null();
  }
}

std::string json_name(WaitClass wait) {
  std::string text(name(wait));
  std::ranges::replace(text, ' ', '_');
  return text;
}

void write_call_site(JsonWriter& json, const view::CallSite& site) {
  json.key("function").string_or_null(site.function);
  json.key("module").string_or_null(site.module);
  json.key("file").string_or_null(site.file).key("line").number_or_null(site.line);
  json.key("inlined").boolean(site.inlined);
}

void write_wait_class(JsonWriter& json, const view::WaitRow& row) {
  json.key("class").string(json_name(row.wait));
  json.key("wait_s").seconds(row.weight.wait).key("count").number(row.weight.waits);
  json.key("threads").number(row.threads);
  json.key("callers").begin_array();
  for (const view::WaitCaller& caller : row.callers) {
    json.begin_object();
    write_call_site(json, caller);
    json.key("wait_s").seconds(caller.wait).key("count").number(caller.waits).end();
  }
  json.end();
}

void write_thread_times(JsonWriter& json, const std::optional<view::ThreadTimes>& times) {
  if (!times) {
    json.null();
    return;
  }
  json.begin_object();
  json.key("lifetime_s").seconds(times->lifetime_ns).key("on_cpu_s").seconds(times->on_cpu_ns);
  json.key("user_s");
  write_optional_seconds(json, times->user_ns);
  json.key("sys_s");
  write_optional_seconds(json, times->sys_ns);
  json.key("blocked_s").seconds(times->blocked_ns);
  json.key("runnable_s").seconds(times->runnable_ns);
  json.key("unknown_s").seconds(times->unknown_ns);
  json.key("voluntary_switches").number(times->voluntary);
  json.key("preempted_switches").number(times->preempted);
  json.key("migrations").number(times->migrations);
  json.key("delay_mean_s");
  write_optional_seconds(json, times->mean_delay_ns);
  json.key("delay_p99_s");
  write_optional_seconds(json, times->p99_delay_ns);
  json.key("delay_max_s").seconds(times->longest_delay_ns).end();
}

}  // namespace profiler::render
