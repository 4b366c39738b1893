#include "scenarios/convert/trace_scenario.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <utility>

#include "scenarios/convert/tidy_actions.h"
#include "scenarios/convert/trace_actions.h"
#include "scenarios/convert/trace_calls.h"
#include "scenarios/convert/trace_failures.h"
#include "scenarios/replay/comparison.h"
#include "scenarios/replay_inference.h"

namespace scenarios {

using libcontainerd::Fail;
using libcontainerd::Result;
using libcontainerd::Status;

namespace {

using Lines = std::vector<std::string>;

std::string LineOf(const std::string& state, const std::string& process, std::uint32_t code,
                   bool oom) {
  std::string line = state;
  if (!process.empty()) line += " " + process;
  if (state == "exit" || state == "exit-process") line += " " + std::to_string(code);
  return oom ? line + " oom" : line;
}

class Conversion {
 public:
  Conversion(const std::string& name, const Recording& recording)
      : name_(name),
        original_(recording),
        // Anywhere: the fake's world looks into no directory.
        recording_(recording.WithPlaceholders(PlaceholderValues("/recorded"))),
        plan_(PlanReplay(recording_)) {}

  Result<Scenario> Run() {
    if (Status can = Check(); !can) return Fail(can.error());
    ReplayOptions options;
    options.transport = Transport::kLoopback;
    auto replayed = RunReplay(original_, plan_, options);
    if (!replayed) return Fail(replayed.error());
    run_ = std::move(*replayed);
    differences_ = CompareRun(original_, plan_, run_);
    Scenario scenario;
    scenario.name = name_;
    scenario.intent = "What the recorded engine and daemon of " + name_ + " did.";
    scenario.tags = {"recorded"};
    MakeSetup(scenario.setup);
    auto actions = TraceActions(original_, recording_, plan_, run_).Run();
    if (!actions) return Fail(actions.error());
    scenario.actions = TidyActions(std::move(*actions));
    AddNotes(scenario.actions);
    action::Expect expected;
    ExpectCallbacks(expected);
    ExpectOutputs(expected);
    if (expected != action::Expect()) scenario.actions.push_back({.what = std::move(expected)});
    return scenario;
  }

 private:
  Status Check() const {
    if (!plan_.cannot_judge.empty())
      return Fail(ErrorCode::kUnimplemented, plan_.cannot_judge.front().what);
    if (plan_.cut) {
      const std::string where = plan_.pending.empty()
                                    ? std::string()
                                    : original_.Where(plan_.pending.front().source) + ": ";
      return Fail(ErrorCode::kUnimplemented,
                  where + "what follows cannot be replayed: " + plan_.cut_reason);
    }
    return {};
  }

  // Of each race the order that the recorded daemon mostly had.
  void MakeSetup(Setup& setup) const {
    const bool starts_first = MostlyEventFirst("start-container", CallKind::kCreate);
    if (starts_first) setup.choices = JsonOfScenario(R"({"start_container":"event-first"})");
    for (const PlannedCall& call : plan_.calls) {
      if (!call.rpc || !recording_.rpcs[*call.rpc].reply) continue;
      const RecordedRpc& rpc = recording_.rpcs[*call.rpc];
      const auto failure = StartFailureOf(call, *rpc.reply);
      if (!failure || failure->kind != fake_containerd::FailureKind::kStartTimeout) continue;
      setup.start_timeout = std::chrono::floor<std::chrono::milliseconds>(rpc.reply->t - rpc.t);
    }
  }

  bool MostlyEventFirst(const std::string& type, CallKind kind) const {
    std::map<std::size_t, std::size_t> replies;  // call -> step
    std::map<std::size_t, std::size_t> events;
    for (std::size_t s = 0; s < plan_.steps.size(); ++s) {
      const ReplayStep& step = plan_.steps[s];
      if (step.kind == StepKind::kSendEvent && recording_.events[step.index].event.type() == type) {
        if (const auto& call = plan_.event_call[step.index]) events.emplace(*call, s);
      }
      if (step.kind != StepKind::kSendReply) continue;
      for (std::size_t c = 0; c < plan_.calls.size(); ++c) {
        if (plan_.calls[c].kind == kind && plan_.calls[c].rpc == step.index) replies[c] = s;
      }
    }
    std::int64_t balance = 0;
    for (const auto& [call, event] : events) {
      const auto reply = replies.find(call);
      if (reply != replies.end()) balance += event < reply->second ? 1 : -1;
    }
    return balance > 0;
  }

