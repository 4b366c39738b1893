// Report: what a run of scenarios came to, in the words of whoever reads it. All forms of output
// are made from one; it is made from results, or read back from the report.json of an earlier run.
//
// Threads: values; journals are only read.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/scenario_result.h"

namespace scenarios {

// What is the same for all scenarios of a run.
struct RunInfo {
  std::string command{"drydock run"};  // what was run: the title
  std::uint64_t seed = 0;
  std::string transport{};                        // "" if each scenario has its own
  std::uint32_t shard = 1;                        // of `shards`
  std::uint32_t shards = 1;                       // 1: all of it
  std::string started{};                          // RFC 3339; "" if it does not matter
  std::chrono::nanoseconds time{0};               // real
  std::map<std::string, std::string> versions{};  // Versions()
  // Of an exploration, which reports only what failed: "runs", "events", "entries" in all.
  std::map<std::string, std::uint64_t> explored{};

  friend bool operator==(const RunInfo&, const RunInfo&) = default;
};

enum class Demand : std::uint8_t { kNone, kHeld, kBroken };
std::string_view DemandName(Demand demand);  // "none", "held", "broken"

struct ReportedGuarantee {
  std::string name{};
  std::string sentence{};
  Verdict verdict = Verdict::kNotObservable;
  Demand demand = Demand::kNone;  // by the scenario
  bool bad = false;               // not as it must be
  std::vector<Violation> violations{};
};

struct ReportedScenario {
  std::string name{};
  std::string intent{};
  std::string file{};
  std::vector<std::string> tags{};
  std::string museum{};  // "B31" for an entry of the museum
  std::string transport{};
  std::uint64_t seed = 0;
  ScenarioVerdict verdict = ScenarioVerdict::kCannotJudge;
  std::chrono::nanoseconds time{0};
  Duration clock{0};
  std::uint64_t actions = 0;  // in all, those in groups counted
  std::uint64_t actions_before_shrinking = 0;
  std::vector<Complaint> complaints{};
  std::vector<ReportedGuarantee> guarantees{};
  JudgeOptions judged_with{};
  std::string cannot_judge{};
  std::string reproduce{};
  std::string resembles{};
  std::string journal_file{};  // its name beside report.json; "" if no journal was kept
  std::shared_ptr<const Journal> journal{};
};

struct Report {
  RunInfo run{};
  std::vector<ReportedScenario> scenarios{};
};

// Names of journals are those of their scenarios, made fit for a file and different.
Report MakeReport(std::span<const ScenarioResult> results, RunInfo run);

// Each that has a journal gets a name for its file, different from all others.
void NameJournals(std::vector<ReportedScenario>& scenarios);
// "web/e1 start-container" becomes "web_e1_start-container".
std::string FileNameFor(std::string_view name);
// How many of the scenarios ended so.
std::size_t CountVerdicts(const Report& report, ScenarioVerdict verdict);
// All of them, in the order in which they are told.
inline constexpr ScenarioVerdict kScenarioVerdicts[] = {
    ScenarioVerdict::kPassed, ScenarioVerdict::kFailed, ScenarioVerdict::kCannotJudge,
    ScenarioVerdict::kSkipped};

double Milliseconds(std::chrono::nanoseconds time);

}  // namespace scenarios
