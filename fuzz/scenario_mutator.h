// The structure-aware mutator: small changes of scenarios that leave them scenarios.
//
// Actions are inserted, removed, repeated, swapped, moved, edited, put into groups and taken out of
// them; the setup's faults, choices, timing and sizes change; two action lists become one. Values
// are those of random_fields.h. What is made keeps to the rules of the format, labels included, and
// to the limits of action_input.h, so that the whole search is spent on what can be run.
//
// Threads: any; all are functions of their arguments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "libcontainerd/random.h"
#include "scenarios/scenario.h"

namespace fuzz {

// With which a search begins that has nothing else: a container that lives and ends.
scenarios::Scenario SmallScenario();

// Any action but a group, with values drawn.
scenarios::Action RandomAction(libcontainerd::Random& random);

// One to four changes of the scenario. What came of it may still break a rule of the format: that
// two fields do not go together, say.
void Mutate(scenarios::Scenario& scenario, libcontainerd::Random& random);
// Some of the other's actions and perhaps its setup come into the scenario.
void Splice(scenarios::Scenario& scenario, const scenarios::Scenario& other,
            libcontainerd::Random& random);

// The same for texts, which is what fuzzers have: always a scenario that can be admitted
// (action_input.h), of at most so many bytes. A text that is none counts as the small scenario;
// so is the result where nothing else fits.
std::string MutateText(const std::string& text, std::size_t most_bytes, std::uint64_t seed);
std::string SpliceTexts(const std::string& text, const std::string& other, std::size_t most_bytes,
                        std::uint64_t seed);

}  // namespace fuzz
