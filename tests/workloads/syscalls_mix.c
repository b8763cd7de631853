// Known numbers of four system calls.
//
//   syscalls_mix [ROUNDS=2000]
//
// Known beforehand: each round makes some 100 calls each of read (4 KiB of /dev/zero), write (512
// bytes to /dev/null), getppid, newfstatat (of /dev/null) and gettid, each in its own function:
// read_zero, write_null, ask_parent, stat_null, ask_indirectly. The last calls syscall(2), where no
// instruction holds the number of the call. Prints the number of calls, and the CPU time of
// each function.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "truth.h"

enum { kCallsARound = 100, kKinds = 5 };
static char buffer[4096];
static int zero;
static int null;

NOINLINE static void read_zero(int calls) {
  for (int i = 0; i < calls; ++i)
    if (read(zero, buffer, sizeof buffer) != (ssize_t)sizeof buffer) abort();
}
NOINLINE static void write_null(int calls) {
  for (int i = 0; i < calls; ++i)
    if (write(null, buffer, 512) != 512) abort();
}
NOINLINE static void ask_parent(int calls) {
  for (int i = 0; i < calls; ++i)
    if (getppid() < 0) abort();
}
NOINLINE static void ask_indirectly(int calls) {
  for (int i = 0; i < calls; ++i)
    if (syscall(SYS_gettid) < 0) abort();
}
NOINLINE static void stat_null(int calls) {
  struct stat status;
  for (int i = 0; i < calls; ++i)
    if (stat("/dev/null", &status) != 0) abort();
}

int main(int argc, char** argv) {
  static void (*const kFunctions[kKinds])(int) = {read_zero, write_null, ask_parent, stat_null,
                                                   ask_indirectly};
  static const char* const kNames[kKinds] = {"read", "write", "getppid", "newfstatat", "gettid"};
  const long rounds = (long)argument(argc, argv, 1, 2000);
  zero = open("/dev/zero", O_RDONLY);
  null = open("/dev/null", O_WRONLY);
  if (zero < 0 || null < 0) return 1;
  double cpu_s[kKinds] = {0};
  long calls[kKinds] = {0};
  for (long round = 0; round < rounds; ++round) {
    double begin = thread_cpu_s();
    for (int kind = 0; kind < kKinds; ++kind) {
      const int count = (int)varied(kCallsARound);
      kFunctions[kind](count);
      calls[kind] += count;
      const double end = thread_cpu_s();
      cpu_s[kind] += end - begin;
      begin = end;
    }
  }
  printf("{\"workload\":\"syscalls_mix\",\"calls\":{");
  for (int kind = 0; kind < kKinds; ++kind)
    printf("%s\"%s\":%ld", kind == 0 ? "" : ",", kNames[kind], calls[kind]);
  printf("},\"cpu_s\":{");
  for (int kind = 0; kind < kKinds; ++kind)
    printf("%s\"%s\":%.6f", kind == 0 ? "" : ",", kNames[kind], cpu_s[kind]);
  printf("}");
  print_rusage();
  puts("}");
  return 0;
}
