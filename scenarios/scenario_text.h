// Scenario files: JSON with comments. docs/scenarios.md is the manual of the format.
//
// Reading expands what a file may abbreviate (variables, repeat, for_each, one_of) and checks all
// that can be known without running. Every error is INVALID_ARGUMENT and begins with the place of
// the text that is wrong: "lost-exit.json:7:12: actions[3].do is "craete", expected one of …; did
// you mean "create"?".
//
// Threads: any; all are functions of their arguments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libcontainerd/error.h"
#include "scenarios/scenario.h"

namespace scenarios {

// Bounds of what a file may expand to.
inline constexpr std::size_t kMostActions = 100'000;
inline constexpr std::size_t kMostExpandedBytes = 64 << 20;
inline constexpr std::size_t kDeepestGroups = 32;
// Of one duration, and of "times".
inline constexpr Duration kLongestDuration = std::chrono::hours(87'600);  // ten years
inline constexpr std::uint32_t kMostTimes = 1'000'000;

struct ParseOptions {
  std::uint64_t seed = 1;  // of one_of
  // Instead of those in the file, which must declare them. A value that is JSON is that, any other
  // a text.
  std::map<std::string, std::string> variables{};
  // The planted defects that may be named; none: any name is taken.
  std::optional<std::vector<std::string>> mutants{};
};

// `name` is the file's name, for errors; the scenario bears its last part without ".json".
libcontainerd::Result<Scenario> ParseScenario(const std::string& text, const std::string& name,
                                              const ParseOptions& options = {});
// NOT_FOUND and so on for a file that cannot be read.
libcontainerd::Result<Scenario> ReadScenarioFile(const std::string& path,
                                                 const ParseOptions& options = {});
// One action, or a group of those that are not expanded. Labels of calls may be somebody else's.
libcontainerd::Result<Action> ParseAction(const std::string& text);

// As a person would write it, one action a line; reading it gives an equal scenario, if it is one
// that could have been read: ParseScenario checks more than a program that makes scenarios has to
// keep to. Texts that are no UTF-8 are written in hex; names in maps must be UTF-8.
std::string PrintScenario(const Scenario& scenario);
// On one line.
std::string PrintAction(const Action& action);

// JSON Schema, draft 2020-12: scenarios/schema/scenario.schema.json.
std::string ScenarioSchema();

}  // namespace scenarios
