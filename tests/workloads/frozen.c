// A program that is frozen from outside, and knows for how long.
//
//   frozen FILE [TIMES]       until it was frozen so often (1), for 20 s at most
//
// Two threads: `spinner` computes, and takes a pause in which it used no CPU for more than 100 ms
// for a freeze; the main thread sleeps, again and again. Writes its process id to FILE when both
// run. Prints a line of JSON: how often it was frozen, frozen_s that the spinner stood still, and
// sleeping_s of the main thread off its CPU in its sleeps.
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>

#include "waits.h"

static _Atomic int times;
static _Atomic int over;
static double frozen_s;

static void* spin(void* argument) {
  pthread_barrier_wait(argument);
  double before = off_cpu_s();
  while (!over) {
    const double after = off_cpu_s();
    if (after - before > 0.1) {
      frozen_s += after - before;
      ++times;
    }
    before = after;
  }
  return NULL;
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const int until = (int)argument(argc, argv, 2, 1);
  const double end = now_s() + 20;
  waits_begin();
  pthread_barrier_t start;
  pthread_barrier_init(&start, NULL, 2);
  pthread_t spinner;
  if (pthread_create(&spinner, NULL, spin, &start) != 0) return 3;
  pthread_setname_np(spinner, "spinner");
  pthread_barrier_wait(&start);
  FILE* file = fopen(argv[1], "w");
  if (file == NULL) return 3;
  fprintf(file, "%d\n", getpid());
  fclose(file);
  while (times < until && now_s() < end) nap(varied(0.02));
  nap(0.05);
  over = 1;
  pthread_join(spinner, NULL);
  printf("{\"times\":%d,\"frozen_s\":%.6f,\"sleeping_s\":%.6f}\n", times, frozen_s,
         (double)waits->ns[kSleep] * 1e-9);
  return 0;
}
