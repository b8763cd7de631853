// A frame whose stack is realigned and of variable size: GCC keeps the CFA in memory and describes
// it by an expression; clang addresses it by RBP.
#include <alloca.h>
#include <string.h>

__attribute__((noinline)) static int stop(volatile char* a, volatile char* b) {
  __asm__ volatile("int3");
  return a[0] + b[0];
}
__attribute__((noinline)) static int realigned(int size, int a, int b, int c, int d, int e, int f,
                                               int g) {
  _Alignas(128) volatile char aligned[128];
  volatile char* variable = alloca((size_t)size);
  memset((char*)aligned, g, sizeof aligned);
  memset((char*)variable, f, (size_t)size);
  return stop(aligned, variable) + a + b + c + d + e + f + g;
}
__attribute__((noinline)) static int caller(int size) {
  return realigned(size, 1, 2, 3, 4, 5, 6, 7) + 1;
}
int main(int argc, char** argv) {
  (void)argv;
  return caller(100 + argc) * 0;
}
