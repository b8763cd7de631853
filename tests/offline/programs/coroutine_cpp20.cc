// Coroutines of C++20, one resumed by another: frames in the heap, calls on the usual stack.
#include <coroutine>
#include <exception>

struct Task {
  struct promise_type {
    Task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

static volatile int sink;

Task inner() {
  co_await std::suspend_always{};
  asm volatile("int3");
  sink = 1;
}
Task outer() {
  Task task = inner();
  task.handle.resume();
  co_await std::suspend_always{};
  task.handle.resume();
  sink = 2;
  task.handle.destroy();
}
int main() {
  Task task = outer();
  task.handle.resume();
  task.handle.resume();
  task.handle.destroy();
}
