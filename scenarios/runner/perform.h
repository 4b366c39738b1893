// What each action does: the performer's visitor, one function a word.
//
// Threads: the stage's own.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "scenarios/runner/performer.h"

namespace scenarios {

class Performer::Visitor {
 public:
  explicit Visitor(Performer& performer) : performer_(performer), stage_(performer.stage_) {}

  // Calls of the client: perform_calls.cc.
  void operator()(const action::Create& create);
  void operator()(const action::AddProcess& add);
  void operator()(const action::Signal& signal);
  void operator()(const action::Resize& resize);
  void operator()(const action::Pause& pause);
  void operator()(const action::Resume& resume);
  void operator()(const action::Stats& stats);
  void operator()(const action::Pids& pids);
  void operator()(const action::Summary& summary);
  void operator()(const action::Update& update);
  void operator()(const action::CreateCheckpoint& create);
  void operator()(const action::DeleteCheckpoint& remove);
  void operator()(const action::ListCheckpoints& list);
  void operator()(const action::Version& version);
  void operator()(const action::Restore& restore);
  void operator()(const action::Await& await);

  // The rest: perform.cc.
  void operator()(const action::StopEngine& stop);
  void operator()(const action::StartEngine& start);
  void operator()(const action::Close& close);
  void operator()(const action::WriteStdin& write);
  void operator()(const action::CloseStdin& close);
  void operator()(const action::CloseStdinAtAttach& close);
  void operator()(const action::Fail& fail);
  void operator()(const action::ReplaceCursor& replace);
  void operator()(const action::Behave& behave);
  void operator()(const action::Exit& exit);
  void operator()(const action::Kill& kill);
  void operator()(const action::Oom& oom);
  void operator()(const action::OomKill& kill);
  void operator()(const action::KillShim& kill);
  void operator()(const action::Write& write);
  void operator()(const action::Cue& cue);
  void operator()(const action::Emit& emit);
  void operator()(const action::SetChoices& choices);
  void operator()(const action::Hold& hold);
  void operator()(const action::Release& release);
  void operator()(const action::SetFaults& faults);
  void operator()(const action::StopDaemon& stop);
  void operator()(const action::StartDaemon& start);
  void operator()(const action::HangDaemon& hang);
  void operator()(const action::Advance& advance);
  void operator()(const action::Steps& steps);
  void operator()(const action::Settle& settle);
  void operator()(const action::WaitFor& wait);
  void operator()(const action::Expect& expected);
  void operator()(const action::Note& note);
  void operator()(const action::Parallel& parallel);
  void operator()(const action::Later& later);

 private:
  template <class T>
  using Of =
      std::function<libcontainerd::Awaitable<libcontainerd::Result<T>>(libcontainerd::Client&)>;

  // `name` is how the call is told of.
  template <class T>
  void Call(
      const action::CallTerms& terms, const std::string& operation, const std::string& id,
      const std::string& process, const Of<T>& call, bool live = false,
      std::function<std::string(const libcontainerd::Result<T>&)> describe = DescribeResult<T>);
  // Something in the world that is false if there is no such process.
  void InWorld(const std::string& what, const std::string& id, const std::string& process,
               const std::function<bool(fake_containerd::World&)>& step);
  void Stop(std::string what) { performer_.Stop(*performer_.place_, std::move(what)); }
  void Require(const std::string& what, const libcontainerd::Status& status);
  std::optional<fake_containerd::WallTime> TimeOf(const action::Emit& emit);

  Performer& performer_;
  Stage& stage_;
};

}  // namespace scenarios
