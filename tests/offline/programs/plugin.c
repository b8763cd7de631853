// Two libraries of different layout from one source: PADDING bytes of code, FRAME bytes of stack.
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
__asm__(".text\n.skip " TEXT(PADDING) ", 0x90");

__attribute__((noinline)) static void inner(void (*work)(void)) {
  volatile char frame[FRAME] = {1};
  work();
  frame[1] = frame[0];
}
void plugin(void (*work)(void)) {
  volatile char frame[FRAME + 64] = {1};
  inner(work);
  frame[1] = frame[0];
}
