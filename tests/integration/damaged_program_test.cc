// Programs whose file is gone, replaced or damaged: they are recorded and reported all the same,
// what cannot be known is counted, and names are never those of another file.
#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "tests/integration/recorded.h"
#include "tests/support/confinement.h"

namespace profiler::test {
namespace {

void copy_program(const std::string& from, const std::string& to) {
  std::filesystem::copy_file(from, to);
  std::filesystem::permissions(to, std::filesystem::perms(0755));
}

/// A recording of `words` in `directory`, reported.
json record_and_report(const TemporaryDirectory& directory, std::vector<std::string> words,
                       std::optional<unsigned> user = {}, const std::string& program = {}) {
  const std::string profiler_program = program.empty() ? PROFILER_PROGRAM : program;
  std::vector<std::string> command = {
      profiler_program, "record", "-e", "cpu-clock", "-o", "out", "--"};
  command.insert(command.end(), words.begin(), words.end());
  const CommandOptions options = {.directory = directory.path(), .user = user};
  const CommandResult recorded = run(command, options);
  EXPECT_EQ(recorded.exit_status, 0) << recorded.signal << recorded.err;
  const CommandResult reported =
      run({profiler_program, "report", "-i", "out", "--format", "json", "--limit", "0"}, options);
  EXPECT_EQ(reported.exit_status, 0) << reported.signal << reported.err;
  json report = json::parse(reported.out, nullptr, false);
  EXPECT_TRUE(report.is_object()) << reported.out;
  return report;
}

double share_of(const json& report, const std::string& function) {
  const json row = row_named(report["functions"], function);
  return row.is_null() ? 0
                       : row["total"]["user_s"].get<double>() /
                             report["time"]["sampled_user_s"].get<double>();
}

/// What is counted is all there is, whatever was damaged.
void expect_everything_counted(const json& report) {
  const json& q = report["quality"];
  EXPECT_GT(q["samples"], 50);
  EXPECT_EQ(q["samples"].get<std::size_t>(), q["stacks_complete"].get<std::size_t>() +
                                                 q["stacks_truncated"].get<std::size_t>() +
                                                 q["stacks_broken"].get<std::size_t>());
  EXPECT_EQ(q["frames"].get<std::size_t>(), q["frames_by_symbol"].get<std::size_t>() +
                                                q["frames_by_range"].get<std::size_t>() +
                                                q["frames_unnamed"].get<std::size_t>());
}

class MovedAway : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    REQUIRE_SAMPLING();
    if (as_nobody() && geteuid() != 0) GTEST_SKIP() << "needs root, to become nobody";
    copy_program(workload("moved_away"), directory_.file("program"));
    copy_program(workload("moved_away_newer"), directory_.file("newer"));
    copy_program(PROFILER_PROGRAM, directory_.file("profiler"));
    if (!as_nobody()) return;
    ASSERT_EQ(chown(directory_.path().c_str(), kNobody, kNobody), 0);
    const CommandResult test = run({"test", "-x", directory_.file("profiler")}, {.user = kNobody});
    if (test.exit_status != 0)
      GTEST_SKIP() << "nobody may not enter the directory of temporary files";
    if (read_bytes("/proc/sys/kernel/perf_event_paranoid") > "2\n")
      GTEST_SKIP() << "needs kernel.perf_event_paranoid 2 or lower";
  }
  [[nodiscard]] static bool as_nobody() { return GetParam(); }
  [[nodiscard]] json report_of(const std::vector<std::string>& words) const {
    return record_and_report(directory_, words,
                             as_nobody() ? std::optional<unsigned>(kNobody) : std::nullopt,
                             directory_.file("profiler"));
  }
  TemporaryDirectory directory_;
};

INSTANTIATE_TEST_SUITE_P(, MovedAway, ::testing::Bool(), [](const auto& test) {
  return std::string(test.param ? "AsNobody" : "AsTheTestsUser");
});

TEST_P(MovedAway, AProgramThatRemovesItselfKeepsItsNames) {
  const json report = report_of({"./program", "1.5"});
  expect_everything_counted(report);
  EXPECT_FALSE(std::filesystem::exists(directory_.file("program")));
  EXPECT_GT(share_of(report, "older_version"), 0.9) << report["functions"];
  EXPECT_GT(share_of(report, "main"), 0.9);
  EXPECT_EQ(report["quality"]["frames_unnamed"], 0);
}

