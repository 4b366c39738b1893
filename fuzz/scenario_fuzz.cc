// The reader and the printer of scenario files.
//
// What is read and printed is read again as the same, and printed as the same text. A refusal says
// where. Not covered: that what is read can be run, and values that only a program can put into an
// action (durations below zero, names in maps that are no UTF-8), which reading refuses.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "scenarios/scenario_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto scenario = scenarios::ParseScenario(text, "input.json");
  if (!scenario) {
    const auto& error = scenario.error();
    if (error.code != libcontainerd::ErrorCode::kInvalidArgument) std::abort();
    if (!error.message.starts_with("input.json:")) std::abort();
    return 0;
  }
  const std::string printed = scenarios::PrintScenario(*scenario);
  const auto again = scenarios::ParseScenario(printed, "input.json");
  if (!again || *again != *scenario) std::abort();
  if (scenarios::PrintScenario(*again) != printed) std::abort();
  for (const scenarios::Action& action : scenario->actions) {
    const auto one = scenarios::ParseAction(scenarios::PrintAction(action));
    if (!one || *one != action) std::abort();
  }
  return 0;
}
