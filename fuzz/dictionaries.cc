#include "fuzz/dictionaries.h"

#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <set>

#include "fake_containerd/behaviour_words.h"
#include "fake_containerd/fault_plan.h"
#include "fake_containerd/script.h"
#include "scenarios/journal.h"
#include "scenarios/scenario.h"
#include "scenarios/text/words.h"

namespace fuzz {
namespace {

using Words = std::set<std::string>;

std::string Escaped(std::string_view word) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (std::isprint(byte) != 0) {
      text += c;
    } else {
      text.append("\\x").append(1, kDigits[byte >> 4U]).append(1, kDigits[byte & 15U]);
    }
  }
  return text;
}

Dictionary Made(std::string_view file, std::string_view what, const Words& words) {
  Dictionary dictionary{.file = file};
  dictionary.text = "# " + std::string(what) + ", made from the program's own tables:\n" +
                    "# DRYDOCK_UPDATE_DOCS=1 with the test fuzz_test writes it again.\n";
  for (const std::string& word : words) dictionary.text += "\"" + Escaped(word) + "\"\n";
  return dictionary;
}

std::string Quoted(std::string_view word) {
  return "\"" + std::string(word) + "\"";
}

void Add(Words& words, const scenarios::Words& more) {
  for (const std::string_view word : more) words.insert(Quoted(word));
}

// "id": and so on.
template <class T>
void AddFields(Words& words) {
  for (const std::string_view name : scenarios::FieldNames<T>()) words.insert(Quoted(name) + ": ");
}

Words FaultWords() {
  Words words = {";", "\n", "#", "@", "=", "->", "%", "*", "(", ")", "100ms", "1.5s", ":", "\\)"};
  for (const auto& point : fake_containerd::InjectionPoints()) words.insert(point.name);
  for (const auto& info : fake_containerd::FaultActions()) words.emplace(info.name);
  for (const std::string_view code : scenarios::CodeWords()) words.insert(std::string(code) + ":");
  for (const char* field : {"type=", "id=", "pid=", "status=", "timestamp="}) words.insert(field);
  return words;
}

Words BehaviourWords() {
  Words words = {"write=",
                 "write-err=",
                 "write*",
                 "write-err*",
                 "pattern=",
                 "pattern-err=",
                 "echo",
                 "read",
                 "sleep=",
                 "cue=",
                 "close=stdout",
                 "close=stderr",
                 "children=",
                 "exit=",
                 "die=",
                 "oom",
                 "oom=child",
                 "trap=",
                 "ignore=",
                 "start-delay=",
                 "start-fail=",
                 ":exit=",
                 ":after=",
                 ":life=",
                 ":output=",
                 ":seed=",
                 "\\n",
                 "\\s",
                 "\\xff",
                 "\\;",
                 "\\:",
                 ";",
                 "1.5s",
                 "64K",
                 "2T"};
  for (const std::string_view name : fake_containerd::kSignalNames) words.emplace(name);
  for (const auto& failure : fake_containerd::kStartFailures) words.emplace(failure.name);
  return words;
}

Words ScenarioWords() {
  Words words = {"${i+1}", "${x}",    "$${",         "//",       "/* */",     "{\"hex\": \"68ff\"}",
                 "\"OK\"", "\"any\"", "\"pending\"", "\"init\"", "\"again\"", "1.5s"};
  for (const char* name :
       {"$schema", "intent", "tags", "variables", "setup", "actions", "guarantees", "failure", "do",
        "repeat", "for_each", "one_of", "parallel", "at", "after", "when", "as"}) {
    words.insert(Quoted(name) + ": ");
  }
  scenarios::ForEachActionType([&]<class T>(const T&) { AddFields<T>(words); });
  AddFields<scenarios::Setup>(words);
  AddFields<scenarios::Verdicts>(words);
  AddFields<scenarios::Failure>(words);
  using List = const scenarios::Words& (*)();
  for (const List list :
       {List(&scenarios::ActionWords), List(&scenarios::MethodWords), List(&scenarios::EventWords),
        List(&scenarios::CallbackWords), List(&scenarios::HoldPointWords),
        List(&scenarios::FailPointWords), List(&scenarios::FaultPointWords),
        List(&scenarios::CodeWords), List(&scenarios::TimingWords),
        List(&scenarios::GuaranteeWords), List(&scenarios::DeviationWords),
        List(&scenarios::TransportWords), List(&scenarios::DaemonWords),
        List(&scenarios::StreamWords), List(&scenarios::DropWords)}) {
    Add(words, list());
  }
  return words;
}

