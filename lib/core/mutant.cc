#include "libcontainerd/mutant.h"

#include <algorithm>
#include <array>

namespace libcontainerd {
namespace {

constexpr std::array<MutantInfo, kMutantCount> kMutants{{
    {Mutant::kCallbacksOverlap, "callbacks-overlap",
     "A callback begins while the one before it of the same container still runs.",
     "Order of callbacks"},
    {Mutant::kCallbacksSwapped, "callbacks-swapped",
     "The callback of an event comes after that of the next event.", "Order of callbacks"},
    {Mutant::kOneQueueForAll, "one-queue-for-all",
     "An event waits for the operation that its container has under way, and every later event of "
     "every container behind it.",
     "Order of callbacks"},
    {Mutant::kOneCallbackQueue, "one-callback-queue",
     "The callbacks of all containers wait for each other.", "Order of callbacks"},
    {Mutant::kWaiterReleasedEarly, "waiter-released-early",
     "Pause and Resume return with their event, before its callback ended.", "Order of callbacks"},
    {Mutant::kCreateReturnsEarly, "create-returns-early",
     "Create does not wait for its start callback.", "Order of callbacks"},
    {Mutant::kStartCallbackHoldsLock, "start-callback-holds-lock",
     "The start callback runs inside its container's operation lock.", "Order of callbacks"},
    {Mutant::kAttachAfterCreate, "attach-after-create",
     "The streams are attached only after the create's reply.", "Order of callbacks"},
    {Mutant::kExecExitOvertakesAttach, "exec-exit-overtakes-attach",
     "An exec's exit is called back although its add-process, or its attach, is still under way.",
     "Order of callbacks"},
    {Mutant::kEventsDuringCreateLost, "events-during-create-lost",
     "Events that arrive while a create is under way are taken for those of the life before.",
     "Order of callbacks"},
    {Mutant::kResumeCalledPause, "resume-called-pause", "A resume event is called back as a pause.",
     "Order of callbacks"},
    {Mutant::kExitCalledBackTwice, "exit-called-back-twice",
     "The exit of a container is called back twice.", "Exits"},
    {Mutant::kExecExitCalledBackTwice, "exec-exit-called-back-twice",
     "The exit of an exec is called back twice.", "Exits"},
    {Mutant::kExecExitIgnored, "exec-exit-ignored",
     "The exit of an exec is called back only when its container exits.", "Exits"},
    {Mutant::kExitSignalLost, "exit-signal-lost",
     "Of an init that a signal ended the bare signal number is reported, without the 128.",
     "Exits"},
    {Mutant::kExecCodeAsExit, "exec-code-as-exit",
     "A container whose execs end with it is reported with the last exec's code.", "Exits"},
    {Mutant::kLostExitNotConcluded, "lost-exit-not-concluded",
     "A container that the daemon does not know any more is tracked for ever when its exit event "
     "was lost.",
     "Exits"},
    {Mutant::kExitLeavesTracked, "exit-leaves-tracked",
     "A container is still tracked after its exit callback.", "Exits"},
    {Mutant::kOomFlagInherited, "oom-flag-inherited",
     "The OOM flag of a container is not reset for the next one of its id.", "OOM"},
    {Mutant::kOomFlagLost, "oom-flag-lost", "An oom is called back, but the exit is not flagged.",
     "OOM"},
    {Mutant::kOomNotCalledBack, "oom-not-called-back",
     "An oom flags the exit, but is not called back itself.", "OOM"},
    {Mutant::kOomAfterExitCounts, "oom-after-exit-counts",
     "An oom that comes after init's exit is called back, and flags an exit that is not called "
     "back yet.",
     "OOM"},
    {Mutant::kSignalWaitsForOperations, "signal-waits-for-operations",
     "A signal waits for the operation that its container has under way.", "Calls"},
    {Mutant::kNoDeadline, "no-deadline",
     "Requests, and the wait for a pause or resume event, have no deadline.", "Calls"},
    {Mutant::kSignalToInit, "signal-to-init",
     "A signal for an exec is sent to its container's init.", "Calls"},
    {Mutant::kErrorTextLost, "error-text-lost",
     "The daemon's error texts are replaced by \"rpc error\".", "Calls"},
    {Mutant::kCreateWhileActive, "create-while-active",
     "A create of an id that is in use is sent to the daemon.", "Calls"},
    {Mutant::kFailedCreateKeepsBundle, "failed-create-keeps-bundle",
     "A create that failed leaves its bundle.", "Calls"},
    {Mutant::kFailedCreateStaysTracked, "failed-create-stays-tracked",
     "A create that failed leaves its id in use.", "Calls"},
    {Mutant::kFailedCreateKeepsReaders, "failed-create-keeps-readers",
     "After a create that failed, whoever reads the container's outputs waits for ever.", "Calls"},
    {Mutant::kFailedExecKeepsName, "failed-exec-keeps-name",
     "An add-process that failed leaves its name in use.", "Calls"},
    {Mutant::kBundleKept, "bundle-kept", "The bundle is not removed when the container exits.",
     "Files and leaks"},
    {Mutant::kBundleRemovedLate, "bundle-removed-late",
     "The bundle is removed only after the exit callback.", "Files and leaks"},
    {Mutant::kExecFifosKept, "exec-fifos-kept",
     "The FIFOs of an exec are not removed when it exits.", "Files and leaks"},
    {Mutant::kQueuesLeak, "queues-leak",
     "The queue of a container stays when the container is gone.", "Files and leaks"},
    {Mutant::kCloseStdinTwice, "close-stdin-twice", "closeStdin is sent twice.", "Streams"},
    {Mutant::kStdinCloseLost, "stdin-close-lost",
     "closeStdin is not sent for a stdin that is closed after the reply.", "Streams"},
    {Mutant::kCloseStdinBeforeReply, "close-stdin-before-reply",
     "closeStdin is sent before the process's create or add-process was answered.", "Streams"},
    {Mutant::kOutputLosesLastChunk, "output-loses-last-chunk",
     "The reader of stdout does not hand out the last piece that it read before the end.",
     "Streams"},
    {Mutant::kOutputsSwapped, "outputs-swapped", "stdout and stderr are exchanged.", "Streams"},
    {Mutant::kFifoTimeout, "fifo-timeout",
     "The streams of a create are given up when the daemon has not opened its side after 15 s.",
     "Streams"},
    {Mutant::kDuplicatesIgnorePid, "duplicates-ignore-pid",
     "Two events of one container with one timestamp are taken for the same, whichever process "
     "they are about.",
     "Event stream and cursor"},
    {Mutant::kDuplicatesIgnoreTime, "duplicates-ignore-time",
     "Two events of one kind and process are taken for the same, whenever they happened.",
     "Event stream and cursor"},
    {Mutant::kReconnectFromNow, "reconnect-from-now",
     "A stream that is opened again, and a reading of the stored log, begin now.",
     "Event stream and cursor"},
    {Mutant::kReconnectWithoutOverlap, "reconnect-without-overlap",
     "They begin at the newest timestamp seen: equal and older ones are lost.",
     "Event stream and cursor"},
    {Mutant::kNoBackoff, "no-backoff", "A stream that ended is opened again every millisecond.",
     "Event stream and cursor"},
    {Mutant::kCursorInTwoWrites, "cursor-in-two-writes",
     "The cursor is written in two steps: whoever dies in between leaves half a time.",
     "Event stream and cursor"},
    {Mutant::kRestoreMissesExit, "restore-misses-exit",
     "A restore that ends a container does not notice that it ended, and returns much later.",
     "Restore"},
    {Mutant::kRestoreReadsPastLog, "restore-reads-past-log",
     "A restore takes the last event of an empty log, which gives 0 as the exit code.", "Restore"},
    {Mutant::kRestoreAwaitsEvent, "restore-awaits-event",
     "A container that is gone, and of which the log knows no exit, is never called back as "
     "exited.",
     "Restore"},
    {Mutant::kRestoreResumeErrorHangs, "restore-resume-error-hangs",
     "A restore that cannot resume a paused container waits for ever.", "Restore"},
    {Mutant::kEmptyStateMeansRunning, "empty-state-means-running",
     "A state that lists no container is taken for a running one.", "Restore"},
    {Mutant::kRestoreRemembersExit, "restore-remembers-exit",
     "The second restore that ends a container of an id returns at once, with the exit of the "
     "first.",
     "Restore"},
    {Mutant::kRestoreReturnsEarly, "restore-returns-early",
     "A restore does not wait for its exit callback.", "Restore"},
    {Mutant::kRestoreForgetsPause, "restore-forgets-pause", "A restored container is never paused.",
     "Restore"},
    {Mutant::kRestoreAlways255, "restore-always-255",
     "A container that is gone is always reported with 255.", "Restore"},
    {Mutant::kKillAtFirstFailure, "kill-at-first-failure",
     "One health check that failed kills the daemon.", "Daemon"},
    {Mutant::kForeignKilled, "foreign-killed",
     "A process that has the PID file's number and is no daemon of ours is killed.", "Daemon"},
    {Mutant::kRestartAtOnce, "restart-at-once",
     "A daemon that ended is started again without a pause.", "Daemon"},
    {Mutant::kDeadDaemonStaysDead, "dead-daemon-stays-dead",
     "A daemon that ended is not started again.", "Daemon"},
}};

}  // namespace

std::span<const MutantInfo> AllMutants() {
  return kMutants;
}

std::string_view MutantName(Mutant mutant) {
  return kMutants.at(static_cast<std::size_t>(mutant)).name;
}

std::optional<Mutant> MutantFromName(std::string_view name) {
  const auto found = std::ranges::find(kMutants, name, &MutantInfo::name);
  if (found == kMutants.end()) return std::nullopt;
  return found->mutant;
}

}  // namespace libcontainerd
