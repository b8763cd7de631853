// Work of many shapes, to be stopped anywhere: callbacks of libc and of the standard library,
// recursion, realigned frames, exceptions, signal handlers on both kinds of stacks, threads.
#include <alloca.h>
#include <signal.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

volatile double sink;

[[gnu::noinline]] double leaf(double x) { return std::sqrt(x * x + 1.0); }

void in_handler(int) {
  double sum = 0;
  for (int i = 0; i < 20000; ++i) sum += leaf(i);
  sink = sum;
}

[[gnu::noinline]] double realigned(int size) {
  alignas(64) std::array<double, 8> aligned{};
  auto* variable = static_cast<double*>(alloca(sizeof(double) * static_cast<unsigned>(size)));
  for (int i = 0; i < size; ++i) {
    variable[i] = leaf(i);
    aligned[static_cast<unsigned>(i) % 8] += variable[i];
  }
  return aligned[3];
}

[[gnu::noinline]] int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

[[gnu::noinline]] void throws(int depth) {
  const std::string local(static_cast<std::size_t>(depth) + 20, 'x');
  if (depth == 0) throw std::runtime_error(local);
  throws(depth - 1);
}

int compare(const void* a, const void* b) {
  const double x = *static_cast<const double*>(a);
  const double y = *static_cast<const double*>(b);
  return x < y ? -1 : static_cast<int>(x > y);
}

void work(unsigned seed) {
  std::vector<double> values(4000);
  for (double& value : values) value = static_cast<double>(rand_r(&seed));
  std::qsort(values.data(), values.size(), sizeof(double), compare);
  std::sort(values.begin(), values.end(), [](double a, double b) { return leaf(a) > leaf(b); });
  sink = realigned(2000) + fibonacci(20);
  std::map<std::string, double> table;
  char text[64];
  for (const double value : values) {
    std::snprintf(text, sizeof text, "%.9g", value);
    table[text] += std::strtod(text, nullptr);
  }
  for (int i = 0; i < 20; ++i) {
    try {
      throws(10);
    } catch (const std::exception& error) {
      sink = static_cast<double>(std::strlen(error.what()));
    }
  }
  const std::function<double(double)> function = leaf;
  for (int i = 0; i < 10000; ++i) sink = function(i);
}

void handle(int signal, int flags) {
  struct sigaction action{};
  action.sa_handler = in_handler;
  action.sa_flags = SA_RESTART | flags;
  sigaction(signal, &action, nullptr);
}

}  // namespace

int main() {
  std::vector<char> stack(65536);
  stack_t alternate{};
  alternate.ss_sp = stack.data();
  alternate.ss_size = stack.size();
  sigaltstack(&alternate, nullptr);
  handle(SIGALRM, 0);
  handle(SIGPROF, SA_ONSTACK);
  const itimerval interval{.it_interval = {.tv_sec = 0, .tv_usec = 900},
                           .it_value = {.tv_sec = 0, .tv_usec = 900}};
  setitimer(ITIMER_REAL, &interval, nullptr);
  setitimer(ITIMER_PROF, &interval, nullptr);
  std::thread other([] {
    for (unsigned i = 0; i < 100; ++i) work(i);
  });
  for (unsigned i = 0; i < 100; ++i) work(i + 1000);
  other.join();
}
