#include "render/json_charge.h"

#include <string>

namespace profiler::render {

void write_amount(JsonWriter& json, std::string_view what, std::uint64_t weight, bool is_time) {
  json.key(std::string(what) + (is_time ? "_s" : "_value"));
  if (is_time) {
    json.seconds(weight);
  } else {
    json.number(weight);
  }
}

void write_weight(JsonWriter& json, std::string_view key, const view::Weight& weight, bool is_time,
                  bool has_wait) {
  json.key(key).begin_object();
  write_amount(json, "user", weight.user, is_time);
  write_amount(json, "sys", weight.sys, is_time);
  json.key(is_time ? "wait_s" : "wait_value");
  if (has_wait) {
    json.seconds(weight.wait);
  } else {
    json.null();
  }
  json.key("samples").number(weight.samples).end();
}

void write_charge(JsonWriter& json, const view::Charge& charge, bool is_time, bool has_wait) {
  write_weight(json, "self", charge.self, is_time, has_wait);
  write_weight(json, "total", charge.total, is_time, has_wait);
}

}  // namespace profiler::render
