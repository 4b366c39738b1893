#include "scenarios/cli/explore_command.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <thread>

#include <CLI/CLI.hpp>

#include "fake_containerd/go_duration.h"
#include "scenarios/cli/crash_note.h"
#include "scenarios/cli/exit_code.h"
#include "scenarios/cli/scenario_options.h"
#include "scenarios/cli/shell_quoted.h"
#include "scenarios/explore/explore.h"
#include "scenarios/museum.h"
#include "scenarios/reports/failure_text.h"
#include "scenarios/reports/scenario_report.h"
#include "scenarios/scenario_text.h"

namespace scenarios {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;
using libcontainerd::Status;
using std::chrono::milliseconds;

namespace {

Result<milliseconds> DurationOf(const std::string& option, const std::string& text) {
  const auto duration = fake_containerd::ParseGoDuration(text);
  if (!duration || *duration < Duration(0)) {
    return Fail(ErrorCode::kInvalidArgument,
                option + " \"" + text + "\": expected a duration (as 90s, 10m)");
  }
  return std::chrono::duration_cast<milliseconds>(*duration);
}

Status KnowsPatterns(const std::string& option, const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns) {
    if (KindsThatFit(pattern) > 0) continue;
    std::string names;
    for (const ActionKindInfo& kind : ActionKinds()) names += " " + std::string(kind.name);
    return Fail(ErrorCode::kInvalidArgument, option + " \"" + pattern +
                                                 "\": no kind of action has such a name or theme;"
                                                 " names are" +
                                                 names);
  }
  return {};
}

Result<ExploreOptions> OptionsOf(const ExploreCommand& command, const Environment& environment) {
  ExploreOptions options;
  options.seed = DrawSeed();
  if (!command.seed.empty()) {
    auto seed = ParseSeed(command.seed);
    if (!seed) return Fail(seed.error());
    options.seed = *seed;
  }
  auto shard =
      command.shard.empty() ? ShardFromEnvironment(environment) : ParseShard(command.shard);
  if (!shard) return Fail(shard.error());
  options.shard = shard->index;
  options.shards = shard->count;
  options.runs = command.runs;
  if (!command.time.empty()) {
    auto time = DurationOf("--for", command.time);
    if (!time) return Fail(time.error());
    options.time = *time;
    options.runs = UINT64_MAX;
  }
  options.jobs =
      command.jobs > 0 ? command.jobs : std::max(1U, std::thread::hardware_concurrency());
  options.keep_going = command.keep_going;
  options.twice = command.check_determinism;
  options.fingerprints = command.fingerprints;
  if (auto known = KnowsPatterns("--focus", command.focus); !known) return Fail(known.error());
  if (auto known = KnowsPatterns("--skip", command.skip); !known) return Fail(known.error());
  options.wishes = {.focus = command.focus, .skip = command.skip};
  options.deviations_off = command.deviations_off;
  options.mutants = command.mutants;
  return options;
}

std::string Rate(std::uint64_t count, std::chrono::nanoseconds time) {
  const double seconds = std::max(1e-9, std::chrono::duration<double>(time).count());
  std::ostringstream text;
  text << std::fixed << std::setprecision(0) << static_cast<double>(count) / seconds;
  return text.str();
}

// Every few seconds a line, so that whoever waits sees that it goes on.
class Beat {
 public:
  explicit Beat(std::ostream& out) : out_(out) {}
  void Ended() {
    ++runs_;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::seconds(10)) return;
    last_ = now;
    out_ << "… " << runs_ << " runs" << std::endl;
  }

