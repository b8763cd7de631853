// A program that writes functions into memory, as a just-in-time compiler does, and says so in
// /tmp/perf-PID.map. x86-64 only: elsewhere it says "unsupported".
//
//   generated_code SECONDS [map|none|fifo|child]
//
// Known beforehand: generated_hot and generated_warm take CPU time at 3 to 1, called by main
// through call_generated; both lie in one anonymous mapping. `none`: nothing is written to /tmp.
// `fifo`: what lies there is no file. `child`: a forked process, which makes no map of its own,
// calls generated_hot for as long again. The name of the warm one has an escape sequence in it.
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "truth.h"

typedef void (*generated)(uint64_t times);

#if defined(__x86_64__)
// push %rbp; mov %rsp,%rbp; mov %rdi,%rax; 1: dec %rax; jnz 1b; pop %rbp; ret
static const unsigned char kCode[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0x89, 0xf8,
                                      0x48, 0xff, 0xc8, 0x75, 0xfb, 0x5d, 0xc3};
#endif

NOINLINE static void call_generated(generated code, double cpu_s) {
  const double until = thread_cpu_s() + cpu_s;
  while (thread_cpu_s() < until) code(300000);
  NO_TAIL_CALL();
}

int main(int argc, char** argv) {
#if !defined(__x86_64__)
  (void)argc, (void)argv, (void)call_generated;
  puts("{\"workload\":\"generated_code\",\"unsupported\":true}");
  return 0;
#else
  const double seconds = argument(argc, argv, 1, 1);
  const char* mode = argc > 2 ? argv[2] : "map";
  unsigned char* memory =
      mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  memcpy(memory, kCode, sizeof kCode);
  memcpy(memory + 4096, kCode, sizeof kCode);
  if (mprotect(memory, 8192, PROT_READ | PROT_EXEC) != 0) return 2;
  generated hot, warm;
  memcpy(&hot, &memory, sizeof hot);
  unsigned char* second = memory + 4096;
  memcpy(&warm, &second, sizeof warm);

  char path[64];
  snprintf(path, sizeof path, "/tmp/perf-%d.map", (int)getpid());
  if (strcmp(mode, "fifo") == 0) {
    if (mkfifo(path, 0644) != 0) return 3;
  } else if (strcmp(mode, "none") != 0) {
    FILE* map = fopen(path, "w");
    if (map == NULL) return 4;
    fprintf(map, "%lx %x stale\n", (unsigned long)memory, 8192);
    fprintf(map, "%lx %x generated_hot\n", (unsigned long)memory, (unsigned)sizeof kCode);
    fprintf(map, "%lx %x generated_\033[1mwarm\n", (unsigned long)second, (unsigned)sizeof kCode);
    fclose(map);
  }
  call_generated(hot, seconds * 0.75);
  call_generated(warm, seconds * 0.25);
  if (strcmp(mode, "child") == 0) {
    const pid_t child = fork();
    if (child == 0) {
      call_generated(hot, seconds);
      _exit(0);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) return 5;
  }
  printf("{\"workload\":\"generated_code\",\"pid\":%d,\"cpu_s\":%.6f}\n", (int)getpid(),
         process_cpu_s());
  if (strcmp(mode, "none") != 0) unlink(path);
  return 0;
#endif
}
