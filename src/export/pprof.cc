#include "export/pprof.h"

#include <array>
#include <protozero/pbf_builder.hpp>
#include <ranges>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "export/clean_name.h"
#include "export/gzip.h"
#include "export/thread_samples.h"
#include "view/cause_ledger.h"
#include "view/module_name.h"

namespace profiler::exporter {
namespace {

// Field numbers of profile.proto.
enum class ProfileField : protozero::pbf_tag_type {
  kSampleType = 1,
  kSample = 2,
  kMapping = 3,
  kLocation = 4,
  kFunction = 5,
  kStringTable = 6,
  kTimeNanos = 9,
  kDurationNanos = 10,
  kPeriodType = 11,
  kPeriod = 12,
  kComment = 13,
  kDefaultSampleType = 14,
};
enum class ValueTypeField : protozero::pbf_tag_type { kType = 1, kUnit = 2 };
enum class SampleField : protozero::pbf_tag_type { kLocationId = 1, kValue = 2, kLabel = 3 };
enum class LabelField : protozero::pbf_tag_type { kKey = 1, kStr = 2, kNum = 3 };
enum class MappingField : protozero::pbf_tag_type {
  kId = 1,
  kMemoryLimit = 3,
  kFilename = 5,
  kBuildId = 6,
  kHasFunctions = 7,
  kHasFilenames = 8,
  kHasLineNumbers = 9,
  kHasInlineFrames = 10,
};
enum class LocationField : protozero::pbf_tag_type {
  kId = 1,
  kMappingId = 2,
  kAddress = 3,
  kLine = 4
};
enum class LineField : protozero::pbf_tag_type { kFunctionId = 1, kLine = 2 };
enum class FunctionField : protozero::pbf_tag_type {
  kId = 1,
  kName = 2,
  kSystemName = 3,
  kFilename = 4,
  kStartLine = 5,
};

using ProfileBuilder = protozero::pbf_builder<ProfileField>;

constexpr std::size_t kPieceSize = 65536;

class PprofWriter {
 public:
  PprofWriter(const Profile& profile, const PprofOptions& options, const Sink& sink)
      : profile_(profile),
        options_(options),
        places_(profile, options.kernel),
        gzip_(sink),
        out_(text_) {
    string("");  // Index 0, by the format.
  }

  void write(const std::vector<const Sample*>& samples) {
    write_head();
    for (const view::StackWeight& s :
         view::stack_weights(profile_, samples, view::StackOwner::kThread)) {
      write_sample(s);
      flush(kPieceSize);
    }
    write_mappings();
    for (PlaceId place = 0; place < used_places_.size(); ++place) {
      if (used_places_[place]) write_location(place);
      flush(kPieceSize);
    }
    for (FunctionId function = 0; function < used_functions_.size(); ++function) {
      if (used_functions_[function]) write_function(function);
      flush(kPieceSize);
    }
    flush(0);
    gzip_.finish();
  }

 private:
  /// Strings go out as they are met: their order is the table's.
  std::uint32_t string(std::string_view text) {
    const auto known = strings_.find(std::string(text));
    if (known != strings_.end()) return known->second;
    const auto row = static_cast<std::uint32_t>(strings_.size());
    strings_.emplace(text, row);
    protozero::pbf_builder<ProfileField>(string_text_)
        .add_string(ProfileField::kStringTable, text.data(), text.size());
    return row;
  }
  std::uint32_t clean_string(std::string_view text) {
    return text.empty() ? 0 : string(clean_name(text));
  }

  void flush(std::size_t above) {
    // Strings before what refers to them is not asked for; that each table is in order is.
    text_ += string_text_;
    string_text_.clear();
    if (text_.size() < above) return;
    gzip_.write(text_);
    text_.clear();
  }

  void value_type(ProfileField field, std::string_view type, std::string_view unit) {
    const std::uint32_t type_row = string(type);
    const std::uint32_t unit_row = string(unit);
    protozero::pbf_builder<ValueTypeField> message(out_, field);
    message.add_int64(ValueTypeField::kType, type_row);
    message.add_int64(ValueTypeField::kUnit, unit_row);
  }

  void comment(const std::string& text) {
    out_.add_int64(ProfileField::kComment, string(clean_name(text)));
  }

  [[nodiscard]] bool has_waits() const { return options_.times != Times::kOnCpu; }

