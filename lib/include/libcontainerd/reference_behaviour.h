// The deviations from the reference (libcontainerd of moby 606a245d8548), and a policy that
// switches each back, and plants mutants (mutant.h).
//
// Each deviation repairs a defect that users of the reference met; docs/deviations.md explains them
// under the same names. ReferenceBehaviour is for tests only: with a deviation off, the client does
// there what the reference does, so that a test can show that the deviation is needed. Engines use
// the default, with every deviation on.
#pragma once

#include <bitset>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "libcontainerd/mutant.h"

namespace libcontainerd {

enum class Deviation : std::uint8_t {
  // An exec's exit-process never carries its container's OOM flag.
  kExecOomFlagClear,
  // On init's exit the still tracked execs are called back first. Off: at once, and later exec
  // exits are lost.
  kExecExitsBeforeExit,
  // A repeated event (same id, type, pid, timestamp) is dropped.
  kDuplicateEventsDropped,
  // An event of an earlier life of the same id never touches the present one.
  kStaleEventsDropped,
  // Events wait for their container's start-container callback.
  kStartCalledBackFirst,
  // Pause and Resume wait from before their RPC. Off: from the reply on, and an earlier event is
  // missed.
  kWaiterRegisteredFirst,
  // A container's exit ends the waits of Pause and Resume. Off: only their deadline does.
  kExitEndsWaiters,
  // closeStdin is sent only for a process whose create or add-process succeeded, once.
  kCloseStdinAfterSuccess,
  // closeStdin is not sent for a process known to be gone.
  kSilentAfterExit,
  // A failed add-process removes the FIFOs that it made.
  kFailedExecRemovesFifos,
  // A failed attach kills the exec that was started for it, and absorbs its exit.
  kFailedAttachKillsExec,
  // A failed start callback kills the container, and absorbs its exit.
  kFailedStartKills,
  // A create whose reply was lost asks State what became of it, and kills what runs.
  kUnknownOutcomeResolved,
  // An exec name is refused locally while its last bearer's exit has not been called back, and so
  // is "init".
  kExecNameBusy,
  // An id is active until the exit callback of its last life ended. Off: until its exit event.
  kActiveUntilCalledBack,
  // A bundle whose config.json cannot be read fails Create. Off: Create reports success and starts
  // nothing.
  kUnreadableSpecIsError,
  // Restore of a container that is gone reports init's own exit code from the stored log, waiting
  // for it; else 255. Off: an invented 0 or 1, or any exec's code.
  kRestoreExitCodeTrue,
  // A container that State calls stopped is restored as gone. Off: it is taken for a running one.
  kRestoreStoppedIsGone,
  // What goes wrong in a live restore is returned. Off: logged, and success reported.
  kRestoreFailsLoudly,
  // A live restore tracks the container's execs too.
  kRestoreTracksExecs,
  // An oom of the present life in the stored log counts after a restore.
  kRestoreKeepsOom,
  // The pause state comes from the last pause or resume of the present life. Off: from the last
  // event since the cursor, whichever it is.
  kRestorePauseFromLog,
  // A non-live restore resumes a paused container, so that it can die.
  kRestoreResumesPaused,
  // A container that a non-live restore could not end is stayed on until it is gone. Off:
  // forgotten.
  kRestoreStaysOn,
  // Only init's exit ends the wait of a non-live restore. Off: any exec's does too.
  kRestoreWaitsForInit,
  // Restore of a container that is tracked is an error. Off: success, with nothing done.
  kRestoreActiveIsError,
  // Lost events are found again in the stored log, and lost exits by State. Off: lost is lost.
  kReconciled,
  // A stream that is opened again resumes where the last one ended. Off: at the cursor as it was
  // when the remote began.
  kResumePositionKept,
  // The event stream is opened again, with growing pauses, until Close. Off: a stream error while
  // the server is away ends it for ever.
  kReconnectsUntilClose,
  // The cursor never goes back.
  kCursorMonotone,
  // The cursor never passes an event whose callback has not ended.
  kCursorAfterCallback,
  // A cursor that cannot be parsed means a replay from the beginning. Off: the year 1, so none.
  kCorruptCursorReplays,
  // Only failures in a row count against the daemon, and none right after its start.
  kHealthFailuresConsecutive,
  // The health watch ends with Close only. Off: with the first "closing" error.
  kHealthWatchSurvives,
  // An adopted daemon that dies is started again, as an own one is.
  kAdoptedRestarted,
  // A PID file's process is adopted, and killed, only if it really is our daemon.
  kAdoptionNeedsProof,
};
inline constexpr std::size_t kDeviationCount = 36;

// "exec-oom-flag-clear": the name in docs, reports and switches.
std::string_view DeviationName(Deviation deviation);
// Nothing for a name that is none.
std::optional<Deviation> DeviationFromName(std::string_view name);

class ReferenceBehaviour {
 public:
  ReferenceBehaviour() = default;
  ReferenceBehaviour(std::initializer_list<Deviation> switched_off, Mutants planted = {})
      : planted_(planted) {
    for (const Deviation deviation : switched_off) SwitchOff(deviation);
  }
  void SwitchOff(Deviation deviation) { off_.set(static_cast<std::size_t>(deviation)); }
  void Plant(Mutant mutant) { planted_.Plant(mutant); }

  bool Acts(Deviation deviation) const { return !off_.test(static_cast<std::size_t>(deviation)); }
  bool Has(Mutant mutant) const { return planted_.Has(mutant); }

 private:
  std::bitset<kDeviationCount> off_;
  Mutants planted_;
};

}  // namespace libcontainerd
