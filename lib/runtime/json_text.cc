#include "libcontainerd/json_text.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

namespace libcontainerd {
namespace {

bool IsDigit(char character) {
  return character >= '0' && character <= '9';
}

// What stands for itself inside a text.
bool IsPlain(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

// How many bytes of one UTF-8 character stand at the beginning of `rest`; 0 if it is none.
std::size_t Utf8Length(std::string_view rest) {
  const auto at = [&](std::size_t index) -> unsigned {
    return index < rest.size() ? static_cast<unsigned char>(rest[index]) : 0;
  };
  const auto follows = [&](std::size_t index, unsigned least = 0x80, unsigned most = 0xbf) {
    return at(index) >= least && at(index) <= most;
  };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned least = first == 0xe0 ? 0xa0 : 0x80;  // shorter forms
    const unsigned most = first == 0xed ? 0x9f : 0xbf;   // surrogates
    return follows(1, least, most) && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned least = first == 0xf0 ? 0x90 : 0x80;
    const unsigned most = first == 0xf4 ? 0x8f : 0xbf;  // beyond U+10FFFF
    return follows(1, least, most) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

void AppendUtf8(std::uint32_t code, std::string& text) {
  const auto add = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  const auto add_low = [&](unsigned shift) { add(0x80U | ((code >> shift) & 0x3fU)); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xc0U | code >> 6U);
    add_low(0);
  } else if (code < 0x10000) {
    add(0xe0U | code >> 12U);
    add_low(6);
    add_low(0);
  } else {
    add(0xf0U | code >> 18U);
    add_low(12);
    add_low(6);
    add_low(0);
  }
}

}  // namespace

// Goes through the text once. Each function leaves `at_` behind what it took.
class JsonText::Parser {
 public:
  Parser(std::string_view text, JsonText& into) : text_(text), into_(into) {}

  bool Run() {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
    while (true) {
      const Taken taken = TakeValue();
      if (taken == Taken::kNone) return false;
      if (taken == Taken::kOpened) continue;  // its first value is next
      // A value is complete; whatever it completes is closed.
      while (!open_.empty()) {
        SkipSpace();
        if (Take(',')) {
          if (InObject() && !TakeName()) return false;
          break;
        }
        if (!Take(InObject() ? '}' : ']')) return false;
        Close();
      }
      if (open_.empty()) break;
    }
    SkipSpace();
    return AtEnd() || text_[at_] == '\0';
  }

 private:
  enum class Taken : std::uint8_t { kNone, kWhole, kOpened };

  bool AtEnd() const { return at_ == text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  bool Take(char expected) {
    if (AtEnd() || text_[at_] != expected) return false;
    ++at_;
    return true;
  }
  void SkipSpace() {
    while (!AtEnd()) {
      const char next = text_[at_];
      if (next != ' ' && next != '\n' && next != '\t' && next != '\r') return;
      ++at_;
    }
  }

  Node& Add(Kind kind) {
    Node& node = into_.nodes_.emplace_back();
    node.kind = kind;
    return node;
  }
  Node& node(std::size_t index) { return into_.nodes_[index]; }
  std::string_view Since(std::size_t begin) const { return text_.substr(begin, at_ - begin); }
  bool InObject() { return node(open_.back()).kind == Kind::kObject; }

  Taken TakeValue() {
    SkipSpace();
    const auto whole = [](bool taken) { return taken ? Taken::kWhole : Taken::kNone; };
    switch (Peek()) {
      case '{':
        return Open(Kind::kObject, '}');
      case '[':
        return Open(Kind::kList, ']');
      case '"':
        return whole(TakeText());
      case 't':
        return whole(TakeWord("true", Kind::kFlag));
      case 'f':
        return whole(TakeWord("false", Kind::kFlag));
      case 'n':
        return whole(TakeWord("null", Kind::kNull));
      default:
        return whole(TakeNumber());
    }
  }

  Taken Open(Kind kind, char end) {
    open_.push_back(into_.nodes_.size());
    Add(kind).raw = text_.substr(at_, 0);
    ++at_;
    SkipSpace();
    if (Take(end)) {
      Close();
      return Taken::kWhole;
    }
    return kind == Kind::kObject && !TakeName() ? Taken::kNone : Taken::kOpened;
  }
  void Close() {
    Node& closed = node(open_.back());
    closed.nodes = static_cast<std::uint32_t>(into_.nodes_.size() - open_.back());
    const auto begin = static_cast<std::size_t>(closed.raw.data() - text_.data());
    closed.raw = Since(begin);
    open_.pop_back();
  }
  bool TakeName() {
    SkipSpace();
    if (Peek() != '"' || !TakeText()) return false;
    SkipSpace();
    return Take(':');
  }

  bool TakeWord(std::string_view word, Kind kind) {
    if (!text_.substr(at_).starts_with(word)) return false;
    Add(kind).raw = text_.substr(at_, word.size());
    at_ += word.size();
    return true;
  }

  bool TakeDigits() {
    const std::size_t begin = at_;
    while (IsDigit(Peek())) ++at_;
    return at_ > begin;
  }
  bool TakeNumber() {
    const std::size_t begin = at_;
    const bool negative = Take('-');
    const std::size_t digits = at_;
    if (!Take('0') && !TakeDigits()) return false;
    const std::string_view whole = Since(digits);
    const bool fraction = Take('.');
    if (fraction && !TakeDigits()) return false;
    const bool exponent = Take('e') || Take('E');
    if (exponent) {
      if (!Take('+')) Take('-');
      if (!TakeDigits()) return false;
    }
    Node& number = Add(Kind::kNumber);
    number.raw = Since(begin);
    if (negative || fraction || exponent || !ToWhole(whole, number.whole)) {
      // Fewer digits cannot be too many for a double.
      constexpr std::size_t kShort = 300;
      if (!exponent && number.raw.size() < kShort) return true;
      return std::isfinite(std::strtod(std::string(number.raw).c_str(), nullptr));
    }
    number.kind = Kind::kWhole;
    return true;
  }
  static bool ToWhole(std::string_view digits, std::uint64_t& whole) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t number = 0;
    for (const char digit : digits) {
      const auto value = static_cast<std::uint64_t>(digit - '0');
      if (number > (kMost - value) / 10) return false;
      number = 10 * number + value;
    }
    whole = number;
    return true;
  }