  void write_head() {
    const Run& run = profile_.run;
    const EventInfo event =
        options_.event < run.events.size() ? run.events[options_.event] : EventInfo();
    const std::string name = event.is_time() ? "cpu" : clean_word(event.name, "event");
    const std::string unit = event.is_time() ? "nanoseconds" : clean_word(event.unit, "count");
    value_type(ProfileField::kSampleType, "samples", "count");
    value_type(ProfileField::kSampleType, name, unit);
    value_type(ProfileField::kSampleType, "user", unit);
    value_type(ProfileField::kSampleType, "sys", unit);
    if (has_waits()) value_type(ProfileField::kSampleType, "wait", "nanoseconds");
    // What readers show first.
    out_.add_int64(ProfileField::kDefaultSampleType,
                   string(options_.times == Times::kWaits ? "wait" : name));
    value_type(ProfileField::kPeriodType, name, unit);
    constexpr std::uint64_t kSecond = 1'000'000'000;
    std::uint64_t period = event.period;
    if (event.is_time() && event.frequency_hz != 0) period = kSecond / event.frequency_hz;
    out_.add_int64(ProfileField::kPeriod, static_cast<std::int64_t>(period));
    out_.add_int64(ProfileField::kTimeNanos, static_cast<std::int64_t>(run.start_unix_ns));
    out_.add_int64(ProfileField::kDurationNanos, static_cast<std::int64_t>(run.duration_ns));
    if (const std::string command = command_text(run); !command.empty()) comment(command);
    comment("event: " + event.name);
    if (!run.host.empty()) comment("host: " + run.host);
    for (const std::string& note : run.notes) comment(note);
  }

  void label(protozero::pbf_builder<SampleField>& sample, std::uint32_t key, std::uint32_t text) {
    protozero::pbf_builder<LabelField> message(sample, SampleField::kLabel);
    message.add_int64(LabelField::kKey, key);
    message.add_int64(LabelField::kStr, text);
  }
  void number(protozero::pbf_builder<SampleField>& sample, std::uint32_t key, std::int64_t value) {
    protozero::pbf_builder<LabelField> message(sample, SampleField::kLabel);
    message.add_int64(LabelField::kKey, key);
    message.add_int64(LabelField::kNum, value);
  }

  void add_thread(protozero::pbf_builder<SampleField>& sample, ThreadIndex index) {
    if (!index) return;
    const Thread& thread = profile_.threads[index];
    label(sample, string("thread"), string(clean_name(profile_.text(thread.name))));
    number(sample, string("tid"), thread.tid);
    if (!thread.process) return;
    const Process& process = profile_.processes[thread.process];
    number(sample, string("pid"), process.pid);
    label(sample, string("comm"), string(clean_name(profile_.text(process.name))));
  }

  void add_cause(protozero::pbf_builder<SampleField>& sample, const Stack& stack) {
    if (stack.wait != WaitClass::kNone) label(sample, string("wait"), string(name(stack.wait)));
    if (!stack.cause) return;
    const Cause& cause = profile_.causes[stack.cause];
    const auto text = [&](const KernelEntry& entry) {
      return string(clean_name(view::cause_label(entry.kind, profile_.text(entry.name))));
    };
    label(sample, string("cause"), text(cause.cause));
    if (!(cause.entry == cause.cause)) label(sample, string("entry"), text(cause.entry));
  }

  void write_sample(const view::StackWeight& s) {
    protozero::pbf_builder<SampleField> sample(out_, ProfileField::kSample);
    locations_.clear();
    for (const PlaceId place : places_.path(s)) {
      use(used_places_, place);
      locations_.push_back(place + std::uint64_t{1});
    }
    sample.add_packed_uint64(SampleField::kLocationId, locations_.rbegin(), locations_.rend());
    const view::Weight& w = s.weight;
    const std::array<std::int64_t, 5> values = {
        static_cast<std::int64_t>(w.samples), static_cast<std::int64_t>(w.all()),
        static_cast<std::int64_t>(w.user), static_cast<std::int64_t>(w.sys),
        static_cast<std::int64_t>(w.wait)};
    sample.add_packed_int64(SampleField::kValue, values.begin(),
                            values.end() - (has_waits() ? 0 : 1));
    add_thread(sample, s.thread);
    add_cause(sample, s.stack);
  }

  static void use(std::vector<bool>& used, std::uint32_t row) {
    if (row >= used.size()) used.resize(row + 1);
    used[row] = true;
  }

  /// Readers take the first mapping for the program's own.
  [[nodiscard]] std::vector<ModuleIndex> modules_in_order() const {
    std::vector<ModuleIndex> modules;
    const std::string_view command =
        profile_.run.command.empty() ? "" : view::base_name(profile_.run.command.front());
    for (const bool first : {true, false}) {
      for (std::size_t i = 0; i < profile_.modules.size(); ++i) {
        const Module& module = profile_.modules[ModuleIndex(i)];
        const bool is_program = module.kind == ModuleKind::kFile &&
                                view::base_name(profile_.text(module.path)) == command;
        if (is_program == first) modules.emplace_back(i);
      }
    }
    return modules;
  }

