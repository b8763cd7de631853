// A function without call frame information whose unlikely part the compiler has put elsewhere, as
// a symbol of its own: nothing there moves the stack pointer, but it runs in the function's frame.
__asm__(
    ".text\n"
    ".type parted, @function\n"
    "parted:\n"
    "  push %rbp\n"
    "  mov %rsp, %rbp\n"
    "  jmp parted.cold\n"
    "back:\n"
    "  pop %rbp\n"
    "  ret\n"
    ".size parted, . - parted\n"
    ".type parted.cold, @function\n"
    "parted.cold:\n"
    "  nop\n"
    "  int3\n"
    "  nop\n"
    "  jmp back\n"
    ".size parted.cold, . - parted.cold\n");

void parted(void);
static volatile int sink;

__attribute__((noinline)) static void caller(int value) {
  parted();
  sink = value;
}
int main(int argc, char** argv) {
  (void)argv;
  caller(argc);
  return 0;
}
