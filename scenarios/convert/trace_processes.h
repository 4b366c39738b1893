// TracedProcesses: every process that a recording started, and what became of it.
//
// Threads: values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/replay/replayer.h"
#include "scenarios/replay_plan.h"

namespace scenarios {

inline constexpr std::uint32_t kSigKill = 9;
// The status of one that a signal ended: this and the signal's number.
inline constexpr std::uint32_t kKilledBy = 128;

struct TracedProcess {
  std::size_t call = 0;  // plan.calls: the create or add-process that it began with
  std::string id{};
  std::string process{};
  bool started = false;  // the daemon said so
  bool ours = false;     // our client starts it, too, and neither kills it at once
  // How it ended, if anybody was told.
  std::optional<std::uint32_t> status{};
  std::optional<std::size_t> exit_step{};  // plan.steps: where a client was told
  // It ended when no client listened: when it did, or, with the daemon away, at the restart.
  std::optional<RecordedTime> unheard{};
  std::vector<std::size_t> outputs{};    // recording.outputs, in their order
  std::vector<std::size_t> eof_steps{};  // plan.steps
  std::vector<std::uint32_t> signals{};  // sent to it with success, in their order
  bool is_init() const { return process == "init"; }
};

class TracedProcesses {
 public:
  // All outlive it.
  TracedProcesses(const Recording& recording, const ReplayPlan& plan, const ReplayRun& run);

  std::vector<TracedProcess>& all() { return processes_; }
  // Of that create or add-process; null for any other call.
  TracedProcess* OfCall(std::size_t call);
  // Our client did not send what the recorded one did: it refused the call itself.
  bool RefusedByOurs(std::size_t call) const;

 private:
  void FindProcesses();
  void FindExits();
  void FindUnheardExits();
  void FindStreams();
  void FindSignals();
  TracedProcess* At(const std::string& id, const std::string& process, RecordedTime t);

  const Recording& recording_;
  const ReplayPlan& plan_;
  const ReplayRun& run_;
  std::vector<TracedProcess> processes_;
  std::map<std::size_t, std::size_t> by_call_;
};

}  // namespace scenarios
