// A plugin that is gone when the recording ends, and another one in its place.
//
//   dlopen_close [SECONDS=1]
//
// Known beforehand: one third of the CPU time is in plugin_first of libworkload_first.so, which is
// then closed; two thirds are in plugin_second of libworkload_second.so, which the loader usually
// maps at the same address. Prints whether it did.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <libgen.h>
#include <limits.h>
#include <unistd.h>

#include "truth.h"

NOINLINE static void* run_plugin(const char* directory, const char* name, double cpu_s,
                                 double* measured_s) {
  char path[PATH_MAX + 64];
  char symbol[64];
  snprintf(path, sizeof path, "%s/libworkload_%s.so", directory, name);
  snprintf(symbol, sizeof symbol, "plugin_%s", name);
  void* library = dlopen(path, RTLD_NOW);
  void* function = library == NULL ? NULL : dlsym(library, symbol);
  if (function == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
  const double begin = thread_cpu_s();
  ((void (*)(double))function)(cpu_s);
  *measured_s = thread_cpu_s() - begin;
  dlclose(library);
  return function;
}

int main(int argc, char** argv) {
  const double total = argument(argc, argv, 1, 1);
  char self[PATH_MAX] = "";
  if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) return 1;
  const char* directory = dirname(self);
  double first_s = 0;
  double second_s = 0;
  const void* first = run_plugin(directory, "first", total / 3, &first_s);
  const void* second = run_plugin(directory, "second", total * 2 / 3, &second_s);
  printf("{\"workload\":\"dlopen_close\",\"first_s\":%.6f,\"second_s\":%.6f,\"same_address\":%s",
         first_s, second_s, first == second ? "true" : "false");
  print_rusage();
  puts("}");
  return 0;
}
