// Action: one thing that somebody does to client, fake or clock, or expects of them. Everything
// that drives the system — scenario files, recorded traces, random runs, fuzz bytes, benches — is a
// list of these, and every such list can be written as a scenario file (scenario_text.h).
//
// Each action is a plain struct with a word (its "do" in a file) and a description of its fields,
// from which reading, writing, comparing and the schema are derived; what it does is said once, in
// docs/scenarios.md and, for whoever runs it, in runner/. Names of calls are those of the journal,
// names of what happens in the daemon those of the fake's scripts.
//
//   names      `id` is a container, `process` "init" or an exec's friendly name.
//   results    "OK", or "NOT_FOUND the full text"; "any" accepts whatever comes.
//   callbacks  written as lines: "start-container", "exit 3", "exit 137 oom", "exit-process e1 0",
//              "attach init", with the container in front where it is not said elsewhere.
//   points     of holds: the fake's (docs/faults.md), and the engine's: "callback.STATE",
//              "callback.attach", "engine.read", each with "@ID" or "@ID/PROCESS" if so wished.
//
// Threads: values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "libcontainerd/runtime.h"

namespace scenarios {

using libcontainerd::Duration;

// Where an action stands, for messages. Never part of what it is.
struct Place {
  std::string file{};
  int line = 0;  // 0: nowhere, it was made by a program
  int column = 0;

  std::string text() const;  // "FILE:LINE:COLUMN", or ""
  friend bool operator==(const Place&, const Place&) { return true; }
};

// A JSON value as text: {"linux": {}}. Empty: none.
struct JsonText {
  std::string text{};
  friend bool operator==(const JsonText&, const JsonText&) = default;
};

// How a field is called in a file, and what it is for. A field that is not required has the
// member's initial value when it is absent, and is not written then.
struct FieldInfo {
  const char* name;
  const char* doc;
  bool required = false;
};

// A Fields function calls `field(FieldInfo, member)` for each member in the order of writing. The
// types of members: std::string, bool, std::uint32_t, std::uint64_t, std::int64_t, Duration (Go's
// notation), JsonText, Callbacks and the like below, vectors and maps of those, and
// std::optional of any.
namespace action {

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
    field(FieldInfo{"returns", "the result that is expected"}, self.returns);
    field(FieldInfo{"timeout", "instead of the operation's own"}, self.timeout);
    field(FieldInfo{"wait", "false: goes on while the call is under way"}, self.wait);
    field(FieldInfo{"call", "a label for await and expect"}, self.call);
    field(FieldInfo{"from_callback", "the container from whose callback it is made"},
          self.from_callback);
  }
  friend bool operator==(const CallTerms&, const CallTerms&) = default;
};

inline constexpr FieldInfo kId{"id", "container", true};
inline constexpr FieldInfo kProcess{"process", "init or an exec's name"};

// --- Calls of the client ------------------------------------------------------------------------

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

// --- The engine ---------------------------------------------------------------------------------

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

struct Nothing {
  template <class Self, class Field>
  static void Fields(Self&, Field&) {}
  friend bool operator==(const Nothing&, const Nothing&) = default;
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

// --- Processes and daemon -----------------------------------------------------------------------

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
  // "2016-10-05T00:00:00Z", a duration from now ("-1ms"), or "as EVENT": that of the latest event
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
                    "latest such event"},
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

// --- Time and waits -----------------------------------------------------------------------------

struct Advance {
  static constexpr std::string_view kWord = "advance";
  Duration by{0};

  template <class Self, class Field>
  static void Fields(Self& self, Field& field) {
    field(FieldInfo{"by", "the clock goes on by so much", true}, self.by);
  }
  friend bool operator==(const Advance&, const Advance&) = default;
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

// --- Expectations -------------------------------------------------------------------------------

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

}  // namespace action

struct Action;
using Actions = std::vector<Action>;

// Groups. In a file they have no "do" but their own field: docs/scenarios.md.
namespace action {

// The branches' actions in turns, in an order that the seed draws; calls do not wait before the
// end of all branches.
struct Parallel {
  std::vector<Actions> branches{};
  friend bool operator==(const Parallel&, const Parallel&);
};

// Later, while the actions that follow go on: at a time of the clock, or once a condition holds.
// Calls in there do not wait.
struct Later {
  std::optional<Duration> at{};     // since the beginning
  std::optional<Duration> after{};  // from now
  std::optional<Condition> when{};
  Actions actions{};
  friend bool operator==(const Later&, const Later&);
};

using What =
    std::variant<Create, AddProcess, Signal, Resize, Pause, Resume, Stats, Pids, Summary, Update,
                 CreateCheckpoint, DeleteCheckpoint, ListCheckpoints, Version, Restore, Await,
                 StopEngine, StartEngine, Close, WriteStdin, CloseStdin, CloseStdinAtAttach, Fail,
                 ReplaceCursor, Behave, Exit, Kill, Oom, OomKill, KillShim, Write, Cue, Emit,
                 SetChoices, Hold, Release, SetFaults, StopDaemon, StartDaemon, HangDaemon, Advance,
                 Settle, WaitFor, Expect, Note, Parallel, Later>;

}  // namespace action

struct Action {
  action::What what;
  Place place{};

  friend bool operator==(const Action&, const Action&) = default;
};

namespace action {
inline bool operator==(const Parallel& a, const Parallel& b) {
  return a.branches == b.branches;
}
inline bool operator==(const Later& a, const Later& b) {
  return a.at == b.at && a.after == b.after && a.when == b.when && a.actions == b.actions;
}
}  // namespace action

}  // namespace scenarios
