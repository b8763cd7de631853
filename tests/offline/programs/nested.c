// Three calls deep, then a breakpoint: for programs that are linked or described in unusual ways.
static volatile int sink;

__attribute__((noinline)) static void innermost(int value) {
  volatile int local[4] = {value};
  __asm__ volatile("int3");
  sink = local[0];
}
__attribute__((noinline)) static void middle(int value) {
  innermost(value + 1);
  sink = value;
}
__attribute__((noinline)) static void outermost(int value) {
  middle(value + 1);
  sink = value;
}
int main(int argc, char** argv) {
  (void)argv;
  outermost(argc);
  return 0;
}
