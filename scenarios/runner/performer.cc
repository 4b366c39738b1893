#include "scenarios/runner/performer.h"

#include <algorithm>
#include <utility>

#include "scenarios/runner/perform.h"

namespace scenarios {

Performer::Performer(Stage& stage, std::uint64_t seed, bool tolerant)
    : stage_(stage), random_(seed), tolerant_(tolerant) {
  stage_.SetInterjection(
      {.due = [this] { return Due() != nullptr; }, .act = [this] { ActOnWaiting(); }});
}

Performer::~Performer() {
  stage_.SetInterjection({});
}

void Performer::Perform(const Actions& actions) {
  for (const Action& each : actions) {
    if (stopped_) return;
    PerformOne(each);
    if (stage_.spinning() && !stopped_) {
      Complain(each.place, "something goes round and round while time stands still");
      stopped_ = true;
    }
  }
}

void Performer::PerformOne(const Action& performed) {
  const Place* const before = std::exchange(place_, &performed.place);
  Visitor visitor(*this);
  std::visit(visitor, performed.what);
  place_ = before;
}

void Performer::Complain(const Place& place, std::string what) {
  constexpr std::size_t kMost = 50;
  if (complaints_.size() < kMost) complaints_.push_back({place, std::move(what)});
}

void Performer::Stop(const Place& place, std::string what) {
  if (tolerant_) return;
  Complain(place, std::move(what));
  stopped_ = true;
}

void Performer::Begun(const action::CallTerms& terms, std::string name, CallEnd outcome) {
  if (!outcome) return Stop(*place_, name + ": the engine is stopped");
  calls_.push_back({terms.call, std::move(name), terms.returns, *place_, std::move(outcome)});
  if (terms.wait && !never_wait_) AwaitCall(calls_.back());
}

bool Performer::AwaitCall(Call& call) {
  const bool returned = stage_.WaitUntil([&] { return call.outcome->has_value(); });
  if (!returned) {
    call.checked = true;
    Stop(*place_,
         call.name + ": did not return while time stands still, expected " + call.expected);
    return false;
  }
  Check(call);
  return true;
}

void Performer::Check(Call& call) {
  if (std::exchange(call.checked, true) || tolerant_) return;
  const std::string& found = **call.outcome;
  if (IsResult(call.expected, found)) return;
  Complain(call.place, call.name + ": expected " + call.expected + ", returned " + found);
}

CallResults Performer::Results() {
  CallResults results;
  for (const Call& call : calls_) {
    if (call.label.empty()) continue;
    results[call.label] = call.outcome->has_value() ? **call.outcome : "pending";
  }
  return results;
}

void Performer::Conclude() {
  for (Call& call : calls_) {
    if (call.checked) continue;
    if (call.outcome->has_value()) {
      Check(call);
    } else if (call.expected != "pending" && call.expected != action::kAnyResult) {
      Complain(call.place, call.name + ": never returned, expected " + call.expected);
    }
  }
}

bool Performer::IsSo(const action::Condition& condition) const {
  const bool returned = std::ranges::any_of(calls_, [&](const Call& call) {
    return !call.label.empty() && call.label == condition.call && call.outcome->has_value();
  });
  return Holds(stage_, condition, returned);
}

// The first that may begin; on the executor.
Performer::Waiting* Performer::Due() {
  if (stopped_) return nullptr;
  for (Waiting& waiting : waiting_) {
    if (waiting.at && *waiting.at <= stage_.runtime().Now()) return &waiting;
    if (waiting.when && IsSo(*waiting.when)) return &waiting;
  }
  return nullptr;
}

void Performer::ActOnWaiting() {
  const Waiting* due = nullptr;
  stage_.Do([&] { due = Due(); });
  if (due == nullptr) return;
  const Actions& actions = *due->actions;
  std::erase_if(waiting_, [&](const Waiting& waiting) { return waiting.actions == &actions; });
  const bool before = std::exchange(never_wait_, true);
  Perform(actions);
  never_wait_ = before;
}

// In several leaps, so that what waits for a time of the clock begins at it.
void Performer::AdvanceTo(Duration time) {
  while (!stopped_) {
    std::optional<Duration> next;
    for (const Waiting& waiting : waiting_) {
      if (waiting.at && *waiting.at <= time && (!next || *waiting.at < *next)) next = waiting.at;
    }
    if (!next) break;
    stage_.Advance(std::max(Duration(0), *next - stage_.runtime().Now()));
    while (std::ranges::any_of(waiting_, [&](const Waiting& waiting) {
      return waiting.at && *waiting.at <= stage_.runtime().Now();
    })) {
      ActOnWaiting();
      if (stopped_) return;
    }
  }
  if (!stopped_) stage_.Advance(std::max(Duration(0), time - stage_.runtime().Now()));
}

void Performer::Parallel(const action::Parallel& parallel) {
  const std::size_t calls_before = calls_.size();
  std::vector<std::size_t> next(parallel.branches.size(), 0);
  const bool before = std::exchange(never_wait_, true);
  while (!stopped_) {
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < next.size(); ++i) {
      if (next[i] < parallel.branches[i].size()) open.push_back(i);
    }
    if (open.empty()) break;
    const std::size_t branch = open[static_cast<std::size_t>(random_.Below(open.size()))];
    PerformOne(parallel.branches[branch][next[branch]++]);
  }
  never_wait_ = before;
  for (std::size_t i = calls_before; i < calls_.size() && !stopped_; ++i) {
    if (!calls_[i].checked) AwaitCall(calls_[i]);
  }
}

}  // namespace scenarios
