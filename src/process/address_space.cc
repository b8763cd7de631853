#include "process/address_space.h"

#include <algorithm>
#include <atomic>

namespace profiler::process {
namespace {

std::uint64_t next_generation() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

/// The first row that ends above `address`.
template <class Rows>
auto first_ending_above(Rows& rows, RuntimeAddress address) {
  return std::partition_point(rows.begin(), rows.end(),
                              [address](const Mapping& m) { return m.end <= address; });
}

/// Cuts [start, end) out of the rows; returns where a row for that range belongs.
std::vector<Mapping>::iterator cut(std::vector<Mapping>& rows, RuntimeAddress start,
                                   RuntimeAddress end) {
  auto first = first_ending_above(rows, start);
  if (first == rows.end() || first->start >= end) return first;
  if (first->start < start) {
    if (first->end > end) {  // The range lies within one row: its two ends remain.
      Mapping above = *first;
      above.start = end;
      first->end = start;
      return rows.insert(first + 1, above);
    }
    first->end = start;
    ++first;
  }
  auto last = first;
  while (last != rows.end() && last->end <= end) ++last;
  if (last != rows.end() && last->start < end) last->start = end;
  return rows.erase(first, last);
}

/// Of all that live.
std::atomic<std::size_t> copied_mappings{0};

std::shared_ptr<std::vector<Mapping>> copy_of(const std::vector<Mapping>& rows) {
  const std::size_t count = rows.size();
  if (copied_mappings.fetch_add(count) + count > AddressSpace::kMaxCopiedMappings) {
    copied_mappings -= count;
    return std::make_shared<std::vector<Mapping>>();
  }
  return {new std::vector<Mapping>(rows), [count](const std::vector<Mapping>* copy) {
            copied_mappings -= count;
            delete copy;
          }};
}

}  // namespace

std::vector<Mapping>& AddressSpace::own() {
  if (!mappings_) {
    mappings_ = std::make_shared<std::vector<Mapping>>();
  } else if (mappings_.use_count() > 1) {
    mappings_ = copy_of(*mappings_);
  }
  generation_ = next_generation();
  return *mappings_;
}

void AddressSpace::map(const Mapping& mapping) {
  if (mapping.start >= mapping.end) return;
  std::vector<Mapping>& rows = own();
  const auto place = cut(rows, mapping.start, mapping.end);
  if (rows.size() < kMaxMappings) rows.insert(place, mapping);
}

void AddressSpace::unmap(RuntimeAddress start, RuntimeAddress end) {
  if (start >= end || mappings().empty()) return;
  cut(own(), start, end);
}

void AddressSpace::clear() {
  mappings_.reset();
  generation_ = next_generation();
}

const Mapping* AddressSpace::find(RuntimeAddress address) const {
  const std::vector<Mapping>& rows = mappings();
  const auto row = first_ending_above(rows, address);
  return row != rows.end() && row->start <= address ? &*row : nullptr;
}

const std::vector<Mapping>& AddressSpace::mappings() const {
  static const std::vector<Mapping> kNone;
  return mappings_ ? *mappings_ : kNone;
}

}  // namespace profiler::process
