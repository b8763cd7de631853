// Threads that do not end in a tidy way, or at once.
//
//   asleep_at_end asleep [THREADS]    all of them sleep when the process ends
//   asleep_at_end short [THREADS]     so many one after the other, each with one short sleep
//
// Prints a line of JSON: threads; of `asleep` wait_s, what they had slept in sum when it was
// printed, just before the end.
#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "waits.h"

enum { kMaxThreads = 1000 };
static _Atomic int started;
static double began_s[kMaxThreads];

static void* sleep_on(void* argument) {
  double* began = argument;
  *began = now_s();
  ++started;
  sleep(1000);
  return NULL;
}

static void* sleep_shortly(void* argument) {
  (void)argument;
  usleep(50);
  return NULL;
}

int main(int argc, char** argv) {
  const int asleep = argc > 1 && strcmp(argv[1], "asleep") == 0;
  const int count = (int)argument(argc, argv, 2, asleep ? 10 : 10000);
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 64 << 10);
  if (asleep) {
    if (count > kMaxThreads) return 2;
    for (int i = 0; i < count; ++i) {
      pthread_t id;
      if (pthread_create(&id, &small, sleep_on, &began_s[i]) != 0) return 3;
    }
    while (started < count) usleep(1000);
    usleep(300000);
    double wait_s = 0;
    const double now = now_s();
    for (int i = 0; i < count; ++i) wait_s += now - began_s[i];
    printf("{\"threads\":%d,\"wait_s\":%.6f}\n", count, wait_s);
    return 0;
  }
  for (int i = 0; i < count; ++i) {
    pthread_t id;
    if (pthread_create(&id, &small, sleep_shortly, NULL) != 0) return 3;
    pthread_join(id, NULL);
  }
  printf("{\"threads\":%d}\n", count);
  return 0;
}
