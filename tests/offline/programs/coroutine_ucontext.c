// A coroutine with a stack of its own, entered by swapcontext.
#include <stdlib.h>
#include <ucontext.h>

static ucontext_t main_context;
static ucontext_t coroutine_context;
static volatile int sink;

__attribute__((noinline)) static void step(int value) {
  __asm__ volatile("int3");
  sink = value;
}
static void coroutine(void) {
  step(1);
  swapcontext(&coroutine_context, &main_context);
  step(2);
  sink = 3;
}
int main(void) {
  enum { kSize = 65536 };
  getcontext(&coroutine_context);
  coroutine_context.uc_stack.ss_sp = malloc(kSize);
  coroutine_context.uc_stack.ss_size = kSize;
  coroutine_context.uc_link = &main_context;
  makecontext(&coroutine_context, coroutine, 0);
  swapcontext(&main_context, &coroutine_context);
  swapcontext(&main_context, &coroutine_context);  // The second stop is after a switch back in.
  return 0;
}
