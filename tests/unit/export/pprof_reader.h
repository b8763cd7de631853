// Reads a pprof file (github.com/google/pprof, proto/profile.proto) as strictly as pprof itself
// does (profile.go, CheckValid); what it finds wrong fails the test.
//
//   ReadProfile read = PprofReader(bytes).profile;
//   read.samples[0].folded(), read.samples[0].values[1]
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <numeric>
#include <protozero/pbf_reader.hpp>
#include <ranges>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/export/gunzip.h"

namespace profiler::test {

struct ReadFunction {
  std::string name, system_name, file;
  std::int64_t line = 0;
};
struct ReadLine {
  ReadFunction function;
  std::int64_t line = 0;
};
struct ReadMapping {
  std::string file, build_id;
  bool functions = false;
  bool inlines = false;
  std::uint64_t start = 0, limit = 0;
};
struct ReadLocation {
  std::uint64_t mapping = 0, address = 0;
  std::vector<ReadLine> lines;
};
struct ReadSample {
  std::vector<ReadLocation> locations;  ///< The leaf first.
  std::vector<std::int64_t> values;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::int64_t> numbers;

  /// Function names, outermost first, as folded stacks have them.
  [[nodiscard]] std::string folded() const {
    std::string text;
    for (const ReadLocation& location : std::views::reverse(locations)) {
      for (const ReadLine& line : std::views::reverse(location.lines))
        text += (text.empty() ? "" : ";") + line.function.name;
    }
    return text;
  }
};
struct ReadProfile {
  std::vector<std::pair<std::string, std::string>> types;
  std::string default_type;
  std::pair<std::string, std::string> period_type;
  std::int64_t period = 0, time = 0, duration = 0;
  std::vector<ReadSample> samples;
  std::vector<std::uint64_t> mapping_order;
  std::map<std::uint64_t, ReadMapping> mappings;
  std::vector<std::string> comments;

  [[nodiscard]] std::int64_t sum(std::size_t value) const {
    return std::accumulate(
        samples.begin(), samples.end(), std::int64_t{0},
        [&](std::int64_t all, const ReadSample& s) { return all + s.values.at(value); });
  }
};

/// Reads it as strictly as pprof does (profile.go, CheckValid), with two passes: tables may stand
/// behind what refers to them.
class PprofReader {
 public:
  explicit PprofReader(const std::string& bytes) : bytes_(test::gunzip(bytes)) {
    each(bytes_, [&](protozero::pbf_reader& in) {
      if (in.tag() == 6) {
        strings_.push_back(in.get_string());
      } else if (in.tag() == 5) {
        tables_[5].push_back(in.get_view());
      } else if (in.tag() == 3 || in.tag() == 4) {
        tables_[in.tag()].push_back(in.get_view());
      } else {
        in.skip();
      }
    });
    EXPECT_FALSE(strings_.empty());
    EXPECT_EQ(strings_.empty() ? "none" : strings_.front(), "");
    EXPECT_EQ(std::set<std::string>(strings_.begin(), strings_.end()).size(), strings_.size());
    for (const auto& view : tables_[5]) read_function(view);
    for (const auto& view : tables_[3]) read_mapping(view);
    for (const auto& view : tables_[4]) read_location(view);
    each(bytes_, [&](protozero::pbf_reader& in) { read_top(in); });
  }
  ReadProfile profile;