 private:
  std::ostream& out_;
  std::uint64_t runs_ = 0;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

// The same seeds in another process: "SEED FINGERPRINT" a line.
Result<std::map<std::uint64_t, std::uint64_t>> FingerprintsElsewhere(const std::string& self,
                                                                     const ExploreCommand& command,
                                                                     const ExploreOptions& options,
                                                                     std::uint64_t runs) {
  std::string line = ShellQuoted(self) + " explore --fingerprints --jobs 1 --seed " +
                     std::to_string(options.seed) + " --runs " + std::to_string(runs) +
                     " --shard " + std::to_string(options.shard) + "/" +
                     std::to_string(options.shards);
  for (const std::string& each : command.focus) line += " --focus " + ShellQuoted(each);
  for (const std::string& each : command.skip) line += " --skip " + ShellQuoted(each);
  for (const std::string& each : command.mutants) line += " --mutant " + ShellQuoted(each);
  for (const std::string& each : command.deviations_off) line += " --without " + ShellQuoted(each);
  std::FILE* pipe = ::popen(line.c_str(), "r");
  if (pipe == nullptr) return Fail(ErrorCode::kInternal, "cannot run " + self);
  std::string text;
  std::array<char, 4096> piece{};
  while (const std::size_t size = std::fread(piece.data(), 1, piece.size(), pipe))
    text.append(piece.data(), size);
  const int status = ::pclose(pipe);
  if (status != 0)
    return Fail(ErrorCode::kInternal, "the other process ended with " + std::to_string(status));
  std::map<std::uint64_t, std::uint64_t> fingerprints;
  std::istringstream lines(text);
  std::uint64_t seed = 0;
  std::uint64_t fingerprint = 0;
  while (lines >> seed >> fingerprint) fingerprints[seed] = fingerprint;
  return fingerprints;
}

// Returns how many seeds did not come to the same there.
Result<std::size_t> CompareElsewhere(const std::string& self, const ExploreCommand& command,
                                     const ExploreOptions& options,
                                     const std::map<std::uint64_t, std::uint64_t>& here,
                                     std::ostream& out) {
  const std::uint64_t runs = here.empty() ? 0 : here.rbegin()->first - options.seed + 1;
  auto there = FingerprintsElsewhere(self, command, options, runs);
  if (!there) return Fail(there.error());
  std::size_t differ = 0;
  for (const auto& [seed, fingerprint] : here) {
    const auto found = there->find(seed);
    if (found != there->end() && found->second == fingerprint) continue;
    ++differ;
    out << "seed " << seed << " does not come to the same in another process\n";
  }
  out << here.size() - differ << " of " << here.size()
      << " seeds came to the same twice here and once in another process\n";
  return differ;
}

class ExploreRun {
 public:
  ExploreRun(const ExploreCommand& command, ExploreOptions options, milliseconds shrink_time,
             std::ostream& out)
      : command_(command), options_(std::move(options)), shrink_time_(shrink_time), out_(out) {}

  // Of the runs.
  ExploreOutcome Search() {
    InstallCrashNote();
    Begin();
    Beat beat(out_);
    const bool single = options_.runs == 1;
    return Explore(
        options_,
        [&](const ExploredRun& run) {
          NoteSeedBegun(run.seed);
          if (single) out_ << "drawn: " << run.explored.swarm.text() << std::endl;
        },
        [&](const ExploredRun& run) {
          NoteSeedEnded(run.seed);
          if (options_.twice || options_.fingerprints) fingerprints_[run.seed] = run.fingerprint;
          if (!command_.fingerprints) beat.Ended();
        });
  }

  // Tells of the failure as it was found, makes it small, tells of that.
  void Tell(const ExploredRun& failure) {
    out_ << "\nseed " << failure.seed << " failed: " << failure.failed << "\n"
         << "drawn: " << failure.explored.swarm.text() << "\n\n"
         << PrintScenario(failure.explored.scenario) << std::flush;
    if (failure.failed.starts_with("two runs of the seed")) return;
    if (shrink_time_ == milliseconds(0)) return Keep(failure);
    SmallFailure small = ShrinkFailure(failure, {.time = shrink_time_});
    Scenario& scenario = small.shrunk.scenario;
    scenario.intent =
        "Found by the seed " + std::to_string(failure.seed) + ": breaks " + failure.failed + ".";
    small.result.scenario = scenario;
    small.result.reproduce = "drydock run " + FileOf(scenario) + " --transport loopback";
    if (const auto museum = Museum())
      small.result.resembles = Resembling(*museum, {failure.failed});
    out_ << "\nshrunk from " << small.result.actions_before_shrinking << " to "
         << CountActions(scenario.actions) << " actions in " << small.shrunk.tried << " tries"
         << (small.shrunk.complete ? "" : ", time was up") << "\n\n"
         << PrintScenario(scenario) << FailureText(small.result) << OverSocket(scenario, failure)
         << std::flush;
    originals_.push_back(failure.explored.scenario);
    results_.push_back(std::move(small.result));
  }

