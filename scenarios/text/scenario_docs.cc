#include "scenarios/text/scenario_docs.h"

#include <array>
#include <map>
#include <string_view>
#include <vector>

#include "scenarios/engine_points.h"
#include "scenarios/scenario.h"
#include "scenarios/text/words.h"

namespace scenarios {
namespace {

struct ActionDoc {
  std::string_view word;
  std::string_view table;
  std::string_view sentence;
};

constexpr std::array<ActionDoc, 46> kActionDocs{{
    {"create", "calls", "Create: a container, its init process attached and started"},
    {"add-process", "calls", "AddProcess: an exec in a running container"},
    {"signal", "calls", "Signal: to one process; it overtakes all other calls"},
    {"resize", "calls", "Resize: the terminal of a process"},
    {"pause", "calls", "Pause: returns once the pause has been called back"},
    {"resume", "calls", "Resume: likewise"},
    {"stats", "calls", "Stats of the container's resources"},
    {"pids", "calls", "Pids of all its processes"},
    {"summary", "calls", "Summary of its processes"},
    {"update", "calls", "Update: other limits of its resources"},
    {"create-checkpoint", "calls", "CreateCheckpoint; `choices.checkpoint_tool` makes it possible"},
    {"delete-checkpoint", "calls", "DeleteCheckpoint"},
    {"list-checkpoints", "calls", "ListCheckpoints"},
    {"version", "calls", "ServerVersion"},
    {"restore", "calls", "Restore: as an engine does with its containers after it has started"},
    {"await", "calls", "waits for a call that was begun with `\"wait\": false`"},
    {"stop-engine", "engine", "the engine goes away; containers, daemon, bundles and cursor stay"},
    {"start-engine", "engine", "it is back, and knows nothing but what is on disk"},
    {"close", "engine", "the client is closed for good; calls after it are CANCELLED"},
    {"write-stdin", "engine", "the engine writes to the stdin of a process"},
    {"close-stdin", "engine", "the engine closes the stdin of a process"},
    {"close-stdin-at-attach", "engine",
     "from now on it closes each stdin inside the attach, as for processes without one"},
    {"fail", "engine", "one of the engine's own points fails"},
    {"replace-cursor", "engine", "somebody else replaces the cursor file"},
    {"behave", "daemon", "what a process will do that is yet to start"},
    {"exit", "daemon", "a process ends by itself"},
    {"kill", "daemon", "a process is killed inside the machine"},
    {"oom", "daemon", "an `oom` event; nobody ends"},
    {"oom-kill", "daemon", "the OOM killer takes a process"},
    {"kill-shim", "daemon", "the shim of a process dies, as by SIGKILL"},
    {"write", "daemon", "a process writes"},
    {"cue", "daemon", "gives the cue for which a process waits"},
    {"emit", "daemon", "an event as it is, true or not"},
    {"choices", "daemon",
     "from now on the fake chooses so where the real daemon's order is luck; what is not named has "
     "its default"},
    {"hold", "daemon", "whatever comes to a point waits there, of the fake or of the engine"},
    {"release", "daemon", "ends a hold, or lets some go on"},
    {"faults", "daemon", "a plan of faults instead of the one before"},
    {"stop-daemon", "daemon", "the daemon ends; processes live on"},
    {"start-daemon", "daemon", "it is started again"},
    {"hang-daemon", "daemon", "its main loop stands still"},
    {"advance", "time", "the clock goes on, from timer to timer"},
    {"steps", "time", "so many steps of a simulation, so that what follows meets things half done"},
    {"settle", "time", "until all that can happen at this time has happened, beside what is held"},
    {"wait", "time", "until a condition holds; time stands still meanwhile"},
    {"expect", "time", "what must be so now; what is not said is not looked at"},
    {"note", "time", "a note in the journal"},
}};

template <class T>
constexpr std::string_view kTypeWord = "text";
template <>
constexpr std::string_view kTypeWord<bool> = "true or false";
template <>
constexpr std::string_view kTypeWord<std::uint32_t> = "number";
template <>
constexpr std::string_view kTypeWord<std::int64_t> = "number";
template <>
constexpr std::string_view kTypeWord<Duration> = "duration";
template <>
constexpr std::string_view kTypeWord<JsonText> = "any JSON";
template <class T>
constexpr std::string_view kTypeWord<std::vector<T>> = "list";
template <class T>
constexpr std::string_view kTypeWord<std::map<std::string, T>> = "object";
template <class T>
constexpr std::string_view kTypeWord<std::optional<T>> = kTypeWord<T>;

struct FieldDoc {
  std::string name;
  std::string text;  // "**`id`**: container"
};

template <class T>
std::vector<FieldDoc> FieldDocs() {
  std::vector<FieldDoc> docs;
  const T initial{};
  const auto add = [&]<class Member>(const FieldInfo& info, const Member&) {
    std::string name = "`" + std::string(info.name) + "`";
    if (info.required) name = "**" + name + "**";
    const std::string_view type = kTypeWord<Member>;
    if (type != "text") name.append(" (").append(type).append(")");
    docs.push_back({info.name, name + ": " + info.doc});
  };
  T::Fields(initial, add);
  return docs;
}

template <class T>
std::string FieldTable() {
  std::string table = "| field | |\n|---|---|\n";
  for (const FieldDoc& field : FieldDocs<T>()) {
    const std::size_t colon = field.text.find(": ");
    table += "| " + field.text.substr(0, colon) + " | " + field.text.substr(colon + 2) + " |\n";
  }
  return table;
}

template <class T>
concept Call = requires(T what) {
  what.terms;
};

template <class T>
std::string FieldCell() {
  std::vector<FieldDoc> fields = FieldDocs<T>();
  // Those of all calls have a table of their own.
  if constexpr (Call<T>) fields.resize(fields.size() - FieldNames<action::CallTerms>().size());
  if constexpr (std::is_same_v<T, action::WaitFor>) return "a condition, below";
  std::string cell;
  for (const FieldDoc& field : fields) cell += (cell.empty() ? "" : "<br>") + field.text;
  return cell;
}

std::string_view SentenceOf(std::string_view word, std::string_view table) {
  for (const ActionDoc& doc : kActionDocs) {
    if (doc.word == word) return doc.table == table ? doc.sentence : "";
  }
  return "";
}

std::string ActionTable(std::string_view name) {
  std::string table = "| `do` | | fields |\n|---|---|---|\n";
  ForEachActionType([&]<class T>(const T&) {
    const std::string_view sentence = SentenceOf(T::kWord, name);
    if (sentence.empty()) return;
    table += "| `" + std::string(T::kWord) + "` | " + std::string(sentence) + " | " +
             FieldCell<T>() + " |\n";
  });
  return table;
}

std::string PointTable() {
  std::string table = "| point | when | `hold` | `fail` |\n|---|---|---|---|\n";
  for (const EnginePoint& point : kEnginePoints) {
    table += "| `" + std::string(point.name) + "` | " + std::string(point.sentence) + " | " +
             (point.can_hold ? "yes" : "") + " | " + (point.can_fail ? "yes" : "") + " |\n";
  }
  return table;
}

std::string TimingNames() {
  std::string names;
  for (const std::string_view name : TimingWords()) {
    names.append(names.empty() ? "`" : ", `").append(name).append("`");
  }
  return names + "\n";
}

std::string TableOf(std::string_view name) {
  if (name == "terms") return FieldTable<action::CallTerms>();
  if (name == "condition") return FieldTable<action::Condition>();
  if (name == "setup") return FieldTable<Setup>();
  if (name == "guarantees") return FieldTable<Verdicts>();
  if (name == "failure") return FieldTable<Failure>();
  if (name == "points") return PointTable();
  if (name == "timing") return TimingNames();
  return ActionTable(name);
}

}  // namespace

std::string WithScenarioTables(const std::string& page) {
  std::string made = page;
  for (const std::string_view name : {"terms", "calls", "engine", "daemon", "time", "condition",
                                      "points", "setup", "timing", "guarantees", "failure"}) {
    const std::string begin = "<!-- " + std::string(name) + ": begin -->\n";
    const std::string end = "<!-- " + std::string(name) + ": end -->";
    const std::size_t from = made.find(begin);
    const std::size_t to = made.find(end);
    if (from == std::string::npos || to == std::string::npos) continue;
    made.replace(from + begin.size(), to - from - begin.size(), TableOf(name));
  }
  return made;
}

}  // namespace scenarios
