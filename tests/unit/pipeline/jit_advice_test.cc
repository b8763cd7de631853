#include "pipeline/jit_advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profiler::pipeline {
namespace {

using ::testing::HasSubstr;

TEST(JitAdvice, GoesByTheFileNameOfAModule) {
  EXPECT_THAT(jit_advice("/usr/bin/node"), HasSubstr("--perf-basic-prof"));
  EXPECT_THAT(jit_advice("node"), HasSubstr("--perf-basic-prof"));
  EXPECT_THAT(jit_advice("/usr/lib/jvm/java-17/lib/server/libjvm.so"), HasSubstr("DumpPerfMap"));
  for (const char* path : {"", "/", "/usr/bin/true", "/usr/bin/python3.12", "/node/bin/true",
                           "/usr/bin/node_exporter", "/usr/lib/python3.12/lib-dynload/_json.so"})
    EXPECT_EQ(jit_advice(path), "") << path;
}

}  // namespace
}  // namespace profiler::pipeline
