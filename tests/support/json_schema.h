// Checks a JSON document against a schema: as much of JSON Schema (draft 2020-12) as the schemas
// under tests/golden use.
//
//   for (const std::string& problem : violations(schema, document)) ADD_FAILURE() << problem;
//
// Knows: type, const, enum, required, properties, additionalProperties (boolean), items, minimum,
// oneOf, allOf, $ref to "#/$defs/…". Any other keyword is itself reported, so that none is passed
// over.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace profiler::test {

/// One line each: "/causes/0/sys_s: is a string, not a number".
[[nodiscard]] std::vector<std::string> violations(const nlohmann::json& schema,
                                                  const nlohmann::json& document);

}  // namespace profiler::test
