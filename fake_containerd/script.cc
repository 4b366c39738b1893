#include "fake_containerd/script.h"

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include "fake_containerd/behaviour_text.h"
#include "fake_containerd/json_node.h"
#include "fake_containerd/script_choices.h"
#include "libcontainerd/time_text.h"

namespace fake_containerd {

using libcontainerd::ErrorCode;
using libcontainerd::Result;
using What = ScriptStep::What;

namespace {

struct StepKind {
  What what;
  std::string_view name;
  std::vector<std::string_view> fields;  // beside "after" and "do"
};

const std::vector<StepKind>& StepKinds() {
  static const std::vector<StepKind> kKinds = {
      {What::kEmit, "emit", {"type", "id", "process", "status", "timestamp"}},
      {What::kExit, "exit", {"id", "process", "code"}},
      {What::kKill, "kill", {"id", "process", "signal"}},
      {What::kOom, "oom", {"id"}},
      {What::kOomKill, "oom-kill", {"id", "process"}},
      {What::kWrite, "write", {"id", "process", "stream", "text"}},
      {What::kCue, "cue", {"id", "process", "name"}},
      {What::kHoldEvents, "hold-events", {}},
      {What::kReleaseEvents, "release-events", {}},
      {What::kStopDaemon, "stop-daemon", {}},
      {What::kStartDaemon, "start-daemon", {}},
      {What::kRestartDaemon, "restart-daemon", {}},
  };
  return kKinds;
}

const StepKind& KindOf(const JsonNode& node) {
  const JsonNode word = node.At("do");
  const std::string name = word.Text();
  std::vector<std::string_view> expected;
  for (const StepKind& kind : StepKinds()) {
    if (kind.name == name) return kind;
    expected.push_back(kind.name);
  }
  word.FailAsWord(name, expected);
}

std::string TextOr(const JsonNode& node, const char* field, std::string otherwise) {
  const auto found = node.Find(field);
  return found ? found->Text() : std::move(otherwise);
}

std::uint32_t NumberOr(const JsonNode& node, const char* field, std::uint32_t otherwise) {
  const auto found = node.Find(field);
  return found ? found->Number() : otherwise;
}

Event ReadEvent(const JsonNode& node) {
  Event event;
  const JsonNode type = node.At("type");
  const auto kind = EventKindFromName(type.Text());
  if (!kind) {
    constexpr std::array<std::string_view, 7> kKinds = {
        "start-container", "start-process", "exit", "oom", "pause", "resume", "live"};
    type.FailAsWord(type.Text(), kKinds);
  }
  event.kind = *kind;
  event.container.id = node.At("id").Text();
  event.process = TextOr(node, "process", "");
  event.status = NumberOr(node, "status", 0);
  if (const auto stamp = node.Find("timestamp")) {
    const auto time = libcontainerd::ParseTime(stamp->Text());
    if (!time)
      stamp->Fail("is \"" + stamp->Text() + "\", expected a time (as 2016-10-05T00:00:00Z)");
    event.time = *time;
  }
  return event;
}

ScriptStep ReadStep(const JsonNode& node) {
  const std::array<std::string_view, 10> all = {"after",  "do",        "type", "id",     "process",
                                                "status", "timestamp", "code", "signal", "stream"};
  if (!node.Find("do")) node.Object(all).At("do");
  const StepKind& kind = KindOf(node);
  std::vector<std::string_view> fields = {"after", "do"};
  fields.insert(fields.end(), kind.fields.begin(), kind.fields.end());
  node.Object(fields);
  ScriptStep step;
  step.what = kind.what;
  if (const auto after = node.Find("after")) step.after = after->Length();
  if (kind.what == What::kEmit) {
    step.event = ReadEvent(node);
    return step;
  }
  if (kind.fields.empty()) return step;
  step.id = node.At("id").Text();
  step.process = TextOr(node, "process", kInitName);
  if (kind.what == What::kExit) step.number = NumberOr(node, "code", 0);
  if (kind.what == What::kKill) step.number = node.At("signal").Number();
  if (kind.what == What::kCue) step.text = node.At("name").Text();
  if (kind.what == What::kWrite) {
    step.text = node.At("text").Text();
    if (const auto stream = node.Find("stream")) {
      step.stream = stream->OneOf<OutputStream>(
          {{"stdout", OutputStream::kStdout}, {"stderr", OutputStream::kStderr}});
    }
  }
  return step;
}

ScriptBehaviour ReadBehaviour(const JsonNode& node) {
  constexpr std::array<std::string_view, 4> kFields = {"id", "process", "program", "behaviour"};
  node.Object(kFields);
  ScriptBehaviour read;
  const JsonNode text = node.At("behaviour");
  Result<Behaviour> behaviour = ParseBehaviour(text.Text());
  if (!behaviour) text.Fail("is no behaviour: " + behaviour.error().message);
  read.behaviour = std::move(*behaviour);
  if (const auto id = node.Find("id")) {
    if (node.Find("program")) node.Fail("has both \"id\" and \"program\"");
    read.id = id->Text();
    read.process = TextOr(node, "process", kInitName);
  } else if (node.Find("process")) {
    node.Fail("has a \"process\" and no \"id\"");
  }
  read.program = TextOr(node, "program", "");
  return read;
}

// One plan of all texts; each is read by itself first, for its line.
FaultPlan ReadFaults(const JsonNode& node) {
  std::vector<FaultRule> rules;
  for (const JsonNode& item : node.Items()) {
    const Result<FaultPlan> plan = FaultPlan::Parse(item.Text());
    if (!plan) item.Fail("is no fault plan: " + plan.error().message);
    rules.insert(rules.end(), plan->rules().begin(), plan->rules().end());
  }
  return FaultPlan(std::move(rules));
}

Script ReadScript(const JsonNode& root, std::uint64_t seed) {
  constexpr std::array<std::string_view, 6> kFields = {"seed",    "behaviours", "faults",
                                                       "choices", "stats",      "steps"};
  root.Object(kFields);
  Script script;
  if (const auto own = root.Find("seed")) script.seed = own->Number();
  if (const auto behaviours = root.Find("behaviours")) {
    for (const JsonNode& node : behaviours->Items()) {
      script.behaviours.push_back(ReadBehaviour(node));
    }
  }
  if (const auto faults = root.Find("faults")) script.faults = ReadFaults(*faults);
  if (const auto choices = root.Find("choices"))
    script.choices = ReadChoices(*choices, script.seed.value_or(seed));
  if (const auto stats = root.Find("stats")) script.stats = ReadStats(*stats);
  if (const auto steps = root.Find("steps")) {
    for (const JsonNode& step : steps->Items()) script.steps.push_back(ReadStep(step));
  }
  return script;
}

}  // namespace

std::string_view ScriptStepName(What what) {
  for (const StepKind& kind : StepKinds()) {
    if (kind.what == what) return kind.name;
  }
  return "unknown";
}

Result<Script> ParseScript(const std::string& text, const std::string& name, std::uint64_t seed) {
  try {
    const JsonDocument document(text);
    return ReadScript(JsonNode(document), seed);
  } catch (const JsonError& error) {
    return libcontainerd::Fail(ErrorCode::kInvalidArgument,
                               name + ":" + std::to_string(error.line) + ":" +
                                   std::to_string(error.column) + ": " + error.text);
  }
}

Result<std::string> ReadScriptFile(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.is_open() && !in.bad()) return text;
  const int error = errno;
  return libcontainerd::Fail(
      error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
      "script " + path + " cannot be read: " + std::generic_category().message(error));
}

}  // namespace fake_containerd
