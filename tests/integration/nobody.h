// The built program as nobody runs it: without any right of root's.
//
//   class WaitsOfNobody : public AsNobody {
//    protected:
//     WaitsOfNobody() : AsNobody({"known_waits"}) {}
//   };
//   run_as_nobody({"./profiler", "record", "--", "./known_waits", "pipe"});
//
// Skips where we cannot become nobody, or nobody could not run it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/command.h"
#include "tests/support/temporary_directory.h"

namespace profiler::test {

/// Of /proc/sys/kernel.
[[nodiscard]] std::string kernel_setting(const std::string& name);

/// In a directory of nobody's with the program and workloads in it: where they were built may be
/// closed to others.
class AsNobody : public ::testing::Test {
 protected:
  explicit AsNobody(std::vector<std::string> workloads) : workloads_(std::move(workloads)) {}
  void SetUp() override;
  [[nodiscard]] CommandResult run_as_nobody(const std::vector<std::string>& words) const;

  TemporaryDirectory directory_;

 private:
  std::vector<std::string> workloads_;
};

}  // namespace profiler::test
