#include "render/html.h"

#include <libdeflate.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>

#include "render/base64.h"
#include "render/html_profile.h"

namespace profiler::render {
namespace {

constexpr std::string_view kHead =
#include "render/viewer_head.html.inc"
    ;
constexpr std::string_view kStyle =
#include "render/viewer.css.inc"
    ;
constexpr std::string_view kBody =
#include "render/viewer_body.html.inc"
    ;
constexpr std::string_view kScript =
#include "render/viewer.js.inc"
    ;
constexpr std::string_view kComparisonScript =
#include "render/comparison_viewer.js.inc"
    ;
constexpr std::string_view kLoader =
#include "render/loader.js.inc"
    ;
constexpr std::string_view kProfileBegin =
    R"(<script id="profile" type="application/octet-stream">)";
constexpr std::string_view kViewerBegin =
    R"(</script><script id="viewer" type="application/octet-stream">)";
constexpr std::string_view kSamplesBegin =
    R"(</script><script id="samples" type="application/octet-stream">)";
constexpr std::string_view kLoaderBegin = "</script>\n<script>\n";
constexpr std::string_view kEnd = "</script>\n</body>\n</html>\n";

/// Of 1 to 12: 6 is where more effort gains little; the viewer is small.
constexpr int kEffort = 6;
constexpr int kViewerEffort = 12;

/// As gzip, which browsers' DecompressionStream reads, and checks.
std::string compressed(std::string_view bytes, int effort = kEffort) {
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(effort), libdeflate_free_compressor);
  if (!compressor) std::abort();  // Out of memory.
  std::string out(libdeflate_gzip_compress_bound(compressor.get(), bytes.size()), '\0');
  out.resize(libdeflate_gzip_compress(compressor.get(), bytes.data(), bytes.size(), out.data(),
                                      out.size()));
  return out;
}

/// The parts of the viewer, in a scope of their own, which begin by putting on the page what they
/// look like.
std::string viewer(std::string_view script) {
  std::string text = "(() => {\n'use strict';\n";
  text += "document.head.appendChild(document.createElement('style')).textContent = `";
  text += kStyle;
  text += "`;\n";
  text += script;
  return base64(compressed(text + "})();\n", kViewerEffort));
}

}  // namespace

void html(const Profile& profile, const view::Selection& selection, const HtmlOptions& options,
          const HtmlSink& sink) {
  const std::string facts = html_facts(profile, selection, options);
  for (const std::string_view part : {kHead, kBody, kProfileBegin}) sink(part);
  const HtmlSamples samples{
      .samples = selection.samples,
      .before = options.comparison == nullptr ? nullptr : &options.comparison->before,
      .draws_waits = selection.has_waits && options.comparison == nullptr};
  const HtmlPayload payload = html_payload(profile, samples, facts);
  sink(base64(compressed(payload.tables)));
  sink(kViewerBegin);
  sink(viewer(options.comparison == nullptr ? kScript : kComparisonScript));
  for (const std::string_view part : {kLoaderBegin, kLoader, kSamplesBegin}) sink(part);
  // Behind the loader, which need not wait for them.
  sink(base64(compressed(payload.samples)));
  sink(kEnd);
}

std::size_t viewer_size() {
  std::size_t size = std::max(viewer(kScript).size(), viewer(kComparisonScript).size());
  for (const std::string_view part :
       {kHead, kBody, kProfileBegin, kViewerBegin, kSamplesBegin, kLoaderBegin, kLoader, kEnd})
    size += part.size();
  return size;
}

}  // namespace profiler::render