TEST_P(MovedAway, AProgramThatIsReplacedHasTheNamesOfTheOneThatRuns) {
  const json report = report_of({"./program", "1.5", "newer"});
  expect_everything_counted(report);
  EXPECT_FALSE(std::filesystem::exists(directory_.file("newer")));
  EXPECT_GT(share_of(report, "older_version"), 0.9) << report["functions"];
  EXPECT_TRUE(row_named(report["functions"], "newer_version").is_null());
}

/// The bytes of an ELF file, to be spoiled in places.
class ElfImage {
 public:
  explicit ElfImage(const std::string& path) : bytes_(read_bytes(path)) {
    std::memcpy(&header_, bytes_.data(), sizeof header_);
  }
  /// False: it has no such section.
  bool spoil_section(const std::string& name, const std::string& how) {
    const Elf64_Shdr names = section(header_.e_shstrndx);
    for (std::size_t i = 0; i < header_.e_shnum; ++i) {
      const Elf64_Shdr header = section(i);
      if (bytes_.data() + names.sh_offset + header.sh_name != name) continue;
      spoil(header.sh_offset, header.sh_size, how);
      return true;
    }
    return false;
  }
  void spoil_section_headers(const std::string& how) {
    spoil(header_.e_shoff, header_.e_shnum * sizeof(Elf64_Shdr), how);
  }
  void spoil_place_of_section_headers() {
    spoil(offsetof(Elf64_Ehdr, e_shoff), sizeof header_.e_shoff, "random");
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  [[nodiscard]] Elf64_Shdr section(std::size_t index) const {
    Elf64_Shdr header;
    std::memcpy(&header, bytes_.data() + header_.e_shoff + index * sizeof header, sizeof header);
    return header;
  }
  void spoil(std::uint64_t offset, std::uint64_t size, const std::string& how) {
    std::mt19937 random(1);
    for (std::uint64_t i = offset; i < offset + size; ++i) {
      bytes_[i] = static_cast<char>(how == "zeros" ? 0 : how == "ones" ? 0xff : random() & 0xff);
    }
  }
  std::string bytes_;
  Elf64_Ehdr header_{};
};

class SpoiltProgram : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { REQUIRE_SAMPLING(); }
  json report_of(const ElfImage& image) {
    write_bytes(directory_.file("program"), image.bytes());
    EXPECT_EQ(chmod(directory_.file("program").c_str(), 0755), 0);
    json report = record_and_report(directory_, {"./program", "0.25"});
    expect_everything_counted(report);
    return report;
  }
  TemporaryDirectory directory_;
};

