// Programs that are gone, of which only the debug file is left: names there are, but neither code
// nor unwind tables, and its program headers lead to other bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <ostream>
#include <string>

#include "perf_data/import.h"
#include "symbolizer/elf/elf_file.h"
#include "tests/support/command.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/perf_data/perf_data_builder.h"

namespace profiler::perf_data {
namespace {

/// How a debug file is made of "prog", and whether the program is linked to fixed addresses.
struct Tool {
  const char* command;
  const char* link;
};

void PrintTo(const Tool& tool, std::ostream* out) { *out << tool.command << " " << tool.link; }

class DebugFile : public testing::TestWithParam<Tool> {
 protected:
  void SetUp() override {
    test::write_bytes(directory_.file("prog.c"),
                      "int work(int n) { return n * 3; } int main(void) { return work(2); }");
    const auto built =
        test::run({"sh", "-c",
                   std::string("gcc -g -Wl,--build-id -Wl,-z,separate-code prog.c -o prog ") +
                       GetParam().link + " && " + GetParam().command + " && nm prog"},
                  {.directory = directory_.path()});
    if (built.exit_status != 0) GTEST_SKIP() << built.err;
    work_ = std::stoull(built.out.substr(built.out.find(" T work") - 16, 16), nullptr, 16);
    const auto program = symbolizer::ElfFile::open(directory_.file("prog"));
    ASSERT_TRUE(program);
    build_id_ = (*program)->build_id();
    const auto code = std::ranges::find_if((*program)->segments(),
                                           [](const auto& segment) { return segment.executable; });
    ASSERT_NE(code, (*program)->segments().end());
    offset_ = code->offset.value();
    bias_ = kStart - code->address.value();

    const std::string hex = build_id_.hex();
    const std::string folder = directory_.file("root/usr/lib/debug/.build-id/" + hex.substr(0, 2));
    std::filesystem::create_directories(folder);
    std::filesystem::rename(directory_.file("prog.debug"), folder + "/" + hex.substr(2) + ".debug");
    debug_file_ = folder + "/" + hex.substr(2) + ".debug";
  }

  /// What the kernel says when the program's code is mapped.
  [[nodiscard]] Bytes mapping() const {
    RecordBuilder record(PERF_RECORD_MMAP2, PERF_RECORD_MISC_MMAP_BUILD_ID);
    record.i32(100).i32(100).u64(kStart).u64(0x1000).u64(offset_);
    Bytes id(24);
    id[0] = static_cast<std::byte>(build_id_.bytes().size());
    std::ranges::copy(build_id_.bytes(), id.begin() + 4);
    return with_trailer(record.bytes(id).u32(5).u32(2).string("/no/such/prog"), 10);
  }

  static constexpr std::uint64_t kStart = 0x7f0000400000;
  test::TemporaryDirectory directory_;
  std::string debug_file_;
  BuildId build_id_;
  std::uint64_t work_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t bias_ = 0;
};

TEST_P(DebugFile, NamesTheFunctionsOfAProgramThatIsGone) {
  PerfDataBuilder data;
  data.event(standard_attr(), {7})
      .record(mapping())
      .record(sample({.time = 1000, .chain = {PERF_CONTEXT_USER, work_ + 4 + bias_}}));
  const Bytes bytes = data.file_form();
  InputFile file = InputFile::of_bytes(bytes);
  const auto profile = import_perf_data(
      file,
      {.path = "memory", .sysroot = directory_.file("root"), .build_id_cache = "/nonexistent"},
      nullptr);
  ASSERT_TRUE(profile);
  ASSERT_EQ(profile->samples.size(), 1U);
  const NodeIndex node = profile->stacks[profile->samples[0].stack].user;
  ASSERT_TRUE(node);
  const Frame& frame = profile->frames[profile->nodes[node].frame];
  EXPECT_EQ(frame.address, work_ + 4);
  ASSERT_EQ(frame.name.count, 1);
  const Location& location = profile->locations[frame.name.first];
  EXPECT_EQ(profile->text(profile->functions[location.function].name), "work");
  EXPECT_EQ(location.line, 1U);
}

TEST_P(DebugFile, HasNeitherCodeNorUnwindTables) {
  const auto file = symbolizer::ElfFile::open(debug_file_);
  ASSERT_TRUE(file);
  EXPECT_TRUE((*file)->is_debug_only());
  EXPECT_TRUE((*file)->bytes_at(ModuleAddress(work_), 4).empty());
  EXPECT_TRUE((*file)->unwind_sections().eh_frame.bytes.empty());
  EXPECT_TRUE((*file)->unwind_sections().eh_frame_hdr.bytes.empty());
  const auto whole = symbolizer::ElfFile::open(directory_.file("prog"));
  ASSERT_TRUE(whole);
  EXPECT_FALSE((*whole)->is_debug_only());
  EXPECT_EQ((*whole)->bytes_at(ModuleAddress(work_), 4).size(), 4U);
}

INSTANTIATE_TEST_SUITE_P(
    Tools, DebugFile,
    testing::Values(Tool{"objcopy --only-keep-debug prog prog.debug", "-pie"},
                    Tool{"objcopy --only-keep-debug prog prog.debug", "-no-pie"},
                    Tool{"eu-strip -f prog.debug -o stripped prog", "-pie"},
                    Tool{"eu-strip -f prog.debug -o stripped prog", "-no-pie"}),
    [](const auto& instance) {
      const std::string tool = instance.param.command;
      return std::string(tool.starts_with("eu") ? "EuStrip" : "Objcopy") +
             (std::string(instance.param.link) == "-pie" ? "Pie" : "Fixed");
    });

}  // namespace
}  // namespace profiler::perf_data
