// Code that is generated at run time and keeps a frame pointer, between functions that have call
// frame information and no frame pointer: main → call_generated → (generated) → called_back.
#include <string.h>
#include <sys/mman.h>

static volatile int sink;

__attribute__((noinline)) static void innermost(void) {
  __asm__ volatile("int3");
  sink = 1;
}
__attribute__((noinline)) static void called_back(void) {
  volatile int local[8] = {1};
  innermost();
  sink = local[0];
}
__attribute__((noinline)) static void call_generated(void (*code)(void (*)(void)), int value) {
  volatile int local[8] = {value};
  code(called_back);
  sink = local[0];
}
int main(void) {
  static const unsigned char kCode[] = {0x55,                    // push %rbp
                                        0x48, 0x89, 0xe5,        // mov %rsp, %rbp
                                        0x48, 0x83, 0xec, 0x20,  // sub $32, %rsp
                                        0xff, 0xd7,              // call *%rdi
                                        0xc9,                    // leave
                                        0xc3};                   // ret
  void* code =
      mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(code, kCode, sizeof kCode);
  call_generated((void (*)(void (*)(void)))code, 3);
  return 0;
}
