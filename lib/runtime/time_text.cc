#include "libcontainerd/time_text.h"

#include <chrono>
#include <cstdio>

namespace libcontainerd {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Takes pieces off the front of a text; remembers whether one was missing.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool ok() const { return ok_; }
  bool AtEnd() const { return rest_.empty(); }
  bool Peek(char c) const { return !rest_.empty() && rest_.front() == c; }
  void Expect(char c) {
    ok_ = ok_ && Peek(c);
    if (ok_) rest_.remove_prefix(1);
  }
  int Number(std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) value = value * 10 + Digit();
    return value;
  }
  // Digits after a decimal point, as nanoseconds; more than nine are cut.
  int Fraction() {
    int value = 0;
    int digits = 0;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; ++digits) {
      const int digit = Digit();
      if (digits < 9) value = value * 10 + digit;
    }
    ok_ = ok_ && digits > 0;
    for (; digits < 9; ++digits) value *= 10;
    return value;
  }

 private:
  int Digit() {
    ok_ = ok_ && !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
    if (!ok_) return 0;
    const int digit = rest_.front() - '0';
    rest_.remove_prefix(1);
    return digit;
  }

  std::string_view rest_;
  bool ok_ = true;
};

seconds Offset(Scanner& scanner) {
  if (scanner.Peek('Z')) {
    scanner.Expect('Z');
    return seconds(0);
  }
  const bool west = scanner.Peek('-');
  scanner.Expect(west ? '-' : '+');
  const hours offset_hours(scanner.Number(2));
  scanner.Expect(':');
  const seconds offset = offset_hours + minutes(scanner.Number(2));
  return west ? -offset : offset;
}

}  // namespace

std::string FormatTime(WallTime time) {
  const auto day = floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  std::string result = text;
  if (const auto nanoseconds = clock.subseconds().count(); nanoseconds != 0) {
    std::snprintf(text, sizeof text, ".%09d", static_cast<int>(nanoseconds));
    result += text;
    result.erase(result.find_last_not_of('0') + 1);
  }
  return result + "Z";
}

std::optional<WallTime> ParseTime(std::string_view text) {
  Scanner scanner(text);
  const std::chrono::year year(scanner.Number(4));
  scanner.Expect('-');
  const std::chrono::month month(static_cast<unsigned>(scanner.Number(2)));
  scanner.Expect('-');
  const std::chrono::day day(static_cast<unsigned>(scanner.Number(2)));
  scanner.Expect('T');
  const int hour = scanner.Number(2);
  scanner.Expect(':');
  const int minute = scanner.Number(2);
  scanner.Expect(':');
  const int second = scanner.Number(2);
  int nanoseconds = 0;
  if (scanner.Peek('.')) {
    scanner.Expect('.');
    nanoseconds = scanner.Fraction();
  }
  const seconds offset = Offset(scanner);
  const std::chrono::year_month_day date(year, month, day);
  if (!scanner.ok() || !scanner.AtEnd() || !date.ok() || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  // In UTC, so that what is written of it can be read again. Seconds hold any year that has four
  // digits.
  const auto time = std::chrono::sys_seconds(std::chrono::sys_days(date)) + hours(hour) +
                    minutes(minute) + seconds(second) - offset;
  const std::chrono::year utc_year = std::chrono::year_month_day(floor<days>(time)).year();
  constexpr std::chrono::year kFirstYear(1678);
  constexpr std::chrono::year kLastYear(2261);
  if (utc_year < kFirstYear || utc_year > kLastYear) return std::nullopt;
  return WallTime(time) + Duration(nanoseconds);
}

}  // namespace libcontainerd
