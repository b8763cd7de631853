#include "process/address_space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

namespace profiler::process {
namespace {

using testing::IsEmpty;

Mapping mapping(std::uint64_t start, std::uint64_t end, std::uint32_t module) {
  return {.start = RuntimeAddress(start),
          .end = RuntimeAddress(end),
          .module = ModuleIndex(module),
          .bias = start};
}

std::string shown(const AddressSpace& space) {
  std::string text;
  for (const Mapping& m : space.mappings()) {
    text += std::to_string(m.start.value()) + "-" + std::to_string(m.end.value()) + ":" +
            std::to_string(m.module.row()) + " ";
  }
  return text;
}

TEST(AddressSpace, FindsTheMappingThatHoldsAnAddress) {
  AddressSpace space;
  space.map(mapping(20, 30, 2));
  space.map(mapping(10, 20, 1));
  EXPECT_EQ(space.find(RuntimeAddress(9)), nullptr);
  EXPECT_EQ(space.find(RuntimeAddress(10))->module.row(), 1U);
  EXPECT_EQ(space.find(RuntimeAddress(19))->module.row(), 1U);
  EXPECT_EQ(space.find(RuntimeAddress(20))->module.row(), 2U);
  EXPECT_EQ(space.find(RuntimeAddress(30)), nullptr);
  EXPECT_EQ(space.find(RuntimeAddress(25))->to_module(RuntimeAddress(25)).value(), 5U);
}

TEST(AddressSpace, IsEmptyAtFirst) {
  const AddressSpace space;
  EXPECT_EQ(space.find(RuntimeAddress(0)), nullptr);
  EXPECT_THAT(space.mappings(), IsEmpty());
}

TEST(AddressSpace, CutsWhatANewMappingCovers) {
  AddressSpace space;
  space.map(mapping(0, 100, 1));
  space.map(mapping(40, 60, 2));
  EXPECT_EQ(shown(space), "0-40:1 40-60:2 60-100:1 ");
  EXPECT_EQ(space.find(RuntimeAddress(70))->bias, 0U) << "the rest keeps its bias";
  space.map(mapping(30, 70, 3));
  EXPECT_EQ(shown(space), "0-30:1 30-70:3 70-100:1 ");
  space.map(mapping(0, 100, 4));
  EXPECT_EQ(shown(space), "0-100:4 ");
  space.unmap(RuntimeAddress(90), RuntimeAddress(200));
  EXPECT_EQ(shown(space), "0-90:4 ");
}

TEST(AddressSpace, IgnoresRangesThatAreEmptyOrInverted) {
  AddressSpace space;
  space.map(mapping(5, 5, 1));
  space.map(mapping(9, 5, 1));
  EXPECT_THAT(space.mappings(), IsEmpty());
  space.map(mapping(0, 10, 1));
  space.unmap(RuntimeAddress(8), RuntimeAddress(3));
  EXPECT_EQ(shown(space), "0-10:1 ");
}

TEST(AddressSpace, CopiesDoNotShareLaterChanges) {
  AddressSpace parent;
  parent.map(mapping(0, 10, 1));
  AddressSpace child = parent;
  EXPECT_EQ(&child.mappings(), &parent.mappings()) << "a copy costs nothing until it changes";
  child.map(mapping(5, 10, 2));
  EXPECT_EQ(shown(parent), "0-10:1 ");
  EXPECT_EQ(shown(child), "0-5:1 5-10:2 ");
  AddressSpace other = parent;
  parent.clear();
  EXPECT_EQ(shown(other), "0-10:1 ");
  EXPECT_THAT(parent.mappings(), IsEmpty());
}

TEST(AddressSpace, HasANewGenerationAfterEachChange) {
  AddressSpace a;
  AddressSpace b;
  std::set<std::uint64_t> seen = {a.generation()};
  const auto is_new = [&seen](const AddressSpace& s) { return seen.insert(s.generation()).second; };
  a.map(mapping(0, 10, 1));
  EXPECT_TRUE(is_new(a));
  b.map(mapping(0, 10, 1));
  EXPECT_TRUE(is_new(b)) << "not that of another space";
  AddressSpace copy = a;
  EXPECT_EQ(copy.generation(), a.generation()) << "equal until one of them changes";
  copy.unmap(RuntimeAddress(1), RuntimeAddress(2));
  EXPECT_TRUE(is_new(copy));
  copy.clear();
  EXPECT_TRUE(is_new(copy));
  EXPECT_FALSE(is_new(a));
}

TEST(AddressSpace, HoldsABoundedNumberOfMappings) {
  AddressSpace space;
  for (std::uint64_t i = 0; i < AddressSpace::kMaxMappings + 10; ++i) {
    space.map(mapping(2 * i, 2 * i + 1, 1));
  }
  EXPECT_EQ(space.mappings().size(), AddressSpace::kMaxMappings);
}

TEST(AddressSpace, HoldsABoundedNumberOfMappingsInAllItsCopies) {
  AddressSpace parent;
  // From above: each goes to the front of few.
  for (std::uint64_t i = 20'000; i != 0; --i) parent.map(mapping(i * 10, i * 10 + 5, 1));
  const std::size_t enough = AddressSpace::kMaxCopiedMappings / parent.mappings().size();
  for (int round = 0; round < 2; ++round) {  // What is gone makes room.
    std::vector<AddressSpace> children(enough + 3, parent);
    for (std::size_t i = 0; i < children.size(); ++i) {
      children[i].map(mapping(1, 2, 2));
      EXPECT_EQ(children[i].mappings().size(), i < enough ? 20'001U : 1U) << i;
    }
  }
  EXPECT_EQ(parent.mappings().size(), 20'000U);
}

TEST(AddressSpace, AgreesWithAnArrayOfPages) {
  std::mt19937 random(5);
  for (int round = 0; round < 50; ++round) {
    AddressSpace space;
    std::vector<int> pages(200, -1);
    for (int i = 0; i < 100; ++i) {
      const std::uint64_t start = random() % 200;
      const std::uint64_t end = std::min<std::uint64_t>(200, start + random() % 40);
      const bool unmaps = random() % 5 == 0;
      if (unmaps) {
        space.unmap(RuntimeAddress(start), RuntimeAddress(end));
      } else {
        space.map(mapping(start, end, static_cast<std::uint32_t>(i)));
      }
      for (std::uint64_t p = start; p < end; ++p) pages[p] = unmaps ? -1 : i;
      for (std::uint64_t p = 0; p < 200; ++p) {
        const Mapping* m = space.find(RuntimeAddress(p));
        ASSERT_EQ(m == nullptr ? -1 : static_cast<int>(m->module.row()), pages[p]);
      }
      const auto& rows = space.mappings();
      for (std::size_t r = 0; r < rows.size(); ++r) {
        ASSERT_LT(rows[r].start, rows[r].end);
        if (r > 0) {
          ASSERT_LE(rows[r - 1].end, rows[r].start);
        }
      }
    }
  }
}

}  // namespace
}  // namespace profiler::process
