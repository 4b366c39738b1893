#include "scenarios/runner/expectations.h"

#include <algorithm>
#include <set>

namespace scenarios {

namespace {

constexpr std::string_view kCallbackPoint = "callback.";

std::string Quoted(const std::string& text) {
  // Long outputs are told by their ends.
  constexpr std::size_t kLongest = 200;
  if (text.size() <= kLongest) return "\"" + text + "\"";
  return "\"" + text.substr(0, kLongest / 2) + "…" + text.substr(text.size() - kLongest / 2) +
         "\" (" + std::to_string(text.size()) + " bytes)";
}

std::string List(const std::vector<std::string>& items) {
  std::string text = "[";
  for (const std::string& item : items) text += (text.size() > 1 ? ", \"" : "\"") + item + "\"";
  return text + "]";
}

class Comparison {
 public:
  void Text(const std::string& what, const std::string& expected, const std::string& found) {
    if (expected != found) Add(what, Quoted(expected), Quoted(found));
  }
  void Items(const std::string& what, const std::vector<std::string>& expected,
             const std::vector<std::string>& found) {
    if (expected != found) Add(what, List(expected), List(found));
  }
  void Number(const std::string& what, std::uint64_t expected, std::uint64_t found) {
    if (expected != found) Add(what, std::to_string(expected), std::to_string(found));
  }
  std::vector<std::string> TakeMismatches() { return std::move(mismatches_); }

