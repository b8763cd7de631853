#include "symbolizer/jit/jit_symbol.h"

#include <gtest/gtest.h>

#include <string>

namespace symbolizer {
namespace {

void expect(const std::string& text, const std::string& function, const std::string& file,
            std::uint32_t line) {
  SCOPED_TRACE(text);
  const profiler::SourceFrame frame = parse_jit_symbol(text);
  EXPECT_EQ(frame.function, function);
  EXPECT_EQ(frame.declared_file, file);
  EXPECT_EQ(frame.declared_line, line);
  EXPECT_EQ(frame.system_name, text);
}

// As node 20.20 and python 3.12 write them.
TEST(JitSymbol, TakesTheSourceOfScriptsApart) {
  expect("JS:*fib /tmp/b/fib.js:1:13", "JS:*fib", "/tmp/b/fib.js", 1);
  expect("JS:~get bar /tmp/my dir/fib.js:2:20", "JS:~get bar", "/tmp/my dir/fib.js", 2);
  expect("JS:^ /tmp/fib.js:4:29", "JS:^(anonymous)", "/tmp/fib.js", 4);
  expect("JS:~nextTick node:internal/process/task_queues:104:18", "JS:~nextTick",
         "node:internal/process/task_queues", 104);
  expect("JS:~run file:///srv/app.mjs:7:1", "JS:~run", "/srv/app.mjs", 7);
  expect("LazyCompile:*old /srv/x.js:70:1", "LazyCompile:*old", "/srv/x.js", 70);
  expect("py::fib:/srv/x:y.py", "py::fib", "/srv/x:y.py", 0);
  expect("py::<module>:<frozen runpy>", "py::<module>", "<frozen runpy>", 0);
}

TEST(JitSymbol, LeavesAnyOtherNameAsItIs) {
  for (const char* text :
       {"", "Interpreter", "int T.fib(int)", "Builtin:ArrayMap", "JS:", "JS:*", "JS:*fib", "JS:1:2",
        "JS:*fib /x.js:1", "JS:*fib /x.js:1:", "JS:*fib /x.js:a:1", "JS:*fib :1:2",
        "JS:*fib /x.js:99999999999:1", "py::", "py::f", "py::f:", "py:::x", "a:1:2"})
    expect(text, text, "", 0);
}

}  // namespace
}  // namespace symbolizer
