// ScriptNode: one value of a JSON text that knows its line, for errors that lead people there.
//
// Reading throws ScriptError, which does not leave ParseScript.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "libcontainerd/runtime.h"

namespace fake_containerd {

struct ScriptError {
  int line = 1;
  std::string text;
};

class ScriptDocument {
 public:
  // Throws ScriptError for what is no JSON.
  explicit ScriptDocument(const std::string& text);

  const nlohmann::json& root() const { return root_; }
  // Of the value at this place, as nlohmann::json::json_pointer prints it.
  int LineOf(const std::string& place) const;

 private:
  class Builder;
  nlohmann::json root_;
  std::map<std::string, int> lines_;
};

class ScriptNode {
 public:
  explicit ScriptNode(const ScriptDocument& document) : ScriptNode(document, "", document.root()) {}

  [[noreturn]] void Fail(const std::string& what) const;

  // An object with no other fields than these.
  const ScriptNode& Object(std::span<const std::string_view> fields) const;
  std::optional<ScriptNode> Find(const std::string& field) const;
  ScriptNode At(const std::string& field) const;
  std::vector<ScriptNode> Items() const;
  // Of an object with whatever fields, by name.
  std::vector<std::pair<std::string, ScriptNode>> Fields() const;

  std::string Text() const;
  bool Flag() const;
  std::uint32_t Number() const;
  std::uint64_t Whole() const;             // the same, of 64 bits
  libcontainerd::Duration Length() const;  // a duration as Go writes it

  // The value that belongs to the word; the error lists all words.
  template <class Value>
  Value OneOf(std::initializer_list<std::pair<std::string_view, Value>> words) const {
    const std::string text = Text();
    std::string expected;
    for (const auto& [word, value] : words) {
      if (word == text) return value;
      expected.append(expected.empty() ? "" : ", ").append(word);
    }
    Fail("is \"" + text + "\", expected one of " + expected);
  }

 private:
  ScriptNode(const ScriptDocument& document, std::string place, const nlohmann::json& value)
      : document_(&document), place_(std::move(place)), value_(&value) {}

  const ScriptDocument* document_;
  std::string place_;
  const nlohmann::json* value_;
};

}  // namespace fake_containerd
