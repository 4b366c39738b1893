#include "fake_containerd/go_duration.h"

#include <array>
#include <cstdint>
#include <limits>

#include "fake_containerd/is_digit.h"

namespace fake_containerd {
namespace {

struct NamedUnit {
  std::string_view name;
  std::int64_t nanoseconds;
};
// Longer names before those that they begin with.
constexpr std::array<NamedUnit, 8> kNamedUnits = {{{"ns", 1},
                                                   {"us", 1'000},
                                                   {"\u00b5s", 1'000},
                                                   {"\u03bcs", 1'000},
                                                   {"ms", 1'000'000},
                                                   {"s", 1'000'000'000},
                                                   {"m", 60'000'000'000},
                                                   {"h", 3'600'000'000'000}}};
constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

// a * b + c, none if that is too large.
std::optional<std::int64_t> MultiplyAdd(std::int64_t a, std::int64_t b, std::int64_t c) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result) || __builtin_add_overflow(result, c, &result)) {
    return std::nullopt;
  }
  return result;
}

// Takes one "1.5h" off the front.
std::optional<std::int64_t> TakePart(std::string_view& text) {
  std::int64_t whole = 0;
  bool digits = false;
  for (; !text.empty() && IsDigit(text.front()); text.remove_prefix(1)) {
    const std::optional<std::int64_t> longer = MultiplyAdd(whole, 10, text.front() - '0');
    if (!longer) return std::nullopt;
    whole = *longer;
    digits = true;
  }
  std::int64_t fraction = 0;
  std::int64_t scale = 1;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    for (; !text.empty() && IsDigit(text.front()); text.remove_prefix(1)) {
      digits = true;
      if (scale > kLargest / 100) continue;  // below a nanosecond of the largest unit
      fraction = fraction * 10 + (text.front() - '0');
      scale *= 10;
    }
  }
  if (!digits) return std::nullopt;
  for (const NamedUnit& unit : kNamedUnits) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    const auto part = static_cast<std::int64_t>(static_cast<long double>(fraction) *
                                                static_cast<long double>(unit.nanoseconds) /
                                                static_cast<long double>(scale));
    return MultiplyAdd(whole, unit.nanoseconds, part);
  }
  return std::nullopt;
}

// `value` in units of `unit`, with as many decimals as it has.
std::string Decimal(std::uint64_t value, std::uint64_t unit) {
  std::string text = std::to_string(value / unit);
  std::uint64_t rest = value % unit;
  if (rest == 0) return text;
  text += '.';
  while (rest > 0) {
    rest *= 10;
    text += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
  return text;
}

}  // namespace

std::string PrintGoDuration(libcontainerd::Duration duration) {
  constexpr std::uint64_t kMicro = 1'000;
  constexpr std::uint64_t kMilli = 1'000'000;
  constexpr std::uint64_t kSecond = 1'000'000'000;
  constexpr std::uint64_t kMinute = 60 * kSecond;
  const bool negative = duration < libcontainerd::Duration::zero();
  // Unsigned: the smallest has no positive counterpart.
  auto left = static_cast<std::uint64_t>(duration.count());
  if (negative) left = ~left + 1;
  std::string text = negative ? "-" : "";
  if (left == 0) return "0s";
  if (left < kMicro) return text + std::to_string(left) + "ns";
  if (left < kMilli) return text + Decimal(left, kMicro) + "\u00b5s";
  if (left < kSecond) return text + Decimal(left, kMilli) + "ms";
  const std::uint64_t minutes = left / kMinute;
  if (minutes >= 60) text += std::to_string(minutes / 60) + "h";
  if (minutes > 0) text += std::to_string(minutes % 60) + "m";
  return text + Decimal(left % kMinute, kSecond) + "s";
}

std::optional<libcontainerd::Duration> ParseGoDuration(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text == "0") return libcontainerd::Duration(0);
  if (text.empty()) return std::nullopt;
  std::int64_t sum = 0;
  while (!text.empty()) {
    const std::optional<std::int64_t> part = TakePart(text);
    if (!part) return std::nullopt;
    const std::optional<std::int64_t> longer = MultiplyAdd(sum, 1, *part);
    if (!longer) return std::nullopt;
    sum = *longer;
  }
  return libcontainerd::Duration(negative ? -sum : sum);
}

}  // namespace fake_containerd
