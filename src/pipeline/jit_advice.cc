#include "pipeline/jit_advice.h"

#include <array>

namespace profiler::pipeline {
namespace {

struct Advice {
  std::string_view module;  ///< Its file name begins with this.
  std::string_view text;
};

constexpr std::array<Advice, 10> kAdvice = {{
    {"libjvm.so",
     "run java with -XX:+PreserveFramePointer -XX:+UnlockDiagnosticVMOptions "
     "-XX:+DumpPerfMapAtExit (from JDK 17 on)"},
    {"libcoreclr.so", "set DOTNET_PerfMapEnabled=1"},
    {"libmonosgen", "run mono with --jitmap"},
    {"beam.smp", "run erl with +JPperf true"},
    {"libjulia", "set ENABLE_JITPROFILING=1"},
    {"libnode.so", "run node with --perf-basic-prof"},
    {"node", "run node with --perf-basic-prof"},
    {"deno", "run deno with --v8-flags=--perf-basic-prof"},
    {"chrome", "run it with --no-sandbox --js-flags=--perf-basic-prof"},
    {"libruby", "run ruby with --yjit-perf"},
}};

bool ends_name(std::string_view rest) {
  return rest.empty() || rest[0] == '.' || rest[0] == '-' || (rest[0] >= '0' && rest[0] <= '9');
}

}  // namespace

std::string_view jit_advice(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  for (const Advice& advice : kAdvice) {
    if (name.starts_with(advice.module) && ends_name(name.substr(advice.module.size())))
      return advice.text;
  }
  return {};
}

}  // namespace profiler::pipeline
