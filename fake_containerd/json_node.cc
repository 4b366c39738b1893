#include "fake_containerd/json_node.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include <nlohmann/json.hpp>

#include "fake_containerd/go_duration.h"
#include "fake_containerd/nearest_word.h"

namespace fake_containerd {

using AnyJson = nlohmann::json;
using Kind = JsonValue::Kind;

namespace {

// Walks over a text behind nlohmann's parser, which has found its tokens to be right but does not
// tell where they begin.
class TokenWalk {
 public:
  explicit TokenWalk(const std::string& text) : text_(text) {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
  }

  // The offset of the next token but for commas and colons, which it passes.
  std::size_t Next() {
    SkipToToken();
    const std::size_t begin = at_;
    if (at_ >= text_.size()) return begin;
    if (text_[at_] == '"') {
      for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
        if (text_[at_] == '\\') ++at_;
      }
      ++at_;
    } else if (std::string_view("[]{}").find(text_[at_]) != std::string_view::npos) {
      ++at_;
    } else {
      at_ = std::min(text_.find_first_of("[]{},:\"/ \t\r\n", at_), text_.size());
    }
    return begin;
  }

 private:
  void SkipToToken() {
    while (at_ < text_.size()) {
      if (std::string_view(" \t\r\n,:").find(text_[at_]) != std::string_view::npos) {
        ++at_;
      } else if (text_.compare(at_, 2, "//") == 0) {
        at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
      } else if (text_.compare(at_, 2, "/*") == 0) {
        at_ = std::min(text_.find("*/", at_ + 2), text_.size() - 2) + 2;
      } else {
        return;
      }
    }
  }

  const std::string& text_;
  std::size_t at_ = 0;
};

// "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing
// value - invalid literal; last read: 'nul]'; expected …" without what the place says better.
std::string ParserMessage(std::string message) {
  const std::size_t rest = message.find(": ", message.find("column"));
  if (rest != std::string::npos) message.erase(0, rest + 2);
  if (message.starts_with('[')) message.erase(0, message.find("] ") + 2);
  const std::size_t last_read = message.find("; last read: ");
  if (last_read != std::string::npos) {
    const std::size_t expected = message.rfind("; expected ");
    const bool follows = expected != std::string::npos && expected > last_read;
    message.erase(last_read, follows ? expected - last_read : std::string::npos);
  }
  return message;
}

void AppendQuoted(std::string& out, std::string_view text) {
  out += AnyJson(std::string(text)).dump(-1, ' ', false, AnyJson::error_handler_t::replace);
}

void AppendCompact(std::string& out, const JsonValue& value) {
  switch (value.kind) {
    case Kind::kNull:
      out += "null";
      return;
    case Kind::kFlag:
      out += value.flag ? "true" : "false";
      return;
    case Kind::kNumber:
      out += value.text;
      return;
    case Kind::kText:
      AppendQuoted(out, value.text);
      return;
    case Kind::kList:
    case Kind::kObject:
      break;
  }
  const bool object = value.kind == Kind::kObject;
  out += object ? '{' : '[';
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) out += ", ";
    if (object) {
      AppendQuoted(out, value.names[i].text);
      out += ": ";
    }
    AppendCompact(out, value.items[i]);
  }
  out += object ? '}' : ']';
}

// Appends how one comes from `value` to what begins at `offset`.
bool AppendPath(std::string& path, const JsonValue& value, std::size_t offset) {
  if (value.offset == offset) return true;
  const std::size_t length = path.size();
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    const bool named = value.kind == Kind::kObject;
    if (named) {
      path.append(path.empty() ? "" : ".").append(value.names[i].text);
    } else {
      path.append("[").append(std::to_string(i)).append("]");
    }
    if (named && value.names[i].offset == offset) return true;
    if (AppendPath(path, value.items[i], offset)) return true;
    path.resize(length);
  }
  return false;
}

// The offset of a name that stands there a second time.
std::optional<std::size_t> RepeatedName(const std::vector<JsonValue::Name>& names) {
  std::vector<const JsonValue::Name*> sorted;
  for (const JsonValue::Name& name : names) sorted.push_back(&name);
  std::ranges::stable_sort(sorted, {}, [](const auto* name) { return name->text; });
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i]->text == sorted[i - 1]->text) return sorted[i]->offset;
  }
  return std::nullopt;
}

std::vector<std::size_t> LinesOf(const std::string& text) {
  std::vector<std::size_t> lines{0};
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
    lines.push_back(at + 1);
  }
  return lines;
}

}  // namespace

std::string CompactJson(const JsonValue& value) {
  std::string text;
  AppendCompact(text, value);
  return text;
}

