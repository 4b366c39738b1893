// Injector: makes a world do what it would not do by itself, at the moment that one wants: events
// out of nothing, things held back at named points and let go one by one, faults after a plan.
//
//   Injector& injector = world.injector();
//   injector.Hold("rpc.CreateContainer.executed@web");  // created, but nobody is told
//   … the client's create is under way; injector.Held() shows it …
//   injector.Release("rpc.CreateContainer.executed@web");
//   injector.SetFaults(*FaultPlan::Parse("event.exit=1*drop"));
//
//   points   InjectionPoints() of fault_plan.h lists them. `point@id` or `point@id/process` means
//            one container's, or process's, only.
//   holding  Whatever comes to a held point waits there, in the order of its arrival, until it is
//            released or the daemon dies. What waits for its turn comes before the point's faults.
//   stepping While not autonomous, every event and every reply but a health check's waits; Step(n)
//   lets the n that wait
//            longest go on. What waits at a hold of its own is not stepped.
//   faults   A plan's terms are counted from SetFaults() on.
//   silence  With no hold and no fault nothing here changes the order of anything.
//
// Threads: the world's executor only. FakeContainerd offers the same to all threads.
// Ownership: the world's, which it must not outlive in use: after the world's end everything
// passes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fake_containerd/fault_plan.h"
#include "fake_containerd/model.h"
#include "libcontainerd/async.h"
#include "libcontainerd/error.h"
#include "libcontainerd/random.h"
#include "libcontainerd/unique_function.h"

namespace fake_containerd {

// Whom something that passes a point is about. Empty: nobody in particular.
struct InjectionSubject {
  std::string id{};
  std::string process{};

  // "web", "web/init", or "".
  std::string text() const { return process.empty() ? id : id + "/" + process; }
  static InjectionSubject FromText(const std::string& text);
};

// Something that waits at a point.
struct HeldItem {
  std::string point{};
  std::string subject{};     // InjectionSubject::text()
  std::uint64_t ticket = 0;  // rising in the order of arrival
  bool stepped = false;      // it waits for Step(), not for a release

  friend bool operator==(const HeldItem&, const HeldItem&) = default;
};

// A term of the plan that took effect.
struct FiredFault {
  std::string point{};
  std::string subject{};    // of what passed, not of the rule
  std::string term{};       // as the plan writes it
  std::uint64_t count = 0;  // how often this term fired so far

  friend bool operator==(const FiredFault&, const FiredFault&) = default;
};

// `spec` is a point, or point@id, or point@id/process; whether it means what is at `point` about
// `subject`.
bool PointMatches(std::string_view spec, std::string_view point, std::string_view subject);

class Injector : public std::enable_shared_from_this<Injector> {
 public:
  // What the injector needs of the world; each may be empty.
  struct Hooks {
    std::function<void(Event)> emit{};
    std::function<void()> panic{};            // the daemon dies, soon
    std::function<void(Duration)> restart{};  // the same, and it starts again after so long
    std::function<void(Duration)> hang{};     // the main loop stands still
    std::function<void()> faults_changed{};   // after SetFaults() and ClearFaults()
    std::function<void(const HeldItem&)> held{};
    std::function<void(const HeldItem&)> released{};
    std::function<void(const FiredFault&)> fired{};  // before its effect
  };

  // The runtime outlives it.
  Injector(libcontainerd::Runtime& runtime, std::uint64_t seed, Hooks hooks);
  Injector(const Injector&) = delete;
  Injector& operator=(const Injector&) = delete;

  // --- Events ---

  // At once, true or not, of known or unknown ids; a zero time is filled in. It passes the point
  // event.<kind> as any other. Nothing while the daemon is stopped.
  void Emit(Event event);

  // --- Holding. Errors: INVALID_ARGUMENT for a point that does not exist or cannot be held. ---

