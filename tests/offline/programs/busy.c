// Runs for a second, for perf: see each argument.
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static volatile unsigned long sink;

__attribute__((noinline)) static void spin(void) {
  for (unsigned i = 0; i < 200000000; ++i) sink += i;
}
/// The caller's frame is larger than a page and was never written to.
__attribute__((noinline)) static void hollow(void) {
  volatile char untouched[40000];
  __asm__ volatile("" ::"r"(untouched) : "memory");
  spin();
  __asm__ volatile("" ::"r"(untouched) : "memory");
}
__attribute__((noinline)) static void deep(int depth) {
  volatile char local[64];
  local[0] = 1;
  if (depth == 0) {
    spin();
  } else {
    deep(depth - 1);
  }
  local[1] = local[0];
}
/// One library in the place of another: their mappings overlap in time's order only.
__attribute__((noinline)) static void plugins(const char* a, const char* b) {
  for (int i = 0; i < 2; ++i) {
    void* library = dlopen(i == 0 ? a : b, RTLD_NOW);
    void (*function)(void (*)(void)) = (void (*)(void (*)(void)))dlsym(library, "plugin");
    function(spin);
    dlclose(library);
  }
}
__attribute__((noinline)) static void clock_loop(void) {
  struct timespec now;
  for (unsigned i = 0; i < 20000000; ++i) clock_gettime(CLOCK_MONOTONIC, &now);
  sink = (unsigned long)now.tv_sec;
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  if (strcmp(argv[1], "spin") == 0) spin();
  if (strcmp(argv[1], "hollow") == 0) hollow();
  if (strcmp(argv[1], "deep") == 0) deep(400);
  if (strcmp(argv[1], "clock") == 0) clock_loop();
  if (strcmp(argv[1], "plugins") == 0 && argc == 4) plugins(argv[2], argv[3]);
  return 0;
}
