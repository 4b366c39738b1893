// What the commands that run scenarios have in common: which scenarios, how, and what is kept.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "scenarios/catalogue.h"
#include "scenarios/cli/shard.h"
#include "scenarios/runner/run_many.h"

namespace CLI {
class App;
}

namespace scenarios {

struct ScenarioOptions {
  std::string transport = "socket";  // or "all"
  std::string seed{};                // a number, or a commit's hash; empty: drawn
  std::size_t jobs = 0;              // 0: as many as there are processors
  std::string shard{};               // "2/8"; empty: as the environment says
  std::string timeout = "60s";       // real time for one scenario
  std::string report_dir = "out";
  std::string keep = "failure";          // whose journals: always, failure
  std::string oracle = "both";           // who judges: both, guarantees, model
  std::vector<std::string> focus{};      // patterns of names and tags
  std::vector<std::string> skip{};       // likewise
  std::vector<std::string> variables{};  // NAME=VALUE
};
// Adds to a command which scenarios are meant and how they run; and all options, those of reports
// too.
void AddChoiceOptions(CLI::App& command, ScenarioOptions& options);
void AddScenarioOptions(CLI::App& command, ScenarioOptions& options);
// What is wrong with a count, for whose options a minus would mean very many.
std::string ProblemOfCount(const std::string& text);
// --without and --mutant, whose names must exist.
void AddSwitchOptions(CLI::App& command, std::vector<std::string>& deviations_off,
                      std::vector<std::string>& mutants);

// A number in decimal, or the first 16 hexadecimal digits of a commit's hash (7 at least).
libcontainerd::Result<std::uint64_t> ParseSeed(const std::string& text);
std::uint64_t DrawSeed();

// Whether the pattern (with * and ?) fits the scenario's name, its number in the museum, or a tag.
bool Fits(const std::string& pattern, const Scenario& scenario);

struct PlannedRun {
  std::uint64_t seed = 0;
  Shard shard{};
  std::vector<Transport> transports{};
  std::vector<NamedScenario> scenarios{};  // those that are meant, of this shard
  Oracle oracle = Oracle::kBoth;
  ManyOptions many{};
  bool keep_all = false;
};
// Reads the scenarios and chooses among them. Errors are usage.
libcontainerd::Result<PlannedRun> Plan(const std::vector<std::string>& words,
                                       const ScenarioOptions& options,
                                       const Environment& environment);

// One thing to run: a scenario and how.
struct PlannedWork {
  const NamedScenario* scenario = nullptr;
  RunOptions options{};
  std::string label{};      // in lines of progress; the scenario's name if empty
  std::string reproduce{};  // the command that does it again
};
std::vector<PlannedWork> WorkOf(const PlannedRun& plan);
std::string ReproduceCommand(const NamedScenario& scenario, const RunOptions& options);

// What came of it: the results in order.
struct Executed {
  std::vector<ScenarioResult> results{};
  bool stuck = false;  // a scenario did not end; the process had better
};
// Prints what comes, runs it, prints how it went.
Executed Execute(const std::string& command, const PlannedRun& plan,
                 const std::vector<PlannedWork>& work, std::ostream& out);
// The same for more work than fits into memory: `part` makes what comes next, from the piece of
// that number on; its pieces may point to what lives until the next call. Results that passed, or
// were skipped, are counted and not kept.
struct ExecutedParts {
  Executed bad{};
  std::size_t runs = 0;
  std::size_t passed = 0;
};
ExecutedParts ExecuteParts(const std::string& command, const PlannedRun& plan, std::size_t total,
                           const std::function<std::vector<PlannedWork>(std::size_t first)>& part,
                           std::ostream& out);
// Writes the reports, with `with_scenarios` each scenario as a file too, and says so. Returns the
// ExitCode; ends the process with it if a scenario is stuck, for there is nothing to wait for.
int Conclude(const std::string& command, const PlannedRun& plan, const std::string& directory,
             const Executed& executed, bool with_scenarios, std::ostream& out, std::ostream& err);
// "61 passed, 1 failed, …".
std::string Summary(const std::vector<ScenarioResult>& results);

}  // namespace scenarios