INSTANTIATE_TEST_SUITE_P(, SpoiltProgram, ::testing::Values("zeros", "ones", "random"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(SpoiltProgram, WithoutItsUnwindTableHasBrokenStacks) {
  ElfImage image(workload("call_chain"));
  ASSERT_TRUE(image.spoil_section(".eh_frame", GetParam()));
  const json report = report_of(image);
  EXPECT_GT(share_of(report, "spin"), 0.9) << "the innermost frame needs no unwinding";
  EXPECT_GT(report["quality"]["stacks_broken"].get<double>(),
            0.9 * report["quality"]["samples"].get<double>());
}

TEST_P(SpoiltProgram, WithoutTheTablesIndexGoesOn) {
  ElfImage image(workload("call_chain"));
  ASSERT_TRUE(image.spoil_section(".eh_frame_hdr", GetParam()));
  EXPECT_GT(share_of(report_of(image), "spin"), 0.9);
}

TEST_P(SpoiltProgram, WithoutSymbolsHasFewerNames) {
  ElfImage image(workload("call_chain"));
  ASSERT_TRUE(image.spoil_section(".symtab", GetParam()));
  ASSERT_TRUE(image.spoil_section(".strtab", GetParam()));
  const json report = report_of(image);
  EXPECT_GT(report["quality"]["stacks_complete"].get<double>(),
            0.9 * report["quality"]["samples"].get<double>());
}

TEST_P(SpoiltProgram, WithoutSectionHeadersHasCompleteStacks) {
  ElfImage image(workload("call_chain"));
  image.spoil_section_headers(GetParam());
  const json report = report_of(image);
  EXPECT_GT(report["quality"]["stacks_complete"].get<double>(),
            0.9 * report["quality"]["samples"].get<double>())
      << "the unwind table is found through the program headers";
}

TEST_P(SpoiltProgram, WithoutDebugInformationGoesOn) {
  ElfImage image(workload("call_chain"));
  for (const char* section : {".debug_info", ".debug_abbrev", ".debug_line"})
    ASSERT_TRUE(image.spoil_section(section, GetParam())) << section;
  EXPECT_GT(share_of(report_of(image), "spin"), 0.9);
}

TEST(SpoiltHeader, WhoseSectionsLieBeyondTheFileGoesOn) {
  REQUIRE_SAMPLING();
  const TemporaryDirectory directory;
  ElfImage image(workload("call_chain"));
  image.spoil_place_of_section_headers();
  write_bytes(directory.file("program"), image.bytes());
  ASSERT_EQ(chmod(directory.file("program").c_str(), 0755), 0);
  const json report = record_and_report(directory, {"./program", "0.25"});
  expect_everything_counted(report);
  EXPECT_GT(report["quality"]["stacks_complete"].get<double>(),
            0.9 * report["quality"]["samples"].get<double>());
}

TEST(SpoiltSharedObject, OfARunningProgramDoesNotEndTheRecording) {
  REQUIRE_SAMPLING();
  const TemporaryDirectory directory;
  const std::filesystem::path built = std::filesystem::path(workload("dlopen_close")).parent_path();
  copy_program(workload("dlopen_close"), directory.file("dlopen_close"));
  ElfImage first((built / "libworkload_first.so").string());
  ASSERT_TRUE(first.spoil_section(".eh_frame", "random"));
  ASSERT_TRUE(first.spoil_section(".symtab", "random"));
  first.spoil_section_headers("random");
  write_bytes(directory.file("libworkload_first.so"), first.bytes());
  copy_program((built / "libworkload_second.so").string(), directory.file("libworkload_second.so"));

  const json report = record_and_report(directory, {"./dlopen_close", "0.6"});
  expect_everything_counted(report);
  EXPECT_GT(report["quality"]["stacks_broken"], 0) << "those in the spoilt one";
  EXPECT_GT(share_of(report, "plugin_second"), 0.5) << "the whole one has its names";
}

TEST(SpoiltSharedObject, ThatIsEmptiedBeforeItsNamesAreReadDoesNotEndTheRecording) {
  REQUIRE_SAMPLING();
  const TemporaryDirectory directory;
  const std::filesystem::path built = std::filesystem::path(workload("dlopen_close")).parent_path();
  for (const char* file : {"dlopen_close", "libworkload_first.so", "libworkload_second.so"})
    copy_program((built / file).string(), directory.file(file));
  const json report =
      record_and_report(directory, {"sh", "-c", "./dlopen_close 0.6 && : > libworkload_first.so"});
  EXPECT_EQ(std::filesystem::file_size(directory.file("libworkload_first.so")), 0U);
  expect_everything_counted(report);
  EXPECT_GT(share_of(report, "plugin_second"), 0.5);
}

TEST(SpoiltSharedObject, ThatIsNoneAndShrinksDoesNotEndTheRecording) {
  REQUIRE_SAMPLING();
  const TemporaryDirectory directory;
  std::mt19937 random(1);
  std::string noise(100'000, '\0');
  std::ranges::generate(noise, [&] { return static_cast<char>(random() & 0xff); });
  const std::string whole = read_bytes(workload("call_chain"));
  write_bytes(directory.file("noise"), noise);
  write_bytes(directory.file("magic"),
              "\x7f"
              "ELF\x02\x01\x01" +
                  noise);
  write_bytes(directory.file("head"), whole.substr(0, 70));
  write_bytes(directory.file("half"), whole.substr(0, whole.size() / 2));
  write_bytes(directory.file("header_and_noise"), whole.substr(0, 64) + noise);
  write_bytes(directory.file("whole"), whole);
  const json report = record_and_report(directory, {workload("maps_files"), "0.4", "noise", "magic",
                                                    "head", "half", "header_and_noise", "whole"});
  expect_everything_counted(report);
  EXPECT_GT(share_of(report, "spin"), 0.9);
  EXPECT_EQ(report["quality"]["frames_unnamed"], 0);
}

}  // namespace
}  // namespace profiler::test
