// Behaviour: what a simulated process does, as data, so that scripts, traces and random generators
// can build it.
//
//   Behaviour{.steps = {step::Write{.data = "hello\n"}, step::Exit{3}}}
//
// The same as text, for config.json, arguments and scripts: behaviour_text.h.
//
// Steps run one after the other once the process started. A process whose steps are used up runs on
// until a signal ends it. A frozen (paused) process begins no step.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "fake_containerd/model.h"

namespace fake_containerd {

namespace step {

// Writes `data` `times` times; the next step begins when all of it is in the pipe.
struct Write {
  OutputStream stream = OutputStream::kStdout;
  std::string data{};
  std::uint64_t times = 1;

  friend bool operator==(const Write&, const Write&) = default;
};
// Writes the first `bytes` bytes of the pattern that belongs to `seed` (pattern.h), piece by piece:
// any number of them takes no more memory than one piece.
struct WritePattern {
  OutputStream stream = OutputStream::kStdout;
  std::uint64_t bytes = 0;
  std::uint64_t seed = 0;

  friend bool operator==(const WritePattern&, const WritePattern&) = default;
};
// Copies stdin to stdout until end-of-file, as cat does.
struct EchoStdin {
  friend bool operator==(const EchoStdin&, const EchoStdin&) = default;
};
// Reads stdin to its end and drops it.
struct ReadStdin {
  friend bool operator==(const ReadStdin&, const ReadStdin&) = default;
};
// Lets time pass: the runtime's, virtual or real.
struct Wait {
  Duration duration{0};

  friend bool operator==(const Wait&, const Wait&) = default;
};
// Waits until World::GiveCue(key, process, name). A cue given earlier counts.
struct AwaitCue {
  std::string name{};

  friend bool operator==(const AwaitCue&, const AwaitCue&) = default;
};
// Closes one output, as a daemonising program does.
struct CloseOutput {
  OutputStream stream = OutputStream::kStdout;

  friend bool operator==(const CloseOutput&, const CloseOutput&) = default;
};
// Leaves children behind that hold the outputs open: for `lifetime`, or until the container dies or
// World::ReleaseChildren(). Each counts as a process of the container. `output` is what one writes
// as it ends.
struct SpawnChildren {
  std::uint32_t count = 1;
  std::optional<Duration> lifetime{};
  std::string output{};

  friend bool operator==(const SpawnChildren&, const SpawnChildren&) = default;
};
struct Exit {
  std::uint32_t code = 0;

  friend bool operator==(const Exit&, const Exit&) = default;
};
// Dies from a signal as if it had been sent one that cannot be caught.
struct Die {
  std::uint32_t signal = 9;

  friend bool operator==(const Die&, const Die&) = default;
};
// The kernel's OOM killer: takes the process itself, or a child of it so that it goes on.
struct Oom {
  bool child = false;

  friend bool operator==(const Oom&, const Oom&) = default;
};

}  // namespace step

using Step = std::variant<step::Write, step::WritePattern, step::EchoStdin, step::ReadStdin,
                          step::Wait, step::AwaitCue, step::CloseOutput, step::SpawnChildren,
                          step::Exit, step::Die, step::Oom>;

// What a process does about a signal that it handles; SIGKILL and SIGSTOP cannot be handled.
struct SignalHandler {
  enum class Action : std::uint8_t { kIgnore, kExit };
  Action action = Action::kIgnore;
  std::uint32_t code = 0;  // kExit
  Duration delay{0};       // from the signal to the exit

  friend bool operator==(const SignalHandler&, const SignalHandler&) = default;
};

// A start that fails. The kinds that belong here: kRuntimeMissing, kNotStarted, kStartTimeout,
// kBinaryMissing, kNotInPath, kNotExecutable, kBadCwd, kNoArgs, kRuntimeMessage. An empty subject
// is filled in from the process.
struct StartFailure {
  FailureKind kind = FailureKind::kNotStarted;
  std::string subject{};

  friend bool operator==(const StartFailure&, const StartFailure&) = default;
};

struct Behaviour {
  std::optional<StartFailure> start_failure{};
  // From the start request to the moment the process exists. Beyond the daemon's start time-out the
  // start fails.
  Duration start_delay{0};
  std::vector<Step> steps{};
  std::map<std::uint32_t, SignalHandler> signals{};

  friend bool operator==(const Behaviour&, const Behaviour&) = default;
};

// What a policy may look at.
struct ProcessRequest {
  ContainerKey container{};
  std::string process{};  // kInitName or an exec's name
  ProcessSpec spec{};
  std::string runtime{};
  std::string bundle{};
  std::map<std::string, std::string> annotations{};  // of the container's config.json
};

// Decides what a process does. Called once for each start. With no policy, or none for this
// process, its own words count: annotations, then arguments (behaviour_text.h). Without those it
// runs until a signal ends it.
using BehaviourPolicy = std::function<std::optional<Behaviour>(const ProcessRequest&)>;

}  // namespace fake_containerd
