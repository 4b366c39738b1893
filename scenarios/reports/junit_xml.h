// JUnit XML in the form that Jenkins and Maven's Surefire made usual, and that CI systems read:
// scenarios/schema/junit.xsd.
//
// Threads: values.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace scenarios {

struct JUnitCase {
  enum class Outcome : std::uint8_t { kPassed, kFailed, kError, kSkipped };

  std::string classname{};
  std::string name{};
  std::chrono::nanoseconds time{0};
  Outcome outcome = Outcome::kPassed;
  std::string type{};     // of a failure or error: a word
  std::string message{};  // one line; also why it was skipped
  std::string text{};     // all of it
};

struct JUnitSuite {
  std::string name{};
  std::string timestamp{};  // RFC 3339, or ""
  std::chrono::nanoseconds time{0};
  std::vector<std::pair<std::string, std::string>> properties{};
  std::vector<JUnitCase> cases{};
};

// Texts may hold any bytes: what XML cannot say becomes U+FFFD.
std::string JUnitXml(const JUnitSuite& suite);

}  // namespace scenarios
