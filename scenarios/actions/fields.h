// How actions describe themselves: places, raw JSON, and the fields of which reading, writing and
// the schema of scenario files are made.
//
// Threads: values.
#pragma once

#include <string>

#include "libcontainerd/runtime.h"

namespace scenarios {

using libcontainerd::Duration;

// Where an action stands, for messages. Never part of what it is.
struct Place {
  std::string file{};
  int line = 0;  // 0: nowhere, it was made by a program
  int column = 0;

  std::string text() const;  // "FILE:LINE:COLUMN", or ""
  friend bool operator==(const Place&, const Place&) { return true; }
};

// A JSON value as text: {"linux": {}}. Empty: none.
struct JsonText {
  std::string text{};
  friend bool operator==(const JsonText&, const JsonText&) = default;
};

// How a field is called in a file, and what it is for. A field that is not required has the
// member's initial value when it is absent, and is not written then.
struct FieldInfo {
  const char* name;
  const char* doc;
  bool required = false;
};

// A Fields function calls `field(FieldInfo, member)` for each member in the order of writing. The
// types of members: std::string, bool, std::uint32_t, std::uint64_t, std::int64_t, Duration (Go's
// notation), JsonText, Callbacks and the like below, vectors and maps of those, and
// std::optional of any.
namespace action {

inline constexpr FieldInfo kId{"id", "container", true};
inline constexpr FieldInfo kProcess{"process", "init or an exec's name"};

struct Nothing {
  template <class Self, class Field>
  static void Fields(Self&, Field&) {}
  friend bool operator==(const Nothing&, const Nothing&) = default;
};

}  // namespace action

}  // namespace scenarios
