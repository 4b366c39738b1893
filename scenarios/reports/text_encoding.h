// Texts of a run, which may hold any bytes, made fit for what they are written into.
#pragma once

#include <string>
#include <string_view>

namespace scenarios {

// What is not UTF-8 becomes U+FFFD.
std::string ValidUtf8(std::string_view text);
// Valid UTF-8 of characters that XML 1.0 can say; the others become U+FFFD. Escaping is left to
// whoever writes it.
std::string XmlText(std::string_view text);
// A JSON string, quotes and all, in ASCII.
std::string JsonString(std::string_view text);
// JSON in ASCII, fit to stand inside of a <script>: "<" does not occur.
std::string ForScript(std::string json);

}  // namespace scenarios
