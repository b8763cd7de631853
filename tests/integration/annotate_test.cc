// Lines and instructions of a program whose answer is known, and beside those of perf and objdump.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <regex>
#include <sstream>
#include <string>

#include "tests/integration/recorded.h"

namespace profiler::test {
namespace {

using ::testing::HasSubstr;

CommandResult annotate(const std::string& directory, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "annotate");
  return run(profiler(std::move(arguments)), {.directory = directory});
}

json annotate_json(const std::string& directory, std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--format", "json"});
  const CommandResult result = annotate(directory, std::move(arguments));
  EXPECT_EQ(result.exit_status, 0) << result.err;
  return json::parse(result.out, nullptr, false);
}

json line_of(const json& annotation, const json& number) {
  for (const json& line : annotation.at("files").at(0).at("lines"))
    if (line.at("line") == number) return line;
  return nullptr;
}

std::uint64_t hexadecimal(const std::string& text) { return std::stoull(text, nullptr, 16); }

/// A line and its file, "/src/a.c:12", for each instruction that objdump shows.
std::map<std::uint64_t, std::string> lines_by_objdump(const std::string& program) {
  std::map<std::uint64_t, std::string> lines;
  const CommandResult result =
      run({"objdump", "--disassemble", "--line-numbers", "--no-show-raw-insn", program});
  if (result.exit_status != 0) return lines;
  static const std::regex kPlace(R"(^(/.*:\d+)( \(discriminator \d+\))?$)");
  static const std::regex kInstruction(R"(^ *([0-9a-f]+):\t.*$)");
  std::istringstream text(result.out);
  std::string place;
  std::smatch match;
  for (std::string line; std::getline(text, line);) {
    if (std::regex_match(line, match, kPlace)) place = match[1];
    if (std::regex_match(line, match, kInstruction)) lines[hexadecimal(match[1])] = place;
  }
  return lines;
}

std::string place_of(const json& instruction) {
  const bool is_inlined = !instruction.at("inlined").is_null();
  const json& file = instruction.at(is_inlined ? "inlined_file" : "file");
  const json& line = instruction.at(is_inlined ? "inlined_line" : "line");
  return (file.is_null() ? "" : file.get<std::string>()) + ':' + line.dump();
}

TEST(Annotate, ALineHasTheTimeOfWhatItCallsAndOfWhatIsInlinedThere) {
  REQUIRE_KERNEL_SAMPLING();
  const Recorded r = record_workload({"inlined_calls", "1.5"});
  const json outer = annotate_json(r.directory->path(), {"outer"});
  const json& total = outer["function"]["total"];
  const std::size_t samples = total["samples"];
  const double truth = r.truth["heavy_s"].get<double>() + r.truth["light_s"].get<double>() +
                       r.truth["read_s"].get<double>();
  for (const std::string phase : {"heavy", "light", "read"}) {
    const json line = line_of(outer, r.truth[phase + "_line"]);
    ASSERT_FALSE(line.is_null()) << phase << outer;
    EXPECT_TRUE(
        is_share(seconds(line["total"]), seconds(total), r.truth[phase + "_s"], truth, samples))
        << phase;
    const json& callee = line["callees"][0];
    EXPECT_EQ(callee["name"], phase == "read" ? "read_zeros" : phase);
    EXPECT_EQ(callee["inlined"], phase != "read");
    EXPECT_THAT(line["text"].get<std::string>(), HasSubstr(phase));
  }
  const json read = line_of(outer, r.truth["read_line"]);
  EXPECT_GT(read["total"]["sys_s"].get<double>(), 0.9 * seconds(read["total"]));
  EXPECT_EQ(outer["files"][0]["source_newer"], false);
}

TEST(Annotate, LinesOfInlinedCodeAreItsOwn) {
  REQUIRE_SAMPLING();
  const Recorded r = record_workload({"inlined_calls", "1"});
  const json rows = r.report({"--by", "line"})["rows"];
  std::uint64_t of_spin = 0;
  std::uint64_t of_others = 0;
  bool has_call = false;
  for (const json& row : rows) {
    if (row["function"] == "spin_until") {
      EXPECT_TRUE(row["inlined"]) << row;
      EXPECT_THAT(row["file"].get<std::string>(), HasSubstr("truth.h"));
      of_spin += row["self"]["samples"].get<std::uint64_t>();
    } else if (row["function"] == "outer") {
      of_others += row["self"]["samples"].get<std::uint64_t>();
      has_call = has_call || row["line"] == r.truth["heavy_line"];
    }
  }
  EXPECT_TRUE(has_call) << "the line of the call has the total";
  EXPECT_GT(of_spin, 20 * of_others) << "and the callee's lines the self";
  EXPECT_TRUE(row_named(r.report()["functions"], "spin_until")["inlined"]);
  EXPECT_FALSE(row_named(r.report()["functions"], "outer")["inlined"]);
}

TEST(Annotate, InstructionsAndTheirLinesAreThoseOfObjdump) {
  REQUIRE_SAMPLING();
  const auto expected = lines_by_objdump(workload("inlined_calls"));
  if (expected.empty()) GTEST_SKIP() << "objdump is missing";
  const Recorded r = record_workload({"inlined_calls", "1"});
  const CommandResult with_asm = annotate(r.directory->path(), {"outer", "--asm"});
  if (with_asm.err.find("libcapstone") != std::string::npos) GTEST_SKIP() << with_asm.err;
  const json outer = annotate_json(r.directory->path(), {"outer", "--asm"});
  ASSERT_GT(outer["instructions"].size(), 50U);
  std::uint64_t self = 0;
  for (const json& in : outer["instructions"]) {
    const auto found = expected.find(hexadecimal(in["address"]));
    ASSERT_NE(found, expected.end()) << "no instruction begins there: " << in;
    EXPECT_EQ(place_of(in), found->second) << in;
    self += in["self"]["samples"].get<std::uint64_t>();
  }
  // What was inlined counts for the instructions of the function that was compiled.
  std::uint64_t expected_self = 0;
  for (const Sample& sample : r.profile.samples) {
    const Stack& stack = r.profile.stacks[sample.stack];
    if (sample.mode != Mode::kUser || !stack.user) continue;
    const FrameName& name = r.profile.frames[r.profile.nodes[stack.user].frame].name;
    if (name.count == 0) continue;
    const LocationIndex compiled(name.first.row() + name.count - 1);
    const Function& function = r.profile.functions[r.profile.locations[compiled].function];
    if (r.profile.text(function.name) == "outer") ++expected_self;
  }
  EXPECT_EQ(self, expected_self);
}

TEST(Annotate, LinesHaveTheSamplesThatPerfCounts) {
  REQUIRE_SAMPLING();
  const TemporaryDirectory directory;
  const CommandResult recorded = run({"perf", "record", "-q", "-B", "-N", "-e", "cpu-clock:u", "-F",
                                      "999", "-o", "perf.data", workload("inlined_calls"), "1"},
                                     {.directory = directory.path()});
  if (recorded.exit_status != 0) GTEST_SKIP() << "perf may not record so: " << recorded.err;
  const CommandResult script =
      run({"perf", "script", "-i", "perf.data", "--no-inline", "-F", "ip,sym,srcline"},
          {.directory = directory.path()});
  if (script.exit_status != 0) GTEST_SKIP() << "perf cannot read what it wrote: " << script.err;
  const CommandResult ours = run(
      profiler({"report", "-i", "perf.data", "--by", "line", "--limit", "0", "--format", "json"}),
      {.directory = directory.path()});
  ASSERT_EQ(ours.exit_status, 0) << ours.err;

  // Only of the program: perf reads what is stripped elsewhere.
  const std::regex kOfProgram(R"(^ *((truth\.h|inlined_calls\.c):\d+)( .*)?$)");
  std::map<std::string, std::uint64_t> by_us;
  const json rows = json::parse(ours.out)["rows"];
  for (const json& row : rows) {
    const std::uint64_t samples = row["self"]["samples"];
    if (row["file"].is_null() || samples == 0) continue;
    const std::string place =
        std::filesystem::path(row["file"].get<std::string>()).filename().string() + ':' +
        row["line"].dump();
    if (std::regex_match(place, kOfProgram)) by_us[place] = samples;
  }
  std::map<std::string, std::uint64_t> by_perf;
  std::istringstream text(script.out);
  std::smatch match;
  for (std::string line; std::getline(text, line);)
    if (std::regex_match(line, match, kOfProgram)) ++by_perf[match[1]];
  if (by_perf.empty()) GTEST_SKIP() << "perf shows no lines: " << script.out.substr(0, 200);
  EXPECT_EQ(by_us, by_perf);
}

TEST(Annotate, InstructionsHaveTheSamplesThatPerfCounts) {
  REQUIRE_SAMPLING();
  const TemporaryDirectory directory;
  const CommandResult recorded = run({"perf", "record", "-q", "-B", "-N", "-e", "cpu-clock:u", "-F",
                                      "999", "-o", "perf.data", workload("inlined_calls"), "1"},
                                     {.directory = directory.path()});
  if (recorded.exit_status != 0) GTEST_SKIP() << "perf may not record so: " << recorded.err;
  const CommandResult script =
      run({"perf", "script", "-i", "perf.data", "--no-inline", "-F", "ip,sym,symoff"},
          {.directory = directory.path()});
  if (script.exit_status != 0) GTEST_SKIP() << "perf cannot read what it wrote: " << script.err;
  const CommandResult ours =
      annotate(directory.path(), {"-i", "perf.data", "outer", "--asm", "--format", "json"});
  if (ours.err.find("libcapstone") != std::string::npos) GTEST_SKIP() << ours.err;
  ASSERT_EQ(ours.exit_status, 0) << ours.err;

  const json instructions = json::parse(ours.out)["instructions"];
  ASSERT_FALSE(instructions.empty());
  const std::uint64_t start = hexadecimal(instructions[0]["address"]);
  std::map<std::uint64_t, std::uint64_t> by_us;
  for (const json& in : instructions) {
    const std::uint64_t samples = in["self"]["samples"];
    if (samples != 0) by_us[hexadecimal(in["address"]) - start] = samples;
  }
  std::map<std::uint64_t, std::uint64_t> by_perf;
  static const std::regex kSample(R"(^ *[0-9a-f]+ outer\+0x([0-9a-f]+).*$)");
  std::istringstream text(script.out);
  std::smatch match;
  for (std::string line; std::getline(text, line);)
    if (std::regex_match(line, match, kSample)) ++by_perf[hexadecimal(match[1])];
  if (by_perf.empty()) GTEST_SKIP() << "perf names no sample so: " << script.out.substr(0, 200);
  EXPECT_EQ(by_us, by_perf);
}

TEST(Annotate, NeedsTheFileThatRanForItsInstructions) {
  REQUIRE_SAMPLING();
  const TemporaryDirectory directory;
  const std::string program = directory.file("program");
  std::filesystem::copy(workload("call_chain_stripped"), program);
  const CommandResult recorded = run(profiler({"record", "-e", "cpu-clock", "--", program, "0.3"}),
                                     {.directory = directory.path()});
  ASSERT_EQ(recorded.exit_status, 0) << recorded.err;
  const CommandResult report =
      run(profiler({"report", "--format", "json", "--self", "--filter", "module=program"}),
          {.directory = directory.path()});
  const std::string hottest = json::parse(report.out)["functions"][0]["name"];
  ASSERT_THAT(hottest, HasSubstr("program+0x")) << "it has no symbols";

  const CommandResult lines = annotate(directory.path(), {hottest});
  EXPECT_EQ(lines.exit_status, 0) << lines.err;
  EXPECT_THAT(lines.out, HasSubstr("no lines are known of program"));
  const CommandResult with_asm = annotate(directory.path(), {hottest, "--asm"});
  if (with_asm.err.find("libcapstone") != std::string::npos) GTEST_SKIP() << with_asm.err;
  EXPECT_EQ(with_asm.exit_status, 0) << with_asm.err;
  EXPECT_THAT(with_asm.out, HasSubstr(hottest + " in program"));

  // It is rebuilt, then gone.
  std::filesystem::remove(program);
  std::filesystem::copy(workload("call_chain"), program);
  const CommandResult other = annotate(directory.path(), {hottest, "--asm"});
  EXPECT_EQ(other.exit_status, 1);
  EXPECT_THAT(other.err, HasSubstr("is not the file that ran: its build id is "));
  std::filesystem::remove(program);
  const CommandResult gone = annotate(directory.path(), {hottest, "--asm"});
  EXPECT_EQ(gone.exit_status, 1);
  EXPECT_THAT(gone.err, HasSubstr("; --asm needs the file that ran\n"));
}

}  // namespace
}  // namespace profiler::test
