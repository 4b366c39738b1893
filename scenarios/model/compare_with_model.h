// CompareWithModel: a recorded journal, fed to one ContainerModel for each id, which says where the
// client's callbacks differ from the model's. An oracle beside the guarantees: it shares with them
// the journal and the form of the answer, and nothing of how they judge.
//
// What it takes from the journal: calls, CreateContainer, AddProcess and State, deliveries and ends
// of readings of the stored log, callbacks, attaches, bundles, FIFOs, what is tracked in the end,
// and the emissions, by which it tells the lives of one id apart. Not from it: streams, signals,
// the cursor, the daemon's process and other times than the graces; those stay with the guarantees.
//
// One pass, linear in the journal but for the few things that one container has under way.
//
// Threads: judging only reads; not while somebody records.
#pragma once

#include "scenarios/guarantees/guarantee.h"
#include "scenarios/journal.h"

namespace scenarios {

// Not observable without a callback of a container whose calls or restores stand in the journal.
Judgement CompareWithModel(const Journal& journal, const JudgeOptions& options = {});

}  // namespace scenarios
