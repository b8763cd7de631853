// A signal handler that spends time on a stack of its own.
//
//   alt_stack_signal [SECONDS=1]
//
// Known beforehand: half of the CPU time is in on_alternate_stack, called by the handler on_signal
// on the alternate stack; the stack that raise() was called on is not part of a copy of that one,
// so those stacks end at the signal frame. The other half is in on_usual_stack, complete.
#define _GNU_SOURCE
#include <signal.h>

#include "truth.h"

static volatile double slice;

NOINLINE static void on_alternate_stack(double cpu_s) {
  spin_until(cpu_s);
  NO_TAIL_CALL();
}
NOINLINE static void on_usual_stack(double cpu_s) {
  spin_until(cpu_s);
  NO_TAIL_CALL();
}

static void on_signal(int signal) {
  (void)signal;
  on_alternate_stack(thread_cpu_s() + slice);
  NO_TAIL_CALL();
}

NOINLINE static void interrupted(void) {
  raise(SIGPROF);
  NO_TAIL_CALL();
}

int main(int argc, char** argv) {
  const double total = argument(argc, argv, 1, 1);
  stack_t stack = {.ss_sp = malloc(64 * 1024), .ss_size = 64 * 1024};
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
  if (sigaltstack(&stack, NULL) != 0 || sigaction(SIGPROF, &action, NULL) != 0) return 1;
  double alternate = 0;
  double usual = 0;
  while (alternate + usual < total) {
    slice = varied(0.02);
    const double a = thread_cpu_s();
    interrupted();
    const double b = thread_cpu_s();
    on_usual_stack(b + slice);
    alternate += b - a;
    usual += thread_cpu_s() - b;
  }
  printf("{\"workload\":\"alt_stack_signal\",\"alternate_s\":%.6f,\"usual_s\":%.6f", alternate,
         usual);
  print_rusage();
  puts("}");
  return 0;
}