 private:
  template <class Bytes, class Visit>
  static void each(const Bytes& bytes, Visit visit) {
    protozero::pbf_reader in(bytes.data(), bytes.size());
    while (in.next()) visit(in);
  }
  std::string text(std::int64_t row) {
    EXPECT_LT(static_cast<std::size_t>(row), strings_.size());
    return static_cast<std::size_t>(row) < strings_.size() ? strings_[static_cast<std::size_t>(row)]
                                                           : "";
  }
  void read_function(protozero::data_view view) {
    std::uint64_t id = 0;
    ReadFunction f;
    each(view, [&](protozero::pbf_reader& in) {
      switch (in.tag()) {
        case 1:
          id = in.get_uint64();
          break;
        case 2:
          f.name = text(in.get_int64());
          break;
        case 3:
          f.system_name = text(in.get_int64());
          break;
        case 4:
          f.file = text(in.get_int64());
          break;
        case 5:
          f.line = in.get_int64();
          break;
        default:
          ADD_FAILURE() << "function field " << in.tag();
      }
    });
    EXPECT_NE(id, 0U);
    EXPECT_NE(f.name, "");
    EXPECT_TRUE(functions_.emplace(id, f).second) << "function " << id << " twice";
  }
  void read_mapping(protozero::data_view view) {
    std::uint64_t id = 0;
    ReadMapping m;
    each(view, [&](protozero::pbf_reader& in) {
      switch (in.tag()) {
        case 1:
          id = in.get_uint64();
          break;
        case 2:
          m.start = in.get_uint64();
          break;
        case 3:
          m.limit = in.get_uint64();
          break;
        case 5:
          m.file = text(in.get_int64());
          break;
        case 6:
          m.build_id = text(in.get_int64());
          break;
        case 7:
          m.functions = in.get_bool();
          break;
        case 10:
          m.inlines = in.get_bool();
          break;
        default:
          in.skip();
      }
    });
    EXPECT_NE(id, 0U);
    profile.mapping_order.push_back(id);
    EXPECT_TRUE(profile.mappings.emplace(id, m).second) << "mapping " << id << " twice";
  }
  void read_location(protozero::data_view view) {
    std::uint64_t id = 0;
    ReadLocation l;
    each(view, [&](protozero::pbf_reader& in) {
      switch (in.tag()) {
        case 1:
          id = in.get_uint64();
          break;
        case 2:
          l.mapping = in.get_uint64();
          break;
        case 3:
          l.address = in.get_uint64();
          break;
        case 4: {
          ReadLine line;
          each(in.get_view(), [&](protozero::pbf_reader& part) {
            if (part.tag() == 1) {
              const std::uint64_t function = part.get_uint64();
              EXPECT_TRUE(functions_.contains(function)) << "no function " << function;
              line.function = functions_[function];
            } else {
              line.line = part.get_int64();
            }
          });
          l.lines.push_back(line);
          break;
        }
        default:
          ADD_FAILURE() << "location field " << in.tag();
      }
    });
    EXPECT_NE(id, 0U);
    EXPECT_FALSE(l.lines.empty());
    EXPECT_TRUE(l.mapping == 0 || profile.mappings.contains(l.mapping));
    EXPECT_TRUE(locations_.emplace(id, l).second) << "location " << id << " twice";
  }
  void read_sample(protozero::data_view view) {
    ReadSample s;
    each(view, [&](protozero::pbf_reader& in) {
      if (in.tag() == 1) {
        for (const std::uint64_t id : in.get_packed_uint64()) {
          EXPECT_TRUE(locations_.contains(id)) << "no location " << id;
          s.locations.push_back(locations_[id]);
        }
      } else if (in.tag() == 2) {
        for (const std::int64_t value : in.get_packed_int64()) s.values.push_back(value);
      } else {
        std::string key, value;
        std::int64_t number = 0;
        each(in.get_view(), [&](protozero::pbf_reader& part) {
          if (part.tag() == 1)
            key = text(part.get_int64());
          else if (part.tag() == 2)
            value = text(part.get_int64());
          else
            number = part.get_int64();
        });
        EXPECT_NE(key, "");
        if (value.empty())
          s.numbers[key] = number;
        else
          s.labels[key] = value;
      }
    });
    EXPECT_EQ(s.values.size(), profile.types.size());
    EXPECT_FALSE(s.locations.empty());
    profile.samples.push_back(std::move(s));
  }
  std::pair<std::string, std::string> value_type(protozero::data_view view) {
    std::pair<std::string, std::string> type;
    each(view, [&](protozero::pbf_reader& in) {
      (in.tag() == 1 ? type.first : type.second) = text(in.get_int64());
    });
    return type;
  }
  void read_top(protozero::pbf_reader& in) {
    switch (in.tag()) {
      case 1:
        profile.types.push_back(value_type(in.get_view()));
        break;
      case 2:
        read_sample(in.get_view());
        break;
      case 9:
        profile.time = in.get_int64();
        break;
      case 10:
        profile.duration = in.get_int64();
        break;
      case 11:
        profile.period_type = value_type(in.get_view());
        break;
      case 12:
        profile.period = in.get_int64();
        break;
      case 13:
        profile.comments.push_back(text(in.get_int64()));
        break;
      case 14:
        profile.default_type = text(in.get_int64());
        break;
      default:
        in.skip();
    }
  }

  std::string bytes_;
  std::vector<std::string> strings_;
  std::map<protozero::pbf_tag_type, std::vector<protozero::data_view>> tables_;
  std::map<std::uint64_t, ReadFunction> functions_;
  std::map<std::uint64_t, ReadLocation> locations_;
};

}  // namespace profiler::test
