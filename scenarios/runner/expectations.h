// What an `expect` finds when it is looked at: the facts of a stage in the words of scenario files.
//
// Threads: the stage's own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "scenarios/action.h"
#include "scenarios/runner/stage.h"

namespace scenarios {

// Of labelled calls: the outcome, or "pending".
using CallResults = std::map<std::string, std::string>;

// A code without a text, as "UNAVAILABLE", means any text; but only OK is "OK".
bool IsResult(const std::string& expected, const std::string& found);

// One sentence for each fact that is not as expected; none: all of it is so.
std::vector<std::string> Mismatches(Stage& stage, const action::Expect& expected,
                                    const CallResults& results);

// Points of holds and failures that are the engine's: "callback.exit@web" is "web exit" there.
bool IsEnginePoint(const std::string& point);
std::string CallbackName(const std::string& point);

// "web" is its init; "web/e1" an exec.
struct ProcessName {
  std::string id{};
  std::string process{};
};
ProcessName ProcessFromText(const std::string& text);

// Whether it is so now; on the executor, perhaps between any two steps. `call_returned` is about
// condition.call.
bool Holds(Stage& stage, const action::Condition& condition, bool call_returned);
// "callback web exit 3", for messages.
std::string ConditionText(const action::Condition& condition);

}  // namespace scenarios
