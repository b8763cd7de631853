#include "export/firefox.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>

#include "export/clean_name.h"
#include "export/firefox_categories.h"
#include "export/firefox_tables.h"
#include "export/thread_samples.h"
#include "render/json_writer.h"
#include "view/module_name.h"
#include "view/wait_ledger.h"

namespace profiler::exporter {
namespace {

constexpr std::size_t kPieceSize = 65536;
constexpr std::uint64_t kProcessedVersion = 61;
// Of Firefox's own format, which this is not made of: that of the same time.
constexpr std::uint64_t kGeckoVersion = 34;
constexpr std::size_t kVisibleThreads = 15;

// MarkerPhase
constexpr std::uint64_t kInstant = 0;
constexpr std::uint64_t kInterval = 1;

struct MarkerField {
  std::string_view key;
  std::string_view label;
  std::string_view format;
};

/// A run of samples in one call, or a wait.
struct Marker {
  const Sample* sample = nullptr;  ///< The first.
  std::uint64_t begin_ns = 0;
  std::uint64_t end_ns = 0;
  std::uint64_t samples = 0;
  std::uint64_t weight = 0;
  [[nodiscard]] bool is_wait() const { return sample->mode == Mode::kWait; }
};

class FirefoxWriter {
 public:
  FirefoxWriter(const Profile& profile, const FirefoxOptions& options, const Sink& sink)
      : profile_(profile),
        options_(options),
        sink_(sink),
        categories_(profile),
        tables_(profile, categories_, options.kernel),
        wait_name_(tables_.string("Wait")),
        call_name_(tables_.string("System call")) {
    const auto& events = profile.run.events;
    event_ = options.event < events.size() ? events[options.event] : EventInfo();
    name_processes();
  }

  void write(const std::vector<const Sample*>& samples) {
    for (const view::IdleThreads& idle : view::idle_threads(profile_, samples))
      idle_.insert(idle.rows.begin(), idle.rows.end());
    const std::vector<ThreadSamples> threads = samples_by_thread(profile_, samples);
    json_.begin_object();
    write_meta(threads);
    json_.line_break().key("threads").begin_array();
    for (const ThreadSamples& thread : threads) write_thread(thread);
    json_.end();
    tables_.write(json_, [this] { flush(); });
    json_.end();
    sink_(json_.drain() + "\n");
  }

 private:
  void flush() {
    if (json_.size() >= kPieceSize) sink_(json_.drain());
  }

  /// A number is a process's only until it runs another program: "100", then "100.1".
  void name_processes() {
    std::map<Pid, std::size_t> seen;
    for (const Process& process : profile_.processes) {
      std::string text = std::to_string(process.pid);
      if (const std::size_t before = seen[process.pid]++; before != 0)
        text += "." + std::to_string(before);
      process_ids_.push_back(std::move(text));
    }
  }

  void write_meta(const std::vector<ThreadSamples>& threads) {
    const Run& run = profile_.run;
    constexpr std::uint64_t kSecond = 1'000'000'000;
    json_.key("meta").begin_object();
    json_.key("interval")
        .milliseconds(event_.is_time() && event_.frequency_hz != 0 ? kSecond / event_.frequency_hz
                                                                   : 1'000'000);
    json_.key("startTime").milliseconds(run.start_unix_ns);
    json_.key("profilingStartTime").number(0);
    std::uint64_t end_ns = run.duration_ns;
    for (const ThreadSamples& thread : threads)
      end_ns = std::max(end_ns, end_of(*thread.samples.back()));
    json_.key("profilingEndTime").milliseconds(end_ns);
    json_.key("processType").number(0).key("stackwalk").number(1).key("debug").boolean(false);
    json_.key("version").number(kGeckoVersion);
    json_.key("preprocessedProfileVersion").number(kProcessedVersion);
    const std::string command = command_text(run);
    json_.key("product").string(command.empty() ? "profiler"
                                                : clean_name(view::base_name(run.command.front())));
    json_.key("importedFrom").string("profiler");
    json_.key("arguments").string(command);
    json_.key("oscpu").string(clean_name("Linux " + run.architecture));
    if (run.cpus != 0) json_.key("logicalCPUs").number(run.cpus);
    json_.key("symbolicated").boolean(true);
    json_.key("symbolicationNotSupported").boolean(true);
    json_.key("usesOnlyOneStackType").boolean(true);
    json_.key("sourceCodeIsNotOnSearchfox").boolean(true);
    json_.key("sampleUnits").begin_object().key("time").string("ms");
    json_.key("eventDelay").string("ms").key("threadCPUDelta").string("ns").end();
    categories_.write(json_);
    write_marker_schema();
    write_visible_threads(threads);
    write_extra();
    json_.end();
  }