  /// What is known of a module's functions at all.
  struct Known {
    bool used = false;
    bool functions = false;
    bool files = false;
    bool lines = false;
    bool inlines = false;
  };

  [[nodiscard]] std::vector<Known> known_of_modules() const {
    std::vector<Known> known(profile_.modules.size());
    for (PlaceId place = 0; place < used_places_.size(); ++place) {
      const Frame* const frame = places_.frame(place);
      if (!used_places_[place] || frame == nullptr || !frame->module) continue;
      Known& module = known[frame->module.row()];
      module.used = true;
      for (const Step& step : places_.steps(place)) {
        module.functions |= places_.function(step.function) != nullptr;
        module.inlines |= step.inlined;
        if (!step.location) continue;
        module.files |= !profile_.text(profile_.locations[step.location].file).empty();
        module.lines |= profile_.locations[step.location].line != 0;
      }
    }
    return known;
  }

  void write_mappings() {
    const std::vector<Known> known = known_of_modules();
    for (const ModuleIndex index : modules_in_order()) {
      const Known& what = known[index.row()];
      if (!what.used) continue;
      const Module& module = profile_.modules[index];
      const std::uint32_t path = clean_string(profile_.text(module.path));
      const std::uint32_t build_id = clean_string(module.build_id.hex());
      protozero::pbf_builder<MappingField> mapping(out_, ProfileField::kMapping);
      mapping.add_uint64(MappingField::kId, index.row() + std::uint64_t{1});
      // From 0 to the end: to pprof, that addresses are the module's own already
      // (internal/elfexec, GetBase).
      mapping.add_uint64(MappingField::kMemoryLimit, ~std::uint64_t{0});
      mapping.add_int64(MappingField::kFilename, path);
      mapping.add_int64(MappingField::kBuildId, build_id);
      // Always: or it would look for names again, on whatever machine it runs.
      mapping.add_bool(MappingField::kHasFunctions, true);
      mapping.add_bool(MappingField::kHasFilenames, what.files);
      mapping.add_bool(MappingField::kHasLineNumbers, what.lines);
      mapping.add_bool(MappingField::kHasInlineFrames, what.inlines);
    }
  }

  void write_location(PlaceId place) {
    protozero::pbf_builder<LocationField> location(out_, ProfileField::kLocation);
    location.add_uint64(LocationField::kId, place + std::uint64_t{1});
    if (const Frame* const frame = places_.frame(place); frame != nullptr) {
      if (frame->module)
        location.add_uint64(LocationField::kMappingId, frame->module.row() + std::uint64_t{1});
      location.add_uint64(LocationField::kAddress, frame->address);
    }
    for (const Step& step : std::views::reverse(places_.steps(place))) {
      use(used_functions_, step.function);
      protozero::pbf_builder<LineField> line(location, LocationField::kLine);
      line.add_uint64(LineField::kFunctionId, step.function + std::uint64_t{1});
      if (step.location) line.add_int64(LineField::kLine, profile_.locations[step.location].line);
    }
  }

  void write_function(FunctionId id) {
    const std::uint32_t name = string(places_.name(id));
    const Function* const known = places_.function(id);
    const std::uint32_t system_name =
        known != nullptr ? clean_string(profile_.text(known->system_name)) : name;
    const std::uint32_t file = known != nullptr ? clean_string(profile_.text(known->file)) : 0;
    protozero::pbf_builder<FunctionField> function(out_, ProfileField::kFunction);
    function.add_uint64(FunctionField::kId, id + std::uint64_t{1});
    function.add_int64(FunctionField::kName, name);
    function.add_int64(FunctionField::kSystemName, system_name);
    function.add_int64(FunctionField::kFilename, file);
    if (known != nullptr) function.add_int64(FunctionField::kStartLine, known->line);
  }

  const Profile& profile_;
  const PprofOptions& options_;
  Places places_;
  GzipSink gzip_;
  std::string text_;
  std::string string_text_;
  ProfileBuilder out_;
  std::unordered_map<std::string, std::uint32_t> strings_;
  std::vector<bool> used_places_;
  std::vector<bool> used_functions_;
  std::vector<std::uint64_t> locations_;
};

}  // namespace

void write_pprof(const Profile& profile, const std::vector<const Sample*>& samples,
                 const PprofOptions& options, const Sink& sink) {
  PprofWriter(profile, options, sink).write(samples);
}

}  // namespace profiler::exporter
