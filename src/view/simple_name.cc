#include "view/simple_name.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>
#include <vector>

namespace profiler::view {
namespace {

/// Nobody reads further than that; it bounds the work on a hostile name.
constexpr std::size_t kLongest = 16384;
constexpr int kDeepest = 64;

/// Of std, and of the namespaces in it.
constexpr std::array<std::string_view, 4> kInlineNamespaces = {
    "::__cxx11::", "::__1::", "::__ndk1::", "::_V2::"};

struct Abbreviation {
  std::string_view before;  ///< The template with the arguments that are left.
  std::string_view after;
};
constexpr std::array<Abbreviation, 8> kAbbreviations = {{
    {"std::basic_string<char>", "std::string"},
    {"std::basic_string<wchar_t>", "std::wstring"},
    {"std::basic_string_view<char>", "std::string_view"},
    {"std::basic_ostream<char>", "std::ostream"},
    {"std::basic_istream<char>", "std::istream"},
    {"std::basic_iostream<char>", "std::iostream"},
    {"std::basic_streambuf<char>", "std::streambuf"},
    {"std::basic_ios<char>", "std::ios"},
}};

constexpr std::array<std::string_view, 7> kDefaultArguments = {
    "std::allocator<", "std::char_traits<", "std::less<",          "std::hash<",
    "std::equal_to<",  "std::_Select1st<",  "std::default_delete<"};

bool is_identifier(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$';
}

/// '>' of "->" closes nothing.
bool closes(std::string_view name, std::size_t i) {
  return name[i] == '>' && (i == 0 || name[i - 1] != '-');
}

/// The qualified name that `text` ends with: "std::vector" of "int f(std::vector".
std::string_view last_qualified_name(std::string_view text) {
  std::size_t begin = text.size();
  while (begin > 0 && (is_identifier(text[begin - 1]) || text[begin - 1] == ':')) --begin;
  return text.substr(begin);
}

/// Copies a name, bracket by bracket, leaving out what is said in the header.
class Simplifier {
 public:
  explicit Simplifier(std::string_view name) : name_(name) {}

  std::optional<std::string> run() {
    std::string out = sequence('\0', 0);
    if (failed_ || at_ != name_.size()) return std::nullopt;
    return out;
  }

 private:
  /// Up to a closing bracket or comma of its own level, which is left; at the outermost level, a
  /// comma is text.
  std::string sequence(char close, int depth) {
    std::string out;
    while (at_ < name_.size() && !failed_) {
      if (const std::size_t length = operator_length(name_, at_); length != 0) {
        out += name_.substr(at_, length);
        at_ += length;
        if (at_ < name_.size() && name_[at_] == '<') group(out, '>', depth);
        continue;
      }
      const char c = name_[at_];
      if (c == '<') {
        group(out, '>', depth);
      } else if (c == '(') {
        group(out, ')', depth);
      } else if (c == '{') {
        group(out, '}', depth);
      } else if (c == ')' || c == '}' || closes(name_, at_)) {
        failed_ = c != close;
        return out;
      } else if (c == ',' && close != '\0') {
        return out;
      } else {
        out += c;
        ++at_;
        if (c == ':') leave_out_inline_namespace(out);
      }
    }
    failed_ = failed_ || close != '\0';
    return out;
  }

  /// From an opening bracket to its closing one, both included.
  void group(std::string& out, char close, int depth) {
    if (depth >= kDeepest) {
      failed_ = true;
      return;
    }
    const char open = name_[at_++];
    std::vector<std::string> arguments;
    while (!failed_) {
      while (at_ < name_.size() && name_[at_] == ' ') ++at_;
      arguments.push_back(sequence(close, depth + 1));
      if (failed_) return;
      if (name_[at_++] != ',') break;
    }
    if (close == '>') {
      // The space of "> >".
      for (std::string& argument : arguments)
        while (argument.ends_with(' ')) argument.pop_back();
      leave_out_defaults(last_qualified_name(out), arguments);
    }
    out += open;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (i != 0) out += ", ";
      out += arguments[i];
    }
    out += close;
    if (close == '>') abbreviate(out);
  }

  static void leave_out_inline_namespace(std::string& out) {
    for (const std::string_view inline_namespace : kInlineNamespaces) {
      if (out.ends_with(inline_namespace) && last_qualified_name(out).starts_with("std::"))
        out.resize(out.size() - inline_namespace.size() + std::string_view("::").size());
    }
  }

  static void leave_out_defaults(std::string_view of, std::vector<std::string>& arguments) {
    if (!of.starts_with("std::")) return;
    const auto is_default = [](const std::string& argument) {
      return std::ranges::any_of(kDefaultArguments,
                                 [&](std::string_view d) { return argument.starts_with(d); });
    };
    while (arguments.size() > 1 && is_default(arguments.back())) arguments.pop_back();
  }

  static void abbreviate(std::string& out) {
    for (const Abbreviation& a : kAbbreviations) {
      if (!out.ends_with(a.before)) continue;
      const std::size_t begin = out.size() - a.before.size();
      if (begin > 0 && (is_identifier(out[begin - 1]) || out[begin - 1] == ':')) continue;
      out.replace(begin, a.before.size(), a.after);
    }
  }

