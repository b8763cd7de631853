// How JSON reports write what was waited for, and what threads did with their lives.
//
//   write_wait_class(json, row);          // "class":"lock","wait_s":1.5,"count":3,…,"callers":[…]
//   write_thread_times(json, row.times);  // {"lifetime_s":4,…}, or null
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "profiler/wait.h"
#include "render/json_writer.h"
#include "view/call_site.h"
#include "view/table.h"
#include "view/wait_ledger.h"

namespace profiler::render {

/// "lock", "not_sampled", …: as JSON and --filter have it.
[[nodiscard]] std::string json_name(WaitClass wait);

void write_optional_seconds(JsonWriter& json, const std::optional<std::uint64_t>& ns);
/// "function", "module", "file", "line" and "inlined" of an open object.
void write_call_site(JsonWriter& json, const view::CallSite& site);
/// Fields of an open object.
void write_wait_class(JsonWriter& json, const view::WaitRow& row);
/// A value.
void write_thread_times(JsonWriter& json, const std::optional<view::ThreadTimes>& times);

}  // namespace profiler::render
