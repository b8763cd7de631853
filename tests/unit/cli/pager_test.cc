#include "cli/pager.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace profiler::cli {
namespace {

/// Sets or unsets an environment variable for one test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    set(value);
  }
  ~Variable() { set(before_.empty() ? nullptr : before_.c_str()); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void set(const char* value) {
    if (value != nullptr) {
      setenv(name_, value, 1);
    } else {
      unsetenv(name_);
    }
  }
  const char* name_;
  std::string before_;
};

TEST(Pager, IsTheOneTheUserNamesElseLess) {
  const Variable own("PROFILER_PAGER", nullptr);
  const Variable common("PAGER", nullptr);
  EXPECT_EQ(pager_command(), "less -FRX");
  setenv("PAGER", "more", 1);
  EXPECT_EQ(pager_command(), "more");
  setenv("PROFILER_PAGER", "most -s", 1);
  EXPECT_EQ(pager_command(), "most -s");
}

TEST(Pager, IsNoneForCatAndForAnEmptyName) {
  const Variable own("PROFILER_PAGER", nullptr);
  const Variable cat("PAGER", "cat");
  EXPECT_EQ(pager_command(), "");
  setenv("PAGER", "", 1);
  EXPECT_EQ(pager_command(), "");
}

TEST(Pager, GetsTheWholeText) {
  const std::string path = testing::TempDir() + "pager_test." + std::to_string(getpid());
  const std::string text(300000, 'x');
  const auto shown = page(text, "cat > '" + path + "'");
  ASSERT_TRUE(shown) << shown.error().message();
  EXPECT_TRUE(*shown);
  std::ifstream file(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text);
  unlink(path.c_str());
}

TEST(Pager, MayBeQuitBeforeTheEnd) {
  const auto shown = page(std::string(8000000, 'x'), "head -c 1 > /dev/null");
  ASSERT_TRUE(shown) << shown.error().message();
  EXPECT_TRUE(*shown);
}

TEST(Pager, IsReportedWhereItDoesNotExist) {
  const auto shown = page("text", "exec /no/such/pager 2> /dev/null");
  ASSERT_TRUE(shown) << shown.error().message();
  EXPECT_FALSE(*shown);
}

}  // namespace
}  // namespace profiler::cli
