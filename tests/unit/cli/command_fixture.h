// A directory with profiles, and commands run on them: in this process, which a debugger and
// sanitizers see; by a shell where streams and files are what is tested.
//
//   class ReportCommand : public CommandFixture {
//     void SetUp() override { write("profiler.data", builder.build()); }
//     Ran run(Words args) { return call(report_command, std::move(args)); }
//   };
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "profile/profile_writer.h"
#include "tests/support/command.h"
#include "tests/support/temporary_directory.h"

namespace profiler::cli {

struct Ran {
  int status = -1;
  std::string output;  ///< Of a shell: of both streams.
  std::string errors;
};

class CommandFixture : public testing::Test {
 protected:
  using Words = std::vector<std::string>;

  void write(const std::string& name, const Profile& profile) {
    auto writer = profile::ProfileWriter::create(path(name));
    ASSERT_TRUE(writer.has_value()) << writer.error().message();
    ASSERT_TRUE(writer->finish(profile).has_value());
  }
  /// A command's function; what it wrote is read from the file that -o names.
  Ran call(int (*command)(std::span<const std::string>), Words args) {
    const std::string out = path("out");
    args.insert(args.begin(), {"-o", out});
    Ran ran;
    testing::internal::CaptureStderr();
    ran.status = command(args);
    ran.errors = testing::internal::GetCapturedStderr();
    ran.output = test::read_bytes(out);
    std::filesystem::remove(out);
    return ran;
  }
  /// A shell command line in the directory, in which $P is the program.
  Ran shell(const std::string& line) {
    const std::string both = "P=" PROFILER_BINARY_DIR "/profiler; { " + line + "; } 2>&1";
    test::CommandResult result = test::run({"sh", "-c", both}, {.directory = directory_.path()});
    return {.status = result.exit_status, .output = std::move(result.out), .errors = {}};
  }
  [[nodiscard]] std::string path(const std::string& name) const { return directory_.file(name); }
  [[nodiscard]] std::string file(const std::string& name) const {
    return test::read_bytes(path(name));
  }

  test::TemporaryDirectory directory_;
};

}  // namespace profiler::cli
