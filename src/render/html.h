// A profile as one HTML page that holds everything it needs: the samples, and a viewer that makes
// tables and pictures of them in the browser. It asks no server and no network, which its content
// security policy forbids.
//
//   render::html(profile, selection, {.title = "nightly build"}, sink);
//
// Everything that comes from a profile is in a block of compressed, Base64-encoded columns
// (html_profile.h), and is shown as text only: no name can become markup.
#pragma once

#include <functional>
#include <string_view>

#include "profiler/profile.h"
#include "render/html_facts.h"
#include "view/filter.h"

namespace profiler::render {

/// The page's bytes, in order.
using HtmlSink = std::function<void(std::string_view)>;

void html(const Profile& profile, const view::Selection& selection, const HtmlOptions& options,
          const HtmlSink& sink);

/// How many bytes of a page are not the profile.
[[nodiscard]] std::size_t viewer_size();

}  // namespace profiler::render