 private:
  void Add(const std::string& what, const std::string& expected, const std::string& found) {
    mismatches_.push_back(what + ": expected " + expected + ", found " + found);
  }
  std::vector<std::string> mismatches_;
};

const Engine::Output* OutputOf(Stage& stage, const ProcessName& name, bool out) {
  const auto stream = stage.engine().stream(name.id, name.process);
  if (stream == nullptr) return nullptr;
  return out ? &stream->out : &stream->err;
}

std::string OutputText(Stage& stage, const std::string& process, bool out) {
  const Engine::Output* output = OutputOf(stage, ProcessFromText(process), out);
  return output == nullptr ? std::string() : output->text;
}

std::vector<std::string> Tracked(Stage& stage) {
  std::vector<std::string> ids;
  if (stage.client() == nullptr) return ids;
  for (const auto& container : stage.client()->Tracked()) ids.push_back(container.id);
  std::ranges::sort(ids);
  return ids;
}

std::vector<std::string> Running(Stage& stage) {
  std::vector<std::string> names;
  for (const std::string& id : stage.created()) {
    const auto info = stage.world().Inspect({.id = id});
    if (!info) continue;
    for (const auto& process : info->processes) names.push_back(id + "/" + process.name);
  }
  std::ranges::sort(names);
  return names;
}

std::uint64_t Dropped(Stage& stage, const std::string& reason) {
  if (stage.client() == nullptr) return 0;
  const libcontainerd::DroppedEvents dropped = stage.client()->dropped_events();
  if (reason == "unknown-container") return dropped.unknown_container;
  if (reason == "duplicate") return dropped.duplicate;
  if (reason == "earlier-life") return dropped.earlier_life;
  if (reason == "after-exit") return dropped.after_exit;
  return dropped.failed_start;
}

// Only a daemon that the client keeps has a process.
std::vector<std::string> DaemonLines(const Journal& journal) {
  std::vector<std::string> lines;
  for (const Entry& entry : journal.entries()) {
    switch (entry.kind) {
      case EntryKind::kDaemonStarted:
        lines.emplace_back(entry.failed ? "start-failed" : "started");
        break;
      case EntryKind::kDaemonAdopted:
        lines.emplace_back("ours");
        break;
      case EntryKind::kDaemonRefused:
        lines.emplace_back("not-ours");
        break;
      case EntryKind::kDaemonSignalled:
        lines.push_back("signal " + std::to_string(entry.code));
        break;
      case EntryKind::kDaemonEnded:
        lines.emplace_back("ended");
        break;
      default:
        break;
    }
  }
  return lines;
}

std::size_t HeldAt(Stage& stage, const std::string& point) {
  if (IsEnginePoint(point)) return stage.engine().HeldAt(CallbackName(point));
  return stage.world().injector().HeldAt(point);
}

// What has to be asked on the executor.
void Compare(Stage& stage, const action::Expect& expected, const CallResults& results,
             Comparison& comparison) {
  for (const auto& [id, lines] : expected.callbacks)
    comparison.Items("callbacks of " + id, lines, stage.engine().LinesOf(id));
  for (const auto& [process, text] : expected.stdouts)
    comparison.Text("stdout of " + process, text, OutputText(stage, process, true));
  for (const auto& [process, text] : expected.stderrs)
    comparison.Text("stderr of " + process, text, OutputText(stage, process, false));
  for (const auto& [process, text] : expected.stdins) {
    const ProcessName name = ProcessFromText(process);
    comparison.Text("stdin of " + process, text, stage.happened().StdinOf(name.id, name.process));
  }
  if (expected.tracked) comparison.Items("tracked", *expected.tracked, Tracked(stage));
  if (expected.running) comparison.Items("running", *expected.running, Running(stage));
  for (const auto& [request, count] : expected.sent) {
    const auto found = stage.api().sent().find(request);
    comparison.Number("sent \"" + request + "\"", count,
                      found == stage.api().sent().end() ? 0 : found->second);
  }
  for (const auto& [label, result] : expected.results) {
    const auto entry = results.find(label);
    const std::string found = entry == results.end() ? "never begun" : entry->second;
    if (!IsResult(result, found)) comparison.Text("result of " + label, result, found);
  }
  for (const auto& [reason, count] : expected.dropped)
    comparison.Number("events dropped as " + reason, count, Dropped(stage, reason));
  for (const auto& [point, count] : expected.fired)
    comparison.Number("faults fired at " + point, count, stage.happened().Fired(point));
  for (const auto& [point, count] : expected.held)
    comparison.Number("held at " + point, count, HeldAt(stage, point));
  if (expected.daemon)
    comparison.Items("what became of the daemon", *expected.daemon, DaemonLines(stage.journal()));
}

// Every process of that container that anybody ever attached.
std::set<std::string> ProcessesOf(Stage& stage, const std::string& id) {
  std::set<std::string> names = {"init"};
  for (const Entry& entry : stage.journal().entries()) {
    if (entry.process != Symbol{} && stage.journal().Text(entry.id) == id)
      names.insert(stage.journal().Text(entry.process));
  }
  return names;
}

}  // namespace

bool IsEnginePoint(const std::string& point) {
  return point.starts_with(kCallbackPoint) || point == "engine.read";
}

std::string CallbackName(const std::string& point) {
  std::string name = point;
  if (name.starts_with(kCallbackPoint)) name.erase(0, kCallbackPoint.size());
  const auto at = name.find('@');
  if (at == std::string::npos) return name;
  const std::string kind = name.substr(0, at);
  const fake_containerd::InjectionSubject subject =
      fake_containerd::InjectionSubject::FromText(name.substr(at + 1));
  return subject.id + " " + kind + (subject.process.empty() ? "" : " " + subject.process);
}

ProcessName ProcessFromText(const std::string& text) {
  fake_containerd::InjectionSubject subject = fake_containerd::InjectionSubject::FromText(text);
  return {std::move(subject.id), subject.process.empty() ? "init" : std::move(subject.process)};
}

bool IsResult(const std::string& expected, const std::string& found) {
  if (expected == action::kAnyResult || expected == found) return true;
  return expected.find(' ') == std::string::npos && found.starts_with(expected + " ");
}

std::vector<std::string> Mismatches(Stage& stage, const action::Expect& expected,
                                    const CallResults& results) {
  Comparison comparison;
  stage.Do([&] { Compare(stage, expected, results, comparison); });
  for (const auto& [id, files] : expected.files) {
    std::set<std::string> processes;
    stage.Do([&, &name = id] { processes = ProcessesOf(stage, name); });
    std::vector<std::string> sorted = files;
    std::ranges::sort(sorted);
    comparison.Items("files of " + id, sorted, stage.BundleFiles(id, processes));
  }
  return comparison.TakeMismatches();
}

bool Holds(Stage& stage, const action::Condition& condition, bool call_returned) {
  const auto often = [&](std::uint64_t count) { return count >= condition.count; };
  if (!condition.callback.empty()) {
    const Engine& engine = stage.engine();
    return often(
        static_cast<std::uint64_t>(std::ranges::count(engine.lines(), condition.callback) +
                                   std::ranges::count(engine.attaches(), condition.callback)));
  }
  if (!condition.rpc.empty())
    return often(stage.api().SentOf(condition.rpc, condition.id, condition.process));
  if (!condition.event.empty())
    return often(stage.happened().Emitted(condition.event, condition.id, condition.process));
  if (!condition.held.empty()) return often(HeldAt(stage, condition.held));
  if (!condition.fired.empty()) return often(stage.happened().Fired(condition.fired));
  if (!condition.call.empty()) return call_returned;
  if (!condition.output.empty()) {
    const std::string process = condition.process.empty() ? "init" : condition.process;
    const Engine::Output* output =
        OutputOf(stage, {condition.id, process}, condition.output == "stdout");
    return output != nullptr && output->text.find(condition.text) != std::string::npos;
  }
  return true;
}

std::string ConditionText(const action::Condition& condition) {
  std::string text;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) text += (text.empty() ? "" : ", ") + std::string(name) + " " + value;
  };
  add("callback", condition.callback);
  add("rpc", condition.rpc);
  add("event", condition.event);
  add("held", condition.held);
  add("fired", condition.fired);
  add("call", condition.call);
  add("output", condition.output);
  add("of", condition.process.empty() ? condition.id : condition.id + "/" + condition.process);
  add("with", condition.text);
  if (condition.count > 1) text += ", " + std::to_string(condition.count) + " times";
  return text;
}

}  // namespace scenarios
