// fuzz_seeds OUT TRACES…: writes seed corpora, one folder for each target, made from the scenarios
// of library and museum, their runs, and the recorded traces in the given folders.
//
// docs/fuzzing.md says where they are used. The same scenarios and traces give the same files.
// Exit code: 0, 1 if something cannot be read or written, 2 for wrong usage.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "fuzz/action_input.h"
#include "scenarios/catalogue.h"
#include "scenarios/reports/report.h"
#include "scenarios/reports/report_json.h"
#include "scenarios/runner/run_scenario.h"

namespace {

namespace action = scenarios::action;
namespace fs = std::filesystem;
using scenarios::Actions;
using scenarios::NamedScenario;

// Longer ones teach a fuzzer nothing that the others do not, and cost more.
constexpr std::size_t kMostBytes = 64'000;

std::string ContentOf(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class Seeds {
 public:
  explicit Seeds(fs::path out) : out_(std::move(out)) {}

  void Add(const std::string& target, const std::string& name, const std::string& text) {
    if (text.empty() || text.size() > kMostBytes) return;
    fs::create_directories(out_ / target);
    std::ofstream file(out_ / target / name, std::ios::binary);
    file << text << std::flush;
    failed_ = failed_ || !file;
    ++written_;
  }
  bool failed() const { return failed_; }
  std::size_t written() const { return written_; }

 private:
  fs::path out_;
  bool failed_ = false;
  std::size_t written_ = 0;
};

// Behaviours, plans and specs that stand in a scenario.
void AddParts(Seeds& seeds, const std::string& name, const Actions& actions, int& number) {
  for (const scenarios::Action& each : actions) {
    const std::string file = name + "-" + std::to_string(++number);
    if (const auto* behave = std::get_if<action::Behave>(&each.what)) {
      seeds.Add("behaviour_text_fuzz", file, behave->behaviour);
    } else if (const auto* faults = std::get_if<action::SetFaults>(&each.what)) {
      seeds.Add("fault_plan_fuzz", file, faults->plan);
    } else if (const auto* create = std::get_if<action::Create>(&each.what)) {
      seeds.Add("spec_fuzz", file, create->spec.text);
    } else if (const auto* cursor = std::get_if<action::ReplaceCursor>(&each.what)) {
      seeds.Add("cursor_fuzz", file, cursor->text);
    } else if (const auto* later = std::get_if<action::Later>(&each.what)) {
      AddParts(seeds, name, later->actions, number);
    } else if (const auto* parallel = std::get_if<action::Parallel>(&each.what)) {
      for (const Actions& branch : parallel->branches) AddParts(seeds, name, branch, number);
    }
  }
}

void AddRun(Seeds& seeds, const scenarios::Scenario& scenario) {
  const std::vector<scenarios::ScenarioResult> results = {
      scenarios::RunScenario(scenario, {.transport = scenarios::Transport::kLoopback})};
  if (!results[0].journal) return;
  std::ostringstream journal;
  WriteJournal(*results[0].journal, journal);
  seeds.Add("journal_fuzz", scenario.name, journal.str());
  scenarios::RunInfo run;
  run.command = "run";
  seeds.Add("report_fuzz", scenario.name,
            scenarios::ReportJson(scenarios::MakeReport(results, run)));
}

void AddScenarios(Seeds& seeds, const std::vector<NamedScenario>& all) {
  for (const NamedScenario& each : all) {
    const scenarios::Scenario& scenario = each.scenario;
    int number = 0;
    AddParts(seeds, scenario.name, scenario.actions, number);
    seeds.Add("fault_plan_fuzz", scenario.name, scenario.setup.faults);
    AddRun(seeds, scenario);
  }
  for (const scenarios::CarriedFile& file : scenarios::CarriedFiles()) {
    const std::string text(file.text);
    const std::string name = fs::path(file.path).stem();
    seeds.Add("scenario_fuzz", name, text);
    const auto admitted = fuzz::Admit(text);
    if (admitted) seeds.Add("action_fuzz", name, PrintScenario(*admitted));
  }
}

// "event":{…} of the wire's lines is what a line of events.log is.
std::string EventsOf(const std::string& wire) {
  constexpr std::string_view kName = "\"event\":";
  std::string lines;
  for (std::size_t at = wire.find(kName); at != std::string::npos; at = wire.find(kName, at + 1)) {
    const std::size_t begin = at + kName.size();
    lines += wire.substr(begin, wire.find('}', begin) + 1 - begin) + "\n";
  }
  return lines;
}

void AddTraces(Seeds& seeds, const fs::path& folder) {
  constexpr std::string_view kWire = ".jsonl";
  constexpr std::string_view kClient = ".client.jsonl";
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string file = entry.path().filename();
    if (!file.ends_with(kWire) || file.ends_with(kClient)) continue;
    const std::string name = file.substr(0, file.size() - kWire.size());
    const std::string wire = ContentOf(entry.path());
    const std::string client = ContentOf(folder / (name + std::string(kClient)));
    seeds.Add("recording_fuzz", name, wire + std::string(1, '\0') + client);
    seeds.Add("event_log_fuzz", name, EventsOf(wire));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: fuzz_seeds OUT TRACES...\n";
    return 2;
  }
  Seeds seeds(argv[1]);
  for (const auto& found : {scenarios::Library(), scenarios::Museum()}) {
    if (!found) {
      std::cerr << "fuzz_seeds: " << found.error().message << '\n';
      return 1;
    }
    AddScenarios(seeds, *found);
  }
  for (int i = 2; i < argc; ++i) AddTraces(seeds, argv[i]);
  std::cout << seeds.written() << " seeds in " << argv[1] << '\n';
  return seeds.failed() ? 1 : 0;
}
