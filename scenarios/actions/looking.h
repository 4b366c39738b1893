// Actions: time, waits and expectations.
//
// Threads: values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/actions/fields.h"

namespace scenarios::action {

struct Advance {
  static constexpr std::string_view kWord = "advance";
  Duration by{0};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(FieldInfo{"by", "the clock goes on by so much", true}, self.by);
  }
  friend bool operator==(const Advance&, const Advance&) = default;
};

// So many steps of the simulated executor, or fewer if nothing is ready: what comes next meets
// calls and events half done. Over real transports, which go on by themselves, nothing.
struct Steps {
  static constexpr std::string_view kWord = "steps";
  std::uint32_t count = 1;

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(FieldInfo{"count", "of the simulated executor"}, self.count);
  }
  friend bool operator==(const Steps&, const Steps&) = default;
};

// Until everything that the daemon told has arrived and nothing that came of it is under way,
// beside what is held.
struct Settle : Nothing {
  static constexpr std::string_view kWord = "settle";
};

// What can be waited for, and what a `when` is about. One of them is set.
struct Condition {
  std::string callback{};  // "web exit 3" has begun
  std::string rpc{};       // this method was sent
  std::string event{};     // this type was emitted
  std::string held{};      // something waits at this point
  std::string fired{};     // a fault fired at this point
  std::string call{};      // the call of this label returned
  std::string output{};    // this container's process wrote so that the engine read `text`
  std::string id{};        // of rpc and event
  std::string process{};
  std::string text{};
  std::uint32_t count = 1;  // so often

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(FieldInfo{"callback", "has begun: \"web exit 3\""}, self.callback);
    field(FieldInfo{"rpc", "was sent: a method"}, self.rpc);
    field(FieldInfo{"event", "was emitted: a type"}, self.event);
    field(FieldInfo{"held", "something waits at this point"}, self.held);
    field(FieldInfo{"fired", "a fault fired at this point"}, self.fired);
    field(FieldInfo{"call", "the call of this label returned"}, self.call);
    field(FieldInfo{"output", "stdout or stderr: the engine has read \"text\""}, self.output);
    field(FieldInfo{"id", "container, of rpc, event and output"}, self.id);
    field(FieldInfo{"process", "of rpc, event and output"}, self.process);
    field(FieldInfo{"text", "of output"}, self.text);
    field(FieldInfo{"count", "so often at least"}, self.count);
  }
  friend bool operator==(const Condition&, const Condition&) = default;
};

struct WaitFor {
  static constexpr std::string_view kWord = "wait";
  Condition condition{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    Condition::Fields(self.condition, field);
  }
  friend bool operator==(const WaitFor&, const WaitFor&) = default;
};

// What must be so now. What is not said is not looked at.
struct Expect {
  static constexpr std::string_view kWord = "expect";
  using Lines = std::vector<std::string>;
  std::map<std::string, Lines> callbacks{};      // of each container, all of them, in order
  std::map<std::string, std::string> stdouts{};  // "web", "web/e1": what the engine read
  std::map<std::string, std::string> stderrs{};
  std::map<std::string, std::string> stdins{};     // what the process read
  std::map<std::string, Lines> files{};            // of each bundle, sorted; []: no bundle
  std::optional<Lines> tracked{};                  // by the client, sorted
  std::optional<Lines> running{};                  // in the daemon, sorted: "web/init"
  std::map<std::string, std::uint32_t> sent{};     // "Signal web/init 9": so often
  std::map<std::string, std::string> results{};    // label of a call: its result, or "pending"
  std::map<std::string, std::uint32_t> dropped{};  // unknown-container, duplicate, earlier-life,
                                                   // after-exit, failed-start
  std::map<std::string, std::uint32_t> fired{};    // point: how often a fault fired
  std::map<std::string, std::uint32_t> held{};     // point: how many wait there
  // What became of the daemon's process, all so far, in order: "started", "start-failed", "ours"
  // and "not-ours" (what the client found it to be), "signal 9" (sent by the client), "ended".
  std::optional<Lines> daemon{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(FieldInfo{"callbacks", "of each container, all so far, in order"}, self.callbacks);
    field(FieldInfo{"stdout", "of ID or ID/PROCESS: what the engine read"}, self.stdouts);
    field(FieldInfo{"stderr", "of ID or ID/PROCESS: what the engine read"}, self.stderrs);
    field(FieldInfo{"stdin", "of ID or ID/PROCESS: what the process read"}, self.stdins);
    field(FieldInfo{"files", "of each container's bundle, sorted; []: there is none"}, self.files);
    field(FieldInfo{"tracked", "containers that the client tracks, sorted"}, self.tracked);
    field(FieldInfo{"running", "ID/PROCESS of all that live in the daemon, sorted"}, self.running);
    field(FieldInfo{"sent", "requests, as \"Signal web/init 9\", and how often"}, self.sent);
    field(FieldInfo{"results", "of labelled calls: the result, or \"pending\""}, self.results);
    field(FieldInfo{"dropped", "events that led to nothing, by reason"}, self.dropped);
    field(FieldInfo{"fired", "how often faults fired, by point"}, self.fired);
    field(FieldInfo{"held", "how many wait, by point"}, self.held);
    field(FieldInfo{"daemon", "of its process, in order: started, ours, signal 9, ended, …"},
          self.daemon);
  }
  friend bool operator==(const Expect&, const Expect&) = default;
};

struct Note {
  static constexpr std::string_view kWord = "note";
  std::string text{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(FieldInfo{"text", "for the journal", true}, self.text);
  }
  friend bool operator==(const Note&, const Note&) = default;
};

}  // namespace scenarios::action
