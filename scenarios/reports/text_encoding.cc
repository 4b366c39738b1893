#include "scenarios/reports/text_encoding.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace scenarios {
namespace {

using nlohmann::json;

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// U+FFFE and U+FFFF are UTF-8, but no characters.
bool IsNoncharacter(std::string_view text, std::size_t at) {
  return text.substr(at, 3) == "\xEF\xBF\xBE" || text.substr(at, 3) == "\xEF\xBF\xBF";
}

}  // namespace

std::string ValidUtf8(std::string_view text) {
  const bool ascii =
      std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (ascii) return std::string(text);
  const std::string quoted = json(text).dump(-1, ' ', false, json::error_handler_t::replace);
  return json::parse(quoted).get<std::string>();
}

std::string XmlText(std::string_view text) {
  const std::string valid = ValidUtf8(text);
  std::string fit;
  for (std::size_t at = 0; at < valid.size(); ++at) {
    const auto c = static_cast<unsigned char>(valid[at]);
    if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') {
      fit += kReplacement;
    } else if (IsNoncharacter(valid, at)) {
      fit += kReplacement;
      at += 2;
    } else {
      fit += valid[at];
    }
  }
  return fit;
}

std::string JsonString(std::string_view text) {
  return json(text).dump(-1, ' ', true, json::error_handler_t::replace);
}

std::string ForScript(std::string json) {
  std::string fit;
  fit.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      fit += "\\u003c";
    } else {
      fit += c;
    }
  }
  return fit;
}

}  // namespace scenarios
