// The reader of recorded traces, and what a replayer infers from them.
//
// An input is the wire's file, the client's and the hints, with a zero byte between them. A refusal
// says where; of what is read a plan is made, whose steps point into recording and plan and whose
// time never goes back.
//
// Not covered: the replay itself, and whether what was inferred is so. There is no writer of
// recordings to compare with.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "scenarios/recording_reader.h"
#include "scenarios/replay_plan.h"

namespace {

using scenarios::StepKind;

void Require(bool holds) {
  if (!holds) std::abort();
}

// How many there are of what a step's index is about.
std::size_t CountOf(StepKind kind, const scenarios::Recording& recording,
                    const scenarios::ReplayPlan& plan) {
  switch (kind) {
    case StepKind::kCallBegin:
      return plan.calls.size();
    case StepKind::kWait:
      return plan.waits.size();
    case StepKind::kStdinWrite:
    case StepKind::kStdinClose:
      return plan.stdin_actions.size();
    case StepKind::kExpectRpc:
    case StepKind::kSendReply:
      return recording.rpcs.size();
    case StepKind::kSendEvent:
      return recording.events.size();
    case StepKind::kProcessOutput:
      return recording.outputs.size();
    case StepKind::kProcessEof:
      return recording.eofs.size();
    default:
      return static_cast<std::size_t>(-1);
  }
}

void CheckPlan(const scenarios::Recording& recording) {
  const scenarios::ReplayPlan plan = scenarios::PlanReplay(recording);
  scenarios::RecordedTime before{0};
  for (const scenarios::ReplayStep& step : plan.steps) {
    Require(step.index < CountOf(step.kind, recording, plan));
    Require(step.t >= before);
    before = step.t;
  }
  Require(plan.output_attachment.size() == recording.outputs.size());
  for (std::size_t output = 0; output < recording.outputs.size(); ++output) {
    static_cast<void>(scenarios::OutputBytes(recording, plan, output));
  }
}

// The part before the next zero byte, which is taken off.
std::string Part(std::string& rest) {
  const std::size_t end = rest.find('\0');
  std::string part = rest.substr(0, end);
  rest = end == std::string::npos ? "" : rest.substr(end + 1);
  return part;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string rest(reinterpret_cast<const char*>(data), size);
  scenarios::RecordingTexts texts;
  texts.wire_file = "wire";
  texts.client_file = "client";
  texts.hints_file = "hints";
  texts.wire = Part(rest);
  texts.client = Part(rest);
  if (!rest.empty()) texts.hints = rest;
  const auto recording = scenarios::ParseRecording(texts);
  if (!recording) {
    const std::string& message = recording.error().message;
    Require(message.starts_with("wire:") || message.starts_with("client:") ||
            message.starts_with("hints:"));
    return 0;
  }
  CheckPlan(*recording);
  return 0;
}
