// The deviations from the reference (libcontainerd of moby 606a245d8548), and a policy that
// switches each back.
//
// Each deviation repairs a defect that users of the reference met; docs/deviations.md explains them
// under the same names. ReferenceBehaviour is for tests only: with a deviation off, the client does
// there what the reference does, so that a test can show that the deviation is needed. Engines use
// the default, with every deviation on.
#pragma once

#include <bitset>
#include <cstdint>
#include <initializer_list>
#include <string_view>

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
};
inline constexpr std::size_t kDeviationCount = 16;

// "exec-oom-flag-clear": the name in docs, reports and switches.
std::string_view DeviationName(Deviation deviation);

class ReferenceBehaviour {
 public:
  ReferenceBehaviour() = default;
  ReferenceBehaviour(std::initializer_list<Deviation> switched_off) {
    for (const Deviation deviation : switched_off) off_.set(static_cast<std::size_t>(deviation));
  }
  bool Acts(Deviation deviation) const { return !off_.test(static_cast<std::size_t>(deviation)); }

 private:
  std::bitset<kDeviationCount> off_;
};

}  // namespace libcontainerd
