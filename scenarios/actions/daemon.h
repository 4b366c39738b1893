// Actions: what processes do and what the daemon is told to do, by the names that scripts of the
// fake have for them.
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

struct Behave {
  static constexpr std::string_view kWord = "behave";
  std::string id{};
  std::string process = "init";
  std::string behaviour{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(kId, self.id);
    field(kProcess, self.process);
    field(FieldInfo{"behaviour", "in the language of docs/processes.md", true}, self.behaviour);
  }
  friend bool operator==(const Behave&, const Behave&) = default;
};

struct Exit {
  static constexpr std::string_view kWord = "exit";
  std::string id{};
  std::string process = "init";
  std::uint32_t code = 0;

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(kId, self.id);
    field(kProcess, self.process);
    field(FieldInfo{"code", "0 to 255"}, self.code);
  }
  friend bool operator==(const Exit&, const Exit&) = default;
};

struct Kill {
  static constexpr std::string_view kWord = "kill";
  std::string id{};
  std::string process = "init";
  std::uint32_t signal = 9;

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(kId, self.id);
    field(kProcess, self.process);
    field(FieldInfo{"signal", "its number"}, self.signal);
  }
  friend bool operator==(const Kill&, const Kill&) = default;
};

// An oom event; nobody ends.
struct Oom {
  static constexpr std::string_view kWord = "oom";
  std::string id{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(kId, self.id);
  }
  friend bool operator==(const Oom&, const Oom&) = default;
};

struct OfProcess {
  std::string id{};
  std::string process = "init";

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(kId, self.id);
    field(kProcess, self.process);
  }
  friend bool operator==(const OfProcess&, const OfProcess&) = default;
};
struct OomKill : OfProcess {
  static constexpr std::string_view kWord = "oom-kill";
};
struct KillShim : OfProcess {
  static constexpr std::string_view kWord = "kill-shim";
};

struct Write {
  static constexpr std::string_view kWord = "write";
  std::string id{};
  std::string process = "init";
  std::string stream = "stdout";
  std::string text{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(kId, self.id);
    field(kProcess, self.process);
    field(FieldInfo{"stream", "stdout or stderr"}, self.stream);
    field(FieldInfo{"text", "what the process writes", true}, self.text);
  }
  friend bool operator==(const Write&, const Write&) = default;
};

struct Cue {
  static constexpr std::string_view kWord = "cue";
  std::string id{};
  std::string process = "init";
  std::string name{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(kId, self.id);
    field(kProcess, self.process);
    field(FieldInfo{"name", "for which the behaviour waits", true}, self.name);
  }
  friend bool operator==(const Cue&, const Cue&) = default;
};

struct Emit {
  static constexpr std::string_view kWord = "emit";
  std::string type{};
  std::string id{};
  std::string process{};
  std::uint32_t status = 0;
  std::uint32_t times = 1;
  // "2016-10-05T00:00:00Z", a duration from now ("-1ms"), or "again": that of the latest event
  // of that type and container, so that it is the same event once more. Empty: stamped.
  std::string timestamp{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(FieldInfo{"type", "start-container, start-process, exit, oom, pause, resume, live", true},
          self.type);
    field(kId, self.id);
    field(kProcess, self.process);
    field(FieldInfo{"status", "of an exit"}, self.status);
    field(FieldInfo{"times", "so many of them"}, self.times);
    field(FieldInfo{"timestamp",
                    "a time, a duration from now (-1ms), or \"again\": that of the "
                    "latest such event, with its status"},
          self.timestamp);
  }
  friend bool operator==(const Emit&, const Emit&) = default;
};

struct SetChoices {
  static constexpr std::string_view kWord = "choices";
  JsonText choices{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(FieldInfo{"choices", "as in scripts of the fake (docs/fake-containerd.md)", true},
          self.choices);
  }
  friend bool operator==(const SetChoices&, const SetChoices&) = default;
};

// Of the fake's points, and of the engine's: the header's first comment.
struct Hold {
  static constexpr std::string_view kWord = "hold";
  std::string point{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(FieldInfo{"point", "where it waits: docs/faults.md, callback.STATE, engine.read; @ID",
                    true},
          self.point);
  }
  friend bool operator==(const Hold&, const Hold&) = default;
};

struct Release {
  static constexpr std::string_view kWord = "release";
  std::string point{};
  std::optional<std::uint32_t> count{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(FieldInfo{"point", "that was held; absent: all"}, self.point);
    field(FieldInfo{"count", "lets so many go on and keeps the hold"}, self.count);
  }
  friend bool operator==(const Release&, const Release&) = default;
};

struct SetFaults {
  static constexpr std::string_view kWord = "faults";
  std::string plan{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(FieldInfo{"plan", "in the grammar of docs/faults.md; empty: none any more", true},
          self.plan);
  }
  friend bool operator==(const SetFaults&, const SetFaults&) = default;
};

struct StopDaemon : Nothing {
  static constexpr std::string_view kWord = "stop-daemon";
};
struct StartDaemon : Nothing {
  static constexpr std::string_view kWord = "start-daemon";
};

// Its main loop stands still.
struct HangDaemon {
  static constexpr std::string_view kWord = "hang-daemon";
  Duration time{0};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(FieldInfo{"for", "so long", true}, self.time);
  }
  friend bool operator==(const HangDaemon&, const HangDaemon&) = default;
};

}  // namespace scenarios::action
