#include "tests/integration/nobody.h"

#include <unistd.h>

#include <filesystem>

#include "tests/integration/recorded.h"
#include "tests/support/confinement.h"

namespace profiler::test {

std::string kernel_setting(const std::string& name) {
  std::string value = read_bytes("/proc/sys/kernel/" + name);
  while (!value.empty() && value.back() == '\n') value.pop_back();
  return value;
}

void AsNobody::SetUp() {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become nobody";
  ASSERT_EQ(chown(directory_.path().c_str(), kNobody, kNobody), 0);
  std::vector<std::string> files = {PROFILER_PROGRAM};
  for (const std::string& name : workloads_) files.push_back(workload(name));
  for (const std::string& file : files) {
    const std::string copy = directory_.file(std::filesystem::path(file).filename());
    std::filesystem::copy_file(file, copy);
    std::filesystem::permissions(copy, std::filesystem::perms(0755));
  }
  if (run_as_nobody({"test", "-x", directory_.file("profiler")}).exit_status != 0)
    GTEST_SKIP() << "nobody may not enter the directory of temporary files";
}

CommandResult AsNobody::run_as_nobody(const std::vector<std::string>& words) const {
  return run(words, {.directory = directory_.path(), .user = kNobody});
}

}  // namespace profiler::test
