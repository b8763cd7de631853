// What dlopen_close loads: one function, named by the build (plugin_first, plugin_second).
#include "truth.h"

__attribute__((visibility("default"))) NOINLINE void PLUGIN_FUNCTION(double cpu_s);
void PLUGIN_FUNCTION(double cpu_s) {
  spin_until(thread_cpu_s() + cpu_s);
  NO_TAIL_CALL();
}
