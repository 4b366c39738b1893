#include "fake_containerd/script_node.h"

#include <cctype>
#include <iterator>
#include <limits>

#include "fake_containerd/go_duration.h"

namespace fake_containerd {

using Json = nlohmann::json;

namespace {

// Reads a text and knows the line of the last character that is no white space: that of the token
// which the parser has just read.
struct Position {
  int line = 1;
  int token_line = 1;
};

class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, Position* position) : at_(at), position_(position) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    if (*at_ == '\n') ++position_->line;
    if (std::isspace(static_cast<unsigned char>(*at_)) == 0)
      position_->token_line = position_->line;
    ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ == b.at_;
  }
  friend bool operator!=(const CountingIterator& a, const CountingIterator& b) { return !(a == b); }

 private:
  const char* at_;
  Position* position_;
};

std::string Escaped(std::string key) {
  std::string escaped;
  for (const char c : key) {
    if (c == '~') {
      escaped += "~0";
    } else if (c == '/') {
      escaped += "~1";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// "steps[2].id" of "/steps/2/id".
std::string Readable(const std::string& place) {
  std::string readable;
  for (const std::string& part : [&] {
         std::vector<std::string> parts;
         for (Json::json_pointer at(place); !at.empty(); at.pop_back()) parts.push_back(at.back());
         return std::vector<std::string>(parts.rbegin(), parts.rend());
       }()) {
    const bool index = part.find_first_not_of("0123456789") == std::string::npos;
    if (index) {
      readable += "[" + part + "]";
    } else {
      readable += (readable.empty() ? "" : ".") + part;
    }
  }
  return readable;
}

}  // namespace

// Builds the value as the parser meets its pieces, and notes where each began.
class ScriptDocument::Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(ScriptDocument& document, const Position& position)
      : document_(document), position_(position) {}

  const std::string& problem() const { return problem_; }

  bool null() override { return Put(nullptr); }
  bool boolean(bool value) override { return Put(value); }
  bool number_integer(number_integer_t value) override { return Put(value); }
  bool number_unsigned(number_unsigned_t value) override { return Put(value); }
  bool number_float(number_float_t value, const string_t&) override { return Put(value); }
  bool string(string_t& value) override { return Put(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return Open(Json::object()); }
  bool start_array(std::size_t) override { return Open(Json::array()); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& value) override {
    key_ = std::move(value);
    if (!open_.back().value->contains(key_)) return true;
    problem_ = "\"" + key_ + "\" stands there twice";
    return false;
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception& error) override {
    problem_ = error.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 2: the rest"
    const std::size_t rest = problem_.find(": ", problem_.find("column"));
    if (rest != std::string::npos) problem_.erase(0, rest + 2);
    return false;
  }

 private:
  static constexpr std::size_t kDeepest = 64;
  struct Level {
    Json* value;
    std::string place;
  };

  // Where it was put.
  Level Add(Json value) {
    if (open_.empty()) {
      document_.root_ = std::move(value);
      document_.lines_[""] = position_.token_line;
      return {&document_.root_, ""};
    }
    Level& parent = open_.back();
    const bool is_array = parent.value->is_array();
    const std::string name = is_array ? std::to_string(parent.value->size()) : Escaped(key_);
    if (is_array) {
      parent.value->push_back(std::move(value));
    } else {
      (*parent.value)[key_] = std::move(value);
    }
    Level added{is_array ? &parent.value->back() : &(*parent.value)[key_],
                parent.place + "/" + name};
    document_.lines_[added.place] = position_.token_line;
    return added;
  }
  bool Put(Json value) {
    Add(std::move(value));
    return true;
  }
  bool Open(Json value) {
    if (open_.size() >= kDeepest) {
      problem_ = "is nested too deeply";
      return false;
    }
    open_.push_back(Add(std::move(value)));
    return true;
  }
  bool Close() {
    open_.pop_back();
    return true;
  }

  ScriptDocument& document_;
  const Position& position_;
  std::vector<Level> open_;
  std::string key_;
  std::string problem_;
};

ScriptDocument::ScriptDocument(const std::string& text) {
  Position position;
  Builder builder(*this, position);
  const CountingIterator begin(text.data(), &position);
  const CountingIterator end(text.data() + text.size(), &position);
  if (!Json::sax_parse(begin, end, &builder)) {
    throw ScriptError{position.token_line, builder.problem()};
  }
}

int ScriptDocument::LineOf(const std::string& place) const {
  const auto found = lines_.find(place);
  return found == lines_.end() ? 1 : found->second;
}

void ScriptNode::Fail(const std::string& what) const {
  const std::string where = Readable(place_);
  throw ScriptError{document_->LineOf(place_), (where.empty() ? "the script" : where) + " " + what};
}

const ScriptNode& ScriptNode::Object(std::span<const std::string_view> fields) const {
  if (!value_->is_object()) Fail("is no object");
  for (const auto& [name, value] : value_->items()) {
    bool known = false;
    std::string expected;
    for (const std::string_view field : fields) {
      known = known || field == name;
      expected.append(expected.empty() ? "" : ", ").append(field);
    }
    if (!known) At(name).Fail("is unknown, expected one of " + expected);
  }
  return *this;
}

std::optional<ScriptNode> ScriptNode::Find(const std::string& field) const {
  const auto found = value_->find(field);
  if (found == value_->end()) return std::nullopt;
  return ScriptNode(*document_, place_ + "/" + Escaped(field), *found);
}

ScriptNode ScriptNode::At(const std::string& field) const {
  std::optional<ScriptNode> found = Find(field);
  if (!found) Fail("lacks \"" + field + "\"");
  return *found;
}

std::vector<ScriptNode> ScriptNode::Items() const {
  if (!value_->is_array()) Fail("is no array");
  std::vector<ScriptNode> items;
  for (std::size_t i = 0; i < value_->size(); ++i) {
    items.push_back(ScriptNode(*document_, place_ + "/" + std::to_string(i), (*value_)[i]));
  }
  return items;
}

std::string ScriptNode::Text() const {
  if (!value_->is_string()) Fail("is no string");
  return value_->get<std::string>();
}

bool ScriptNode::Flag() const {
  if (!value_->is_boolean()) Fail("is neither true nor false");
  return value_->get<bool>();
}

std::uint64_t ScriptNode::Whole() const {
  if (!value_->is_number_unsigned()) {
    Fail("is no whole number from 0 to " +
         std::to_string(std::numeric_limits<std::uint64_t>::max()));
  }
  return value_->get<std::uint64_t>();
}

std::vector<std::pair<std::string, ScriptNode>> ScriptNode::Fields() const {
  if (!value_->is_object()) Fail("is no object");
  std::vector<std::pair<std::string, ScriptNode>> fields;
  for (const auto& [name, value] : value_->items()) fields.emplace_back(name, At(name));
  return fields;
}

std::uint32_t ScriptNode::Number() const {
  constexpr std::uint32_t kHighest = std::numeric_limits<std::uint32_t>::max();
  if (!value_->is_number_unsigned() || value_->get<std::uint64_t>() > kHighest) {
    Fail("is no whole number from 0 to " + std::to_string(kHighest));
  }
  return value_->get<std::uint32_t>();
}

libcontainerd::Duration ScriptNode::Length() const {
  const std::string text = Text();
  const auto duration = ParseGoDuration(text);
  if (!duration || *duration < libcontainerd::Duration::zero()) {
    Fail("is \"" + text + "\", expected a duration (as 1.5s, 2m)");
  }
  return *duration;
}

}  // namespace fake_containerd
