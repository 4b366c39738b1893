#include "tests/scenarios/reports/sample_results.h"

#include <memory>
#include <string>
#include <utility>

#include "scenarios/guarantees/evidence.h"
#include "tests/scenarios/journal_builder.h"

namespace scenarios::testing {
namespace {

constexpr Details kInit{.process = "init"};

using Builder = std::shared_ptr<JournalBuilder>;

// With its journal judged, and the verdict that follows.
ScenarioResult Judged(std::string name, std::string intent, const Builder& j) {
  ScenarioResult result;
  result.scenario.name = std::move(name);
  result.scenario.intent = std::move(intent);
  result.file = "scenarios/library/" + result.scenario.name + ".json";
  result.transport = "loopback";
  result.seed = 18446744073709551615U;  // a page's number would not hold it
  result.time = std::chrono::microseconds(1500);
  result.clock = std::chrono::milliseconds(40);
  result.judged_with.stepped_clock = true;
  result.journal = std::shared_ptr<const Journal>(j, &j->journal());
  const Evidence evidence(*result.journal, result.judged_with);
  result.verdict = ScenarioVerdict::kPassed;
  for (const Guarantee& guarantee : AllGuarantees()) {
    result.guarantees.push_back({&guarantee, guarantee.judge(evidence)});
    if (result.guarantees.back().bad()) result.verdict = ScenarioVerdict::kFailed;
  }
  return result;
}

ScenarioResult StartExit() {
  const auto j = std::make_shared<JournalBuilder>();
  j->Created("web").Exec("web", "e1").Event("exit", "web", {.process = "e1"});
  j->Callback("exit-process", "web", {.process = "e1"});
  j->Stdio(EntryKind::kStdioRead, "web", "init", "stdout", 12).Exited("web", 3);
  ScenarioResult result =
      Judged("lifecycle/start-exit", "A container that starts and exits is told of as such.", j);
  result.scenario.tags = {"lifecycle", "stdio"};
  return result;
}

// An exec's exit carries the flag of an OOM, and so does none of init's.
ScenarioResult ExecFlag() {
  const auto j = std::make_shared<JournalBuilder>();
  j->Created("web").Created("db").Exec("web", "e1").Event("oom", "web").Callback("oom", "web");
  j->Wait(std::chrono::milliseconds(20)).Freeze();
  j->Event("exit", "web", {.process = "e1"});
  j->Callback("exit-process", "web", {.process = "e1", .flag = true});
  j->RpcBegin("Signal", "db").Event("exit", "web", kInit).Callback("exit", "web");
  ScenarioResult result = Judged("oom/exec-flag", "An exec's exit is never flagged.", j);
  result.scenario.tags = {"oom", "exec"};
  result.scenario.actions = {{action::Create{.id = "web"}},
                             {action::Parallel{.branches = {{{action::Create{.id = "db"}}},
                                                            {{action::Oom{.id = "web"}}}}}}};
  result.actions_before_shrinking = 480;
  result.reproduce = "drydock run oom/exec-flag --transport loopback --seed 18446744073709551615";
  result.resembles = "B31 an exec's exit carries the OOM flag";
  return result;
}

ScenarioResult Hostile() {
  const auto j = std::make_shared<JournalBuilder>();
  j->CallBegin("create", kHostile).Note(kHostile);
  j->CallEnd("create", kHostile, {.code = 3, .failed = true, .text = kHostile});
  ScenarioResult result = Judged("bad </script> input", kHostile, j);
  for (GuaranteeResult& guarantee : result.guarantees) guarantee.judgement = {};
  result.verdict = ScenarioVerdict::kFailed;
  result.complaints = {
      {{"scenarios/library/bad.json", 12, 5}, "expected OK,\nfound " + std::string(kHostile)},
      {{}, "a second complaint"}};
  return result;
}

ScenarioResult Slow() {
  ScenarioResult result;
  result.scenario.name = "restore/slow";
  result.transport = "socket";
  result.time = std::chrono::seconds(60);
  result.verdict = ScenarioVerdict::kCannotJudge;
  result.cannot_judge = "the time-out of 60 s passed during action 3\n(restore web)";
  return result;
}

ScenarioResult Skipped() {
  ScenarioResult result;
  result.scenario.name = "stdio/socket-only";
  result.transport = "loopback";
  result.verdict = ScenarioVerdict::kSkipped;
  return result;
}

ScenarioResult Museum() {
  ScenarioResult result = ExecFlag();
  result.scenario.name = "museum/B31";
  result.scenario.failure = Failure{};
  result.scenario.failure->id = "B31";
  result.actions_before_shrinking = 0;
  result.reproduce.clear();
  result.resembles.clear();
  result.verdict = ScenarioVerdict::kPassed;
  for (GuaranteeResult& guarantee : result.guarantees) {
    guarantee.must_break = guarantee.judgement.verdict == Verdict::kBroken;
  }
  return result;
}

}  // namespace

std::vector<ScenarioResult> SampleResults() {
  std::vector<ScenarioResult> results{StartExit(), ExecFlag(), Hostile(),  Slow(),
                                      Skipped(),   Museum(),   StartExit()};
  results.back().journal = nullptr;
  return results;
}

RunInfo SampleRun() {
  RunInfo run;
  run.command = "drydock run scenarios/library";
  run.seed = 18446744073709551615U;
  run.shard = 2;
  run.shards = 3;
  run.started = "2026-11-24T20:00:00Z";
  run.time = std::chrono::milliseconds(61500);
  run.versions = {{"drydock", "0.1.0"}, {"compiler", "g++ 12.2.0"}};
  return run;
}

ScenarioResult BigResult(std::size_t entries) {
  constexpr std::size_t kContainers = 20;
  const auto j = std::make_shared<JournalBuilder>();
  const auto name = [](std::size_t number) { return "c" + std::to_string(number % kContainers); };
  j->Freeze();
  for (std::size_t i = 0; i < kContainers; ++i) j->Creating(name(i));
  for (std::size_t i = 0; i < kContainers; ++i) j->Replied(name(i)).Started(name(i));
  for (std::size_t i = 0; j->journal().entries().size() + 200 < entries; ++i) {
    const std::string exec = "e" + std::to_string(i);
    j->Exec(name(i), exec).Event("exit", name(i), {.process = exec});
    j->Callback("exit-process", name(i), {.process = exec});
    if (i % 100 == 0) j->Wait(std::chrono::milliseconds(1));
  }
  for (std::size_t i = 0; i < kContainers; ++i) j->Exited(name(i), 7);
  j->Callback("exit", "c0", {.code = 7});  // a second exit
  while (j->journal().entries().size() < entries) j->Note("filling");
  ScenarioResult result = Judged("big", "Many entries.", j);
  return result;
}

}  // namespace scenarios::testing
