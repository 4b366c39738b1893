// What RapidCheck draws the commands of a random sequence from: a swarm says which kinds there are
// and how often, the model which of them make sense where they stand. Every argument is a draw of
// its own, so that RapidCheck shrinks each towards its simplest value: the first container, init,
// one millisecond, no fault.
//
// Threads: RapidCheck's, which is the caller's.
#pragma once

#include <string>

#include <rapidcheck.h>

#include "scenarios/explore/swarm.h"
#include "tests/property/model.h"

namespace scenarios::property {

// A command that is possible in that state.
rc::Gen<CommandPointer> CommandOf(const Model& model, const Swarm& swarm);
// A plan of faults at the swarm's points; "" if it has none.
rc::Gen<std::string> PlanOf(const Swarm& swarm);
rc::Gen<JsonText> ChoicesGen();

}  // namespace scenarios::property