  libcontainerd::Status Hold(std::string_view point);
  // Without a count the hold ends and all that waits at it goes on; with one so many go on, and the
  // hold stays. Returns how many went on.
  libcontainerd::Result<std::size_t> Release(std::string_view point,
                                             std::optional<std::size_t> count = std::nullopt);
  // Ends every hold, and stepping.
  void ReleaseAll();
  // What waits now, in the order of arrival.
  std::vector<HeldItem> Held() const;
  // How many wait at `point`, which may name a subject.
  std::size_t HeldAt(std::string_view point) const;
  const std::vector<std::string>& Holds() const { return holds_; }
  // Calls and event streams that are held or delayed at a point of theirs; not those that are lost.
  std::size_t CallsWaiting() const;

  // --- Stepping ---

  void SetAutonomous(bool autonomous);
  bool autonomous() const { return autonomous_; }
  // Returns how many went on.
  std::size_t Step(std::size_t count = 1);

  // --- Faults ---

  void SetFaults(FaultPlan plan);
  void ClearFaults() { SetFaults({}); }
  const FaultPlan& faults() const { return plan_; }
  // Draws of probabilities begin anew, from this seed.
  void Seed(std::uint64_t seed);
  // Since the injector was made, in order.
  const std::vector<FiredFault>& Fired() const { return fired_; }

  // --- For the world and its facades ---

  struct Verdict {
    bool gone = false;  // the daemon died, or dies here: it did not happen
    // What the world must do about it; what the injector can do itself (off, delay, panic, restart,
    // hang) is done already.
    std::optional<FaultTerm> fault{};
  };
  // Calls `then` when it may go on: at once, inside the call, unless something holds it back.
  void Pass(std::string_view point, const InjectionSubject& subject,
            libcontainerd::UniqueFunction<void(Verdict)> then);
  libcontainerd::Awaitable<Verdict> Passed(std::string point, InjectionSubject subject);
  // Until the daemon dies: what was lost never comes back.
  libcontainerd::Awaitable<void> UntilGone();
  // Nothing is held, stepped or planned: everything passes, so nobody need ask.
  bool quiet() const { return holds_.empty() && autonomous_ && rules_.empty() && !crashing_; }
  // For what cannot wait: what a plan says, with nothing done but panic, restart and hang.
  Verdict Draw(std::string_view point, const InjectionSubject& subject);
  // The daemon dies or died: whatever waits, or is delayed, is gone.
  void DropAll();
  // From the decision to crash to DropAll() everything that passes is gone.
  bool crashing() const { return crashing_; }
  // The world ends: calls no hook any more.
  void Detach();

 private:
  struct Waiting {
    HeldItem item;
    InjectionSubject subject;
    libcontainerd::UniqueFunction<void(Verdict)> then;
  };
  struct Delayed {
    std::string point;  // empty: lost
    libcontainerd::UniqueFunction<void(Verdict)> then;
  };
  struct ActiveRule {
    FaultRule rule{};
    std::vector<std::uint64_t> used{};  // by term
  };

  std::size_t LetGo(const std::function<bool(const Waiting&)>& which, std::size_t count);
  void Resume(std::uint64_t ticket);
  void Judge(std::string_view point, const InjectionSubject& subject,
             libcontainerd::UniqueFunction<void(Verdict)> then);
  std::optional<FaultTerm> DrawTerm(std::string_view point, const InjectionSubject& subject);
  bool Crash(const FaultTerm& term);

  libcontainerd::Runtime& runtime_;
  libcontainerd::Random random_;
  Hooks hooks_;
  bool autonomous_ = true;
  bool crashing_ = false;
  std::uint64_t next_ticket_ = 1;
  std::vector<std::string> holds_;
  std::vector<Waiting> waiting_;  // by ticket
  std::map<std::uint64_t, Delayed> delayed_;
  FaultPlan plan_;
  std::vector<ActiveRule> rules_;
  std::vector<FiredFault> fired_;
};

}  // namespace fake_containerd
