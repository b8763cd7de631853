// The categories of Firefox Profiler's pictures, and which of them a frame is in: the user's code,
// or why the kernel was entered. Used by firefox.h only.
//
//   FirefoxCategories categories(profile);
//   categories.of_kernel(stack);            // {kPageFault, row of "anonymous"}
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "export/places.h"
#include "profiler/profile.h"
#include "render/json_writer.h"
#include "view/stack_weights.h"

namespace profiler::exporter {

class FirefoxCategories {
 public:
  /// In the order of the document. The first is the default one, and the only grey one.
  enum Category : std::uint8_t { kOther, kUser, kKernel, kPageFault, kSystemCall, kWait, kIdle };
  static constexpr std::size_t kCount = kIdle + 1;

  struct Pair {
    Category category = kOther;
    std::uint16_t subcategory = 0;  ///< 0: none in particular.
    bool operator==(const Pair&) const = default;
  };

  explicit FirefoxCategories(const Profile& profile);

  /// Of code outside the kernel, and of marks.
  [[nodiscard]] static Pair of_user(Code code);
  /// Of the kernel's part of a stack, by its cause.
  [[nodiscard]] Pair of_kernel(const Stack& stack) const;
  /// Of what says that a thread waits. Threads that did nothing else are idle.
  [[nodiscard]] static Pair of_wait(WaitClass wait, bool idle);

  /// Meta's "categories".
  void write(render::JsonWriter& json) const;

 private:
  Pair add(Category category, const std::string& name);

  std::array<std::vector<std::string>, kCount> subcategories_;
  std::map<std::pair<Category, std::string>, std::uint16_t> rows_;
  std::vector<Pair> causes_;  ///< By row of Profile::causes.
};

}  // namespace profiler::exporter
