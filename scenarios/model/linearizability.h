// Linearizability: whether the results of calls that overlap in time can be explained at all.
//
// Calls on one container that overlap have, in some order that agrees with real time, each taken
// effect at one moment between its begin and its end. CheckLinearizable looks for such orders, one
// container at a time: it keeps every state that the container can be in after what the journal
// holds so far, together with the calls under way that have taken effect in it (Wing and Gong's
// search, run forward, each state once). A call's end strikes out the states in which it has not
// taken effect with that result; when none is left, the calls have no explanation.
//
//   create       nothing of that id is active: it is, from then on, and the call holds it until it
//                succeeds with a start callback that ended well, or fails. Else ALREADY_EXISTS
//                without a request
//   add-process  the container runs and the name is free: it is taken, until its exit-process
//                callback ended or the call failed. ALREADY_EXISTS: the name was taken
//   pause, resume  the container runs; success takes one callback of that state for itself
//   restore      as create, but with its own callbacks
//   update, resize, checkpoint calls, and all of the above: "invalid container" only while the
//                container does not run, success only while it does
//   signal, pids, stats, version: whatever the daemon answers
//
// Callbacks and events happen where they stand in the journal. A create or add-process that failed
// may keep its id or name for a while, as its clean-up may; a call without an end may have had any
// result.
//
// Bounded: a container with more states at once than LinearizabilityOptions::most_states is not
// observable, and says so.
//
// Threads: judging only reads; not while somebody records.
#pragma once

#include <cstddef>
#include <string>

#include "scenarios/guarantees/guarantee.h"
#include "scenarios/journal.h"

namespace scenarios {

struct LinearizabilityOptions {
  std::size_t most_states = 20'000;
};

struct Linearizability {
  // kNotObservable: no call on a container returned, or a bound was reached.
  Judgement judgement{};
  // "web: more than 20000 states at once"; empty if no bound was reached.
  std::string bound{};
};

Linearizability CheckLinearizable(const Journal& journal,
                                  const LinearizabilityOptions& options = {});

}  // namespace scenarios
