#include "cli/event_options.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "cli/spelling.h"

namespace profiler::cli {
namespace {

using record::NamedEvent;
using record::Tracefs;
using record::TracepointName;

/// Named in an error: a line should stay one.
constexpr std::size_t kShown = 16;

bool is_pattern(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

std::string quoted(const std::string& text) { return "'" + text + "'"; }

/// "a, b and 3 more"
std::string some_of(std::span<const std::string> names) {
  std::string text;
  for (const std::string& name : names.first(std::min(names.size(), kShown)))
    text += (text.empty() ? "" : ", ") + name;
  if (names.size() > kShown) text += " and " + std::to_string(names.size() - kShown) + " more";
  return text;
}

/// The nearest of the names, or what there is.
std::string advice_of(const std::string& wanted, std::span<const std::string> names) {
  const std::string nearest = nearest_name(wanted, names);
  return nearest.empty() ? "there are " + some_of(names) : "did you mean " + nearest + "?";
}

/// One call of parse_events().
class EventParser {
 public:
  explicit EventParser(const std::function<Result<Tracefs>()>& open) : open_(open) {}

  Result<void> add(const std::string& text) {
    const std::size_t colon = text.find(':');
    if (text.empty()) return std::unexpected(Error{.what = "-e: an event has no name"});
    if (colon == std::string::npos) return add_named(text);
    return add_tracepoints({.system = text.substr(0, colon), .name = text.substr(colon + 1)});
  }

  std::vector<NamedEvent> take() { return std::move(events_); }

 private:
  void add_once(NamedEvent event) {
    const bool known = std::ranges::any_of(events_, [&](const NamedEvent& other) {
      return other.type == event.type && other.config == event.config;
    });
    if (!known) events_.push_back(std::move(event));
  }

  Result<void> add_named(const std::string& name) {
    auto event = record::parse_event_name(name);
    if (!event) {
      Error error = event.error();
      const std::string nearest = nearest_name(name, record::event_names());
      if (nearest.empty()) {
        error.advice += ", and trace points: SYSTEM:NAME";
      } else {
        error.advice = "did you mean " + nearest + "?";
      }
      return std::unexpected(std::move(error));
    }
    add_once(*std::move(event));
    return {};
  }

  Result<void> add_tracepoints(const TracepointName& wanted) {
    if (record::parse_event_name(wanted.system)) {
      return std::unexpected(
          Error{.what = "event " + wanted.system + " takes no " + quoted(":" + wanted.name),
                .advice = "user and kernel mode are both sampled; report --sys shows one of them"});
    }
    if (!tracefs_) {
      auto opened = open_();
      if (!opened) return std::unexpected(opened.error());
      tracefs_.emplace(*std::move(opened));
    }
    const auto found = tracefs_->matching(wanted.system, wanted.name);
    if (!found) return std::unexpected(found.error());
    if (found->empty()) return std::unexpected(missing(wanted));
    for (const TracepointName& point : *found) {
      const auto id = tracefs_->id(point);
      // A few, such as ftrace's own, cannot be opened.
      if (!id && found->size() > 1 && is_pattern(wanted.text())) continue;
      if (!id) return std::unexpected(id.error());
      add_once(record::tracepoint_event(point, *id));
    }
    return {};
  }

  Error missing(const TracepointName& wanted) const {
    Error error{.what = is_pattern(wanted.text()) ? "no trace point matches " + wanted.text()
                                                  : "no trace point " + wanted.text()};
    const auto systems = tracefs_->systems();
    if (!systems) return systems.error();
    if (std::ranges::binary_search(*systems, wanted.system)) {
      const auto names = tracefs_->names(wanted.system);
      if (names && !names->empty()) {
        const std::string nearest = nearest_name(wanted.name, *names);
        error.advice = nearest.empty() ? wanted.system + " has " + some_of(*names)
                                       : "did you mean " + wanted.system + ":" + nearest + "?";
      }
    } else if (!is_pattern(wanted.system)) {
      error.what += ": there is no subsystem " + quoted(wanted.system);
      error.advice = advice_of(wanted.system, *systems);
    }
    return error;
  }

  const std::function<Result<Tracefs>()>& open_;
  std::optional<Tracefs> tracefs_;
  std::vector<NamedEvent> events_;
};

}  // namespace

Result<std::vector<NamedEvent>> parse_events(std::span<const std::string> given,
                                             const std::function<Result<Tracefs>()>& tracefs) {
  EventParser parser(tracefs);
  for (const std::string& list : given) {
    std::size_t begin = 0;
    for (;;) {
      const std::size_t comma = std::min(list.find(',', begin), list.size());
      if (auto added = parser.add(list.substr(begin, comma - begin)); !added)
        return std::unexpected(added.error());
      if (comma == list.size()) break;
      begin = comma + 1;
    }
  }
  return parser.take();
}

}  // namespace profiler::cli
