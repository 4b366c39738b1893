#include "fuzz/byte_mutator.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace fuzz {
namespace {

std::optional<unsigned> Digit(char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::size_t digit = kDigits.find(c);
  if (digit != std::string_view::npos) return static_cast<unsigned>(digit);
  return std::nullopt;
}

void FlipBit(char& byte, std::uint64_t bit) {
  byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << bit));
}

// Of what stands between the quotes. Nothing if an escape is none.
std::optional<std::string> Unescaped(std::string_view quoted) {
  std::string word;
  for (std::size_t i = 0; i < quoted.size(); ++i) {
    if (quoted[i] != '\\') {
      word += quoted[i];
    } else if (i + 1 < quoted.size() && (quoted[i + 1] == '\\' || quoted[i + 1] == '"')) {
      word += quoted[++i];
    } else if (i + 3 < quoted.size() && quoted[i + 1] == 'x') {
      const auto high = Digit(quoted[i + 2]);
      const auto low = Digit(quoted[i + 3]);
      if (!high || !low) return std::nullopt;
      word += static_cast<char>(*high * 16 + *low);
      i += 3;
    } else {
      return std::nullopt;
    }
  }
  return word;
}

}  // namespace

std::vector<std::string> ReadDictionary(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t first = line.find('"');
    const std::size_t last = line.rfind('"');
    if (line.starts_with('#') || first == last) continue;
    const auto word = Unescaped(line.substr(first + 1, last - first - 1));
    if (word && !word->empty()) words.push_back(*word);
  }
  return words;
}

std::string ByteMutator::Mutate(const std::string& input, const std::string& other,
                                std::size_t most) {
  std::string text = input;
  for (std::uint64_t changes = 1 + random_.Below(4); changes > 0; --changes) Change(text, other);
  if (text.size() > most) text.resize(most);
  return text;
}

void ByteMutator::Change(std::string& text, const std::string& other) {
  constexpr std::array<std::string_view, 10> kOdd = {
      "0", "-1", "18446744073709551615", "1e999", "\"", "\\", "\xff", "{", "[", "\n"};
  const std::size_t place = Place(text);
  switch (random_.Below(text.empty() ? 3 : 9)) {
    case 0:
      text.insert(place, 1, static_cast<char>(random_.Below(256)));
      return;
    case 1:
      text.insert(place, kOdd[random_.Below(kOdd.size())]);
      return;
    case 2:
      if (dictionary_.empty()) return;
      text.insert(place, dictionary_[random_.Below(dictionary_.size())]);
      return;
    case 3:
      text.erase(place, 1 + random_.Below(random_.Chance(1, 2) ? 4 : text.size()));
      return;
    case 4:
      FlipBit(text[random_.Below(text.size())], random_.Below(8));
      return;
    case 5:
      text[random_.Below(text.size())] = static_cast<char>(random_.Below(256));
      return;
    case 6: {  // a piece once more, elsewhere
      const std::string piece = text.substr(place, 1 + random_.Below(64));
      text.insert(Place(text), piece);
      return;
    }
    case 7: {
      if (other.empty()) return;
      const std::string piece = other.substr(random_.Below(other.size()), 1 + random_.Below(256));
      text.insert(place, piece);
      return;
    }
    default: {  // the end is the other's
      if (other.empty()) return;
      text.resize(place);
      text += other.substr(random_.Below(other.size()));
    }
  }
}

}  // namespace fuzz