  bool TakeText() {
    const std::size_t begin = at_++;
    std::string unescaped;
    bool escaped = false;
    std::size_t plain = at_;  // what is not in `unescaped` yet begins here
    while (true) {
      while (!AtEnd() && IsPlain(text_[at_])) ++at_;
      if (AtEnd()) return false;
      const char next = text_[at_];
      if (next == '"') break;
      if (next == '\\') {
        escaped = true;
        unescaped += Since(plain);
        ++at_;
        if (!TakeEscape(unescaped)) return false;
        plain = at_;
        continue;
      }
      const std::size_t length =
          static_cast<unsigned char>(next) < 0x20 ? 0 : Utf8Length(text_.substr(at_));
      if (length == 0) return false;
      at_ += length;
    }
    std::string_view text = Since(plain);
    if (escaped) text = into_.unescaped_.emplace_back(std::move(unescaped.append(text)));
    ++at_;
    Node& taken = Add(Kind::kText);
    taken.raw = Since(begin);
    taken.text = text;
    return true;
  }
  bool TakeEscape(std::string& into) {
    constexpr std::string_view kEscapes = "\"\\/bfnrt";
    constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
    if (Take('u')) return TakeCodePoint(into);
    const std::size_t found = AtEnd() ? std::string_view::npos : kEscapes.find(text_[at_]);
    if (found == std::string_view::npos) return false;
    ++at_;
    into += kMeant[found];
    return true;
  }
  bool TakeCodePoint(std::string& into) {
    std::uint32_t code = 0;
    if (!TakeHex(code) || (code >= 0xdc00 && code <= 0xdfff)) return false;
    if (code >= 0xd800 && code <= 0xdbff) {
      std::uint32_t low = 0;
      if (!Take('\\') || !Take('u') || !TakeHex(low) || low < 0xdc00 || low > 0xdfff) return false;
      code = 0x10000 + ((code - 0xd800) << 10U) + (low - 0xdc00);
    }
    AppendUtf8(code, into);
    return true;
  }
  bool TakeHex(std::uint32_t& code) {
    constexpr std::size_t kDigits = 4;
    code = 0;
    for (std::size_t i = 0; i < kDigits; ++i) {
      if (AtEnd()) return false;
      const char digit = text_[at_++];
      code <<= 4U;
      if (IsDigit(digit)) {
        code += static_cast<std::uint32_t>(digit - '0');
      } else if (digit >= 'a' && digit <= 'f') {
        code += static_cast<std::uint32_t>(digit - 'a' + 10);
      } else if (digit >= 'A' && digit <= 'F') {
        code += static_cast<std::uint32_t>(digit - 'A' + 10);
      } else {
        return false;
      }
    }
    return true;
  }

  const std::string_view text_;
  JsonText& into_;
  std::size_t at_ = 0;
  std::vector<std::size_t> open_;  // lists and objects, outermost first
};

std::optional<JsonText> JsonText::Parse(std::string_view text) {
  std::optional<JsonText> parsed(std::in_place);
  // Enough for most, so that it grows seldom.
  constexpr std::size_t kBytesOfEach = 10;
  parsed->nodes_.reserve(text.size() / kBytesOfEach + 1);
  if (!Parser(text, *parsed).Run()) return std::nullopt;
  return parsed;
}

std::optional<JsonText::Value> JsonText::Value::Find(std::string_view name) const {
  std::optional<Value> found;
  for (auto each = begin(); each != end(); ++each) {
    if (each.name() == name) found = *each;
  }
  return found;
}

}  // namespace libcontainerd
