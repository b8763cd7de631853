// A program that writes functions into memory, as a just-in-time compiler does, and says so in
// /tmp/perf-PID.map. x86-64 only: elsewhere it says "unsupported".
//
//   generated_code SECONDS [map|none|fifo|child|dump|trampoline]
//
// Known beforehand: generated_hot and generated_warm take CPU time at 3 to 1, called by main
// through call_generated; both lie in one anonymous mapping. The warm one's name has an escape
// sequence in it. Else:
//   none        nothing is written to /tmp
//   fifo        what lies there is no file
//   child       a forked process, which makes no map of its own, calls generated_hot for as long
//   dump        a jitdump instead, ./jit-PID.dump: for SECONDS/2 and then SECONDS/4 more,
//               generated_first and generated_second are called, at one and the same address
//   trampoline  generated_trampoline, which has no frame pointer, calls spin, which takes the time;
//               main calls it through call_trampoline
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

#if defined(__x86_64__)
// sub $8,%rsp; call *%rdi; add $8,%rsp; ret
static const unsigned char kTrampoline[] = {0x48, 0x83, 0xec, 0x08, 0xff, 0xd7,
                                            0x48, 0x83, 0xc4, 0x08, 0xc3};
static double spin_s;

NOINLINE static void spin(void) {
  spin_until(thread_cpu_s() + spin_s);
  NO_TAIL_CALL();
}

NOINLINE static void call_trampoline(void (*code)(void (*)(void))) {
  code(spin);
  NO_TAIL_CALL();
}
#endif

NOINLINE static void call_generated(generated code, double cpu_s) {
  const double until = thread_cpu_s() + cpu_s;
  while (thread_cpu_s() < until) code(300000);
  NO_TAIL_CALL();
}

#if defined(__x86_64__)
static void put(FILE* file, const void* bytes, size_t size) {
  if (fwrite(bytes, size, 1, file) != 1) exit(7);
}

// JIT_CODE_LOAD of perf's jitdump-specification.txt; line 41 of generated.src from its start on.
static void tell_of(FILE* dump, const char* name, const unsigned char* code) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  const uint64_t now = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
  const uint64_t address = (uint64_t)code;
  const char file[] = "generated.src";
  const uint32_t debug[] = {2, (uint32_t)(48 + sizeof file)};
  const uint64_t debug_fields[] = {now, address, 1, address};
  const uint32_t line[] = {41, 0};
  put(dump, debug, sizeof debug);
  put(dump, debug_fields, sizeof debug_fields);
  put(dump, line, sizeof line);
  put(dump, file, sizeof file);
  const uint32_t head[] = {0, (uint32_t)(56 + strlen(name) + 1 + sizeof kCode)};
  const uint32_t ids[] = {(uint32_t)getpid(), (uint32_t)getpid()};
  const uint64_t fields[] = {address, address, sizeof kCode, 0};
  put(dump, head, sizeof head);
  put(dump, &now, sizeof now);
  put(dump, ids, sizeof ids);
  put(dump, fields, sizeof fields);
  put(dump, name, strlen(name) + 1);
  put(dump, code, sizeof kCode);
  fflush(dump);
}

static int run_with_dump(generated code, const unsigned char* memory, double seconds) {
  char path[64];
  snprintf(path, sizeof path, "jit-%d.dump", (int)getpid());
  FILE* dump = fopen(path, "w+");
  if (dump == NULL) return 6;
  const uint32_t header[] = {0x4a695444, 1, 40, 62, 0, (uint32_t)getpid(), 0, 0, 0, 0};
  put(dump, header, sizeof header);
  fflush(dump);
  // This is what perf and others see of it.
  void* marker = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(dump), 0);
  if (marker == MAP_FAILED) return 6;
  tell_of(dump, "generated_first", memory);
  call_generated(code, seconds / 2);
  tell_of(dump, "generated_second", memory);
  call_generated(code, seconds / 4);
  fclose(dump);
  return 0;
}
#endif

int main(int argc, char** argv) {
#if !defined(__x86_64__)
  (void)argc, (void)argv, (void)call_generated;
  puts("{\"workload\":\"generated_code\",\"unsupported\":true}");
  return 0;
#else
  double seconds = argument(argc, argv, 1, 1);
  const char* mode = argc > 2 ? argv[2] : "map";
  unsigned char* memory =
      mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  memcpy(memory, kCode, sizeof kCode);
  memcpy(memory + 4096, kCode, sizeof kCode);
  memcpy(memory + 2048, kTrampoline, sizeof kTrampoline);
  if (mprotect(memory, 8192, PROT_READ | PROT_EXEC) != 0) return 2;
  generated hot, warm;
  memcpy(&hot, &memory, sizeof hot);
  unsigned char* second = memory + 4096;
  memcpy(&warm, &second, sizeof warm);

  if (strcmp(mode, "dump") == 0) {
    const int failure = run_with_dump(hot, memory, seconds);
    printf("{\"workload\":\"generated_code\",\"cpu_s\":%.6f}\n", process_cpu_s());
    return failure;
  }
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
    fprintf(map, "%lx %x generated_trampoline\n", (unsigned long)memory + 2048,
            (unsigned)sizeof kTrampoline);
    fclose(map);
  }
  if (strcmp(mode, "trampoline") == 0) {
    unsigned char* third = memory + 2048;
    void (*trampoline)(void (*)(void));
    memcpy(&trampoline, &third, sizeof trampoline);
    spin_s = seconds;
    call_trampoline(trampoline);
    seconds = 0;
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
