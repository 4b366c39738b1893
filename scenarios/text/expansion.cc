#include "scenarios/text/expansion.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <optional>

#include "fake_containerd/nearest_word.h"

namespace scenarios {

using fake_containerd::JsonNode;
using fake_containerd::JsonValue;
using fake_containerd::QuoteJson;
using Kind = JsonValue::Kind;

namespace {

constexpr std::string_view kBegin = "${";
constexpr std::string_view kEscapedBegin = "$${";

std::optional<std::int64_t> WholeNumber(std::string_view text) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string_view Trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

class Expansion {
 public:
  Expansion(const fake_containerd::JsonDocument& document, const Variables& variables,
            std::size_t& bytes)
      : document_(document), variables_(variables), bytes_(bytes) {}

  JsonValue Copy(const JsonValue& value) {
    constexpr std::size_t kOfEach = 16;
    Spend(value.offset, kOfEach + value.text.size());
    if (value.kind == Kind::kText) return Text(value);
    JsonValue copy{.kind = value.kind,
                   .flag = value.flag,
                   .loose = value.loose,
                   .offset = value.offset,
                   .text = value.text};
    copy.items.reserve(value.items.size());
    for (const JsonValue& item : value.items) copy.items.push_back(Copy(item));
    for (const JsonValue::Name& name : value.names) AddName(copy, name);
    return copy;
  }

 private:
  void Spend(std::size_t offset, std::size_t bytes) {
    if (bytes > bytes_) document_.Fail(offset, "expands to too much text");
    bytes_ -= bytes;
  }

  void AddName(JsonValue& copy, const JsonValue::Name& name) {
    if (name.text.find(kBegin) == std::string::npos) {
      copy.names.push_back(name);
      return;
    }
    std::string text = InText(name.text, name.offset);
    if (std::ranges::find(copy.names, text, &JsonValue::Name::text) != copy.names.end()) {
      document_.Fail(name.offset, "is " + QuoteJson(text) + ", which stands there twice");
    }
    copy.names.push_back({std::move(text), name.offset});
  }

  JsonValue Text(const JsonValue& value) {
    const std::string& text = value.text;
    JsonValue copy{.kind = Kind::kText, .offset = value.offset};
    const std::size_t end = text.find('}');
    if (text.starts_with(kBegin) && end + 1 == text.size()) {
      copy = Value(std::string_view(text).substr(2, end - 2), value.offset);
      copy.loose = true;
      return copy;
    }
    copy.text = text.find(kBegin) == std::string::npos ? text : InText(text, value.offset);
    return copy;
  }

  std::string InText(std::string_view text, std::size_t offset) {
    std::string filled;
    while (!text.empty()) {
      if (text.starts_with(kEscapedBegin)) {
        filled += kBegin;
        text.remove_prefix(kEscapedBegin.size());
      } else if (text.starts_with(kBegin)) {
        const std::size_t end = text.find('}');
        if (end == std::string_view::npos) {
          document_.Fail(offset, "has a ${ without }; $${ stands for ${");
        }
        const std::string_view expression = text.substr(2, end - 2);
        const JsonValue value = Value(expression, offset);
        if (value.kind == Kind::kFlag) {
          filled += value.flag ? "true" : "false";
        } else if (value.kind == Kind::kText || value.kind == Kind::kNumber) {
          filled += value.text;
        } else {
          document_.Fail(offset, "has ${" + std::string(expression) +
                                     "} inside a text, which is no text and no number");
        }
        text.remove_prefix(end + 1);
      } else {
        filled += text.front();
        text.remove_prefix(1);
      }
    }
    Spend(offset, filled.size());
    return filled;
  }

  JsonValue Value(std::string_view expression, std::size_t offset) {
    expression = Trimmed(expression);
    const std::size_t sign = expression.find_first_of("+-*%", 1);
    if (sign == std::string_view::npos) {
      JsonValue value = Named(expression, offset);
      MoveTo(value, offset);
      return value;
    }
    const std::int64_t left = Number(Trimmed(expression.substr(0, sign)), offset);
    const std::int64_t right = Number(Trimmed(expression.substr(sign + 1)), offset);
    std::int64_t result = 0;
    bool possible = true;
    switch (expression[sign]) {
      case '+':
        possible = !__builtin_add_overflow(left, right, &result);
        break;
      case '-':
        possible = !__builtin_sub_overflow(left, right, &result);
        break;
      case '*':
        possible = !__builtin_mul_overflow(left, right, &result);
        break;
      default:
        possible = right > 0;
        result = possible ? left % right : 0;
    }
    if (!possible) {
      document_.Fail(offset, "has ${" + std::string(expression) + "}, which cannot be reckoned");
    }
    return {.kind = Kind::kNumber, .offset = offset, .text = std::to_string(result)};
  }

  JsonValue Named(std::string_view name, std::size_t offset) {
    const JsonValue* value = variables_.Find(name);
    if (value == nullptr) {
      const std::vector<std::string_view> names = variables_.Names();
      std::string what = "names the variable " + QuoteJson(name) + ", expected ";
      what += names.empty() ? "none: there are no variables here" : "one of ";
      for (std::size_t i = 0; i < names.size(); ++i) {
        what.append(i > 0 ? ", " : "").append(names[i]);
      }
      if (const auto nearest = fake_containerd::NearestWord(name, names)) {
        what.append("; did you mean \"").append(*nearest).append("\"?");
      }
      document_.Fail(offset, what);
    }
    Spend(offset, SizeOf(*value));
    return *value;
  }

  static std::size_t SizeOf(const JsonValue& value) {
    std::size_t size = value.text.size() + 16;
    for (const JsonValue& item : value.items) size += SizeOf(item);
    for (const JsonValue::Name& name : value.names) size += name.text.size();
    return size;
  }

  std::int64_t Number(std::string_view word, std::size_t offset) {
    if (const auto number = WholeNumber(word)) return *number;
    const JsonValue value = Named(word, offset);
    const auto number = value.kind == Kind::kNumber ? WholeNumber(value.text) : std::nullopt;
    if (!number) {
      document_.Fail(offset, "reckons with " + QuoteJson(word) + ", which is no whole number");
    }
    return *number;
  }

  const fake_containerd::JsonDocument& document_;
  const Variables& variables_;
  std::size_t& bytes_;
};

}  // namespace

const JsonValue* Variables::Find(std::string_view name) const {
  for (auto value = values_.rbegin(); value != values_.rend(); ++value) {
    if (value->first == name) return &value->second;
  }
  return nullptr;
}

std::vector<std::string_view> Variables::Names() const {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : values_) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

bool IsVariableName(std::string_view name) {
  const auto letter = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::ranges::all_of(name, letter);
}

JsonValue Expand(const JsonNode& node, const Variables& variables, std::size_t& bytes) {
  return Expansion(node.document(), variables, bytes).Copy(node.value());
}

void MoveTo(JsonValue& value, std::size_t offset) {
  value.offset = offset;
  for (JsonValue& item : value.items) MoveTo(item, offset);
  for (JsonValue::Name& name : value.names) name.offset = offset;
}

std::string EscapeVariables(std::string_view text) {
  std::string escaped;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with(kBegin)) escaped += '$';
    escaped += text[i];
  }
  return escaped;
}

}  // namespace scenarios
