// A signal that interrupts a leaf, handled on the same stack (argument 0), on an alternate stack
// elsewhere (1), or on one that lies just below the thread's own (2). With 3, a leaf that keeps a
// frame pointer and is interrupted by whoever watches.
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static volatile int sink;

__attribute__((noinline)) static void in_handler(void) {
  __asm__ volatile("int3");
  sink = 1;
}
static void handler(int number) {
  in_handler();
  sink = number;
}
/// Faults in the middle of a leaf: no call has left a return address for where it stands.
__attribute__((noinline)) static int faults(volatile int* where) { return *where + sink; }
__attribute__((noinline)) static int caller(volatile int* where) { return faults(where) + 1; }

__attribute__((noinline, optimize("no-omit-frame-pointer"))) static int returns(int value) {
  volatile int local = value;
  return local + sink;
}
__attribute__((noinline, optimize("no-omit-frame-pointer"))) static int calls_it(int value) {
  volatile int local = value;
  return returns(local) + 1;
}

static char far_away[65536];

__attribute__((noinline)) static int with_stack(void* stack, size_t size) {
  stack_t alternate = {.ss_sp = stack, .ss_size = size, .ss_flags = 0};
  if (stack != NULL) sigaltstack(&alternate, NULL);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = stack != NULL ? SA_ONSTACK : 0;
  sigaction(SIGSEGV, &action, NULL);
  return caller(NULL) + 1;
}

enum { kStack = 32768 };
_Alignas(4096) static char both[2 * kStack];

static void* thread(void* argument) {
  with_stack(both, kStack);
  return argument;
}
static void in_thread(void) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, both + kStack, kStack);
  pthread_t id;
  pthread_create(&id, &attributes, thread, NULL);
  pthread_join(id, NULL);
}

int main(int argc, char** argv) {
  switch (argc > 1 ? atoi(argv[1]) : 0) {
    case 0:
      return with_stack(NULL, 0);
    case 1:
      return with_stack(far_away, sizeof far_away);
    case 3:
      signal(SIGSEGV, handler);
      return calls_it(argc);
    default:
      in_thread();
      return 0;
  }
}
