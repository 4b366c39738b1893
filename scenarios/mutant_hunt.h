// MutantHunt: whether scenarios notice small defects. Every mutant of client and fake
// (docs/mutants.md) is planted in turn, and scenarios that pass without it are run until one does
// not.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/catalogue.h"
#include "scenarios/runner/run_scenario.h"

namespace scenarios {

struct MutantName {
  std::string_view name;
  std::string_view sentence;
  bool of_fake = false;
};
// Those of the client, then those of the fake.
std::vector<MutantName> AllMutantNames();

struct Caught {
  MutantName mutant{};
  // The scenario that noticed it, and what: a guarantee's name, or the first complaint. Empty:
  // nobody did.
  std::string scenario{};
  std::string by{};
  std::uint64_t seed = 0;
};

struct HuntOptions {
  std::size_t jobs = 1;
  RunOptions run{};
  std::uint64_t seeds = 1;  // each scenario with so many seeds, beginning with that of `run`
};

// One for each mutant, in their order. `found` is called as they come, one call at a time. A
// scenario that does not pass without a mutant is left out, and named in `useless`.
std::vector<Caught> HuntMutants(std::span<const MutantName> mutants,
                                std::span<const NamedScenario> scenarios,
                                const HuntOptions& options, std::vector<std::string>& useless,
                                const std::function<void(const Caught&)>& found);

}  // namespace scenarios
