// A line on the terminal that says what takes so long, for work that turns out to take more than a
// second; it is gone when the work is done.
//
//   const WorkLine line("reading profiler.data");
//   Result<Profile> profile = read_profile("profiler.data");       // "reading profiler.data … 2 s"
//
// Nothing is drawn where stderr is no terminal.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace profiler::cli {

class WorkLine {
 public:
  /// `shown`: false for no line at all.
  explicit WorkLine(std::string_view what, bool shown = true,
                    std::chrono::milliseconds after = std::chrono::seconds(1));
  ~WorkLine();
  WorkLine(const WorkLine&) = delete;
  WorkLine& operator=(const WorkLine&) = delete;

  /// Whether a line may stand beside an output to `path`: not on the terminal that it goes to.
  [[nodiscard]] static bool may_stand_beside(std::string_view path);

 private:
  void draw_until_done(std::chrono::milliseconds after);

  std::string what_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;  ///< Not joinable where nothing is drawn.
};

}  // namespace profiler::cli
