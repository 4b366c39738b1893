// What the judges share: the table's entries, the findings of one judge, and words.
//
// A judge stands in the file named after its guarantee, or after the small group that it belongs
// to; name, sentence and code are in one place there. all_guarantees.cc lists them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libcontainerd/runtime.h"
#include "scenarios/guarantees/evidence.h"

namespace scenarios {

extern const Guarantee kCallbacksSerial;
extern const Guarantee kCallbacksInOrder;
extern const Guarantee kStartFirstExitLast;
extern const Guarantee kCreateStartsOnce;
extern const Guarantee kAttachBeforeRun;
extern const Guarantee kWaiterAfterCallback;
extern const Guarantee kNoCrossBlocking;
extern const Guarantee kOneExit;
extern const Guarantee kNoExitWithoutStart;
extern const Guarantee kTrueExitCode;
extern const Guarantee kExecExitsOnceBeforeExit;
extern const Guarantee kReplayIsIdempotent;
extern const Guarantee kNothingLostOnReconnect;
extern const Guarantee kCursorMonotone;
extern const Guarantee kOomFlagExact;
extern const Guarantee kOomFlagExecClear;
extern const Guarantee kOomFlagNotInherited;
extern const Guarantee kOomCalledBack;
extern const Guarantee kOomSurvivesRestore;
extern const Guarantee kBundleGoneOnExit;
extern const Guarantee kExecFifosGone;
extern const Guarantee kFailedCreateLeavesNothing;
extern const Guarantee kFailedExecLeavesNothing;
extern const Guarantee kRunningIsTracked;
extern const Guarantee kCursorNeverTorn;
extern const Guarantee kPauseSurvivesRestore;
extern const Guarantee kRestoreAfterExit;
extern const Guarantee kRestoreBounded;
extern const Guarantee kCallsReturn;
extern const Guarantee kSignalNeverWaits;
extern const Guarantee kCallbacksMayCall;
extern const Guarantee kDaemonComesBack;
extern const Guarantee kStdioComplete;
extern const Guarantee kReturnsToBaseline;
extern const Guarantee kCloseStdinOnce;
extern const Guarantee kSilentAfterExit;
extern const Guarantee kRetryIsBounded;
extern const Guarantee kNoDoubleCreate;
extern const Guarantee kKillNeedsProof;

// Collects what one judge finds.
class Findings {
 public:
  // The journal holds something that the guarantee is about.
  void Observe() { observed_ = true; }
  // Broken. Entries in any order; 0 stands for "not in the journal" and is left out.
  void Add(std::string what, std::vector<std::uint64_t> entries);
  // Violations in the order of the entry that completes each.
  Judgement Conclude() &&;

 private:
  bool observed_ = false;
  std::vector<Violation> violations_;
};

// Of a call's or RPC's end.
bool Failed(const Entry& end);
// Likewise: the answer is missing, the daemon may have done it all the same.
bool OutcomeUnknown(const Entry& end);

// "c1", or "c1/e1" for an entry that names an exec.
std::string SubjectName(const Journal& journal, const Entry& entry);

// "12 ms".
std::string MillisecondsText(libcontainerd::Duration duration);

// An (id, process) pair as a key.
constexpr std::uint64_t PairKey(Symbol first, Symbol second) {
  return static_cast<std::uint64_t>(first) << 32 | static_cast<std::uint64_t>(second);
}

}  // namespace scenarios
