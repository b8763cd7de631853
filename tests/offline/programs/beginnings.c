// What runs before and after main: a constructor, a thread, a function whose last instruction is a
// call that does not return, a call of nothing.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const char* wanted = "";
static volatile int sink;

__attribute__((noinline)) static void stop(void) {
  __asm__ volatile("int3");
  sink = 1;
}
__attribute__((constructor)) static void constructor(int argc, char** argv) {
  if (argc > 1) wanted = argv[1];
  if (strcmp(wanted, "constructor") == 0) stop();
  sink = 2;
}
static void* thread(void* argument) {
  stop();
  return argument;
}
__attribute__((noinline, noreturn)) static void never_returns(int status) {
  stop();
  exit(status);
}
__attribute__((noinline)) static void ends_in_a_call(int value) { never_returns(value); }
__attribute__((noinline)) static void at_exit(void) { stop(); }
__attribute__((noinline)) static int calls_nothing(int (*volatile function)(void)) {
  return function() + 1;
}

int main(void) {
  if (strcmp(wanted, "thread") == 0) {
    pthread_t id;
    pthread_create(&id, NULL, thread, NULL);
    pthread_join(id, NULL);
  }
  if (strcmp(wanted, "exit") == 0) atexit(at_exit);
  if (strcmp(wanted, "noreturn") == 0) ends_in_a_call(3);
  if (strcmp(wanted, "null") == 0) return calls_nothing(NULL);
  return 0;
}
