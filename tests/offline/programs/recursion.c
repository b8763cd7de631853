// As deep as the argument says, 16 bytes a frame.
#include <stdlib.h>

static volatile int sink;

__attribute__((noinline)) static void recurse(int depth) {
  if (depth == 0) {
    __asm__ volatile("int3");
    return;
  }
  recurse(depth - 1);
  sink = 1;
}
int main(int argc, char** argv) {
  recurse(argc > 1 ? atoi(argv[1]) : 10);
  return 0;
}
