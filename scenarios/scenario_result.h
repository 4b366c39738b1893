// ScenarioResult: what came of running one scenario; what reports are made from.
//
// Threads: values, but for the journal, which is only read.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/guarantees/guarantee.h"
#include "scenarios/journal.h"
#include "scenarios/scenario.h"

namespace scenarios {

enum class ScenarioVerdict : std::uint8_t {
  kPassed,
  kFailed,       // an expectation or a guarantee
  kCannotJudge,  // the world could not be set up, or the time-out passed
  kSkipped,      // it is not for this transport
};
std::string_view ScenarioVerdictName(ScenarioVerdict verdict);

// An expectation that did not come true.
struct Complaint {
  Place place{};
  std::string what{};  // one sentence or more lines: what was expected, and what was found
};

struct GuaranteeResult {
  const Guarantee* guarantee = nullptr;
  Judgement judgement{};
  bool must_break = false;
  bool must_be_held = false;
  // Not as it must be.
  bool bad() const {
    if (must_break) return judgement.verdict != Verdict::kBroken;
    if (judgement.verdict == Verdict::kBroken) return true;
    return must_be_held && judgement.verdict != Verdict::kHeld;
  }
};

struct ScenarioResult {
  Scenario scenario{};
  std::string file{};       // "" if there is none
  std::string transport{};  // "loopback", "inprocess", "socket"
  std::uint64_t seed = 0;
  // Loopback: one draw after everything, which depends on all before it. Equal runs have equal
  // ones.
  std::uint64_t last_draw = 0;
  ScenarioVerdict verdict = ScenarioVerdict::kCannotJudge;
  std::chrono::nanoseconds time{0};  // real
  Duration clock{0};                 // the scenario's own time that passed
  std::vector<Complaint> complaints{};
  std::vector<GuaranteeResult> guarantees{};
  JudgeOptions judged_with{};  // whoever judges the saved journal again needs it
  std::string cannot_judge{};  // why
  // Of a shrunk failure: how many actions there were before, 0 if it was not shrunk.
  std::size_t actions_before_shrinking = 0;
  std::shared_ptr<const Journal> journal{};  // null if it was not kept or nothing ran

  std::string reproduce{};  // one command: drydock run … --seed …
  std::string resembles{};  // the museum entry that broke the same, "B31 an exec's exit carries …"
};

}  // namespace scenarios
