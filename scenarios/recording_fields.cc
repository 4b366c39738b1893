#include "scenarios/recording_fields.h"

#include <array>
#include <chrono>
#include <cmath>
#include <utility>

namespace scenarios {
namespace {

using libcontainerd::Fail;
using nlohmann::json;

constexpr double kMostSeconds = 1e9;  // far from the range of int64 nanoseconds

std::string Quoted(std::string_view name) {
  return "field \"" + std::string(name) + "\"";
}

const json& EmptyObject() {
  static const json empty = json::object();
  return empty;
}

const json& EmptyArray() {
  static const json empty = json::array();
  return empty;
}

std::string IntWords(std::int64_t least, std::int64_t most) {
  if (most == std::numeric_limits<std::int64_t>::max()) {
    return "a whole number of at least " + std::to_string(least);
  }
  return "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
}

}  // namespace

std::string_view JsonTypeWords(const json& value) {
  switch (value.type()) {
    case json::value_t::null:
      return "null";
    case json::value_t::object:
      return "an object";
    case json::value_t::array:
      return "an array";
    case json::value_t::string:
      return "a string";
    case json::value_t::boolean:
      return "true or false";
    default:
      return "a number";
  }
}

void LineFields::Problem(std::string what) {
  if (!problem_) problem_ = where_ + ": " + std::move(what);
}

libcontainerd::Status LineFields::Check() const {
  if (problem_) return Fail(ErrorCode::kInvalidArgument, *problem_);
  return {};
}

const json* LineFields::Find(std::string_view name) const {
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

const json* LineFields::Require(std::string_view name, std::string_view expected) {
  const json* value = Find(name);
  if (value == nullptr) {
    Problem(Quoted(name) + " is missing, expected " + std::string(expected));
  }
  return value;
}

void LineFields::WrongType(std::string_view name, const json& value, std::string_view expected) {
  Problem(Quoted(name) + " is " + std::string(JsonTypeWords(value)) + ", expected " +
          std::string(expected));
}

std::int64_t LineFields::ReadInt(std::string_view name, const json& value, std::int64_t least,
                                 std::int64_t most) {
  if (!value.is_number()) {
    WrongType(name, value, IntWords(least, most));
    return least;
  }
  const bool huge =
      value.is_number_unsigned() &&
      value.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()};
  const std::int64_t number = huge || !value.is_number_integer() ? 0 : value.get<std::int64_t>();
  if (huge || !value.is_number_integer() || number < least || number > most) {
    Problem(Quoted(name) + " is " + value.dump() + ", expected " + IntWords(least, most));
    return least;
  }
  return number;
}

std::int64_t LineFields::Int(std::string_view name, std::int64_t least, std::int64_t most) {
  const json* value = Require(name, IntWords(least, most));
  return value == nullptr ? least : ReadInt(name, *value, least, most);
}

std::int64_t LineFields::IntOr(std::string_view name, std::int64_t otherwise, std::int64_t least,
                               std::int64_t most) {
  const json* value = Find(name);
  return value == nullptr ? otherwise : ReadInt(name, *value, least, most);
}

std::string LineFields::Text(std::string_view name) {
  const json* value = Require(name, "a string");
  return value == nullptr ? std::string() : TextOr(name, "");
}

std::string LineFields::TextOr(std::string_view name, std::string_view otherwise) {
  const json* value = Find(name);
  if (value == nullptr) return std::string(otherwise);
  if (!value->is_string()) {
    WrongType(name, *value, "a string");
    return std::string(otherwise);
  }
  return value->get<std::string>();
}

bool LineFields::Bool(std::string_view name) {
  const json* value = Require(name, "true or false");
  return value != nullptr && BoolOr(name, false);
}

bool LineFields::BoolOr(std::string_view name, bool otherwise) {
  const json* value = Find(name);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) {
    WrongType(name, *value, "true or false");
    return otherwise;
  }
  return value->get<bool>();
}

std::optional<RecordedTime> LineFields::ReadTime(std::string_view name, const json& value,
                                                 double nanoseconds_per_unit,
                                                 std::string_view unit) {
  const double most = kMostSeconds * 1e9 / nanoseconds_per_unit;
  const std::string expected =
      std::string(unit) + " from 0 to " + std::to_string(static_cast<std::int64_t>(most));
  if (!value.is_number()) {
    WrongType(name, value, expected);
    return std::nullopt;
  }
  const double number = value.get<double>();
  if (!(number >= 0 && number <= most)) {
    Problem(Quoted(name) + " is " + value.dump() + ", expected " + expected);
    return std::nullopt;
  }
  return RecordedTime(std::llround(number * nanoseconds_per_unit));
}

RecordedTime LineFields::Seconds(std::string_view name) {
  const json* value = Require(name, "seconds since the recording began");
  if (value == nullptr) return RecordedTime{0};
  return ReadTime(name, *value, 1e9, "seconds").value_or(RecordedTime{0});
}

std::optional<RecordedTime> LineFields::OptionalSeconds(std::string_view name) {
  const json* value = Find(name);
  return value == nullptr ? std::nullopt : ReadTime(name, *value, 1e9, "seconds");
}

RecordedTime LineFields::MillisecondsOr(std::string_view name, RecordedTime otherwise) {
  const json* value = Find(name);
  if (value == nullptr) return otherwise;
  return ReadTime(name, *value, 1e6, "milliseconds").value_or(otherwise);
}

const json& LineFields::Object(std::string_view name) {
  const json* value = Require(name, "an object");
  if (value == nullptr) return EmptyObject();
  if (value->is_object()) return *value;
  WrongType(name, *value, "an object");
  return EmptyObject();
}

const json& LineFields::Array(std::string_view name) {
  const json* value = Require(name, "an array");
  if (value == nullptr) return EmptyArray();
  if (value->is_array()) return *value;
  WrongType(name, *value, "an array");
  return EmptyArray();
}

const json& LineFields::Value(std::string_view name) {
  const json* value = Require(name, "a value");
  return value == nullptr ? EmptyObject() : *value;
}

std::optional<std::string> LineFields::OptionalBase64(std::string_view name) {
  if (!Has(name)) return std::nullopt;
  std::optional<std::string> bytes = DecodeBase64(TextOr(name, ""));
  if (!bytes) Problem(Quoted(name) + " is not base64, expected RFC 4648 text with padding");
  return bytes;
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && !text.empty() && text.back() == '=') {
    text.remove_suffix(1);
    ++padding;
  }
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char letter : text) {
    const std::size_t digit = kAlphabet.find(letter);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<char>((bits >> count) & 0xff));
    }
  }
  return bytes;
}

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

}  // namespace scenarios
