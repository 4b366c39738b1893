#include "fake_containerd/mutant.h"

#include <algorithm>
#include <array>

namespace fake_containerd {
namespace {

constexpr std::array<MutantInfo, kMutantCount> kMutants{{
    {Mutant::kExitEventLost, "exit-event-lost", "The exit of an init is not told.", "Events"},
    {Mutant::kOomEventLost, "oom-event-lost", "An oom is not told.", "Events"},
    {Mutant::kResumeEventLost, "resume-event-lost", "A resume is not told.", "Events"},
    {Mutant::kExecExitEventLost, "exec-exit-event-lost", "The exit of an exec is not told.",
     "Events"},
    {Mutant::kExecExitEventTwice, "exec-exit-event-twice",
     "The exit of an exec is told twice, a second apart.", "Events"},
    {Mutant::kExitStatusWrong, "exit-status-wrong",
     "An init's exit is told with a status that is one too high.", "Events"},
    {Mutant::kExecExitNamesInit, "exec-exit-names-init", "The exit of an exec is told as init's.",
     "Events"},
    {Mutant::kOomAfterExit, "oom-after-exit",
     "That the kernel took a process for memory is told after its exit.", "Events"},
    {Mutant::kTimestampsGoBack, "timestamps-go-back", "Events are stamped 10 s early.", "Events"},
    {Mutant::kLogMissesEvents, "log-misses-events",
     "Exits are told but not written to the event log.", "Log and replay"},
    {Mutant::kLogLostOnStart, "log-lost-on-start",
     "The daemon forgets the event log when it starts.", "Log and replay"},
    {Mutant::kLogKeepsOne, "log-keeps-one",
     "The event log is cut to a single event, whatever it was told to retain.", "Log and replay"},
    {Mutant::kReplaySkipsLast, "replay-skips-last",
     "A replay ends before the newest event of the log.", "Log and replay"},
    {Mutant::kStateKeepsGone, "state-keeps-gone", "A container that ended stays in the table.",
     "State"},
    {Mutant::kStateListsNothing, "state-lists-nothing",
     "The state of a container that is not there is an empty list instead of an error.", "State"},
    {Mutant::kRunningShownStopped, "running-shown-stopped",
     "A running container is listed as stopped.", "State"},
    {Mutant::kNotFoundSaysExists, "not-found-says-exists",
     "What is not there is refused with the text for what is there already.", "State"},
    {Mutant::kCreateStartsNothing, "create-starts-nothing",
     "A create is answered, but nothing is started.", "Commands"},
    {Mutant::kExecSignalHitsInit, "exec-signal-hits-init",
     "A signal for an exec is delivered to init.", "Commands"},
    {Mutant::kPauseDoesNotFreeze, "pause-does-not-freeze", "A paused container's processes go on.",
     "Commands"},
    {Mutant::kCloseStdinIgnored, "close-stdin-ignored",
     "closeStdin is answered, but stdin stays open.", "Commands"},
    {Mutant::kOutputByteLost, "output-byte-lost",
     "The last byte of each longer write of a process does not reach its FIFO.", "Commands"},
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

}  // namespace fake_containerd
