// Unwinds folders that gdb_snapshot.py has written, with the files of this machine:
//
//   unwind_snapshot FOLDER…
//   == FOLDER
//   0x7ffff7df4249 libc.so.6+0x27249 return          a line a frame
//   end: reached the start of its thread
#include <cstdio>
#include <string>

#include "tests/offline/stack_case.h"

int main(int argc, char** argv) {
  using namespace profiler;
  int status = 0;
  for (int i = 1; i < argc; ++i) {
    std::printf("== %s\n", argv[i]);
    const auto stack_case = test::StackCase::read(argv[i]);
    if (!stack_case) {
      std::fprintf(stderr, "%s\n", stack_case.error().message().c_str());
      status = 1;
      continue;
    }
    const test::Chain chain = test::CaseWalk(*stack_case, {}).run();
    for (const test::ChainFrame& frame : chain.frames) {
      std::printf("0x%llx %s %s\n", static_cast<unsigned long long>(frame.at.value()),
                  frame.place().c_str(),
                  frame.kind == AddressKind::kReturn ? "return" : "instruction");
    }
    std::printf("end: %s\n", std::string(name(chain.end)).c_str());
  }
  return status;
}
