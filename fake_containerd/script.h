// Script: what a fake is to do, as a JSON text: behaviours of processes, choices, and things that
// happen at times.
// docs/fake-containerd.md is the manual of the format.
//
// Threads: any; parsing is a function of its arguments.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fake_containerd/behaviour.h"
#include "fake_containerd/choices.h"
#include "fake_containerd/fault_plan.h"
#include "fake_containerd/model.h"
#include "fake_containerd/script_stats.h"
#include "libcontainerd/error.h"

namespace fake_containerd {

struct ScriptStep {
  enum class What : std::uint8_t {
    kEmit,
    kExit,
    kKill,
    kOom,
    kOomKill,
    kWrite,
    kCue,
    kHoldEvents,
    kReleaseEvents,
    kStopDaemon,
    kStartDaemon,
    kRestartDaemon,
  };
  Duration after{0};  // from the moment when the script is loaded
  What what = What::kEmit;
  Event event{};                                // kEmit; without a time it is stamped
  std::string id{};                             // of all but kEmit and those from kHoldEvents on
  std::string process = kInitName;              // of the same but kOom
  std::uint32_t number = 0;                     // kExit: the code, kKill: the signal
  OutputStream stream = OutputStream::kStdout;  // kWrite
  std::string text{};                           // kWrite: what, kCue: its name
};
// "emit", "exit" and so on: the word in a script and in what is told of steps.
std::string_view ScriptStepName(ScriptStep::What what);

struct ScriptBehaviour {
  std::string id{};  // with `process`; or
  std::string process{};
  std::string program{};  // args[0] of any process; or neither: of all that nothing else is said of
  Behaviour behaviour{};
};

struct Script {
  std::vector<ScriptBehaviour> behaviours{};
  // Of the choices below, and of the faults' probabilities from now on.
  std::optional<std::uint64_t> seed{};
  std::optional<FaultPlan> faults{};  // instead of the plan before
  std::optional<Choices> choices{};   // those not named have their defaults
  std::vector<ScriptStats> stats{};   // instead of what was said before of the same containers
  std::vector<ScriptStep> steps{};    // in the text's order
};

// `seed` is the choices' when the script says none. Errors are INVALID_ARGUMENT: "NAME:LINE:COLUMN:
// what is wrong, what was expected".
libcontainerd::Result<Script> ParseScript(const std::string& text, const std::string& name,
                                          std::uint64_t seed = 1);
// Reads a file first. NOT_FOUND and so on with the path.
libcontainerd::Result<std::string> ReadScriptFile(const std::string& path);

}  // namespace fake_containerd
