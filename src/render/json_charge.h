// How every JSON format of ours writes times: seconds, or another event's counts, by mode.
//
//   write_charge(json, row.charge, event.is_time());
//       // "self":{"user_s":0.5,"sys_s":0,"wait_s":null,"samples":500},"total":{…}
//
// `has_wait`: waiting was recorded, and is shown.
#pragma once

#include <cstdint>
#include <string_view>

#include "render/json_writer.h"
#include "view/weight.h"

namespace profiler::render {

/// "user_s":0.5, or "user_value":500 for an event that is no clock.
void write_amount(JsonWriter& json, std::string_view what, std::uint64_t weight, bool is_time);
void write_weight(JsonWriter& json, std::string_view key, const view::Weight& weight, bool is_time,
                  bool has_wait = false);
void write_charge(JsonWriter& json, const view::Charge& charge, bool is_time,
                  bool has_wait = false);

}  // namespace profiler::render
