// Texts in one.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace scenarios {

// "a, b, c" of three and ", ".
inline std::string Joined(std::span<const std::string> texts, std::string_view between) {
  std::string joined;
  for (const std::string& text : texts) {
    if (!joined.empty()) joined += between;
    joined += text;
  }
  return joined;
}

}  // namespace scenarios
