// A heap that grows and shrinks: where `time` says sys, `strace -c` says brk, and both mislead.
//
//   heap_grow_shrink [SECONDS=1]
//
// Known beforehand: each cycle mallocs 16 MiB in blocks of 32 KiB (too small for mmap), writes to
// every page and frees the blocks from the top down, so that malloc gives the memory back by brk
// each time. The next cycle pays for each page again: 4,096 page faults against some 250 calls of
// brk. Page faults are the main cause of sys, brk comes second; the caller of the faults is
// touch_blocks, of most brk calls grow and shrink.
// Prints the cycles, and the minor faults that the kernel counted.
#include <string.h>

#include "truth.h"

enum { kBlocks = 512, kBlockSize = 32 * 1024, kPageSize = 4096 };
static char* blocks[kBlocks];

NOINLINE static void grow(void) {
  for (int i = 0; i < kBlocks; ++i) {
    blocks[i] = malloc(kBlockSize);
    if (blocks[i] == NULL) abort();
  }
  NO_TAIL_CALL();
}

NOINLINE static void touch_blocks(void) {
  for (int i = 0; i < kBlocks; ++i)
    for (int at = 0; at < kBlockSize; at += kPageSize) *(volatile char*)(blocks[i] + at) = 1;
  NO_TAIL_CALL();
}

NOINLINE static void shrink(void) {
  for (int i = kBlocks; i-- != 0;) free(blocks[i]);
  NO_TAIL_CALL();
}

int main(int argc, char** argv) {
  const double total = argument(argc, argv, 1, 1);
  long cycles = 0;
  for (const double begin = thread_cpu_s(); thread_cpu_s() - begin < total; ++cycles) {
    grow();
    touch_blocks();
    shrink();
  }
  printf("{\"workload\":\"heap_grow_shrink\",\"cycles\":%ld,\"pages_touched\":%ld,\"cpu_s\":%.6f",
         cycles, cycles * kBlocks * (kBlockSize / kPageSize), process_cpu_s());
  print_rusage();
  puts("}");
  return 0;
}
