// The rules of Firefox Profiler's processed format, version 61, field by field: the types of
// src/types/profile.ts (without what came with versions 62 to 70) and what its code relies on.
//
//   check_firefox(document);       // what breaks a rule fails the test
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace profiler::test {

class FirefoxChecker {
 public:
  using json = nlohmann::json;

  explicit FirefoxChecker(const json& document) : document_(document) {}

  void check() {
    keys(document_, "document", {"meta", "libs", "shared", "threads"});
    check_meta(document_["meta"]);
    check_shared(document_["shared"]);
    for (const json& lib : document_["libs"]) check_library(lib);
    std::set<std::string> threads;
    for (const json& thread : document_["threads"]) {
      check_thread(thread);
      EXPECT_TRUE(
          threads.insert(thread["pid"].get<std::string>() + "/" + thread["tid"].dump()).second)
          << thread["tid"] << " twice";
    }
  }

 private:
  static void keys(const json& object, std::string_view what, const std::set<std::string>& wanted) {
    ASSERT_TRUE(object.is_object()) << what;
    std::set<std::string> found;
    for (const auto& [key, value] : object.items()) found.insert(key);
    EXPECT_EQ(found, wanted) << what;
  }

  /// A table of columns that are as long as it says; `length` rows.
  static std::size_t table(const json& object, std::string_view what, std::set<std::string> columns,
                           const std::set<std::string>& others = {}) {
    std::set<std::string> all = columns;
    all.insert(others.begin(), others.end());
    all.insert("length");
    keys(object, what, all);
    const auto length = object.value("length", std::size_t{0});
    for (const std::string& column : columns) {
      EXPECT_TRUE(object[column].is_array()) << what << ' ' << column;
      EXPECT_EQ(object[column].size(), length) << what << ' ' << column;
    }
    return length;
  }

  enum class Null : std::uint8_t { kNo, kYes };
  /// Each an integer of [lowest, end), or null where that may be.
  static void rows(const json& column, std::string_view what, std::int64_t lowest, std::size_t end,
                   Null null = Null::kNo) {
    for (const json& value : column) {
      if (null == Null::kYes && value.is_null()) continue;
      ASSERT_TRUE(value.is_number_integer()) << what << ": " << value;
      EXPECT_GE(value.get<std::int64_t>(), lowest) << what;
      EXPECT_LT(value.get<std::int64_t>(), static_cast<std::int64_t>(end)) << what;
    }
  }

  void check_meta(const json& meta) {
    EXPECT_EQ(meta["preprocessedProfileVersion"], 61);
    EXPECT_TRUE(meta["version"].is_number_integer());
    for (const char* number : {"interval", "startTime", "profilingStartTime", "profilingEndTime"})
      EXPECT_TRUE(meta[number].is_number()) << number;
    EXPECT_GT(meta["interval"].get<double>(), 0);
    EXPECT_EQ(meta["processType"], 0);
    EXPECT_EQ(meta["stackwalk"], 1);
    EXPECT_EQ(meta["symbolicated"], true);
    for (const char* text : {"product", "importedFrom", "oscpu"})
      EXPECT_TRUE(meta[text].is_string()) << text;
    EXPECT_EQ(meta["sampleUnits"],
              json::parse(R"({"time":"ms","eventDelay":"ms","threadCPUDelta":"ns"})"));
    static const std::set<std::string> kColors = {
        "transparent", "purple",  "green", "orange",   "yellow",   "lightblue", "blue",
        "brown",       "magenta", "red",   "lightred", "darkgrey", "grey"};
    int grey = 0;
    for (const json& category : meta["categories"]) {
      keys(category, "category", {"name", "color", "subcategories"});
      EXPECT_TRUE(kColors.contains(category["color"].get<std::string>()));
      grey += category["color"] == "grey" ? 1 : 0;
      EXPECT_EQ(category["subcategories"].at(0), "Other");
      subcategories_.push_back(category["subcategories"].size());
    }
    EXPECT_EQ(grey, 1) << "the default category";
    for (const char* list : {"initialVisibleThreads", "initialSelectedThreads"})
      rows(meta[list], list, 0, document_["threads"].size());
    check_marker_schema(meta["markerSchema"]);
  }

  void check_marker_schema(const json& schemas) {
    static const std::set<std::string> kPlaces = {"marker-chart", "marker-table",
                                                  "timeline-overview"};
    static const std::set<std::string> kFormats = {"unique-string", "integer", "duration"};
    for (const json& schema : schemas) {
      keys(
          schema, "marker schema",
          {"name", "tooltipLabel", "tableLabel", "chartLabel", "display", "fields", "description"});
      for (const json& place : schema["display"])
        EXPECT_TRUE(kPlaces.contains(place.get<std::string>()));
      std::map<std::string, std::string>& fields = markers_[schema["name"]];
      for (const json& field : schema["fields"]) {
        keys(field, "marker field", {"key", "label", "format"});
        EXPECT_TRUE(kFormats.contains(field["format"].get<std::string>()));
        fields[field["key"]] = field["format"];
      }
    }
  }

  void check_shared(const json& shared) {
    keys(shared, "shared",
         {"stackTable", "frameTable", "funcTable", "resourceTable", "nativeSymbols", "sources",
          "stringArray"});
    strings_ = shared["stringArray"].size();
    std::set<std::string> different;
    for (const json& text : shared["stringArray"]) different.insert(text.get<std::string>());
    EXPECT_EQ(different.size(), strings_);

    const std::size_t libs = document_["libs"].size();
    const json& resources = shared["resourceTable"];
    const std::size_t resource_rows =
        table(resources, "resourceTable", {"lib", "name", "host", "type"});
    rows(resources["lib"], "resource lib", 0, libs, Null::kYes);
    rows(resources["name"], "resource name", 0, strings_);
    rows(resources["host"], "resource host", 0, strings_, Null::kYes);
    rows(resources["type"], "resource type", 0, 6);

    const json& sources = shared["sources"];
    const std::size_t source_rows =
        table(sources, "sources", {"id", "filename", "startLine", "startColumn", "sourceMapURL"});
    rows(sources["filename"], "source name", 0, strings_);
    rows(sources["startLine"], "source line", 1, 2);

    const json& symbols = shared["nativeSymbols"];
    const std::size_t symbol_rows =
        table(symbols, "nativeSymbols", {"libIndex", "address", "name", "functionSize"});

    const json& functions = shared["funcTable"];
    const std::size_t function_rows = table(
        functions, "funcTable",
        {"name", "isJS", "relevantForJS", "resource", "source", "lineNumber", "columnNumber"});
    rows(functions["name"], "func name", 0, strings_);
    rows(functions["resource"], "func resource", -1, resource_rows);
    rows(functions["source"], "func source", 0, source_rows, Null::kYes);
    rows(functions["lineNumber"], "func line", 1, 1U << 31U, Null::kYes);
    for (const json& is_js : functions["isJS"]) EXPECT_EQ(is_js, false);

    const json& frames = shared["frameTable"];
    const std::size_t frame_rows =
        table(frames, "frameTable",
              {"address", "inlineDepth", "category", "subcategory", "func", "nativeSymbol",
               "innerWindowID", "line", "column"});
    rows(frames["address"], "frame address", -1, std::size_t{1} << 53U);
    rows(frames["inlineDepth"], "frame inlineDepth", 0, 256);
    rows(frames["category"], "frame category", 0, subcategories_.size());
    rows(frames["func"], "frame func", 0, function_rows);
    rows(frames["nativeSymbol"], "frame nativeSymbol", 0, symbol_rows, Null::kYes);
    rows(frames["line"], "frame line", 1, 1U << 31U, Null::kYes);
    for (std::size_t i = 0; i < frame_rows; ++i) {
      EXPECT_LT(frames["subcategory"][i].get<std::size_t>(),
                subcategories_.at(frames["category"][i].get<std::size_t>()));
    }

    const json& stacks = shared["stackTable"];
    stacks_ = table(stacks, "stackTable", {"frame", "prefix"});
    rows(stacks["frame"], "stack frame", 0, frame_rows);
    for (std::size_t i = 0; i < stacks_; ++i) {
      const json& prefix = stacks["prefix"][i];
      EXPECT_TRUE(prefix.is_null() || prefix.get<std::size_t>() < i) << "parents precede children";
    }
  }

  static void check_library(const json& lib) {
    keys(lib, "lib", {"arch", "name", "path", "debugName", "debugPath", "breakpadId", "codeId"});
    const auto id = lib["breakpadId"].get<std::string>();
    EXPECT_TRUE(id.empty() || id.size() == 33) << id;
    EXPECT_EQ(id.find_first_not_of("0123456789ABCDEF"), std::string::npos) << id;
    EXPECT_TRUE(lib["codeId"].is_null() || lib["codeId"].is_string());
  }

  void check_thread(const json& thread) {
    keys(thread, "thread",
         {"processType", "processStartupTime", "processShutdownTime", "registerTime",
          "unregisterTime", "pausedRanges", "showMarkersInTimeline", "name", "isMainThread",
          "processName", "pid", "tid", "samples", "markers"});
    EXPECT_TRUE(thread["pid"].is_string());
    EXPECT_TRUE(thread["isMainThread"].is_boolean());
    EXPECT_TRUE(thread["name"].is_string());
    const json& samples = thread["samples"];
    std::set<std::string> columns = {"stack", "time", "weight"};
    if (samples.contains("threadCPUDelta")) columns.insert("threadCPUDelta");
    table(samples, "samples", columns, {"weightType"});
    rows(samples["stack"], "sample stack", 0, stacks_);
    EXPECT_TRUE(samples["weightType"] == "tracing-ms" || samples["weightType"] == "samples" ||
                samples["weightType"] == "bytes");
    double last = 0;
    for (const json& time : samples["time"]) {
      EXPECT_GE(time.get<double>(), last) << "by time";
      last = time.get<double>();
    }
    check_markers(thread["markers"]);
  }

  void check_markers(const json& markers) {
    const std::size_t length =
        table(markers, "markers", {"data", "name", "startTime", "endTime", "phase", "category"});
    rows(markers["name"], "marker name", 0, strings_);
    rows(markers["phase"], "marker phase", 0, 4);
    rows(markers["category"], "marker category", 0, subcategories_.size());
    for (std::size_t i = 0; i < length; ++i) {
      EXPECT_TRUE(markers["startTime"][i].is_number());
      if (markers["phase"][i] == 1)
        EXPECT_GE(markers["endTime"][i].get<double>(), markers["startTime"][i].get<double>());
      else
        EXPECT_TRUE(markers["endTime"][i].is_null());
      const json& data = markers["data"][i];
      const auto schema = markers_.find(data["type"].get<std::string>());
      ASSERT_NE(schema, markers_.end()) << data;
      for (const auto& [key, value] : data.items()) {
        if (key == "type") continue;
        if (key == "cause") {
          rows(json::array({value["stack"]}), "cause stack", 0, stacks_);
          continue;
        }
        ASSERT_TRUE(schema->second.contains(key)) << key;
        if (schema->second.at(key) == "unique-string")
          rows(json::array({value}), "marker text", 0, strings_);
        else
          EXPECT_TRUE(value.is_number()) << key;
      }
    }
  }

  const json& document_;
  std::vector<std::size_t> subcategories_;  ///< How many each category has.
  std::map<std::string, std::map<std::string, std::string>> markers_;  ///< Formats of fields.
  std::size_t strings_ = 0;
  std::size_t stacks_ = 0;
};

inline void check_firefox(const nlohmann::json& document) { FirefoxChecker(document).check(); }

}  // namespace profiler::test
