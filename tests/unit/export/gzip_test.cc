#include "export/gzip.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/unit/export/gunzip.h"

namespace profiler::exporter {
namespace {

TEST(GzipSink, GivesBackWhatWasWrittenInPiecesOfAnySize) {
  std::mt19937 random(7);
  std::string all;
  std::string compressed;
  const Sink sink = [&](std::string_view bytes) { compressed += bytes; };
  GzipSink gzip(sink);
  for (const std::size_t size : {0, 1, 70'000, 3, 300'000, 65'536}) {
    std::string piece;
    while (piece.size() < size) piece += static_cast<char>(random());
    all += piece;
    gzip.write(piece);
  }
  gzip.finish();
  EXPECT_EQ(test::gunzip(compressed), all);
}

TEST(GzipSink, OfNothingIsAStreamAllTheSame) {
  std::string compressed;
  const Sink sink = [&](std::string_view bytes) { compressed += bytes; };
  GzipSink gzip(sink);
  gzip.finish();
  EXPECT_EQ(compressed.substr(0, 2), "\x1f\x8b");
  EXPECT_EQ(test::gunzip(compressed), "");
}

}  // namespace
}  // namespace profiler::exporter
