// The fake's mutants: small defects of a containerd 0.2, planted on purpose. A check that is worth
// something fails when one of them is planted; docs/mutants.md lists them.
//
// They act in the world whose WorldOptions carry them. Tests only.
//
// Threads: values and constants.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "libcontainerd/mutant_set.h"

namespace fake_containerd {

enum class Mutant : std::uint8_t {
  // Events
  kExitEventLost,
  kOomEventLost,
  kResumeEventLost,
  kExecExitEventLost,
  kExecExitEventTwice,
  kExitStatusWrong,
  kExecExitNamesInit,
  kOomAfterExit,
  kTimestampsGoBack,
  // Log and replay
  kLogMissesEvents,
  kLogLostOnStart,
  kLogKeepsOne,
  kReplaySkipsLast,
  // State
  kStateKeepsGone,
  kStateListsNothing,
  kRunningShownStopped,
  kNotFoundSaysExists,
  // Commands
  kCreateStartsNothing,
  kExecSignalHitsInit,
  kPauseDoesNotFreeze,
  kCloseStdinIgnored,
  kOutputByteLost,
};
inline constexpr std::size_t kMutantCount = 22;

struct MutantInfo {
  Mutant mutant;
  std::string_view name;      // "exit-event-lost": in docs, reports and scenarios
  std::string_view sentence;  // the defect
  std::string_view group;     // the heading in docs/mutants.md
};
// In the order of the enum.
std::span<const MutantInfo> AllMutants();
std::string_view MutantName(Mutant mutant);
// Nothing for a name that is none.
std::optional<Mutant> MutantFromName(std::string_view name);

using Mutants = libcontainerd::MutantSet<Mutant, kMutantCount>;

}  // namespace fake_containerd
