// What counting by stops gets wrong: calls that wait while others of the same process work.
//
//   waiting_calls threads [SECONDS]   one thread reads /dev/zero, the other waits in poll
//   waiting_calls child [SECONDS]     a child reads /dev/zero, its parent waits for it in wait4
//
// A tool that charges the process's system time between two stops charges poll with the reader's
// time, and wait4 with the child's. Prints a line of JSON: calls of read and its CPU seconds by
// CLOCK_THREAD_CPUTIME_ID, in sum over all reads.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "truth.h"

enum { kBytes = 1 << 20 };

struct result {
  long reads;
  double cpu_s;
};

static double seconds;
static _Atomic int done;

static struct result read_for_a_while(void) {
  struct result result = {0, 0};
  char* buffer =
      mmap(NULL, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  const int zero = open("/dev/zero", O_RDONLY);
  if (buffer == MAP_FAILED || zero < 0) exit(2);
  const double began = thread_cpu_s();
  while (thread_cpu_s() < began + seconds) {
    if (read(zero, buffer, kBytes) != kBytes) exit(3);
    ++result.reads;
  }
  result.cpu_s = thread_cpu_s() - began;
  return result;
}

static void* reader(void* argument) {
  *(struct result*)argument = read_for_a_while();
  done = 1;
  return NULL;
}

int main(int argc, char** argv) {
  seconds = argument(argc, argv, 2, 1);
  struct result* result =
      mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (argc > 1 && strcmp(argv[1], "child") == 0) {
    const pid_t child = fork();
    if (child == 0) {
      *result = read_for_a_while();
      _exit(0);
    }
    if (waitpid(child, NULL, 0) != child) return 2;
  } else {
    pthread_t thread;
    pthread_create(&thread, NULL, reader, result);
    while (!done) poll(NULL, 0, 20);
    pthread_join(thread, NULL);
  }
  printf("{\"reads\":%ld,\"read_cpu_s\":%.6f}\n", result->reads, result->cpu_s);
  return 0;
}
