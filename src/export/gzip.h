// Compresses what goes to a sink (RFC 1952), piece by piece.
//
//   GzipSink gzip(sink);
//   write_firefox(profile, samples, {}, gzip.sink());
//   gzip.finish();
#pragma once

#include <memory>
#include <string_view>

#include "export/sink.h"

namespace profiler::exporter {

class GzipSink {
 public:
  /// `out` outlives it.
  explicit GzipSink(const Sink& out);
  ~GzipSink();
  GzipSink(const GzipSink&) = delete;
  GzipSink& operator=(const GzipSink&) = delete;

  void write(std::string_view bytes);
  [[nodiscard]] Sink sink() {
    return [this](std::string_view bytes) { write(bytes); };
  }
  /// The last call: without it the stream has no end.
  void finish();

 private:
  struct Stream;
  void deflate_all(int flush);

  const Sink& out_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace profiler::exporter
