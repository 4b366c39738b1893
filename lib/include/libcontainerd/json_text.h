// JsonText: a JSON document, checked and divided where it stands. Its values are views into the
// text: nothing is copied but names and texts with escapes in them. For documents that come with
// every container, of which little is looked at.
//
// It takes what nlohmann::json takes (UTF-8, a byte order mark in front, any depth, no number
// beyond a double), and nothing else; a zero byte behind the value ends the text. It has no words
// for what is wrong: whoever needs them asks that parser.
//
// Threads: one at a time; values of a const one from any.
#pragma once

#include <cstdint>
#include <iterator>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libcontainerd {

class JsonText {
  struct Node;

 public:
  enum class Kind : std::uint8_t {
    kNull,
    kFlag,
    kWhole,   // a number from 0 that fits into 64 bits, written as such
    kNumber,  // any other
    kText,
    kList,
    kObject,
  };

  // Valid as long as its JsonText.
  class Value {
   public:
    Kind kind() const { return node_->kind; }
    bool is(Kind kind) const { return node_->kind == kind; }
    // As it is written.
    std::string_view raw() const { return node_->raw; }
    bool flag() const { return node_->raw == "true"; }
    std::uint64_t whole() const { return node_->whole; }
    std::string_view text() const { return node_->text; }

    // Of kObject: the last one of that name.
    std::optional<Value> Find(std::string_view name) const;

    // Over what is directly in it; of kObject, each value has its name().
    class Iterator {
     public:
      using value_type = Value;
      using difference_type = std::ptrdiff_t;
      Iterator() = default;
      Iterator(const Node* at, bool named) : at_(at), named_(named) {}
      Value operator*() const { return Value(named_ ? at_ + 1 : at_); }
      std::string_view name() const { return at_->text; }
      Iterator& operator++() {
        if (named_) ++at_;
        at_ += at_->nodes;
        return *this;
      }
      Iterator operator++(int) {
        Iterator before = *this;
        ++*this;
        return before;
      }
      bool operator==(const Iterator& other) const { return at_ == other.at_; }

     private:
      const Node* at_ = nullptr;
      bool named_ = false;
    };
    Iterator begin() const { return {node_ + 1, is(Kind::kObject)}; }
    Iterator end() const { return {node_ + node_->nodes, is(Kind::kObject)}; }

   private:
    friend class JsonText;
    friend class Iterator;
    explicit Value(const Node* node) : node_(node) {}
    const Node* node_;
  };

  JsonText() = default;  // no document
  JsonText(JsonText&&) noexcept = default;
  JsonText& operator=(JsonText&&) noexcept = default;

  // Nothing if `text` is no JSON; it outlives the result.
  static std::optional<JsonText> Parse(std::string_view text);

  Value root() const { return Value(nodes_.data()); }

 private:
  class Parser;
  // Behind a list or object stand the nodes of what is in it; a name is a node before its value's.
  struct Node {
    Kind kind = Kind::kNull;
    std::uint32_t nodes = 1;  // with those in it
    std::string_view raw{};
    std::string_view text{};  // without quotes and escapes
    std::uint64_t whole = 0;
  };

  std::vector<Node> nodes_;
  std::list<std::string> unescaped_;
};

}  // namespace libcontainerd
