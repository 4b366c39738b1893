#include "libcontainerd/reference_behaviour.h"

#include <algorithm>
#include <array>

namespace libcontainerd {
namespace {

constexpr std::array<std::string_view, kDeviationCount> kReferenceNames = {
    "exec-oom-flag-clear",
    "exec-exits-before-exit",
    "duplicate-events-dropped",
    "stale-events-dropped",
    "start-called-back-first",
    "waiter-registered-first",
    "exit-ends-waiters",
    "close-stdin-after-success",
    "silent-after-exit",
    "failed-exec-removes-fifos",
    "failed-attach-kills-exec",
    "failed-start-kills",
    "unknown-outcome-resolved",
    "exec-name-busy",
    "active-until-called-back",
    "unreadable-spec-is-error",
    "restore-exit-code-true",
    "restore-stopped-is-gone",
    "restore-fails-loudly",
    "restore-tracks-execs",
    "restore-keeps-oom",
    "restore-pause-from-log",
    "restore-resumes-paused",
    "restore-stays-on",
    "restore-waits-for-init",
    "restore-active-is-error",
    "reconciled",
    "resume-position-kept",
    "reconnects-until-close",
    "cursor-monotone",
    "cursor-after-callback",
    "corrupt-cursor-replays",
    "health-failures-consecutive",
    "health-watch-survives",
    "adopted-restarted",
    "adoption-needs-proof"};

}  // namespace

std::string_view DeviationName(Deviation deviation) {
  return kReferenceNames.at(static_cast<std::size_t>(deviation));
}

std::optional<Deviation> DeviationFromName(std::string_view name) {
  const auto found = std::ranges::find(kReferenceNames, name);
  if (found == kReferenceNames.end()) return std::nullopt;
  return static_cast<Deviation>(found - kReferenceNames.begin());
}

}  // namespace libcontainerd
