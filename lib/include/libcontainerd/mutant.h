// The client's mutants: small defects of the kind that people write, planted on purpose. A check
// that is worth something fails when one of them is planted; docs/mutants.md lists them.
//
// They act where ReferenceBehaviour (reference_behaviour.h) carries them. Tests only.
//
// Threads: values and constants.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "libcontainerd/mutant_set.h"

namespace libcontainerd {

enum class Mutant : std::uint8_t {
  // Order of callbacks
  kCallbacksOverlap,
  kCallbacksSwapped,
  kOneQueueForAll,
  kOneCallbackQueue,
  kWaiterReleasedEarly,
  kCreateReturnsEarly,
  kStartCallbackHoldsLock,
  kAttachAfterCreate,
  kExecExitOvertakesAttach,
  kEventsDuringCreateLost,
  kResumeCalledPause,
  // Exits
  kExitCalledBackTwice,
  kExecExitCalledBackTwice,
  kExecExitIgnored,
  kExitSignalLost,
  kExecCodeAsExit,
  kLostExitNotConcluded,
  kExitLeavesTracked,
  // OOM
  kOomFlagInherited,
  kOomFlagLost,
  kOomNotCalledBack,
  kOomAfterExitCounts,
  // Calls
  kSignalWaitsForOperations,
  kNoDeadline,
  kSignalToInit,
  kErrorTextLost,
  kCreateWhileActive,
  kFailedCreateKeepsBundle,
  kFailedCreateStaysTracked,
  kFailedCreateKeepsReaders,
  kFailedExecKeepsName,
  // Files and leaks
  kBundleKept,
  kBundleRemovedLate,
  kExecFifosKept,
  kQueuesLeak,
  // Streams
  kCloseStdinTwice,
  kStdinCloseLost,
  kCloseStdinBeforeReply,
  kOutputLosesLastChunk,
  kOutputsSwapped,
  kFifoTimeout,
  // Event stream and cursor
  kDuplicatesIgnorePid,
  kDuplicatesIgnoreTime,
  kReconnectFromNow,
  kReconnectWithoutOverlap,
  kNoBackoff,
  kCursorInTwoWrites,
  // Restore
  kRestoreMissesExit,
  kRestoreReadsPastLog,
  kRestoreAwaitsEvent,
  kRestoreResumeErrorHangs,
  kEmptyStateMeansRunning,
  kRestoreRemembersExit,
  kRestoreReturnsEarly,
  kRestoreForgetsPause,
  kRestoreAlways255,
  // Daemon
  kKillAtFirstFailure,
  kForeignKilled,
  kRestartAtOnce,
  kDeadDaemonStaysDead,
};
inline constexpr std::size_t kMutantCount = 60;

struct MutantInfo {
  Mutant mutant;
  std::string_view name;      // "callbacks-overlap": in docs, reports and scenarios
  std::string_view sentence;  // the defect
  std::string_view group;     // the heading in docs/mutants.md
};
// In the order of the enum.
std::span<const MutantInfo> AllMutants();
std::string_view MutantName(Mutant mutant);
// Nothing for a name that is none.
std::optional<Mutant> MutantFromName(std::string_view name);

using Mutants = MutantSet<Mutant, kMutantCount>;

}  // namespace libcontainerd