  // As it was found.
  void Keep(const ExploredRun& failure) {
    results_.push_back(failure.result);
    ScenarioResult& result = results_.back();
    result.reproduce = "drydock run " + FileOf(result.scenario) + " --transport loopback";
    out_ << FailureText(result) << std::flush;
  }

  Status WriteReports(const ExploreTotals& totals) {
    if (command_.report_dir.empty()) return {};
    auto output = OutputDirectory::Begin(command_.report_dir);
    if (!output) return Fail(output.error());
    RunInfo run = MakeRunInfo("drydock explore", options_.seed);
    run.shard = options_.shard;
    run.shards = options_.shards;
    run.transport = TransportName(Transport::kLoopback);
    run.time = totals.time;
    run.explored = {{"runs", totals.runs}, {"events", totals.events}, {"entries", totals.entries}};
    Status written = WriteScenarioReports(**output, results_, run);
    for (const ScenarioResult& each : results_) {
      if (written)
        written = (*output)->Write(each.scenario.name + ".json", PrintScenario(each.scenario));
    }
    for (const Scenario& each : originals_) {
      if (written) written = (*output)->Write(each.name + ".original.json", PrintScenario(each));
    }
    if (written) written = (*output)->Commit();
    if (written) out_ << "reports in " << command_.report_dir << "/\n";
    return written;
  }

  const std::map<std::uint64_t, std::uint64_t>& fingerprints() const { return fingerprints_; }
  const ExploreOptions& options() const { return options_; }

 private:
  void Begin() {
    if (command_.fingerprints) return;
    out_ << "drydock explore: seed " << options_.seed << ", ";
    if (options_.time) {
      out_ << "runs for " << command_.time;
    } else {
      out_ << options_.runs << (options_.runs == 1 ? " run" : " runs");
    }
    if (options_.shards > 1) out_ << ", shard " << options_.shard << "/" << options_.shards;
    for (const std::string& each : options_.wishes.focus) out_ << ", focus " << each;
    for (const std::string& each : options_.wishes.skip) out_ << ", skip " << each;
    for (const std::string& each : options_.mutants) out_ << ", mutant " << each;
    for (const std::string& each : options_.deviations_off) out_ << ", without " << each;
    out_ << std::endl;
  }

  std::string FileOf(const Scenario& scenario) const {
    return (command_.report_dir.empty() ? "" : command_.report_dir + "/") + scenario.name + ".json";
  }

  // What the simulation shows, a real transport may not.
  static std::string OverSocket(const Scenario& scenario, const ExploredRun& failure) {
    const ScenarioResult real = RunScenario(scenario, {.transport = Transport::kSocket});
    if (real.verdict == ScenarioVerdict::kCannotJudge)
      return "  over the socket: " + real.cannot_judge + "\n";
    const std::string failed = FailureOf(real);
    if (failed.empty()) return "  over the socket: it does not show\n";
    return "  over the socket: it shows" +
           (failed == failure.failed ? std::string() : ", as " + failed) + "\n";
  }

  const ExploreCommand& command_;
  const ExploreOptions options_;
  const milliseconds shrink_time_;
  std::ostream& out_;
  std::map<std::uint64_t, std::uint64_t> fingerprints_;
  std::vector<ScenarioResult> results_;
  std::vector<Scenario> originals_;
};

void Totals(const ExploreOutcome& outcome, std::ostream& out) {
  const ExploreTotals& totals = outcome.totals;
  out << '\n'
      << totals.runs << " runs, " << totals.events << " events, " << totals.callbacks
      << " callbacks, " << totals.entries << " entries judged in "
      << std::chrono::duration_cast<milliseconds>(totals.time).count() << " ms ("
      << Rate(totals.runs, totals.time) << " runs/s, " << Rate(totals.entries, totals.time)
      << " entries/s): " << outcome.failures.size() << " failed\n";
}

}  // namespace