std::string QuoteJson(std::string_view text) {
  std::string quoted;
  AppendQuoted(quoted, text);
  return quoted;
}

bool IsUtf8(std::string_view text) {
  try {
    (void)AnyJson(std::string(text)).dump();
    return true;
  } catch (const AnyJson::type_error&) {
    return false;
  }
}

// Builds the value as the parser meets its pieces, and notes where each began.
class JsonDocument::Builder : public nlohmann::json_sax<AnyJson> {
 public:
  Builder(JsonDocument& document, std::size_t deepest)
      : document_(document), deepest_(deepest), walk_(document.text_) {}

  std::size_t problem_offset() const { return problem_offset_; }
  const std::string& problem() const { return problem_; }

  bool null() override { return Add({.kind = Kind::kNull}); }
  bool boolean(bool value) override { return Add({.kind = Kind::kFlag, .flag = value}); }
  bool number_integer(number_integer_t value) override { return Number(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return Number(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& written) override { return Number(written); }
  bool string(string_t& value) override {
    return Add({.kind = Kind::kText, .text = std::move(value)});
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return Open(Kind::kObject); }
  bool start_array(std::size_t) override { return Open(Kind::kList); }
  bool end_object() override {
    const JsonValue& object = *open_.back();
    if (const auto repeated = RepeatedName(object.names)) {
      const auto name = std::ranges::find(object.names, *repeated, &JsonValue::Name::offset);
      return Problem(*repeated, "\"" + name->text + "\" stands there twice");
    }
    return Close();
  }
  bool end_array() override { return Close(); }
  bool key(string_t& value) override {
    open_.back()->names.push_back({std::move(value), walk_.Next()});
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const AnyJson::exception& error) override {
    // A bracket, comma or colon in the wrong place is the last character that was read.
    std::string what = ParserMessage(error.what());
    if (what.find("unexpected '") == std::string::npos) {
      return Problem(std::min(walk_.Next(), document_.text_.size()), std::move(what));
    }
    return Problem(std::min(position, document_.text_.size()) - 1, std::move(what));
  }

 private:
  bool Problem(std::size_t offset, std::string what) {
    problem_offset_ = offset;
    problem_ = std::move(what);
    return false;
  }
  JsonValue& Place(JsonValue value) {
    value.offset = walk_.Next();
    if (open_.empty()) return document_.root_ = std::move(value);
    open_.back()->items.push_back(std::move(value));
    return open_.back()->items.back();
  }
  bool Add(JsonValue value) {
    Place(std::move(value));
    return true;
  }
  bool Number(std::string written) {
    return Add({.kind = Kind::kNumber, .text = std::move(written)});
  }
  bool Open(Kind kind) {
    if (open_.size() >= deepest_) {
      return Problem(walk_.Next(), "this is nested too deeply, expected at most " +
                                       std::to_string(deepest_) + " levels");
    }
    open_.push_back(&Place({.kind = kind}));
    return true;
  }
  bool Close() {
    walk_.Next();
    open_.pop_back();
    return true;
  }

  JsonDocument& document_;
  const std::size_t deepest_;
  TokenWalk walk_;
  std::vector<JsonValue*>
      open_;  // the last item of the one before it, which does not grow meanwhile
  std::size_t problem_offset_ = 0;
  std::string problem_;
};

JsonDocument::JsonDocument(std::string text, Options options)
    : text_(std::move(text)), title_(std::move(options.title)), lines_(LinesOf(text_)) {
  const auto refuse = [this](std::size_t offset, std::string what) {
    const auto [line, column] = LineAndColumn(offset);
    throw JsonError{line, column, std::move(what)};
  };
  // The parser would take it for the end of the text.
  const std::size_t zero = text_.find('\0');
  if (zero != std::string::npos) refuse(zero, "a NUL byte, expected a text");
  Builder builder(*this, options.deepest);
  const char* begin = text_.data();
  if (!AnyJson::sax_parse(begin, begin + text_.size(), &builder, AnyJson::input_format_t::json,
                          true, options.comments)) {
    refuse(builder.problem_offset(), builder.problem());
  }
}

std::pair<int, int> JsonDocument::LineAndColumn(std::size_t offset) const {
  const auto after = std::ranges::upper_bound(lines_, offset);
  const auto line = after - lines_.begin();
  const std::size_t begin = lines_[static_cast<std::size_t>(line - 1)];
  const std::string_view before = std::string_view(text_).substr(begin, offset - begin);
  const auto column = std::ranges::count_if(
      before, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
  return {static_cast<int>(line), static_cast<int>(column) + 1};
}

void JsonDocument::Fail(std::size_t offset, const std::string& what) const {
  std::string place;
  AppendPath(place, root_, offset);
  const auto [line, column] = LineAndColumn(offset);
  throw JsonError{line, column, (place.empty() ? title_ : place) + " " + what};
}

void JsonNode::FailAsWord(std::string_view text, std::span<const std::string_view> expected) const {
  std::string what = "is " + QuoteJson(text) + ", expected one of ";
  for (std::size_t i = 0; i < expected.size(); ++i) {
    what.append(i > 0 ? ", " : "").append(expected[i]);
  }
  if (const auto nearest = NearestWord(text, expected)) {
    what.append("; did you mean \"").append(*nearest).append("\"?");
  }
  Fail(what);
}

const JsonNode& JsonNode::Object(std::span<const std::string_view> fields) const {
  if (kind() != Kind::kObject) Fail("is no object");
  for (const JsonValue::Name& name : value_->names) {
    if (std::ranges::find(fields, name.text) != fields.end()) continue;
    std::string what = "is unknown, expected ";
    if (fields.empty()) what += "no fields";
    if (fields.size() > 1) what += "one of ";
    for (std::size_t i = 0; i < fields.size(); ++i) {
      what.append(i > 0 ? ", " : "").append(fields[i]);
    }
    if (const auto nearest = NearestWord(name.text, fields)) {
      what.append("; did you mean \"").append(*nearest).append("\"?");
    }
    document_->Fail(name.offset, what);
  }
  return *this;
}

std::optional<JsonNode> JsonNode::Find(std::string_view field) const {
  const auto found = std::ranges::find(value_->names, field, &JsonValue::Name::text);
  if (found == value_->names.end()) return std::nullopt;
  return JsonNode(*document_,
                  value_->items[static_cast<std::size_t>(found - value_->names.begin())]);
}

JsonNode JsonNode::At(std::string_view field) const {
  const std::optional<JsonNode> found = Find(field);
  if (!found) Fail("lacks \"" + std::string(field) + "\"");
  return *found;
}

std::vector<JsonNode> JsonNode::Items() const {
  if (kind() != Kind::kList) Fail("is no array");
  std::vector<JsonNode> items;
  items.reserve(value_->items.size());
  for (const JsonValue& item : value_->items) items.emplace_back(*document_, item);
  return items;
}

std::string JsonNode::Text() const {
  if (value_->loose && kind() == Kind::kNumber) return value_->text;
  if (value_->loose && kind() == Kind::kFlag) return value_->flag ? "true" : "false";
  if (kind() != Kind::kText) Fail("is no string");
  return value_->text;
}

bool JsonNode::Flag() const {
  if (kind() != Kind::kFlag) Fail("is neither true nor false");
  return value_->flag;
}

std::uint64_t JsonNode::Number(std::uint64_t lowest, std::uint64_t highest) const {
  std::uint64_t number = 0;
  const char* end = value_->text.data() + value_->text.size();
  const auto read = std::from_chars(value_->text.data(), end, number);
  if (kind() != Kind::kNumber || read.ec != std::errc() || read.ptr != end || number < lowest ||
      number > highest) {
    Fail("is no whole number from " + std::to_string(lowest) + " to " + std::to_string(highest));
  }
  return number;
}

std::uint64_t JsonNode::Whole() const {
  return Number(0, std::numeric_limits<std::uint64_t>::max());
}

std::vector<std::pair<std::string, JsonNode>> JsonNode::Fields() const {
  if (kind() != Kind::kObject) Fail("is no object");
  std::vector<std::pair<std::string, JsonNode>> fields;
  for (std::size_t i = 0; i < value_->names.size(); ++i)
    fields.emplace_back(value_->names[i].text, JsonNode(*document_, value_->items[i]));
  return fields;
}

std::uint32_t JsonNode::Number() const {
  return static_cast<std::uint32_t>(Number(0, std::numeric_limits<std::uint32_t>::max()));
}

std::int64_t JsonNode::SignedNumber() const {
  std::int64_t number = 0;
  const char* end = value_->text.data() + value_->text.size();
  const auto read = std::from_chars(value_->text.data(), end, number);
  if (kind() != Kind::kNumber || read.ec != std::errc() || read.ptr != end) {
    Fail("is no whole number");
  }
  return number;
}

libcontainerd::Duration JsonNode::Length() const {
  const std::string text = Text();
  const auto duration = ParseGoDuration(text);
  if (!duration || *duration < libcontainerd::Duration::zero()) {
    Fail("is " + QuoteJson(text) + ", expected a duration (as 1.5s, 2m)");
  }
  return *duration;
}

}  // namespace fake_containerd
