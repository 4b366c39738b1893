#include "tests/scenarios/trace_files.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace scenarios::testing {
namespace {

std::string Slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

std::string ProcessName(const Attachment& attachment) {
  return attachment.container + "/" + attachment.process;
}

std::string RpcWords(const RecordedRpc& rpc) {
  const auto text = [&rpc](const char* name) -> std::string {
    const auto* field = rpc.request->GetDescriptor()->FindFieldByName(name);
    return field == nullptr ? std::string()
                            : rpc.request->GetReflection()->GetString(*rpc.request, field);
  };
  std::string words = rpc.method;
  for (const char* name : {"id", "pid"}) {
    if (!text(name).empty()) words += " " + text(name);
  }
  if (rpc.method == "UpdateProcess" && rpc.Request<types::UpdateProcessRequest>().closestdin()) {
    words += " closeStdin";
  }
  return words;
}

}  // namespace

std::vector<std::string> TraceNames() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(DRYDOCK_TRACES)) {
    const std::string file = entry.path().filename().string();
    constexpr std::string_view kEnding = ".client.jsonl";
    if (file.ends_with(kEnding)) names.push_back(file.substr(0, file.size() - kEnding.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string TracePath(const std::string& name) {
  return std::string(DRYDOCK_TRACES) + "/" + name + ".jsonl";
}

RecordingTexts TraceTexts(const std::string& name) {
  const std::string base = std::string(DRYDOCK_TRACES) + "/" + name;
  RecordingTexts texts;
  texts.wire_file = name + ".jsonl";
  texts.wire = Slurp(base + ".jsonl");
  texts.client_file = name + ".client.jsonl";
  texts.client = Slurp(base + ".client.jsonl");
  texts.hints_file = name + ".hints.json";
  if (std::filesystem::exists(base + ".hints.json")) texts.hints = Slurp(base + ".hints.json");
  return texts;
}

Recording ReadTrace(const std::string& name) {
  libcontainerd::Result<Recording> recording = ReadRecording(TracePath(name));
  if (!recording) {
    ADD_FAILURE() << recording.error().message;
    return Recording();
  }
  return std::move(*recording);
}

RecordingTexts Texts(const std::vector<std::string>& wire, const std::vector<std::string>& client) {
  RecordingTexts texts;
  texts.wire_file = "w.jsonl";
  texts.client_file = "w.client.jsonl";
  texts.hints_file = "w.hints.json";
  for (const std::string& line : wire) texts.wire += line + "\n";
  for (const std::string& line : client) texts.client += line + "\n";
  return texts;
}

std::string StepWords(const Recording& recording, const ReplayPlan& plan, const ReplayStep& step) {
  std::string words(StepKindName(step.kind));
  switch (step.kind) {
    case StepKind::kCallBegin: {
      const PlannedCall& call = plan.calls[step.index];
      words += " " + std::string(CallKindName(call.kind)) + " " + call.id;
      if (!call.process.empty()) words += " " + call.process;
      break;
    }
    case StepKind::kWait: {
      const PlannedWait& wait = plan.waits[step.index];
      if (wait.state) {
        const RecordedState& state = recording.states[*wait.state];
        words += " " + state.state + " " + state.id;
        if (!state.process.empty()) words += " " + state.process;
      }
      if (wait.attachment) words += " eof " + ProcessName(plan.attachments[*wait.attachment]);
      if (!wait.calls.empty()) words += " calls " + std::to_string(wait.calls.size());
      break;
    }
    case StepKind::kStdinWrite:
    case StepKind::kStdinClose: {
      const StdinAction& action = plan.stdin_actions[step.index];
      words += " " + action.container + "/" + action.process;
      break;
    }
    case StepKind::kExpectRpc:
    case StepKind::kSendReply:
      words += " " + RpcWords(recording.rpcs[step.index]);
      break;
    case StepKind::kSendEvent: {
      const types::Event& event = recording.events[step.index].event;
      words += " " + event.type() + " " + event.id();
      if (!event.pid().empty()) words += " " + event.pid();
      break;
    }
    case StepKind::kProcessOutput: {
      const RecordedOutput& output = recording.outputs[step.index];
      words += " " + ProcessName(plan.attachments[*plan.output_attachment[step.index]]) + " " +
               output.stream + " " + std::to_string(output.length);
      break;
    }
    case StepKind::kProcessEof: {
      const RecordedEof& eof = recording.eofs[step.index];
      words +=
          " " + ProcessName(plan.attachments[*plan.eof_attachment[step.index]]) + " " + eof.stream;
      break;
    }
    case StepKind::kDaemonDown:
    case StepKind::kDaemonUp:
    case StepKind::kStreamReset:
    case StepKind::kClientGone:
    case StepKind::kClientBack:
    case StepKind::kClockTo:
      break;
  }
  if (!step.deviation.empty()) words += " [" + std::string(step.deviation) + "]";
  return words;
}

std::vector<std::string> AllStepWords(const Recording& recording, const ReplayPlan& plan) {
  std::vector<std::string> words;
  for (const ReplayStep& step : plan.steps) words.push_back(StepWords(recording, plan, step));
  return words;
}

}  // namespace scenarios::testing