  std::string_view name_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

/// Where things are in a name whose brackets match, outside of all brackets.
struct Shape {
  std::size_t name = 0;        ///< Where the qualified name begins, behind a return type.
  std::size_t parameters = 0;  ///< '(' of the parameters; the end of the name if there are none.
  std::size_t arguments = 0;   ///< '<' of the function's own template arguments; else parameters.
};

Shape shape_of(std::string_view name) {
  Shape shape{.name = 0, .parameters = name.size(), .arguments = name.size()};
  int depth = 0;
  std::size_t last_space = std::string_view::npos;
  bool in_operator = false;
  std::size_t angle = name.size();
  std::size_t angle_end = name.size();
  constexpr std::string_view kAnonymous = "(anonymous namespace)";
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (const std::size_t length = operator_length(name, i); length != 0) {
      if (depth == 0) {
        in_operator = true;
        angle = name.size();
      }
      i += length - 1;
      continue;
    }
    const char c = name[i];
    if (depth == 0 && name.substr(i).starts_with(kAnonymous)) {
      i += kAnonymous.size() - 1;
      continue;
    }
    if (depth == 0 && c == '(') {
      // What follows the parameters is "const", "&", "[clone .cold]", or the name goes on: those
      // were of a function that this one is local to.
      std::size_t end = i;
      for (int level = 0; end < name.size(); ++end) {
        if (name[end] == '(') ++level;
        if (name[end] == ')' && --level == 0) break;
      }
      // "decltype (x) f<int>()"; Go's "main.(*Arena).grow".
      const std::string_view before = name.substr(0, i);
      if (before.ends_with("decltype ") || before.ends_with("decltype") || before.ends_with('.')) {
        i = end;
        continue;
      }
      std::string_view rest = name.substr(std::min(end + 1, name.size()));
      constexpr std::string_view kConst = " const";
      const bool is_const = rest.starts_with(kConst);
      if (is_const) rest.remove_prefix(kConst.size());
      if (!rest.starts_with("::")) {
        shape.parameters = i;
        break;
      }
      i = end + (is_const ? kConst.size() : 0);
      continue;
    }
    if (c == '(' || c == '<' || c == '{' || c == '[') {
      if (depth == 0 && c == '<') angle = i;
      ++depth;
    } else if (c == ')' || c == '}' || c == ']' || closes(name, i)) {
      --depth;
      if (depth == 0 && c == '>') angle_end = i + 1;
    } else if (c == ' ' && depth == 0 && !in_operator) {
      last_space = i;
    } else if (c == ':' && depth == 0) {
      in_operator = false;
    }
  }
  shape.arguments =
      angle != name.size() && angle_end == shape.parameters ? angle : shape.parameters;
  if (shape.parameters != name.size() && last_space != std::string_view::npos) {
    const std::string_view before = name.substr(0, last_space);
    const std::string_view after = name.substr(last_space + 1);
    // "non-virtual thunk to f()", "guard variable for f()::x"; "Function: (anonymous) a.js" of
    // node.
    const bool is_phrase =
        before.ends_with(" to") || before.ends_with(" for") || before.ends_with(':');
    const bool is_name =
        is_identifier(after.front()) || after.starts_with(kAnonymous) || after.front() == '{';
    if (!is_phrase && is_name) shape.name = last_space + 1;
  }
  return shape;
}

/// None if the brackets do not match.
std::optional<std::string> with_brackets_simplified(std::string_view name) {
  if (name.size() > kLongest) return std::nullopt;
  return Simplifier(name).run();
}

}  // namespace

std::size_t operator_length(std::string_view name, std::size_t i) {
  constexpr std::string_view kWord = "operator";
  if (name.substr(i, kWord.size()) != kWord || (i > 0 && is_identifier(name[i - 1]))) return 0;
  std::size_t end = i + kWord.size();
  if (end < name.size() && is_identifier(name[end])) return 0;
  // Longest first, of those with brackets or what may be taken for one.
  constexpr std::array<std::string_view, 14> kSymbols = {
      "<=>", "<<=", ">>=", "->*", "()", "[]", "->", "<<", ">>", "<=", ">=", "<", ">", ","};
  for (const std::string_view symbol : kSymbols) {
    if (name.substr(end, symbol.size()) != symbol) continue;
    end += symbol.size();
    // "operator< <int>(…)"
    if (name.substr(end, 2) == " <") ++end;
    break;
  }
  return end - i;
}

std::string simple_name(std::string_view name) {
  const auto simple = with_brackets_simplified(name);
  return simple ? simple->substr(shape_of(*simple).name) : std::string(name);
}

std::string base_function_name(std::string_view name) {
  const auto simple = with_brackets_simplified(name);
  if (!simple) return std::string(name);
  const Shape shape = shape_of(*simple);
  std::string base = simple->substr(shape.name, shape.arguments - shape.name);
  while (base.ends_with(' ')) base.pop_back();
  return base.empty() ? *simple : base;
}

std::string without_parameters(std::string_view name) {
  const auto simple = with_brackets_simplified(name);
  if (!simple) return std::string(name);
  const Shape shape = shape_of(*simple);
  return simple->substr(shape.name, shape.parameters - shape.name);
}

}  // namespace profiler::view
