#include <algorithm>
#include <array>

#include "scenarios/guarantees/judging.h"

namespace scenarios {

std::span<const Guarantee> AllGuarantees() {
  static const std::array kAll = {
      kCallbacksSerial,
      kCallbacksInOrder,
      kStartFirstExitLast,
      kCreateStartsOnce,
      kAttachBeforeRun,
      kWaiterAfterCallback,
      kNoCrossBlocking,
      kOneExit,
      kNoExitWithoutStart,
      kTrueExitCode,
      kExecExitsOnceBeforeExit,
      kReplayIsIdempotent,
      kNothingLostOnReconnect,
      kCursorMonotone,
      kOomFlagExact,
      kOomFlagExecClear,
      kOomFlagNotInherited,
      kOomCalledBack,
      kOomSurvivesRestore,
      kBundleGoneOnExit,
      kExecFifosGone,
      kFailedCreateLeavesNothing,
      kFailedExecLeavesNothing,
      kRunningIsTracked,
      kCursorNeverTorn,
      kPauseSurvivesRestore,
      kRestoreAfterExit,
      kRestoreBounded,
      kCallsReturn,
      kSignalNeverWaits,
      kCallbacksMayCall,
      kDaemonComesBack,
      kStdioComplete,
      kReturnsToBaseline,
      kCloseStdinOnce,
      kSilentAfterExit,
      kRetryIsBounded,
      kNoDoubleCreate,
      kKillNeedsProof,
  };
  return kAll;
}

const Guarantee* FindGuarantee(std::string_view name) {
  const auto all = AllGuarantees();
  const auto found = std::ranges::find(all, name, &Guarantee::name);
  return found == all.end() ? nullptr : &*found;
}

Judgement JudgeJournal(const Guarantee& guarantee, const Journal& journal,
                       const JudgeOptions& options) {
  return guarantee.judge(Evidence(journal, options));
}

}  // namespace scenarios
