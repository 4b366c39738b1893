#include "scenarios/cli/scenario_options.h"

#include <fnmatch.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <iomanip>
#include <memory>
#include <ostream>
#include <random>
#include <sstream>
#include <thread>

#include <CLI/CLI.hpp>

#include "fake_containerd/go_duration.h"
#include "fake_containerd/nearest_word.h"
#include "scenarios/cli/exit_code.h"
#include "scenarios/cli/progress.h"
#include "scenarios/mutant_hunt.h"
#include "scenarios/reports/failure_text.h"
#include "scenarios/reports/scenario_report.h"
#include "scenarios/text/words.h"

namespace scenarios {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;
using libcontainerd::Status;

namespace {

Result<std::vector<Transport>> TransportsOf(const std::string& name) {
  if (name == "all") {
    return std::vector<Transport>{Transport::kLoopback, Transport::kInProcess, Transport::kSocket};
  }
  auto transport = ParseTransport(name);
  if (!transport) return Fail(transport.error().code, transport.error().message + ", or all");
  return std::vector<Transport>{*transport};
}

Result<std::map<std::string, std::string>> VariablesOf(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> variables;
  for (const std::string& text : texts) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Fail(ErrorCode::kInvalidArgument, "variable \"" + text + "\": expected NAME=VALUE");
    }
    variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return variables;
}

Result<std::chrono::milliseconds> TimeoutOf(const std::string& text) {
  const auto timeout = fake_containerd::ParseGoDuration(text);
  if (!timeout || *timeout <= Duration(0)) {
    return Fail(ErrorCode::kInvalidArgument,
                "timeout \"" + text + "\": expected a duration (as 60s, 2m)");
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(*timeout);
}

Words MutantWords() {
  Words names;
  for (const MutantName& each : AllMutantNames()) names.push_back(each.name);
  return names;
}

// Nothing for one of the names.
std::string ProblemOfName(const std::string& kind, const std::string& name, const Words& names) {
  if (std::ranges::find(names, name) != names.end()) return "";
  std::string problem = "no " + kind + " \"" + name + "\"";
  if (const auto nearest = fake_containerd::NearestWord(name, names))
    problem += "; did you mean \"" + std::string(*nearest) + "\"?";
  return problem;
}

bool FitsAny(const std::vector<std::string>& patterns, const Scenario& scenario) {
  return std::ranges::any_of(patterns,
                             [&](const std::string& pattern) { return Fits(pattern, scenario); });
}

std::string Line(const PlannedWork& work, const ScenarioResult& result) {
  std::ostringstream line;
  line << std::left << std::setw(13) << ScenarioVerdictName(result.verdict) << std::setw(11)
       << result.transport << (work.label.empty() ? work.scenario->scenario.name : work.label)
       << "  " << std::fixed << std::setprecision(1)
       << std::chrono::duration<double, std::milli>(result.time).count() << " ms";
  return line.str();
}

std::vector<std::string> BrokenGuarantees(const ScenarioResult& result) {
  std::vector<std::string> names;
  for (const GuaranteeResult& each : result.guarantees) {
    if (each.bad() && each.judgement.verdict == Verdict::kBroken)
      names.emplace_back(each.guarantee->name);
  }
  return names;
}

std::size_t CountOf(const std::vector<ScenarioResult>& results, ScenarioVerdict verdict) {
  return static_cast<std::size_t>(std::ranges::count(results, verdict, &ScenarioResult::verdict));
}

bool IsBad(const ScenarioResult& result) {
  return result.verdict == ScenarioVerdict::kFailed ||
         result.verdict == ScenarioVerdict::kCannotJudge;
}

void Announce(const std::string& command, const PlannedRun& plan, std::size_t runs,
              std::ostream& out) {
  out << command << ": seed " << plan.seed << ", " << runs << " runs";
  if (plan.shard.count > 1) out << ", shard " << plan.shard.text();
  out << std::endl;
}

Executed ExecuteWork(const PlannedRun& plan, const std::vector<PlannedWork>& work,
                     Progress& progress) {
  const auto museum = Museum();
  std::vector<Work> plain;
  for (const PlannedWork& each : work) plain.push_back({&each.scenario->scenario, each.options});
  ManyResults many = RunMany(plain, plan.many, [&](std::size_t index, ScenarioResult& result) {
    const PlannedWork& each = work[index];
    result.file = each.scenario->file;
    result.reproduce =
        each.reproduce.empty() ? ReproduceCommand(*each.scenario, each.options) : each.reproduce;
    if (museum) result.resembles = Resembling(*museum, BrokenGuarantees(result));
    const bool bad = IsBad(result);
    progress.Done(Line(each, result), bad ? FailureText(result) : "", bad);
    if (!bad && !plan.keep_all) result.journal.reset();
  });
  progress.Clear();
  return {std::move(many.results), many.stuck};
}

Status WriteReports(const std::string& command, const PlannedRun& plan,
                    const std::string& directory, const Executed& executed, bool with_scenarios) {
  if (directory.empty()) return {};
  auto output = OutputDirectory::Begin(directory);
  if (!output) return Fail(output.error());
  RunInfo run = MakeRunInfo(command, plan.seed);
  run.shard = plan.shard.index;
  run.shards = plan.shard.count;
  if (plan.transports.size() == 1) run.transport = TransportName(plan.transports.front());
  for (const ScenarioResult& each : executed.results) run.time += each.time;
  Status written = WriteScenarioReports(**output, executed.results, run);
  for (const ScenarioResult& each : executed.results) {
    if (!written || !with_scenarios) break;
    written = (*output)->Write(each.scenario.name + ".json", PrintScenario(each.scenario));
  }
  if (written) written = (*output)->Commit();
  return written;
}

int ExitCodeOf(const std::vector<ScenarioResult>& results) {
  if (CountOf(results, ScenarioVerdict::kFailed) > 0) return kExitBroken;
  return CountOf(results, ScenarioVerdict::kCannotJudge) > 0 ? kExitCannotJudge : kExitHeld;
}

}  // namespace

void AddChoiceOptions(CLI::App& command, ScenarioOptions& options) {
  command
      .add_option("--transport", options.transport,
                  "socket (real gRPC and FIFOs), inprocess, loopback (simulated), or all")
      ->type_name("TRANSPORT:{all,inprocess,loopback,socket}")
      ->capture_default_str();
  command
      .add_option("--seed", options.seed,
                  "of everything that is drawn: a number or a commit's hash; printed when it is "
                  "not given")
      ->type_name("SEED");
  command.add_option("--jobs,-j", options.jobs, "scenarios at once; 0: one for each processor")
      ->type_name("COUNT")
      ->capture_default_str()
      ->check(ProblemOfCount);
  command
      .add_option("--shard", options.shard,
                  "that part of the work; from the variables of CI systems when it is not given")
      ->type_name("I/N");
  command
      .add_option("--oracle", options.oracle,
                  "who judges: the guarantees, the model (docs/model.md), or both")
      ->type_name("WHO:{both,guarantees,model}")
      ->capture_default_str();
  command.add_option("--focus", options.focus, "only scenarios whose name or tag fits (* and ?)")
      ->type_name("PATTERN");
  command.add_option("--skip", options.skip, "no scenarios whose name or tag fits")
      ->type_name("PATTERN");
  command.add_option("--set", options.variables, "a variable of the files")
      ->type_name("NAME=VALUE");
}

void AddScenarioOptions(CLI::App& command, ScenarioOptions& options) {
  AddChoiceOptions(command, options);
  command.add_option("--timeout", options.timeout, "real time for one scenario")
      ->type_name("DURATION")
      ->capture_default_str();
  command
      .add_option("--report-dir", options.report_dir,
                  "directory of the reports, replaced when they are complete; empty: none")
      ->type_name("DIR")
      ->capture_default_str();
  command.add_option("--keep", options.keep, "whose journals are kept: always or failure")
      ->type_name("WHEN:{always,failure}")
      ->capture_default_str();
}

std::string ProblemOfCount(const std::string& text) {
  const bool digits =
      std::ranges::all_of(text, [](char each) { return each >= '0' && each <= '9'; });
  return digits ? "" : "\"" + text + "\": expected a whole number";
}

void AddSwitchOptions(CLI::App& command, std::vector<std::string>& deviations_off,
                      std::vector<std::string>& mutants) {
  command
      .add_option("--without", deviations_off,
                  "do as the reference does: a name of docs/deviations.md")
      ->check([](const std::string& name) {
        return ProblemOfName("deviation", name, DeviationWords());
      });
  command.add_option("--mutant", mutants, "plant this defect: a name of docs/mutants.md")
      ->check([](const std::string& name) { return ProblemOfName("mutant", name, MutantWords()); });
}

Result<std::uint64_t> ParseSeed(const std::string& text) {
  std::uint64_t seed = 0;
  const char* end = text.data() + text.size();
  const auto whole = [&](int base, std::size_t digits) {
    const char* last = text.data() + std::min(text.size(), digits);
    const auto [stopped, error] = std::from_chars(text.data(), last, seed, base);
    return !text.empty() && error == std::errc() && stopped == last;
  };
  if (whole(10, text.size())) return seed;
  constexpr std::size_t kDigits = 16;
  const bool hash =
      text.size() >= 7 && text.size() <= 64 && std::all_of(text.data(), end, [](char each) {
        return std::isxdigit(static_cast<unsigned char>(each)) != 0;
      });
  if (hash && whole(16, kDigits)) return seed;
  return Fail(ErrorCode::kInvalidArgument,
              "seed \"" + text + "\": expected a number below 2^64, or a commit's hash");
}

std::uint64_t DrawSeed() {
  std::random_device device;
  return (std::uint64_t{device()} << 16) ^ device();  // short enough to be typed
}

bool Fits(const std::string& pattern, const Scenario& scenario) {
  const auto fits = [&](const std::string& text) {
    return ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
  };
  if (fits(scenario.name) || std::ranges::any_of(scenario.tags, fits)) return true;
  return scenario.failure && fits(scenario.failure->id);
}

Result<PlannedRun> Plan(const std::vector<std::string>& words, const ScenarioOptions& options,
                        const Environment& environment) {
  PlannedRun plan;
  plan.seed = DrawSeed();
  if (!options.seed.empty()) {
    auto seed = ParseSeed(options.seed);
    if (!seed) return Fail(seed.error());
    plan.seed = *seed;
  }
  auto shard =
      options.shard.empty() ? ShardFromEnvironment(environment) : ParseShard(options.shard);
  if (!shard) return Fail(shard.error());
  plan.shard = *shard;
  auto transports = TransportsOf(options.transport);
  if (!transports) return Fail(transports.error());
  plan.transports = std::move(*transports);
  auto oracle = ParseOracle(options.oracle);
  if (!oracle) return Fail(oracle.error());
  plan.oracle = *oracle;
  auto timeout = TimeoutOf(options.timeout);
  if (!timeout) return Fail(timeout.error());
  plan.many.timeout = *timeout;
  plan.many.jobs =
      options.jobs > 0 ? options.jobs : std::max(1U, std::thread::hardware_concurrency());
  if (options.keep != "always" && options.keep != "failure") {
    return Fail(ErrorCode::kInvalidArgument,
                "keep \"" + options.keep + "\": expected always or failure");
  }
  plan.keep_all = options.keep == "always";
  auto variables = VariablesOf(options.variables);
  if (!variables) return Fail(variables.error());
  auto found = FindScenarios(words, {.seed = plan.seed, .variables = *variables, .mutants = {}});
  if (!found) return Fail(found.error());
  std::size_t number = 0;
  for (NamedScenario& each : *found) {
    if (!options.focus.empty() && !FitsAny(options.focus, each.scenario)) continue;
    if (FitsAny(options.skip, each.scenario)) continue;
    if (plan.shard.Has(number++)) plan.scenarios.push_back(std::move(each));
  }
  if (number == 0) return Fail(ErrorCode::kNotFound, "no scenario is left by --focus and --skip");
  return plan;
}

std::string ReproduceCommand(const NamedScenario& scenario, const RunOptions& options) {
  std::string command = "drydock run " +
                        (scenario.carried ? scenario.scenario.name : scenario.file) + " --seed " +
                        std::to_string(options.seed) + " --transport " +
                        std::string(TransportName(options.transport));
  if (options.oracle != Oracle::kBoth)
    command += " --oracle " + std::string(OracleName(options.oracle));
  for (const std::string& name : options.deviations_off) command += " --without " + name;
  for (const std::string& name : options.mutants) command += " --mutant " + name;
  return command;
}

std::vector<PlannedWork> WorkOf(const PlannedRun& plan) {
  std::vector<PlannedWork> work;
  for (const Transport transport : plan.transports) {
    for (const NamedScenario& scenario : plan.scenarios) {
      PlannedWork each;
      each.scenario = &scenario;
      each.options.transport = transport;
      each.options.seed = plan.seed;
      each.options.oracle = plan.oracle;
      work.push_back(std::move(each));
    }
  }
  return work;
}

Executed Execute(const std::string& command, const PlannedRun& plan,
                 const std::vector<PlannedWork>& work, std::ostream& out) {
  Announce(command, plan, work.size(), out);
  Progress progress(out, Progress::StdoutIsTerminal(), work.size());
  return ExecuteWork(plan, work, progress);
}

ExecutedParts ExecuteParts(const std::string& command, const PlannedRun& plan, std::size_t total,
                           const std::function<std::vector<PlannedWork>(std::size_t first)>& part,
                           std::ostream& out) {
  Announce(command, plan, total, out);
  Progress progress(out, Progress::StdoutIsTerminal(), total);
  ExecutedParts all;
  while (all.runs < total && !all.bad.stuck) {
    Executed executed = ExecuteWork(plan, part(all.runs), progress);
    if (executed.results.empty()) break;
    all.runs += executed.results.size();
    all.passed += CountOf(executed.results, ScenarioVerdict::kPassed);
    all.bad.stuck = executed.stuck;
    for (ScenarioResult& result : executed.results) {
      if (IsBad(result)) all.bad.results.push_back(std::move(result));
    }
  }
  return all;
}

std::string Summary(const std::vector<ScenarioResult>& results) {
  std::string text;
  for (const ScenarioVerdict verdict : kScenarioVerdicts) {
    if (!text.empty()) text += ", ";
    text +=
        std::to_string(CountOf(results, verdict)) + " " + std::string(ScenarioVerdictName(verdict));
  }
  return text;
}

int Conclude(const std::string& command, const PlannedRun& plan, const std::string& directory,
             const Executed& executed, bool with_scenarios, std::ostream& out, std::ostream& err) {
  int code = ExitCodeOf(executed.results);
  if (auto written = WriteReports(command, plan, directory, executed, with_scenarios); !written) {
    err << "drydock: " << written.error().message << '\n';
    code = std::max<int>(code, kExitCannotJudge);
  } else if (!directory.empty()) {
    out << "reports in " << directory << "/\n";
  }
  if (executed.stuck) {
    out.flush();
    std::_Exit(code);
  }
  return code;
}

}  // namespace scenarios
