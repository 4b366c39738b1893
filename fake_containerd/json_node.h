// JsonDocument and JsonNode: a JSON text whose values know where they stand, for errors that lead
// people there. Scripts and scenario files are read with them.
//
// Reading throws JsonError, which does not leave the functions that parse a whole text.
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libcontainerd/runtime.h"

namespace fake_containerd {

struct JsonError {
  int line = 1;
  int column = 1;  // in characters, from 1
  std::string text;
};

// A value and all that is in it.
struct JsonValue {
  enum class Kind : std::uint8_t { kNull, kFlag, kNumber, kText, kList, kObject };
  struct Name {
    std::string text{};
    std::size_t offset = 0;
  };

  Kind kind = Kind::kNull;
  bool flag = false;               // kFlag
  bool loose = false;              // a number or flag that may stand for its text
  std::size_t offset = 0;          // in the document's text; no other value of it begins there
  std::string text{};              // kText; kNumber: as it is written
  std::vector<JsonValue> items{};  // kList, kObject
  std::vector<Name> names{};       // kObject: those of the items, in the text's order
};

// On one line, as a person writes it: {"a": 1, "b": [true]}.
std::string CompactJson(const JsonValue& value);
// A JSON string. What is no UTF-8 becomes U+FFFD.
std::string QuoteJson(std::string_view text);
bool IsUtf8(std::string_view text);

class JsonDocument {
 public:
  struct Options {
    std::size_t deepest = 64;          // how deep values may be nested
    bool comments = false;             // `//` and `/* */`
    std::string title = "the script";  // what the whole is called in errors
  };
  // Throws JsonError for what is no JSON, and for names that stand twice in an object.
  JsonDocument(std::string text, Options options);
  explicit JsonDocument(std::string text) : JsonDocument(std::move(text), Options()) {}

  const std::string& text() const { return text_; }
  const JsonValue& root() const { return root_; }
  // From 1.
  std::pair<int, int> LineAndColumn(std::size_t offset) const;
  // "PLACE what" at the value or name that begins there, PLACE being "steps[2].id".
  [[noreturn]] void Fail(std::size_t offset, const std::string& what) const;

 private:
  class Builder;
  std::string text_;
  std::string title_;
  JsonValue root_;
  std::vector<std::size_t> lines_;  // where each begins
};

// One value of a document, or one that was made from such a value and bears its offset. Outlived by
// both.
class JsonNode {
 public:
  using Kind = JsonValue::Kind;

  explicit JsonNode(const JsonDocument& document) : JsonNode(document, document.root()) {}
  JsonNode(const JsonDocument& document, const JsonValue& value)
      : document_(&document), value_(&value) {}

  const JsonDocument& document() const { return *document_; }
  const JsonValue& value() const { return *value_; }
  Kind kind() const { return value_->kind; }

  [[noreturn]] void Fail(const std::string& what) const { document_->Fail(value_->offset, what); }
  // `is "text", expected one of …; did you mean …?`
  [[noreturn]] void FailAsWord(std::string_view text,
                               std::span<const std::string_view> expected) const;

  // An object with no other fields than these.
  const JsonNode& Object(std::span<const std::string_view> fields) const;
  std::optional<JsonNode> Find(std::string_view field) const;
  JsonNode At(std::string_view field) const;
  std::vector<JsonNode> Items() const;
  // Of an object with whatever fields, by name.
  std::vector<std::pair<std::string, JsonNode>> Fields() const;

  std::string Text() const;
  bool Flag() const;
  std::uint64_t Number(std::uint64_t lowest, std::uint64_t highest) const;
  std::uint32_t Number() const;
  std::uint64_t Whole() const;  // the same, of 64 bits
  std::int64_t SignedNumber() const;
  libcontainerd::Duration Length() const;  // a duration as Go writes it

  // The value that belongs to the word; the error lists all words.
  template <class Value>
  Value OneOf(std::initializer_list<std::pair<std::string_view, Value>> words) const {
    const std::string text = Text();
    std::vector<std::string_view> expected;
    for (const auto& [word, value] : words) {
      if (word == text) return value;
      expected.push_back(word);
    }
    FailAsWord(text, expected);
  }

 private:
  const JsonDocument* document_;
  const JsonValue* value_;
};

}  // namespace fake_containerd
