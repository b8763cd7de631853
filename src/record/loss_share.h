// How many of the samples lost from the rings of whole CPUs were the target's. Nobody knows: they
// are lost. An estimate: a loss is shared out as the samples are that lay next to it in its ring.
//
//   LossShare share;
//   share.on_sample(ring, of_target);     // each that came through, in order of time
//   share.on_loss(ring, 312);
//   share.of_others()                     // of those 312 and all before, about so many
//
// Where nothing lay next to it, a loss counts as the target's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace profiler::record {

class LossShare {
 public:
  /// So many samples before a loss and so many after it are looked at.
  static constexpr std::size_t kWindow = 256;

  void on_sample(std::uint32_t ring, bool of_target);
  void on_loss(std::uint32_t ring, std::uint64_t samples);
  /// Of samples that the kernel counted without saying where: at the end, or in any ring.
  void on_untold_loss(std::uint64_t samples);
  [[nodiscard]] std::uint64_t of_others() const;

 private:
  struct Counts {
    std::size_t samples = 0;
    std::size_t of_others = 0;
  };
  struct Ring {
    std::array<bool, kWindow> is_other{};  // The last samples, the oldest at `next`.
    std::size_t next = 0;
    Counts last;
    std::uint64_t open_loss = 0;  // Lost, and samples after it are still being counted.
    Counts around;
  };
  [[nodiscard]] static double others_part(const Ring& ring);
  Ring& at(std::uint32_t ring);
  void close_loss(Ring& ring);

  std::vector<Ring> rings_;
  double of_others_ = 0;  // Of losses that are closed.
};

}  // namespace profiler::record