  // Where ours differs on purpose.
  void AddNotes(Actions& actions) const {
    std::set<std::string> told;
    for (const Difference& difference : differences_) {
      if (difference.deviation.empty()) continue;
      const std::string text = std::string(difference.deviation) + ": " + difference.what;
      if (told.insert(text).second) actions.push_back({.what = action::Note{.text = text}});
    }
  }

  // Of a container with a difference that nothing explains, what was recorded.
  void ExpectCallbacks(action::Expect& expected) const {
    std::map<std::string, Lines> recorded;
    // Of one that never ran nothing is called back.
    for (const PlannedCall& call : plan_.calls) {
      if (call.kind == CallKind::kCreate) recorded[call.id];
    }
    for (const ObservedContainer& container : plan_.observed) {
      Lines& lines = recorded[container.id];
      for (const std::size_t index : container.states) {
        const RecordedState& state = recording_.states[index];
        lines.push_back(LineOf(state.state, state.process, state.exit_code, state.oom_killed));
      }
    }
    std::map<std::string, Lines> ours;
    for (const auto& [id, lines] : recorded) ours[id];
    for (const Entry& entry : run_.journal->entries()) {
      if (entry.kind != EntryKind::kCallbackBegin) continue;
      const Journal& journal = *run_.journal;
      ours[journal.Text(entry.id)].push_back(
          LineOf(journal.Text(entry.what), journal.Text(entry.process), entry.code, entry.flag));
    }
    for (const Difference& difference : differences_) {
      if (!difference.deviation.empty()) continue;
      for (const auto& [id, lines] : recorded) {
        if (difference.what.starts_with("container " + id + ":")) ours[id] = lines;
      }
    }
    expected.callbacks = std::move(ours);
  }

  // Of each process's latest attach, as far as its engine was the last one.
  void ExpectOutputs(action::Expect& expected) const {
    std::map<std::string, const Attachment*> latest;
    for (const Attachment& attachment : plan_.attachments) {
      const bool init = attachment.process == "init";
      latest[attachment.container + (init ? "" : "/" + attachment.process)] = &attachment;
    }
    RecordedTime back{0};
    for (const ReplayStep& step : plan_.steps) {
      if (step.kind == StepKind::kClientBack) back = step.t;
    }
    for (const auto& [name, attachment] : latest) {
      const PlannedCall& call = plan_.calls[attachment->call];
      const RecordedCommand& command = recording_.commands[call.command];
      const bool attached =
          run_.streams[static_cast<std::size_t>(attachment - plan_.attachments.data())][0].attached;
      if (!attached || !command.ok || command.begin < back) continue;
      if (call.kind == CallKind::kRestore) continue;
      ExpectOutput(attachment->out, name, expected.stdouts);
      ExpectOutput(attachment->err, name, expected.stderrs);
    }
  }

  void ExpectOutput(const Attachment::Stream& stream, const std::string& name,
                    std::map<std::string, std::string>& expected) const {
    constexpr std::uint64_t kMost = 4096;
    if (!stream.eof || !stream.content_known || recording_.eofs[*stream.eof].total > kMost) return;
    std::string text;
    for (const std::size_t output : stream.outputs)
      text += OutputBytes(recording_, plan_, output).value_or("");
    if (!text.empty()) expected[name] = text;
  }

  const std::string& name_;
  const Recording& original_;
  const Recording recording_;
  const ReplayPlan plan_;
  ReplayRun run_;
  std::vector<Difference> differences_;
};

}  // namespace

Result<Scenario> ScenarioOfRecording(const std::string& name, const Recording& recording) {
  return Conversion(name, recording).Run();
}

}  // namespace scenarios