  void write_visible_threads(const std::vector<ThreadSamples>& threads) {
    std::vector<std::size_t> order = heaviest_first(threads);
    order.resize(std::min(order.size(), kVisibleThreads));
    json_.key("initialVisibleThreads").begin_array();
    for (const std::size_t i : order) json_.number(i);
    json_.end().key("initialSelectedThreads").begin_array();
    if (!order.empty()) json_.number(order.front());
    json_.end();
  }

  void write_extra() {
    const auto entry = [&](std::string_view label, std::string_view format) -> render::JsonWriter& {
      json_.begin_object().key("label").string(label).key("format").string(format);
      return json_.key("value");
    };
    json_.key("extra").begin_array().begin_object().key("label").string("Recording");
    json_.key("entries").begin_array();
    entry("Event", "string").string(clean_name(event_.name)).end();
    entry("Samples lost", "integer").number(profile_.run.losses.target_samples_lost()).end();
    json_.end().end().end();
  }

  void write_schema(std::string_view name, std::string_view label, std::string_view description,
                    std::initializer_list<MarkerField> fields) {
    json_.line_break().begin_object().key("name").string(name);
    for (const std::string_view where : {"tooltipLabel", "tableLabel", "chartLabel"})
      json_.key(where).string(label);
    json_.key("display").begin_array();
    for (const std::string_view place : {"marker-chart", "marker-table", "timeline-overview"})
      json_.string(place);
    json_.end().key("fields").begin_array();
    for (const MarkerField& field : fields) {
      json_.begin_object().key("key").string(field.key).key("label").string(field.label);
      json_.key("format").string(field.format).end();
    }
    json_.end().key("description").string(description).end();
  }

  void write_marker_schema() {
    json_.line_break().key("markerSchema").begin_array();
    write_schema("Wait", "{marker.data.for} {marker.data.call}",
                 "Off the CPU. Several short waits are one marker, where the first began.",
                 {{"for", "For", "unique-string"},
                  {"call", "Entered the kernel by", "unique-string"},
                  {"waits", "Waits", "integer"},
                  {"total", "Together", "duration"}});
    write_schema("SystemCall", "{marker.data.call}",
                 "Samples in the kernel, by one system call. What lies between them is not known.",
                 {{"call", "Call", "unique-string"},
                  {"samples", "Samples", "integer"},
                  {"total", "CPU time", "duration"}});
    json_.end();
  }

  template <class Rows, class Value>
  void column(std::string_view name, const Rows& rows, Value value) {
    json_.key(name).begin_array();
    for (const auto& row : rows) {
      value(row);
      flush();
    }
    json_.end();
  }

  void write_thread(const ThreadSamples& thread) {
    const bool known = static_cast<bool>(thread.thread);
    const Thread row = known ? profile_.threads[thread.thread] : Thread();
    const Process process = row.process ? profile_.processes[row.process] : Process();
    const std::string id = row.process ? process_ids_[row.process.row()] : "0";
    const std::size_t dot = id.find('.');
    json_.line_break().begin_object();
    json_.key("processType").string("default");
    json_.key("processStartupTime").number(0).key("processShutdownTime").null();
    json_.key("registerTime").milliseconds(thread.samples.front()->time_ns);
    json_.key("unregisterTime").milliseconds(end_of(*thread.samples.back()));
    json_.key("pausedRanges").begin_array().end();
    json_.key("showMarkersInTimeline").boolean(true);
    json_.key("name").string(known ? clean_name(profile_.text(row.name)) : "[no thread]");
    json_.key("isMainThread").boolean(known && row.tid == process.pid);
    json_.key("processName").string(clean_name(profile_.text(process.name)));
    json_.key("pid").string(id);
    json_.key("tid").string(std::to_string(row.tid) +
                            (dot == std::string::npos ? "" : id.substr(dot)));
    write_samples(thread, idle_.contains(thread.thread));
    write_markers(thread, idle_.contains(thread.thread));
    json_.end();
  }

  static std::uint64_t end_of(const Sample& sample) {
    return sample.time_ns + (sample.mode == Mode::kWait ? sample.weight : 0);
  }

  void write_samples(const ThreadSamples& thread, bool idle) {
    std::vector<const Sample*> samples;
    for (const Sample* sample : thread.samples)
      if (options_.wait_samples || sample->mode != Mode::kWait) samples.push_back(sample);
    json_.key("samples").begin_object();
    column("stack", samples, [&](const Sample* s) { json_.number(tables_.stack(*s, idle)); });
    column("time", samples, [&](const Sample* s) { json_.milliseconds(s->time_ns); });
    if (event_.is_time()) {
      column("weight", samples, [&](const Sample* s) { json_.milliseconds(s->weight); });
      json_.key("weightType").string("tracing-ms");
      column("threadCPUDelta", samples,
             [&](const Sample* s) { json_.number(s->mode == Mode::kWait ? 0 : s->weight); });
    } else {
      column("weight", samples, [&](const Sample* s) { json_.number(s->weight); });
      json_.key("weightType").string(event_.unit == "bytes" ? "bytes" : "samples");
    }
    json_.key("length").number(samples.size()).end();
  }

