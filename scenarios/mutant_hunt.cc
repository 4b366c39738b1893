#include "scenarios/mutant_hunt.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "fake_containerd/mutant.h"
#include "libcontainerd/mutant.h"

namespace scenarios {

namespace {

// Calls `work` with each index on so many threads.
void OnThreads(std::size_t jobs, std::size_t count, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < std::max<std::size_t>(1, jobs); ++i) {
    threads.emplace_back([&] {
      for (std::size_t index = next++; index < count; index = next++) work(index);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

std::string WhatNoticed(const ScenarioResult& result) {
  for (const GuaranteeResult& each : result.guarantees) {
    if (each.bad()) return std::string(each.guarantee->name);
  }
  if (!result.complaints.empty()) return result.complaints.front().what;
  return result.cannot_judge;
}

bool Names(const NamedScenario& scenario, std::string_view mutant) {
  return scenario.scenario.failure &&
         std::ranges::count(scenario.scenario.failure->mutants, mutant) > 0;
}

class Hunt {
 public:
  Hunt(std::span<const NamedScenario> scenarios, const HuntOptions& options)
      : scenarios_(scenarios), options_(options) {}

  Caught For(const MutantName& mutant) const {
    // Who knows the mutant by its name is asked first.
    std::vector<const NamedScenario*> order;
    for (const NamedScenario& each : scenarios_) order.push_back(&each);
    std::stable_partition(order.begin(), order.end(),
                          [&](const NamedScenario* each) { return Names(*each, mutant.name); });
    for (std::uint64_t i = 0; i < options_.seeds; ++i) {
      RunOptions run = options_.run;
      run.seed += i;
      run.mutants = {std::string(mutant.name)};
      for (const NamedScenario* each : order) {
        const ScenarioResult result = RunScenario(each->scenario, run);
        const bool noticed = result.verdict == ScenarioVerdict::kFailed ||
                             result.verdict == ScenarioVerdict::kCannotJudge;
        if (noticed) return {mutant, each->scenario.name, WhatNoticed(result), run.seed};
      }
    }
    return {mutant, "", "", 0};
  }

 private:
  std::span<const NamedScenario> scenarios_;
  const HuntOptions& options_;
};

}  // namespace

std::vector<MutantName> AllMutantNames() {
  std::vector<MutantName> names;
  for (const auto& each : libcontainerd::AllMutants())
    names.push_back({each.name, each.sentence, false});
  for (const auto& each : fake_containerd::AllMutants())
    names.push_back({each.name, each.sentence, true});
  return names;
}

std::vector<Caught> HuntMutants(std::span<const MutantName> mutants,
                                std::span<const NamedScenario> scenarios,
                                const HuntOptions& options, std::vector<std::string>& useless,
                                const std::function<void(const Caught&)>& found) {
  std::vector<char> passes(scenarios.size(), 0);
  OnThreads(options.jobs, scenarios.size(), [&](std::size_t i) {
    bool all = true;
    for (std::uint64_t seed = 0; seed < options.seeds && all; ++seed) {
      RunOptions run = options.run;
      run.seed += seed;
      all = RunScenario(scenarios[i].scenario, run).verdict == ScenarioVerdict::kPassed;
    }
    passes[i] = all ? 1 : 0;
  });
  std::vector<NamedScenario> good;
  for (std::size_t i = 0; i < scenarios.size(); ++i) {
    if (passes[i] != 0) {
      good.push_back(scenarios[i]);
    } else if (RunsOver(scenarios[i].scenario, options.run.transport)) {
      useless.push_back(scenarios[i].scenario.name);
    }
  }
  const Hunt hunt(good, options);
  std::vector<Caught> caught(mutants.size());
  std::mutex telling;
  OnThreads(options.jobs, mutants.size(), [&](std::size_t i) {
    caught[i] = hunt.For(mutants[i]);
    const std::lock_guard lock(telling);
    if (found) found(caught[i]);
  });
  return caught;
}

}  // namespace scenarios