Words JournalWords() {
  Words words = {"true", "false", "\n", "\"end\"", "\"baseline\"", "\"init\"", "\"stdout\""};
  for (const std::string_view name : scenarios::JournalFieldNames()) {
    words.insert(Quoted(name) + ":");
  }
  for (std::size_t i = 0; i < scenarios::kEntryKindCount; ++i) {
    words.insert(Quoted(scenarios::EntryKindName(static_cast<scenarios::EntryKind>(i))));
  }
  return words;
}

// Names of fields, and short values that stand for something: "kind":"rpc_begin".
Words RecordingWords(const std::vector<std::string>& recordings) {
  constexpr std::array<std::string_view, 5> kNaming = {"\"kind\":\"", "\"cmd\":\"", "\"rpc\":\"",
                                                       "\"state\":\"", "\"stream\":\""};
  Words words = {"\n", std::string(1, '\0'), "null", "true", "false"};
  for (const std::string& text : recordings) {
    for (std::size_t colon = text.find("\":"); colon != std::string::npos;
         colon = text.find("\":", colon + 1)) {
      const std::size_t begin = text.rfind('"', colon - 1);
      const std::string name = text.substr(begin, colon + 2 - begin);
      if (name.size() < 24 && name.find_first_of("\\ $") == std::string::npos) words.insert(name);
    }
    for (const std::string_view naming : kNaming) {
      for (std::size_t at = text.find(naming); at != std::string::npos;
           at = text.find(naming, at + 1)) {
        const std::size_t begin = at + naming.size() - 1;
        words.insert(text.substr(begin, text.find('"', begin + 1) + 1 - begin));
      }
    }
  }
  return words;
}

Words ScriptWords() {
  Words words = {"\"2016-10-05T00:00:00Z\"", "\"init\"", "\"1.5s\""};
  for (const char* name : {"seed",
                           "behaviours",
                           "faults",
                           "choices",
                           "stats",
                           "steps",
                           "id",
                           "process",
                           "program",
                           "behaviour",
                           "after",
                           "do",
                           "type",
                           "status",
                           "timestamp",
                           "code",
                           "signal",
                           "stream",
                           "text",
                           "name",
                           "drawn",
                           "start_container",
                           "start_process",
                           "pause",
                           "resume",
                           "gap",
                           "exec_exits",
                           "late_exec_status",
                           "oom",
                           "exit_notice_delay",
                           "shim_wait",
                           "log_delay",
                           "failed_create_delete_delay",
                           "failed_create_exit",
                           "state_fails_for_dead_init",
                           "checkpoint_tool",
                           "replay_deadlocks"}) {
    words.insert(Quoted(name) + ": ");
  }
  for (const char* word : {"event-first", "reply-first", "free", "before-init", "after-init",
                           "before-exit", "after-exit"}) {
    words.insert(Quoted(word));
  }
  using Step = fake_containerd::ScriptStep;
  for (int i = 0; i <= static_cast<int>(Step::What::kRestartDaemon); ++i) {
    words.insert(Quoted(fake_containerd::ScriptStepName(static_cast<Step::What>(i))));
  }
  Add(words, scenarios::EventWords());
  return words;
}

Words EventLogWords() {
  Words words = {"\"id\":",
                 "\"type\":",
                 "\"timestamp\":",
                 "\"pid\":",
                 "\"status\":",
                 "\n",
                 "-1",
                 "\"2016-10-05T00:00:00.5Z\"",
                 "\"2016-10-05T00:00:00+02:00\""};
  Add(words, scenarios::EventWords());
  return words;
}

}  // namespace

std::vector<Dictionary> AllDictionaries(const std::vector<std::string>& recordings) {
  return {
      Made("behaviour_text.dict", "Words of behaviours (docs/processes.md)", BehaviourWords()),
      Made("event_log.dict", "Words of the stored event log", EventLogWords()),
      Made("fault_plan.dict", "Words of fault plans (docs/faults.md)", FaultWords()),
      Made("journal.dict", "Words of journals (docs/journal.md)", JournalWords()),
      Made("recording.dict", "Words of recorded traces", RecordingWords(recordings)),
      Made("scenario.dict", "Words of scenario files (docs/scenarios.md)", ScenarioWords()),
      Made("script.dict", "Words of the fake's scripts (docs/fake-containerd.md)", ScriptWords())};
}

}  // namespace fuzz
