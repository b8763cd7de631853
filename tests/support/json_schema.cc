#include "tests/support/json_schema.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace profiler::test {
namespace {

using nlohmann::json;

class Validator {
 public:
  explicit Validator(const json& root) : root_(root) {}

  void check(const json& schema, const json& value, const std::string& at) {
    if (const auto ref = schema.find("$ref"); ref != schema.end()) {
      const auto reference = ref->get<std::string>();
      const json::json_pointer pointer(reference.substr(1));
      if (!reference.starts_with("#/$defs/") || !root_.contains(pointer))
        return report(at, "unknown reference " + reference);
      check(root_[pointer], value, at);
    }
    for (const auto& [keyword, wanted] : schema.items()) check_keyword(keyword, schema, value, at);
  }

  std::vector<std::string> take() { return std::move(problems_); }

 private:
  void report(const std::string& at, const std::string& problem) {
    problems_.push_back((at.empty() ? "/" : at) + ": " + problem);
  }

  void check_keyword(const std::string& keyword, const json& schema, const json& value,
                     const std::string& at) {
    constexpr std::array<std::string_view, 6> kSaysNothing = {"$schema", "$id",   "$defs",
                                                              "$ref",    "title", "description"};
    const json& wanted = schema[keyword];
    if (keyword == "type") {
      check_type(wanted, value, at);
    } else if (keyword == "const") {
      if (value != wanted) report(at, "is not " + wanted.dump());
    } else if (keyword == "enum") {
      if (std::ranges::find(wanted, value) == wanted.end())
        report(at, value.dump() + " is none of " + wanted.dump());
    } else if (keyword == "minimum") {
      if (value.is_number() && value.get<double>() < wanted.get<double>())
        report(at, value.dump() + " is below " + wanted.dump());
    } else if (keyword == "required") {
      for (const json& name : wanted) {
        if (value.is_object() && !value.contains(name.get<std::string>()))
          report(at, "has no " + name.dump());
      }
    } else if (keyword == "properties") {
      for (const auto& [name, property] : wanted.items()) {
        if (value.is_object() && value.contains(name))
          check(property, value[name], at + '/' + name);
      }
    } else if (keyword == "additionalProperties") {
      check_additional(schema, value, at);
    } else if (keyword == "items") {
      for (std::size_t i = 0; value.is_array() && i < value.size(); ++i)
        check(wanted, value[i], at + '/' + std::to_string(i));
    } else if (keyword == "oneOf") {
      check_one_of(wanted, value, at);
    } else if (keyword == "allOf") {
      for (const json& part : wanted) check(part, value, at);
    } else if (std::ranges::find(kSaysNothing, keyword) == kSaysNothing.end()) {
      report(at, "the schema uses " + keyword + ", which this validator does not know");
    }
  }

  void check_type(const json& wanted, const json& value, const std::string& at) {
    const auto is = [&](const std::string& type) {
      if (type == "object") return value.is_object();
      if (type == "array") return value.is_array();
      if (type == "string") return value.is_string();
      if (type == "integer") return value.is_number_integer();
      if (type == "number") return value.is_number();
      if (type == "boolean") return value.is_boolean();
      return type == "null" && value.is_null();
    };
    const bool matches =
        wanted.is_array() ? std::ranges::any_of(wanted, is) : is(wanted.get<std::string>());
    if (!matches) report(at, "is " + std::string(value.type_name()) + ", not " + wanted.dump());
  }

  void check_additional(const json& schema, const json& value, const std::string& at) {
    if (!value.is_object() || schema["additionalProperties"] != json(false)) return;
    for (const auto& [name, property] : value.items()) {
      if (!schema.contains("properties") || !schema["properties"].contains(name))
        report(at, "has a field '" + name + "' that the schema does not know");
    }
  }

  void check_one_of(const json& alternatives, const json& value, const std::string& at) {
    std::size_t matching = 0;
    std::string reasons;
    for (const json& alternative : alternatives) {
      Validator one(root_);
      one.check(alternative, value, at);
      const std::vector<std::string> problems = one.take();
      if (problems.empty()) {
        ++matching;
      } else {
        reasons += "\n    " + problems.front();
      }
    }
    if (matching != 1)
      report(at, "matches " + std::to_string(matching) + " alternatives, not one:" + reasons);
  }

  const json& root_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> violations(const json& schema, const json& document) {
  Validator validator(schema);
  validator.check(schema, document, "");
  return validator.take();
}

}  // namespace profiler::test
