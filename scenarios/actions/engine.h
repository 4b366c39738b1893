// Actions: what the engine does beside calling, and what goes wrong on its side of the machine.
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

// It goes away, orderly or as by SIGKILL; containers, daemon, bundles and cursor file stay.
struct StopEngine {
  static constexpr std::string_view kWord = "stop-engine";
  bool crash = false;

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(FieldInfo{"crash", "as by SIGKILL: calls never end, the cursor stays where it is"},
          self.crash);
  }
  friend bool operator==(const StopEngine&, const StopEngine&) = default;
};

struct StartEngine : Nothing {
  static constexpr std::string_view kWord = "start-engine";
};
// The client is closed for good; calls after it are CANCELLED.
struct Close : Nothing {
  static constexpr std::string_view kWord = "close";
};

struct WriteStdin {
  static constexpr std::string_view kWord = "write-stdin";
  std::string id{};
  std::string process = "init";
  std::string text{};
  std::uint32_t times = 1;
  bool wait = true;

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(kId, self.id);
    field(kProcess, self.process);
    field(FieldInfo{"text", "what to write", true}, self.text);
    field(FieldInfo{"times", "so often, in one write"}, self.times);
    field(FieldInfo{"wait", "false: goes on while it is written"}, self.wait);
  }
  friend bool operator==(const WriteStdin&, const WriteStdin&) = default;
};

struct CloseStdin {
  static constexpr std::string_view kWord = "close-stdin";
  std::string id{};
  std::string process = "init";

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(kId, self.id);
    field(kProcess, self.process);
  }
  friend bool operator==(const CloseStdin&, const CloseStdin&) = default;
};

// The engine closes each stdin inside the attach from now on, as engines do for processes without.
struct CloseStdinAtAttach {
  static constexpr std::string_view kWord = "close-stdin-at-attach";
  bool on = true;

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(FieldInfo{"on", "false: no longer"}, self.on);
  }
  friend bool operator==(const CloseStdinAtAttach&, const CloseStdinAtAttach&) = default;
};

// What the engine's side of the machine does wrong, at its own points: "callback.STATE",
// "callback.attach", "bundle.create", "bundle.read", "bundle.remove", "fifos.open",
// "fifos.remove", "cursor.read", "cursor.write".
struct Fail {
  static constexpr std::string_view kWord = "fail";
  std::string point{};
  std::string error{};
  std::uint32_t times = 1;  // 0: always

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(FieldInfo{"point", "callback.STATE, callback.attach, bundle.create, …; @ID", true},
          self.point);
    field(FieldInfo{"error", "CODE and text", true}, self.error);
    field(FieldInfo{"times", "so often; 0: until the end"}, self.times);
  }
  friend bool operator==(const Fail&, const Fail&) = default;
};

// Somebody else replaces the cursor file.
struct ReplaceCursor {
  static constexpr std::string_view kWord = "replace-cursor";
  std::string text{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(FieldInfo{"text", "what is in it then", true}, self.text);
  }
  friend bool operator==(const ReplaceCursor&, const ReplaceCursor&) = default;
};

}  // namespace scenarios::action
