#include "scenarios/rfc3339.h"

#include <chrono>

namespace scenarios {
namespace {

// Takes a text from its front; once something is missing, everything is.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  int Digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value * 10 + Digit();
    return value;
  }
  void Expect(char c) {
    if (!Take(c)) good_ = false;
  }
  bool Take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  // One to nine digits after the point.
  std::int64_t Fraction() {
    constexpr int kPlaces = 9;
    std::int64_t value = Digit();
    int places = 1;
    while (places < kPlaces && !text_.empty() && IsDigit(text_.front())) {
      value = value * 10 + Digit();
      ++places;
    }
    for (; places < kPlaces; ++places) value *= 10;
    return value;
  }
  bool AtEnd() const { return good_ && text_.empty(); }

 private:
  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }
  int Digit() {
    if (text_.empty() || !IsDigit(text_.front())) {
      good_ = false;
      return 0;
    }
    const int value = text_.front() - '0';
    text_.remove_prefix(1);
    return value;
  }

  std::string_view text_;
  bool good_ = true;
};

}  // namespace

std::optional<std::int64_t> ParseRfc3339(std::string_view text) {
  Scanner scan(text);
  const std::chrono::year year(scan.Digits(4));
  scan.Expect('-');
  const std::chrono::month month(static_cast<unsigned>(scan.Digits(2)));
  scan.Expect('-');
  const std::chrono::day day(static_cast<unsigned>(scan.Digits(2)));
  scan.Expect('T');
  const int hour = scan.Digits(2);
  scan.Expect(':');
  const int minute = scan.Digits(2);
  scan.Expect(':');
  const int second = scan.Digits(2);
  const std::int64_t fraction = scan.Take('.') ? scan.Fraction() : 0;
  int offset_minutes = 0;
  if (!scan.Take('Z')) {
    const bool east = scan.Take('+');
    if (!east) scan.Expect('-');
    offset_minutes = scan.Digits(2) * 60;
    scan.Expect(':');
    offset_minutes += scan.Digits(2);
    if (!east) offset_minutes = -offset_minutes;
  }
  const std::chrono::year_month_day date(year, month, day);
  // Outside of these years 64 bits do not hold the nanoseconds.
  const bool fits = year >= std::chrono::year(1700) && year <= std::chrono::year(2200);
  if (!scan.AtEnd() || !fits || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto time = std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) +
                    std::chrono::minutes(minute - offset_minutes) + std::chrono::seconds(second);
  return std::chrono::nanoseconds(time).count() + fraction;
}

}  // namespace scenarios
