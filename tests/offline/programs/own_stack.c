// As a Go program: no call frame information, frame pointers everywhere, and a stack of its own
// whose outermost frame has a frame pointer of 0. Build with
// -fno-asynchronous-unwind-tables -fno-omit-frame-pointer.
#include <stdlib.h>

static volatile int sink;

__attribute__((noinline)) static void innermost(int value) {
#ifndef FRAMELESS
  volatile int local = value;  // Has a frame of its own.
  value = local;
#endif
  __asm__ volatile("int3");
  sink = value;
}
__attribute__((noinline)) static void middle(int value) {
  innermost(value + 1);
  sink = value;
}
__attribute__((noinline, used)) static void goroutine(void) {
  middle(1);
  exit(0);
}
int main(void) {
  enum { kSize = 65536 };
  char* top = (char*)malloc(kSize) + kSize - 64;
  top = (char*)((unsigned long)top & ~15UL);
  __asm__ volatile(
      "mov %0, %%rsp\n\t"
      "xor %%ebp, %%ebp\n\t"
      "call goroutine" ::"r"(top));
}