  /// The call that a sample was in the kernel for; none: another reason, or user mode.
  [[nodiscard]] StringIndex call_of(const Sample& sample) const {
    const CauseIndex cause = sample.stack ? profile_.stacks[sample.stack].cause : CauseIndex();
    if (sample.mode == Mode::kUser || !cause) return {};
    const KernelEntry& entry = profile_.causes[cause].entry;
    return entry.kind == KernelEntryKind::kSyscall ? entry.name : StringIndex();
  }

  [[nodiscard]] std::vector<Marker> markers_of(const ThreadSamples& thread) const {
    std::vector<Marker> markers;
    StringIndex call;  // Of the last marker, while it goes on.
    std::uint64_t until_ns = 0;
    for (const Sample* s : thread.samples) {
      const StringIndex this_call = call_of(*s);
      if (s->mode == Mode::kWait) {
        const bool one = s->waits == 1;
        markers.push_back({.sample = s,
                           .begin_ns = s->time_ns,
                           .end_ns = one ? end_of(*s) : s->time_ns,
                           .samples = s->waits,
                           .weight = s->weight});
      } else if (this_call && this_call == call) {
        Marker& run = markers.back();
        run.end_ns = s->time_ns;
        run.weight += s->weight;
        ++run.samples;
      } else if (this_call) {
        // A sample stands for the time before it.
        const std::uint64_t before = event_.is_time() ? s->weight : 0;
        const std::uint64_t gap = s->time_ns - std::min(until_ns, s->time_ns);
        markers.push_back({.sample = s,
                           .begin_ns = s->time_ns - std::min(before, gap),
                           .end_ns = s->time_ns,
                           .samples = 1,
                           .weight = s->weight});
      }
      call = s->mode == Mode::kWait ? StringIndex() : this_call;
      until_ns = end_of(*s);
    }
    return markers;
  }

  void write_marker_data(const Marker& marker, bool idle) {
    const Sample& sample = *marker.sample;
    json_.begin_object().key("type").string(marker.is_wait() ? "Wait" : "SystemCall");
    if (marker.is_wait()) json_.key("for").number(tables_.string(name(sample.wait)));
    if (const StringIndex call = call_of(sample); call)
      json_.key("call").number(tables_.string(clean_name(profile_.text(call))));
    json_.key(marker.is_wait() ? "waits" : "samples").number(marker.samples);
    if (event_.is_time()) json_.key("total").milliseconds(marker.weight);
    json_.key("cause").begin_object().key("time").milliseconds(sample.time_ns);
    json_.key("stack").number(tables_.stack(sample, idle)).end().end();
  }

  void write_markers(const ThreadSamples& thread, bool idle) {
    const std::vector<Marker> markers = markers_of(thread);
    json_.key("markers").begin_object();
    column("data", markers, [&](const Marker& m) { write_marker_data(m, idle); });
    column("name", markers,
           [&](const Marker& m) { json_.number(m.is_wait() ? wait_name_ : call_name_); });
    column("startTime", markers, [&](const Marker& m) { json_.milliseconds(m.begin_ns); });
    column("endTime", markers, [&](const Marker& m) {
      if (is_instant(m)) {
        json_.null();
      } else {
        json_.milliseconds(m.end_ns);
      }
    });
    column("phase", markers,
           [&](const Marker& m) { json_.number(is_instant(m) ? kInstant : kInterval); });
    column("category", markers, [&](const Marker& m) {
      json_.number(m.is_wait() ? FirefoxCategories::of_wait(m.sample->wait, idle).category
                               : FirefoxCategories::kSystemCall);
    });
    json_.key("length").number(markers.size()).end();
  }

  /// Several waits have no one end.
  static bool is_instant(const Marker& marker) { return marker.is_wait() && marker.samples != 1; }

  const Profile& profile_;
  const FirefoxOptions& options_;
  const Sink& sink_;
  EventInfo event_;
  FirefoxCategories categories_;
  FirefoxTables tables_;
  std::uint32_t wait_name_;
  std::uint32_t call_name_;
  std::vector<std::string> process_ids_;  ///< By row of Profile::processes.
  std::unordered_set<ThreadIndex> idle_;
  render::JsonWriter json_;
};

}  // namespace

void write_firefox(const Profile& profile, const std::vector<const Sample*>& samples,
                   const FirefoxOptions& options, const Sink& sink) {
  FirefoxWriter(profile, options, sink).write(samples);
}

}  // namespace profiler::exporter
