#include "export/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>

namespace profiler::exporter {
namespace {

constexpr std::size_t kBufferSize = 65536;
// The largest window, with a gzip header: zlib.h, deflateInit2().
constexpr int kGzipWindowBits = 15 + 16;
constexpr int kMemoryLevel = 8;
// Less than half of the time of zlib's own choice (6), for a twentieth more bytes at most.
constexpr int kLevel = 3;

}  // namespace

struct GzipSink::Stream {
  z_stream z = {};
  std::array<char, kBufferSize> buffer = {};
};

GzipSink::GzipSink(const Sink& out) : out_(out), stream_(std::make_unique<Stream>()) {
  // Fails for want of memory only, as operator new would.
  if (deflateInit2(&stream_->z, kLevel, Z_DEFLATED, kGzipWindowBits, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    std::abort();
}

GzipSink::~GzipSink() { deflateEnd(&stream_->z); }

void GzipSink::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t size = std::min<std::size_t>(bytes.size(), std::numeric_limits<uInt>::max());
    // zlib does not write there.
    stream_->z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_->z.avail_in = static_cast<uInt>(size);
    bytes.remove_prefix(size);
    deflate_all(Z_NO_FLUSH);
  }
}

void GzipSink::finish() {
  stream_->z.avail_in = 0;
  deflate_all(Z_FINISH);
}

void GzipSink::deflate_all(int flush) {
  z_stream& z = stream_->z;
  do {
    z.next_out = reinterpret_cast<Bytef*>(stream_->buffer.data());
    z.avail_out = kBufferSize;
    deflate(&z, flush);
    if (const std::size_t made = kBufferSize - z.avail_out; made != 0)
      out_({stream_->buffer.data(), made});
  } while (z.avail_out == 0);
}

}  // namespace profiler::exporter
