#include "scenarios/rfc3339.h"

#include <array>
#include <chrono>
#include <limits>

namespace scenarios {
namespace {

// Exactly `digits` decimal digits at the front of `text`, which loses them; -1 if there are not.
int TakeNumber(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return -1;
  int number = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool Take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

// ".5" -> 500 000 000; nothing there -> 0; -1 if it is malformed.
std::int32_t TakeFraction(std::string_view& text) {
  if (!Take(text, '.')) return 0;
  std::int32_t nanos = 0;
  int digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9' && digits < 9) {
    nanos = nanos * 10 + (text.front() - '0');
    text.remove_prefix(1);
    ++digits;
  }
  if (digits == 0) return -1;
  for (; digits < 9; ++digits) nanos *= 10;
  return nanos;
}

// "Z" or "+hh:mm", in seconds.
std::optional<std::int64_t> TakeOffset(std::string_view& text) {
  if (Take(text, 'Z')) return 0;
  const bool minus = Take(text, '-');
  if (!minus && !Take(text, '+')) return std::nullopt;
  const int hours = TakeNumber(text, 2);
  const bool colon = Take(text, ':');
  const int minutes = TakeNumber(text, 2);
  if (!colon || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  return (hours * 60 + minutes) * (minus ? -60 : 60);
}

}  // namespace

std::optional<UnixTime> ParseRfc3339(std::string_view text) {
  // Numbers and the separators before them: year-month-dayThour:minute:second.
  constexpr std::array<char, 6> kBefore = {'\0', '-', '-', 'T', ':', ':'};
  std::array<int, 6> part{};
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (i > 0 && !Take(text, kBefore[i])) return std::nullopt;
    part[i] = TakeNumber(text, i == 0 ? 4 : 2);
    if (part[i] < 0) return std::nullopt;
  }
  const std::int32_t nanos = TakeFraction(text);
  const std::optional<std::int64_t> offset = TakeOffset(text);
  const std::chrono::year_month_day day{std::chrono::year{part[0]},
                                        std::chrono::month{static_cast<unsigned>(part[1])},
                                        std::chrono::day{static_cast<unsigned>(part[2])}};
  if (nanos < 0 || !offset || !text.empty() || !day.ok() || part[3] > 23 || part[4] > 59 ||
      part[5] > 59) {
    return std::nullopt;
  }
  const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  const std::int64_t seconds = days * 86400 + part[3] * 3600 + part[4] * 60 + part[5] - *offset;
  return UnixTime{seconds, nanos};
}

std::optional<std::int64_t> ParseRfc3339Nanoseconds(std::string_view text) {
  constexpr std::int64_t kPerSecond = 1'000'000'000;
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / kPerSecond - 1;
  const std::optional<UnixTime> time = ParseRfc3339(text);
  if (!time || time->seconds > kMost || time->seconds < -kMost) return std::nullopt;
  return time->seconds * kPerSecond + time->nanos;
}

}  // namespace scenarios
