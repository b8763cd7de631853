// Kernel chains that perf records here and now: what share of them stays unexplained.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "kernel/classify.h"

namespace profiler::kernel {
namespace {

struct Chain {
  std::vector<std::string> kernel;
  bool user = false;
};

/// "perf script -F ip,sym": one frame a line, innermost first; an empty line ends a sample.
class ChainReader {
 public:
  explicit ChainReader(FILE* script) : script_(script) {}

  bool next(Chain& chain) {
    chain = {};
    char line[4096];
    while (std::fgets(line, sizeof line, script_) != nullptr) {
      std::string text(line);
      text.erase(text.find_last_not_of(" \n") + 1);
      if (text.empty()) {
        if (!chain.kernel.empty() || chain.user) return true;
        continue;
      }
      add_frame(text, chain);
    }
    return false;
  }

 private:
  static void add_frame(const std::string& text, Chain& chain) {
    char* end = nullptr;
    const auto address = std::strtoull(text.c_str(), &end, 16);
    constexpr unsigned long long kKernelStart = 0xffff000000000000;
    if (chain.user || address < kKernelStart) {
      chain.user = true;
      return;
    }
    std::string name(end + std::strspn(end, " "));
    if (name == "[unknown]") name.clear();
    chain.kernel.push_back(std::move(name));
  }

  FILE* script_;
};

std::string workload() {
  return "sh -c 'dd if=/dev/zero of=/dev/null bs=512 count=1500000 2> /dev/null; "
         "find /usr/include /usr/lib -size +1000000 > /dev/null; "
         "for i in 1 2 3 4 5 6 7 8 9; do ls / > /dev/null; done; "
         "dd if=/dev/zero of=/dev/null bs=64M count=8 2> /dev/null; :'";
}

TEST(LiveChains, LeaveLessThanOnePercentUnexplained) {
  if (std::system("perf --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "perf is missing";
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to sample the kernel and to see its symbols";
  std::string folder = (std::filesystem::temp_directory_path() / "live_chains_XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string data = folder + "/perf.data";
  const bool recorded = std::system(("perf record -q -e cpu-clock -F 4000 -g -o " + data + " -- " +
                                     workload() + " > " + folder + "/log 2>&1")
                                        .c_str()) == 0;
  std::size_t samples = 0;
  std::size_t unexplained = 0;
  std::string example;
  if (recorded) {
    const std::unique_ptr<FILE, int (*)(FILE*)> script(
        popen(("perf script -F ip,sym -i " + data + " 2> /dev/null").c_str(), "r"), pclose);
    ASSERT_TRUE(script);
    ChainReader reader(script.get());
    for (Chain chain; reader.next(chain);) {
      if (chain.kernel.empty()) continue;
      const std::vector<std::string_view> names(chain.kernel.begin(), chain.kernel.end());
      const Classification c = classify(names, chain.user);
      ++samples;
      if (c.entry.kind != KernelEntryKind::kOther && c.cause.kind != KernelEntryKind::kOther) {
        continue;
      }
      ++unexplained;
      example.clear();
      for (const std::string& name : chain.kernel) example += name + ";";
    }
  }
  std::filesystem::remove_all(folder);
  if (!recorded) GTEST_SKIP() << "perf may not record here";
  if (samples < 2000) GTEST_SKIP() << "only " << samples << " kernel samples in this time";
  const auto total = static_cast<double>(samples);
  const double limit = 0.01 + 4 * std::sqrt(0.01 * 0.99 / total);
  EXPECT_LE(static_cast<double>(unexplained) / total, limit)
      << unexplained << " of " << samples << ", such as " << example;
}

}  // namespace
}  // namespace profiler::kernel
