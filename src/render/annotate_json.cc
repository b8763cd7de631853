#include "render/annotate_json.h"

#include <fmt/format.h>

#include "render/json_charge.h"
#include "render/json_writer.h"
#include "view/module_name.h"

namespace profiler::render {
namespace {

class AnnotateWriter {
 public:
  AnnotateWriter(const AnnotateInput& input, const std::vector<AsmBlock>* blocks)
      : input_(input), blocks_(blocks), is_time_(input.event->is_time()) {}

  std::string text() {
    json_.begin_object();
    json_.key("schema").string("profiler.annotate/1");
    json_.line_break().key("command").begin_array();
    for (const std::string& word : input_.profile->run.command) json_.string(word);
    json_.end();
    json_.line_break().key("event").begin_object();
    json_.key("name").string(input_.event->name);
    json_.key("frequency_hz").number_or_null(input_.event->frequency_hz);
    json_.key("unit").string(is_time_ ? "s" : input_.event->unit).end();
    function();
    json_.line_break().key("files").begin_array();
    for (std::size_t i = 0; i < input_.annotation->files.size(); ++i)
      file(input_.annotation->files[i], input_.sources[i]);
    json_.end();
    if (blocks_ != nullptr) instructions();
    json_.end();
    return json_.take() + '\n';
  }

 private:
  void function() {
    const Profile& profile = *input_.profile;
    const view::Annotation& annotation = *input_.annotation;
    const Function& function = profile.functions[annotation.functions.front()];
    json_.line_break().key("function").begin_object();
    json_.key("name").string(profile.text(function.name));
    json_.key("module").string_or_null(view::module_name(profile, function.module));
    json_.key("file").string_or_null(profile.text(function.file));
    json_.key("line").number_or_null(function.line);
    json_.key("kernel").boolean(function.kernel);
    json_.key("inlined").boolean(annotation.inlined);
    json_.key("copies").begin_array();
    for (const FunctionIndex copy : annotation.functions)
      json_.string(profile.text(profile.functions[copy].name));
    json_.end();
    write_charge(json_, annotation.charge, is_time_);
    json_.end();
  }

  void file(const view::AnnotatedFile& file, const SourceText& source) {
    json_.line_break().begin_object();
    json_.key("file").string_or_null(file.path);
    json_.key("source").string_or_null(source.path);
    json_.key("source_newer").boolean(source.newer);
    write_charge(json_, file.charge, is_time_);
    json_.key("lines").begin_array();
    for (const view::AnnotatedLine& line : file.lines) {
      json_.line_break().begin_object();
      json_.key("line").number_or_null(line.line).key("text");
      if (const std::string* text = source.line(line.line)) {
        json_.string(*text);
      } else {
        json_.null();
      }
      write_charge(json_, line.charge, is_time_);
      json_.key("callees").begin_array();
      for (const view::LineCallee& callee : line.callees) {
        json_.begin_object().key("name").string(callee.name);
        json_.key("inlined").boolean(callee.inlined).key("kernel").boolean(callee.kernel);
        write_weight(json_, "total", callee.weight, is_time_);
        json_.end();
      }
      json_.end().end();
    }
    json_.end().end();
  }

  void instructions() {
    json_.line_break().key("instructions").begin_array();
    for (const AsmBlock& block : *blocks_) {
      for (const AsmInstruction& in : block.instructions) {
        json_.line_break().begin_object();
        json_.key("module").string(block.module).key("symbol").string(block.symbol);
        json_.key("address").string(fmt::format("0x{:x}", in.address));
        json_.key("text").string(in.text);
        json_.key("file").string_or_null(in.line == 0 ? "" : block.files[in.file]);
        json_.key("line").number_or_null(in.line);
        json_.key("inlined").string_or_null(in.inlined);
        json_.key("inlined_file").string_or_null(in.inlined_file);
        json_.key("inlined_line").number_or_null(in.inlined_line);
        write_charge(json_, in.charge, is_time_);
        json_.end();
      }
    }
    json_.end();
  }

  const AnnotateInput& input_;
  const std::vector<AsmBlock>* blocks_;
  bool is_time_;
  JsonWriter json_;
};

}  // namespace

std::string annotate_json(const AnnotateInput& input, const std::vector<AsmBlock>* blocks) {
  return AnnotateWriter(input, blocks).text();
}

}  // namespace profiler::render
