#include "perf_data/decompressor.h"

#include <zstd.h>

#include <algorithm>

namespace profiler::perf_data {

struct Decompressor::Context {
  ZSTD_DStream* stream = ZSTD_createDStream();
  Context() = default;
  ~Context() { ZSTD_freeDStream(stream); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
};

Decompressor::Decompressor() = default;
Decompressor::~Decompressor() = default;
Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor& Decompressor::operator=(Decompressor&&) noexcept = default;

bool Decompressor::add(std::span<const std::byte> compressed) {
  if (!context_) context_ = std::make_unique<Context>();
  if (context_->stream == nullptr) return false;
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  ZSTD_inBuffer in{.src = compressed.data(), .size = compressed.size(), .pos = 0};
  for (;;) {
    const std::size_t before = bytes_.size();
    if (before >= kMaxPending) return false;
    bytes_.resize(before + ZSTD_DStreamOutSize());
    ZSTD_outBuffer out{.dst = bytes_.data() + before, .size = bytes_.size() - before, .pos = 0};
    const std::size_t status = ZSTD_decompressStream(context_->stream, &out, &in);
    bytes_.resize(before + out.pos);
    if (ZSTD_isError(status) != 0) return false;
    // Full output: there may be more to come, even with all input taken.
    if (in.pos == in.size && out.pos < out.size) return true;
  }
}

}  // namespace profiler::perf_data
