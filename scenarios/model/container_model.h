// ContainerModel: what an engine must be told of one container id, and what it must not, as a state
// machine that shares nothing with the client. It is fed with whatever happens around the client,
// in order: calls, requests and their answers, delivered events, files. It is shown each callback
// and says where that differs from what had to follow. Made from what the client promises
// (docs/guarantees.md, docs/deviations.md), in whose terms the differences are worded.
//
// Where the promises leave a choice, so does the model:
//
//   an exec ended by init's exit    its own status if its event came within the grace, else 137
//   gone without an exit            255, execs first, once State has said so for the grace; the
//                                   true status if that comes before the callback
//   a create whose answer got lost  started after all, or failed
//   what the stored log brings      may be called back from its delivery on, must be once the read
//                                   has ended well; behind whatever else was called back meanwhile
//   a restore                       `restore` and what the log tells, or `exit` alone
//
// A pure value: no clock, no I/O. Each input carries its moment: the time, and a mark (of a
// journal: the entry) that a difference points back to.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "libcontainerd/backend.h"
#include "libcontainerd/error.h"
#include "libcontainerd/runtime.h"

namespace scenarios {

// A process by a number that whoever feeds the model has for its name.
using ModelName = std::uint32_t;

struct ModelOptions {
  ModelName init = 0;
  libcontainerd::Duration exec_exit_grace = std::chrono::milliseconds(50);
  libcontainerd::Duration gone_grace = std::chrono::seconds(2);
  // The clock goes in steps: what was due within one may have taken turns.
  bool stepped_clock = false;
  // No State answers, bundles, snapshots are fed: nothing is concluded from their absence. What is
  // fed is checked in any case.
  bool keeps_bundles = false;  // on purpose
};

struct Moment {
  libcontainerd::Duration t{0};
  std::uint64_t mark = 0;
};

enum class ModelEventType : std::uint8_t { kExit, kOom, kPause, kResume };

struct ModelEvent {
  ModelEventType type = ModelEventType::kExit;
  ModelName process = 0;  // of an exit
  std::uint32_t status = 0;
  std::int64_t stamp = 0;
  bool stamped = true;  // without a time an event has no identity, and is never a repetition
};

// As the engine's users know it: "start-container" and so on.
std::string StateWord(libcontainerd::ContainerState state);

// Of which life of the id an event is, as far as that can be told from outside.
enum class EventLife : std::uint8_t { kPresent, kEarlier, kUnclear };

struct ModelCallback {
  libcontainerd::ContainerState state = libcontainerd::ContainerState::kStart;
  ModelName process = 0;  // of an exit-process
  std::uint32_t exit_code = 0;
  bool oom_killed = false;
};

enum class Answer : std::uint8_t { kGood, kRefused, kUnknown };
// UNAVAILABLE, DEADLINE_EXCEEDED and CANCELLED say nothing of what became of a request.
Answer AnswerOf(bool failed, libcontainerd::ErrorCode code);

enum class StateSays : std::uint8_t { kKnown, kNotFound, kNothing };

struct ModelDifference {
  std::string what{};                  // "exit 0 was called back, expected exit 7"
  std::optional<ModelName> process{};  // the exec that it is about
  std::vector<std::uint64_t> marks{};
};

class ContainerModel {
 public:
  explicit ContainerModel(const ModelOptions& options = {}) : options_(options) {}

  // Calls, by number. `code` is kOk for a success.
  void CreateBegun(std::uint64_t call, Moment at);
  void CreateSent(Moment at);
  void CreateAnswered(Answer answer, Moment at);
  void CreateReturned(std::uint64_t call, libcontainerd::ErrorCode code, Moment at);
  void AddBegun(std::uint64_t call, ModelName name, Moment at);
  void AddSent(ModelName name, Moment at);
  void AddAnswered(ModelName name, Answer answer, Moment at);
  void AddReturned(std::uint64_t call, ModelName name, libcontainerd::ErrorCode code, Moment at);
  // `state`: kPause or kResume.
  void ChangeBegun(std::uint64_t call, libcontainerd::ContainerState state, Moment at);
  void ChangeReturned(std::uint64_t call, libcontainerd::ErrorCode code, Moment at);
  void RestoreBegun(std::uint64_t call, bool live, Moment at);
  void RestoreReturned(std::uint64_t call, libcontainerd::ErrorCode code, Moment at);

