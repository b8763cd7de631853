#include "record/loss_share.h"

#include <algorithm>

namespace profiler::record {

LossShare::Ring& LossShare::at(std::uint32_t ring) {
  if (ring >= rings_.size()) rings_.resize(ring + std::size_t{1});
  return rings_[ring];
}

double LossShare::others_part(const Ring& ring) {
  if (ring.around.samples == 0) return 0;
  return static_cast<double>(ring.open_loss) * static_cast<double>(ring.around.of_others) /
         static_cast<double>(ring.around.samples);
}

void LossShare::close_loss(Ring& ring) {
  of_others_ += others_part(ring);
  ring.open_loss = 0;
}

void LossShare::on_sample(std::uint32_t ring_index, bool of_target) {
  Ring& ring = at(ring_index);
  bool& place = ring.is_other[ring.next];
  if (ring.last.samples < kWindow) {
    ++ring.last.samples;
  } else if (place) {
    --ring.last.of_others;
  }
  place = !of_target;
  if (place) ++ring.last.of_others;
  ring.next = (ring.next + 1) % kWindow;

  if (ring.open_loss == 0) return;
  ++ring.around.samples;
  if (!of_target) ++ring.around.of_others;
  if (ring.around.samples == 2 * kWindow) close_loss(ring);
}

void LossShare::on_loss(std::uint32_t ring_index, std::uint64_t samples) {
  Ring& ring = at(ring_index);
  close_loss(ring);
  ring.open_loss = samples;
  ring.around = ring.last;
}

void LossShare::on_untold_loss(std::uint64_t samples) {
  Counts last;
  for (const Ring& ring : rings_) {
    last.samples += ring.last.samples;
    last.of_others += ring.last.of_others;
  }
  if (last.samples == 0) return;
  of_others_ += static_cast<double>(samples) * static_cast<double>(last.of_others) /
                static_cast<double>(last.samples);
}

std::uint64_t LossShare::of_others() const {
  double sum = of_others_;
  for (const Ring& ring : rings_) sum += others_part(ring);
  return static_cast<std::uint64_t>(sum);
}

}  // namespace profiler::record
