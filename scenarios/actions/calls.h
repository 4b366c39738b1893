// Actions: the calls of the client, by the names that the journal has for them.
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

inline constexpr const char* kAnyResult = "any";

// What all calls of the client have beside their arguments.
struct CallTerms {
  std::string returns = "OK";
  std::optional<Duration> timeout{};  // instead of the operation's own
  // False: it is begun, and the next action goes on. `await` looks at it, by `call`; whatever is
  // still under way at the end is waited for.
  bool wait = true;
  std::string call{};           // its label
  std::string from_callback{};  // the container from whose held callback the engine makes it

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(FieldInfo{"returns", "the result that is expected; a code alone: with any text"},
          self.returns);
    field(FieldInfo{"timeout", "instead of the operation's own"}, self.timeout);
    field(FieldInfo{"wait", "false: goes on while the call is under way"}, self.wait);
    field(FieldInfo{"call", "a label for await and expect"}, self.call);
    field(FieldInfo{"from_callback", "the container from whose callback it is made"},
          self.from_callback);
  }
  friend bool operator==(const CallTerms&, const CallTerms&) = default;
};

struct Create {
  static constexpr std::string_view kWord = "create";
  std::string id{};
  JsonText spec{};  // empty: a small one
  std::string runtime{};
  std::vector<std::string> runtime_args{};
  std::string checkpoint{};
  std::string checkpoint_dir{};
  CallTerms terms{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(kId, self.id);
    field(FieldInfo{"spec", "the OCI runtime spec, merged into a small one that can run"},
          self.spec);
    field(FieldInfo{"runtime", "path of an OCI runtime"}, self.runtime);
    field(FieldInfo{"runtime_args", "its arguments"}, self.runtime_args);
    field(FieldInfo{"checkpoint", "starts from this checkpoint"}, self.checkpoint);
    field(FieldInfo{"checkpoint_dir", "of this directory"}, self.checkpoint_dir);
    CallTerms::Fields(self.terms, field);
  }
  friend bool operator==(const Create&, const Create&) = default;
};

struct AddProcess {
  static constexpr std::string_view kWord = "add-process";
  std::string id{};
  std::string process{};
  std::vector<std::string> args{"/bin/exec"};
  bool terminal = false;
  CallTerms terms{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(kId, self.id);
    field(FieldInfo{"process", "its friendly name", true}, self.process);
    field(FieldInfo{"args", "program and arguments"}, self.args);
    field(FieldInfo{"terminal", "with a terminal"}, self.terminal);
    CallTerms::Fields(self.terms, field);
  }
  friend bool operator==(const AddProcess&, const AddProcess&) = default;
};

struct Signal {
  static constexpr std::string_view kWord = "signal";
  std::string id{};
  std::string process = "init";
  std::uint32_t signal = 0;
  CallTerms terms{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(kId, self.id);
    field(kProcess, self.process);
    field(FieldInfo{"signal", "its number", true}, self.signal);
    CallTerms::Fields(self.terms, field);
  }
  friend bool operator==(const Signal&, const Signal&) = default;
};

struct Resize {
  static constexpr std::string_view kWord = "resize";
  std::string id{};
  std::string process = "init";
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  CallTerms terms{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(kId, self.id);
    field(kProcess, self.process);
    field(FieldInfo{"width", "columns", true}, self.width);
    field(FieldInfo{"height", "rows", true}, self.height);
    CallTerms::Fields(self.terms, field);
  }
  friend bool operator==(const Resize&, const Resize&) = default;
};

// Calls that say nothing but which container.
struct OfContainer {
  std::string id{};
  CallTerms terms{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(kId, self.id);
    CallTerms::Fields(self.terms, field);
  }
  friend bool operator==(const OfContainer&, const OfContainer&) = default;
};
struct Pause : OfContainer {
  static constexpr std::string_view kWord = "pause";
};
struct Resume : OfContainer {
  static constexpr std::string_view kWord = "resume";
};
struct Stats : OfContainer {
  static constexpr std::string_view kWord = "stats";
};
struct Pids : OfContainer {
  static constexpr std::string_view kWord = "pids";
};
struct Summary : OfContainer {
  static constexpr std::string_view kWord = "summary";
};

struct Update {
  static constexpr std::string_view kWord = "update";
  std::string id{};
  std::map<std::string, std::uint64_t> resources{};  // by the wire's names
  CallTerms terms{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(kId, self.id);
    field(FieldInfo{"resources", "by the wire's names: memoryLimit, cpuShares, …", true},
          self.resources);
    CallTerms::Fields(self.terms, field);
  }
  friend bool operator==(const Update&, const Update&) = default;
};

struct CreateCheckpoint {
  static constexpr std::string_view kWord = "create-checkpoint";
  std::string id{};
  std::string name{};
  std::string checkpoint_dir{};
  bool exit = false;
  CallTerms terms{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(kId, self.id);
    field(FieldInfo{"name", "of the checkpoint", true}, self.name);
    field(FieldInfo{"checkpoint_dir", "default: in the bundle"}, self.checkpoint_dir);
    field(FieldInfo{"exit", "the container ends once it is written"}, self.exit);
    CallTerms::Fields(self.terms, field);
  }
  friend bool operator==(const CreateCheckpoint&, const CreateCheckpoint&) = default;
};

struct DeleteCheckpoint {
  static constexpr std::string_view kWord = "delete-checkpoint";
  std::string id{};
  std::string name{};
  std::string checkpoint_dir{};
  CallTerms terms{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(kId, self.id);
    field(FieldInfo{"name", "of the checkpoint", true}, self.name);
    field(FieldInfo{"checkpoint_dir", "default: in the bundle"}, self.checkpoint_dir);
    CallTerms::Fields(self.terms, field);
  }
  friend bool operator==(const DeleteCheckpoint&, const DeleteCheckpoint&) = default;
};

struct ListCheckpoints {
  static constexpr std::string_view kWord = "list-checkpoints";
  std::string id{};
  std::string checkpoint_dir{};
  std::optional<std::vector<std::string>> names{};  // what it has to list
  CallTerms terms{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(kId, self.id);
    field(FieldInfo{"checkpoint_dir", "default: in the bundle"}, self.checkpoint_dir);
    field(FieldInfo{"names", "those that it must list"}, self.names);
    CallTerms::Fields(self.terms, field);
  }
  friend bool operator==(const ListCheckpoints&, const ListCheckpoints&) = default;
};

struct Version {
  static constexpr std::string_view kWord = "version";
  CallTerms terms{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    CallTerms::Fields(self.terms, field);
  }
  friend bool operator==(const Version&, const Version&) = default;
};

struct Restore {
  static constexpr std::string_view kWord = "restore";
  std::string id{};
  bool live = false;
  CallTerms terms{};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(kId, self.id);
    field(FieldInfo{"live", "lets it run on"}, self.live);
    CallTerms::Fields(self.terms, field);
  }
  friend bool operator==(const Restore&, const Restore&) = default;
};

// Waits for a call that was begun with "wait": false.
struct Await {
  static constexpr std::string_view kWord = "await";
  std::string call{};
  std::optional<std::string> returns{};  // instead of what the call said

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(FieldInfo{"call", "its label", true}, self.call);
    field(FieldInfo{"returns", "instead of what the call said"}, self.returns);
  }
  friend bool operator==(const Await&, const Await&) = default;
};

}  // namespace scenarios::action