  // The rest of what is seen around the client.
  void AttachEnded(ModelName process, bool failed, Moment at);
  void StateAnswered(StateSays says, Moment at);
  void BundleMade(Moment at);
  void BundleRemoved();
  void FifosMade(ModelName process, Moment at);
  void FifosRemoved(ModelName process);
  void AllFifosRemoved();
  // Init has started or ended, whoever knows of it.
  void InitStarted();
  void InitEnded(Moment at) { ended_in_world_ = at; }

  // `read`: 0, or the number of the reading of the stored log that brought it.
  void Delivered(const ModelEvent& event, EventLife life, std::uint64_t read, Moment at);
  void ReadEnded(std::uint64_t read, bool well, Moment at);

  // `number` joins a callback's end with its begin.
  void CallbackBegun(std::uint64_t number, const ModelCallback& callback, Moment at);
  void CallbackEnded(std::uint64_t number, bool failed, Moment at);

  // From here on nothing is owed, and whatever comes is no difference.
  void Closing() { closing_ = true; }
  // The engine went away with all that it knew; the next one begins, with files as they are.
  void EngineGone();
  // Nothing moves any more. `tracked`: what the client says, if somebody asked.
  void Rest(std::optional<bool> tracked, Moment at);

  // Found so far; the caller's from then on.
  std::vector<ModelDifference> Take();
  bool differs() const { return !differences_.empty(); }
  // A callback was compared.
  bool compared() const { return compared_; }
  // The client must be tracking it, must not be, or may be either way.
  std::optional<bool> Tracked() const;

 private:
  enum class Phase : std::uint8_t {
    kNone,
    kCreating,   // from its request on
    kRunning,    // called back as started or restored
    kEnding,     // the exit callback has begun
    kRestoring,  // called, and nothing called back yet
    kCondemned,  // whatever runs of it is being ended; nothing is called back
  };
  // A callback that follows, in the order of the queue.
  struct Expected {
    libcontainerd::ContainerState state{};
    ModelName process = 0;
    std::uint32_t code = 0;
    bool must = true;        // else it may come or not
    bool loose = false;      // others may overtake it
    bool or_killed = false;  // 137 will do as well
    std::uint64_t read = 0;  // may until that has ended well
    std::uint64_t mark = 0;  // of the event
    libcontainerd::Duration not_before{0};
  };
  struct Exec {
    enum class State : std::uint8_t {
      kUnknown,    // never added by this engine
      kStarting,   // its request has been sent, its call has not returned
      kRunning,    // added, no exit known
      kExited,     // its exit is known, or concluded
      kDone,       // called back
      kAbsorbing,  // the call failed, and the process may have run: its exit is nobody's
    };
    ModelName name = 0;
    State state = State::kUnknown;
    std::uint64_t call = 0;   // whose request was sent last
    std::uint64_t added = 0;  // mark of the good return
    Answer answer = Answer::kUnknown;
    bool answered = false;
    bool attached = false;
    std::uint64_t called_back = 0;  // mark, since the request
    std::uint64_t fifos = 0;        // mark, while they are there
  };
  struct Call {
    std::uint64_t number = 0;
    std::uint64_t mark = 0;
    ModelName name = 0;
    libcontainerd::ContainerState state{};
    bool live = false;
    bool must_fail = false;  // of a restore: something was tracked
    bool condemned = false;  // of a restore: something was being ended
    bool sent = false;       // of an add-process: its request was
    bool free = false;       // of a create: nothing was, and nobody else was about to
  };
  struct Exit {
    bool known = false;
    bool certain = false;
    bool denied = false;  // the daemon has known its container since: another one counts for more
    std::uint32_t status = 0;
    std::uint64_t read = 0;
    Moment at{};
    libcontainerd::Duration certain_at{0};
  };
  // Whether the exit is flagged.
  struct Oom {
    bool may = false;
    bool must = false;
    std::uint64_t read = 0;
    std::uint64_t mark = 0;
    std::int64_t stamp = 0;
    libcontainerd::Duration at{0};
  };
  struct Running {
    std::uint64_t number = 0;
    ModelCallback callback{};
    std::uint64_t mark = 0;
    std::uint64_t event = 0;  // mark of its event's delivery; 0: unknown
  };
  struct EndedCallback {
    libcontainerd::ContainerState state{};
    std::uint64_t event = 0;  // mark of its event's delivery; 0: unknown
    std::uint64_t mark = 0;
  };
  using Identity = std::tuple<ModelEventType, ModelName, std::int64_t>;

