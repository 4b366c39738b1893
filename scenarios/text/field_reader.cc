#include "scenarios/text/field_reader.h"

#include <array>
#include <limits>
#include <optional>

#include "scenarios/scenario_text.h"

namespace scenarios {

using fake_containerd::JsonNode;

namespace {

std::optional<int> HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return std::nullopt;
}

std::string BytesOf(const JsonNode& hex) {
  const std::string digits = hex.Text();
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const auto high = HexDigit(digits[i]);
    const auto low = i + 1 < digits.size() ? HexDigit(digits[i + 1]) : std::nullopt;
    if (!high || !low) hex.Fail("is no list of bytes in hex (as 68690a)");
    bytes.push_back(static_cast<char>(*high * 16 + *low));
  }
  return bytes;
}

}  // namespace

void ReadValue(const JsonNode& node, std::string& value) {
  if (node.kind() != JsonNode::Kind::kObject) {
    value = node.Text();
    return;
  }
  // Bytes that no JSON text can hold.
  constexpr std::array<std::string_view, 1> kFields = {"hex"};
  value = BytesOf(node.Object(kFields).At("hex"));
}

void ReadValue(const JsonNode& node, bool& value) {
  value = node.Flag();
}
void ReadValue(const JsonNode& node, std::uint32_t& value) {
  value = node.Number();
}
void ReadValue(const JsonNode& node, std::uint64_t& value) {
  value = node.Number(0, std::numeric_limits<std::uint64_t>::max());
}
void ReadValue(const JsonNode& node, std::int64_t& value) {
  value = node.SignedNumber();
}
void ReadValue(const JsonNode& node, Duration& value) {
  value = node.Length();
  if (value > kLongestDuration) {
    node.Fail("is " + fake_containerd::QuoteJson(node.Text()) + ", expected at most 87600h");
  }
}
void ReadValue(const JsonNode& node, JsonText& value) {
  value.text = fake_containerd::CompactJson(node.value());
}

}  // namespace scenarios
