// The fields of one JSON line of a recording, checked while they are read.
//
// The first problem sticks: later reads return defaults, so that a line's fields are read in one go
// and asked about once, at the end. A field that is null counts as absent.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "libcontainerd/error.h"
#include "scenarios/recording.h"

namespace scenarios {

// The most that a field which becomes an int may hold.
inline constexpr std::int64_t kMostInt = std::numeric_limits<int>::max();

// "a string", "a number", … as it reads in a sentence.
std::string_view JsonTypeWords(const nlohmann::json& value);

class LineFields {
 public:
  // `object` is an object and outlives this; `where` ("FILE:LINE") begins every message.
  LineFields(const nlohmann::json& object, std::string where)
      : object_(object), where_(std::move(where)) {}

  bool Has(std::string_view name) const { return Find(name) != nullptr; }

  // Required; the default stands for what is returned after a problem.
  std::int64_t Int(std::string_view name, std::int64_t least = 0,
                   std::int64_t most = std::numeric_limits<std::int64_t>::max());
  std::string Text(std::string_view name);
  bool Bool(std::string_view name);
  RecordedTime Seconds(std::string_view name);
  const nlohmann::json& Object(std::string_view name);
  const nlohmann::json& Array(std::string_view name);
  // Of any type.
  const nlohmann::json& Value(std::string_view name);

  // Absent: the default.
  std::int64_t IntOr(std::string_view name, std::int64_t otherwise, std::int64_t least = 0,
                     std::int64_t most = std::numeric_limits<std::int64_t>::max());
  std::string TextOr(std::string_view name, std::string_view otherwise);
  bool BoolOr(std::string_view name, bool otherwise);
  std::optional<RecordedTime> OptionalSeconds(std::string_view name);
  RecordedTime MillisecondsOr(std::string_view name, RecordedTime otherwise);
  // Decoded; must be proper base64.
  std::optional<std::string> OptionalBase64(std::string_view name);

  // Records a problem of one's own: `what` completes "FILE:LINE: ".
  void Problem(std::string what);

  bool ok() const { return !problem_; }
  const std::string& where() const { return where_; }
  // OK, or the first problem.
  libcontainerd::Status Check() const;

 private:
  const nlohmann::json* Find(std::string_view name) const;
  const nlohmann::json* Require(std::string_view name, std::string_view expected);
  void WrongType(std::string_view name, const nlohmann::json& value, std::string_view expected);
  std::int64_t ReadInt(std::string_view name, const nlohmann::json& value, std::int64_t least,
                       std::int64_t most);
  std::optional<RecordedTime> ReadTime(std::string_view name, const nlohmann::json& value,
                                       double nanoseconds_per_unit, std::string_view unit);

  const nlohmann::json& object_;
  std::string where_;
  std::optional<std::string> problem_;
};

// Standard base64 with padding; nothing if it is not.
std::optional<std::string> DecodeBase64(std::string_view text);

struct UnixTime {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
};
// RFC 3339, up to nanoseconds; nothing if it is not.
std::optional<UnixTime> ParseRfc3339(std::string_view text);

}  // namespace scenarios
