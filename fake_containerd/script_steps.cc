#include "fake_containerd/script_steps.h"

namespace fake_containerd {

bool TakeStep(World& world, const ScriptStep& step) {
  const ContainerKey key{.id = step.id};
  switch (step.what) {
    case ScriptStep::What::kEmit:
      world.Emit(step.event);
      return true;
    case ScriptStep::What::kExit:
      return world.ExitProcess(key, step.process, step.number);
    case ScriptStep::What::kKill:
      return world.KillProcess(key, step.process, step.number);
    case ScriptStep::What::kOom:
      return world.Oom(key);
    case ScriptStep::What::kOomKill:
      return world.OomKill(key, step.process);
    case ScriptStep::What::kWrite:
      return world.WriteOutput(key, step.process, step.stream, step.text);
    case ScriptStep::What::kCue:
      return world.GiveCue(key, step.process, step.text);
    case ScriptStep::What::kHoldEvents:
      world.HoldSubscribers(true);
      return true;
    case ScriptStep::What::kReleaseEvents:
      world.HoldSubscribers(false);
      return true;
    case ScriptStep::What::kStopDaemon:
      world.StopDaemon();
      return true;
    case ScriptStep::What::kStartDaemon:
      return world.StartDaemon().has_value();
    case ScriptStep::What::kRestartDaemon:
      world.StopDaemon();
      return world.StartDaemon().has_value();
  }
  return false;
}

std::string NotTaken(const World& world, const ScriptStep& step) {
  const std::string name(ScriptStepName(step.what));
  if (!step.id.empty()) return name + " of " + step.process + " of " + step.id + ": there is none";
  const auto& failure = world.start_failure();
  return name + ": " + (failure ? failure->message : "it does not start");
}

}  // namespace fake_containerd