int RunExploreCommand(const ExploreCommand& command, const Environment& environment,
                      const std::string& self, std::ostream& out, std::ostream& err) {
  auto options = OptionsOf(command, environment);
  if (!options) return UsageError(options.error().message, err);
  const auto shrink_time = DurationOf("--shrink-for", command.shrink_for);
  if (!shrink_time) return UsageError(shrink_time.error().message, err);
  ExploreRun run(command, std::move(*options), *shrink_time, out);
  const ExploreOutcome outcome = run.Search();
  if (outcome.totals.stuck) {
    out << "seed " << *outcome.totals.stuck << " does not end: drydock explore --runs 1 --seed "
        << *outcome.totals.stuck << std::endl;
    std::_Exit(kExitCannotJudge);
  }
  if (command.fingerprints) {
    for (const auto& [seed, fingerprint] : run.fingerprints())
      out << seed << ' ' << fingerprint << '\n';
    return kExitHeld;
  }
  int code = outcome.failures.empty() ? kExitHeld : kExitBroken;
  for (const ExploredRun& failure : outcome.failures) run.Tell(failure);
  if (command.check_determinism && outcome.failures.empty()) {
    const auto differ = CompareElsewhere(self, command, run.options(), run.fingerprints(), out);
    if (!differ) {
      err << "drydock: " << differ.error().message << '\n';
      return kExitCannotJudge;
    }
    if (*differ > 0) code = kExitBroken;
  }
  Totals(outcome, out);
  if (auto written = run.WriteReports(outcome.totals); !written) {
    err << "drydock: " << written.error().message << '\n';
    return std::max<int>(code, kExitCannotJudge);
  }
  return code;
}

void AddExploreCommand(CLI::App& app, int& exit_code) {
  const auto command = std::make_shared<ExploreCommand>();
  CLI::App* explore = app.add_subcommand(
      "explore", "Draw random scenarios and run them simulated until one fails; make it small");
  explore
      ->add_option("--seed", command->seed,
                   "of the first run, a number or a commit's hash; those that follow count up")
      ->type_name("SEED");
  explore->add_option("--runs", command->runs, "how many, of all shards together")
      ->type_name("COUNT")
      ->capture_default_str()
      ->check(ProblemOfCount);
  explore->add_option("--for", command->time, "as long as this, instead of a number of runs")
      ->type_name("DURATION");
  explore->add_option("--jobs,-j", command->jobs, "runs at once; 0: one for each processor")
      ->type_name("COUNT")
      ->capture_default_str()
      ->check(ProblemOfCount);
  explore
      ->add_option("--shard", command->shard,
                   "that part of the seeds; from the variables of CI systems when it is not given")
      ->type_name("I/N");
  explore
      ->add_option("--focus", command->focus,
                   "kinds of actions that come often: names or themes (* and ?)")
      ->type_name("PATTERN");
  explore->add_option("--skip", command->skip, "kinds of actions that do not come")
      ->type_name("PATTERN");
  explore->add_flag("--keep-going", command->keep_going, "after a run that failed");
  explore->add_flag("--check-determinism", command->check_determinism,
                    "each seed once more, and in another process: all must be the same");
  explore->add_flag("--fingerprints", command->fingerprints,
                    "print nothing but each seed with what its journal comes to");
  explore
      ->add_option("--shrink-for", command->shrink_for,
                   "real time for making a failure small; 0s: none")
      ->type_name("DURATION")
      ->capture_default_str();
  explore
      ->add_option("--report-dir", command->report_dir,
                   "directory of the reports, replaced when they are complete; empty: none")
      ->type_name("DIR")
      ->capture_default_str();
  AddSwitchOptions(*explore, command->deviations_off, command->mutants);
  explore->callback([command, &exit_code] {
    exit_code = RunExploreCommand(*command, ProcessEnvironment(),
                                  std::filesystem::read_symlink("/proc/self/exe").string(),
                                  std::cout, std::cerr);
  });
}

}  // namespace scenarios
