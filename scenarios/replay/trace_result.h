// One trace, replayed and judged: the comparison with the recorded client and the guarantees over
// the journal.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/guarantees/guarantee.h"
#include "scenarios/replay/comparison.h"
#include "scenarios/replay/replayer.h"

namespace scenarios {

enum class TraceVerdict : std::uint8_t {
  kHeld,     // all of it was replayed, and nothing unexplained differs
  kPending,  // as far as it was replayed it held; the rest needs what this release does not do yet
  kBroken,   // an unexplained difference or a broken guarantee
  kCannotJudge,  // something in the recording is unknown, or the world could not be set up
};
std::string_view TraceVerdictName(
    TraceVerdict verdict);  // "held", "pending", "broken", "cannot judge"

struct JudgedGuarantee {
  const Guarantee* guarantee = nullptr;
  Judgement judgement;
};

struct TraceResult {
  std::string name;  // of the file, without ".jsonl"
  TraceVerdict verdict = TraceVerdict::kCannotJudge;
  std::uint64_t events = 0;     // sent by the daemon
  std::uint64_t calls = 0;      // made by the engine
  std::uint64_t callbacks = 0;  // StateChanged
  std::chrono::nanoseconds time{0};
  std::vector<Difference> differences;
  std::vector<Pending> pending;
  std::vector<std::string> cannot_judge;
  std::vector<std::string> notes;
  std::vector<JudgedGuarantee> guarantees;
  std::unique_ptr<Journal> journal;

  std::size_t unexplained() const;
  std::size_t broken_guarantees() const;
};

TraceResult ReplayTrace(const std::string& name, const Recording& recording,
                        const ReplayOptions& options);

}  // namespace scenarios