  // events
  void Confirm(const ModelEvent& event, Moment at);
  void Apply(const ModelEvent& event, bool certain, std::uint64_t read, Moment at);
  void ApplyInitExit(const ModelEvent& event, bool certain, std::uint64_t read, Moment at);
  void ApplyExecExit(const ModelEvent& event, bool certain, std::uint64_t read, Moment at);
  void ApplyLateExecExit(const ModelEvent& event, bool certain, Moment at);
  void ApplyOom(const ModelEvent& event, bool certain, std::uint64_t read, Moment at);
  void ApplyState(const ModelEvent& event, bool certain, std::uint64_t read, Moment at);
  void ApplyRestoring(const ModelEvent& event, bool certain, std::uint64_t read, Moment at);
  void DoubtOom();
  void ExpectExecs(bool certain, std::uint64_t read, Moment exit);
  bool ExitSurelyKnown() const { return exit_.known && exit_.certain; }

  // callbacks
  void Match(const ModelCallback& callback, Moment at);
  void MatchStart(Moment at);
  void MatchRestore(Moment at);
  void MatchExit(const ModelCallback& callback, Moment at);
  void MatchExecExit(const ModelCallback& callback, Moment at);
  void CheckExitCode(const ModelCallback& callback, Moment at);
  void CheckOomFlag(const ModelCallback& callback, Moment at);
  void CheckOverdue(const ModelCallback& callback, Moment at);
  bool TakeExpected(const ModelCallback& callback, Moment at);
  bool MayEndUnheard(Moment at) const;

  void Begin(Phase phase, Moment at);
  void Forget();
  bool SomebodyElseCreates(std::uint64_t call) const;
  Exec& ExecOf(ModelName name);
  Exec* FindExec(ModelName name);
  Expected* FindExpected(libcontainerd::ContainerState state, ModelName process);
  static std::optional<Call> TakeCall(std::vector<Call>& calls, std::uint64_t number);
  void Blame(std::string what, std::vector<std::uint64_t> marks,
             std::optional<ModelName> process = std::nullopt);

  ModelOptions options_;
  std::vector<ModelDifference> differences_;
  bool compared_ = false;
  bool closing_ = false;

  Phase phase_ = Phase::kNone;
  bool restored_ = false;
  bool gone_permitted_ = false;  // State has called it unknown for long enough
  std::optional<libcontainerd::Duration> missing_since_;
  std::uint64_t began_ = 0;  // mark of what began this life
  bool init_attached_ = false;
  Answer create_answer_ = Answer::kUnknown;
  bool create_answered_ = false;
  bool start_ended_well_ = false;
  std::uint64_t start_mark_ = 0;  // of its callback
  Exit exit_;
  std::uint64_t exit_mark_ = 0;  // of its callback
  bool may_live_ = false;        // although its exit is called back
  Oom oom_;
  std::optional<bool> paused_;  // by the last pause or resume that a restore knows
  std::vector<Expected> expected_;
  std::vector<Exec> execs_;

  std::vector<Running> running_;      // callbacks: one, if all is well
  std::vector<EndedCallback> ended_;  // pauses and resumes that released nobody yet
  std::uint64_t good_start_ = 0;      // mark of the end of the last start that released nobody yet
  std::uint64_t last_exit_ = 0;       // mark of the end of the last exit callback
  std::optional<libcontainerd::Duration> last_exit_at_;
  std::optional<libcontainerd::Duration> condemned_at_;  // the engine refused it
  std::vector<Call> creates_;
  std::vector<Call> adds_;
  std::vector<Call> changes_;
  std::vector<Call> restores_;

  std::set<Identity> seen_;
  std::vector<std::pair<ModelEvent, Moment>> unclaimed_;  // while nothing was tracked
  std::uint64_t bundle_ = 0;                              // mark, while it is there
  bool bundle_must_go_ = false;
  std::optional<Moment> ended_in_world_;
};

}  // namespace scenarios
