#include "export/speedscope.h"

#include <string_view>

#include "export/thread_samples.h"
#include "render/json_writer.h"
#include "view/module_name.h"

namespace profiler::exporter {
namespace {

constexpr std::size_t kPieceSize = 65536;

class SpeedscopeWriter {
 public:
  SpeedscopeWriter(const Profile& profile, const SpeedscopeOptions& options, const Sink& sink)
      : profile_(profile),
        options_(options),
        sink_(sink),
        places_(profile, options.kernel),
        stacks_(profile) {}

  void write(const std::vector<const Sample*>& samples) {
    const std::vector<ThreadSamples> threads = samples_by_thread(profile_, samples);
    json_.begin_object();
    json_.key("$schema").string("https://www.speedscope.app/file-format-schema.json");
    json_.key("exporter").string("profiler");
    if (const std::string name = command_text(profile_.run); !name.empty())
      json_.key("name").string(name);
    json_.key("activeProfileIndex").number(threads.empty() ? 0 : heaviest_first(threads).front());
    json_.key("profiles").begin_array();
    for (const ThreadSamples& thread : threads) write_thread(thread);
    json_.end();
    json_.line_break().key("shared").begin_object().key("frames").begin_array();
    for (const FunctionId function : frames_) write_frame(function);
    json_.end().end().end();
    sink_(json_.drain() + "\n");
  }

 private:
  void flush() {
    if (json_.size() >= kPieceSize) sink_(json_.drain());
  }

  [[nodiscard]] std::string_view unit() const {
    const auto& events = profile_.run.events;
    if (options_.event >= events.size() || events[options_.event].is_time()) return "nanoseconds";
    return events[options_.event].unit == "bytes" ? "bytes" : "none";
  }

  void write_thread(const ThreadSamples& thread) {
    json_.line_break().begin_object();
    json_.key("type").string("sampled");
    json_.key("name").string(thread_title(profile_, thread.thread));
    json_.key("unit").string(unit());
    json_.key("startValue").number(0).key("endValue").number(thread.weight);
    weights_.clear();
    json_.key("samples").begin_array();
    const Sample* previous = nullptr;
    for (const Sample* sample : thread.samples) {
      if (previous != nullptr && is_same_stack(*previous, *sample)) {
        weights_.back() += sample->weight;
        continue;
      }
      previous = sample;
      write_stack(*sample);
      weights_.push_back(sample->weight);
      flush();
    }
    json_.end().key("weights").begin_array();
    for (const std::uint64_t weight : weights_) {
      json_.number(weight);
      flush();
    }
    json_.end().end();
  }

  static bool is_same_stack(const Sample& a, const Sample& b) {
    return a.stack == b.stack && a.mode == b.mode && a.wait == b.wait;
  }

  void write_stack(const Sample& sample) {
    json_.begin_array();
    for (const PlaceId place : places_.path(stacks_.of(sample)))
      for (const Step& step : places_.steps(place)) json_.number(frame_row(step.function));
    json_.end();
  }

  /// Frames are numbered as they are met.
  std::uint32_t frame_row(FunctionId function) {
    if (function >= rows_.size()) rows_.resize(function + 1, kNoRow);
    std::uint32_t& row = rows_[function];
    if (row == kNoRow) {
      row = static_cast<std::uint32_t>(frames_.size());
      frames_.push_back(function);
    }
    return row;
  }

  void write_frame(FunctionId id) {
    json_.line_break().begin_object().key("name").string(places_.name(id));
    const Function* const function = places_.function(id);
    if (function != nullptr && !profile_.text(function->file).empty()) {
      json_.key("file").string(profile_.text(function->file));
      if (function->line != 0) json_.key("line").number(function->line);
    } else if (const ModuleIndex module = places_.module(id); module) {
      json_.key("file").string(view::module_name(profile_, module));
    }
    json_.end();
    flush();
  }

  static constexpr std::uint32_t kNoRow = ~std::uint32_t{0};

  const Profile& profile_;
  const SpeedscopeOptions& options_;
  const Sink& sink_;
  Places places_;
  view::ChargedStacks stacks_;
  render::JsonWriter json_;
  std::vector<std::uint32_t> rows_;  ///< Of functions, in frames_.
  std::vector<FunctionId> frames_;
  std::vector<std::uint64_t> weights_;
};

}  // namespace

void write_speedscope(const Profile& profile, const std::vector<const Sample*>& samples,
                      const SpeedscopeOptions& options, const Sink& sink) {
  SpeedscopeWriter(profile, options, sink).write(samples);
}

}  // namespace profiler::exporter
