// Performer: performs actions on a stage, one after the other, and keeps what was not as expected.
//
// Threads: the stage's own.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "libcontainerd/random.h"
#include "scenarios/action.h"
#include "scenarios/runner/expectations.h"
#include "scenarios/runner/stage.h"
#include "scenarios/scenario_result.h"

namespace scenarios {

class Performer {
 public:
  // The stage outlives it. The seed orders the branches of `parallel`. Tolerant: what cannot be
  // performed is passed over.
  Performer(Stage& stage, std::uint64_t seed, bool tolerant = false);
  ~Performer();
  Performer(const Performer&) = delete;
  Performer& operator=(const Performer&) = delete;

  // All of them, or up to the first that cannot be performed: a wait that ends without success, a
  // process that is not there. What an `expect` finds otherwise does not stop it.
  void Perform(const Actions& actions);
  // After Stage::End: what calls returned that nobody awaited.
  void Conclude();

  const std::vector<Complaint>& complaints() const { return complaints_; }

 private:
  struct Call {
    std::string label;
    std::string name;  // "create web"
    std::string expected;
    Place place;
    CallEnd outcome;
    bool checked = false;
  };
  // A group that waits for its time or its condition.
  struct Waiting {
    std::optional<Duration> at;
    std::optional<action::Condition> when;
    const Actions* actions;
  };
  class Visitor;

  void PerformOne(const Action& performed);
  void Complain(const Place& place, std::string what);
  // It cannot be performed: complains, and performs nothing more, unless tolerant.
  void Stop(const Place& place, std::string what);
  void Begun(const action::CallTerms& terms, std::string name, CallEnd outcome);
  void Check(Call& call);
  bool AwaitCall(Call& call);
  CallResults Results();
  bool IsSo(const action::Condition& condition) const;
  Waiting* Due();
  void ActOnWaiting();
  void AdvanceTo(Duration time);
  void Parallel(const action::Parallel& parallel);

  Stage& stage_;
  libcontainerd::Random random_;
  const bool tolerant_;
  std::vector<Complaint> complaints_;
  std::deque<Call> calls_;
  std::deque<Waiting> waiting_;
  const Place* place_ = nullptr;  // of the action that is performed
  bool never_wait_ = false;       // inside groups
  bool stopped_ = false;
};

}  // namespace scenarios
