// A leaf with a frame of its own, called three deep; lazily bound calls through the PLT.
#include <stdio.h>
#include <unistd.h>

__attribute__((noinline)) int leaf(int value) {
  volatile int local = value;
  return local + 1;
}
__attribute__((noinline)) int middle(int value) { return leaf(value) + leaf(value + 1); }
__attribute__((noinline)) int outer(int value) { return middle(value) * 2; }

int main(void) {
  printf("%d\n", outer(1));
  return (int)getppid() * 0;
}
