// TraceActions: the steps of a replay plan as actions of a scenario, for which the fake's world is
// the daemon.
//
//   calls            as they were made, waited for when they had returned; a reply is held while
//                    something happened before it
//   processes        run until the recording says that they ended, write what it says that they
//                    wrote, and mind a signal if it ended them
//   their ends       in the recorded order, by holding each until its turn
//   other events     that nobody caused are emitted
//   refusals         of the daemon that do not follow from the state of things come from a
//                    behaviour or a fault
//   time             goes on by whole milliseconds once it is ten behind the recording's
//
// Threads: none; runs where it is called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scenarios/action.h"
#include "scenarios/convert/trace_processes.h"
#include "scenarios/replay/replayer.h"
#include "scenarios/replay_plan.h"

namespace scenarios {

class TraceActions {
 public:
  // All outlive it. `run` is a replay of `plan`, which was made from `recording`: that is
  // `original` with values for its placeholders.
  TraceActions(const Recording& original, const Recording& recording, const ReplayPlan& plan,
               const ReplayRun& run);

  // UNIMPLEMENTED with the place of what cannot be said by actions.
  libcontainerd::Result<Actions> Run();

 private:
  enum class Life : std::uint8_t { kNone, kRuns, kDead };
  // A process as the fake has it at this point of the scenario.
  struct Simulated {
    Life life = Life::kNone;
    bool held = false;  // dead, and the daemon is not to notice
    std::size_t outputs = 0;
  };
  struct Running {  // a call
    std::string label;
    bool held = false;  // its reply
  };

  // trace_actions.cc
  libcontainerd::Status Walk(std::size_t index);
  void Push(action::What what) { actions_.push_back({.what = std::move(what)}); }
  void AdvanceTo(RecordedTime t);
  void Settle() { Push(action::Settle{}); }
  void ExpectRpc(std::size_t rpc);
  void SendReply(std::size_t rpc);
  void Wait(const PlannedWait& wait);
  void WriteStdin(const StdinAction& stdin_action);
  void CloseStdin(const StdinAction& stdin_action);
  void DaemonDown();
  void DaemonUp(RecordedTime t);
  void StreamReset();
  void ClientGone();
  void ClientBack();

  // trace_life.cc
  Simulated& Of(const TracedProcess& process) { return simulated_[process.call]; }
  TracedProcess* Living(const std::string& id, const std::string& process);
  std::vector<TracedProcess*> LivingExecs(const std::string& id);
  void Event(std::size_t index);
  void ExitEvent(std::size_t index);
  void Emit(const types::Event& event);
  bool OwnPauseOrResume(const types::Event& event);
  void FailCallbackOf(const types::Event& event);
  void Output(std::size_t output);
  void WriteRest(TracedProcess& process);
  void WriteNext(TracedProcess& process);
  void Eof(std::size_t index);
  void HoldExit(TracedProcess& process);
  void EndUnheard(RecordedTime until);
  void EndAtRestart(RecordedTime t);
  void End(TracedProcess& process);
  void TakeExecsAlong(const TracedProcess& init);
  void Die(TracedProcess& process);
  std::string HoldPointOf(const TracedProcess& process) const {
    return "process.exit@" + process.id + "/" + process.process;
  }

  // trace_begin.cc
  libcontainerd::Status Begin(std::size_t call);
  void PrepareProcess(std::size_t call);
  void PrepareRefusal(std::size_t call);
  void PrepareEngine(std::size_t call);
  void KillBy(const PlannedCall& call);
  void KillByRestore(const PlannedCall& call);
  bool FollowsFromLife(const PlannedCall& call, const std::string& text);
  bool TakesTheDaemonsTime(std::size_t call) const;
  std::string ExecutedPointOf(std::size_t rpc) const;
  void AwaitReturned(RecordedTime t);
  bool LooksForTheUnknown(const PlannedCall& call);
  void Await(std::size_t call);
  std::string LabelOf(const PlannedCall& call);

  const Recording& original_;
  const Recording& recording_;
  const ReplayPlan& plan_;
  const ReplayRun& run_;
  TracedProcesses processes_;
  Actions actions_;

  RecordedTime now_{0};   // of the scenario's clock
  std::size_t step_ = 0;  // plan.steps
  bool daemon_up_ = true;
  bool engine_there_ = true;
  RecordedTime down_since_{0};
  std::map<std::size_t, Simulated> simulated_;  // by call
  std::map<std::size_t, Running> running_;      // by call
  std::map<std::size_t, std::size_t> call_of_rpc_;
  std::map<std::size_t, std::size_t> failing_event_;  // recording.events -> callback_failures
  std::map<std::string, std::string> behaviours_;     // by "ID/PROCESS"
  std::map<std::string, std::size_t> pauses_;         // "pause web": own ones without their event
  std::map<std::string, int> labels_;
  std::set<std::string> told_;  // events, serialized
  bool closes_at_attach_ = false;
};

}  // namespace scenarios
