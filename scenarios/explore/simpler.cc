#include "scenarios/explore/simpler.h"

#include <array>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "fake_containerd/fault_plan.h"

namespace scenarios {

namespace {

using fake_containerd::FaultPlan;
using fake_containerd::FaultRule;
using fake_containerd::FaultTerm;

// The members of a value in the order of its fields, to be set by their number.
struct MemberList {
  std::vector<const void*> members{};

  template <class T>
  void operator()(const FieldInfo&, const T& member) {
    members.push_back(&member);
  }
};

// What one member may become: its default, or something between that and what it is.
template <class T>
std::vector<T> Simpler(const T& value, const T& usual) {
  std::vector<T> simpler;
  if (value == usual) return simpler;
  simpler.push_back(usual);
  if constexpr (std::is_same_v<T, std::uint32_t> || std::is_same_v<T, std::uint64_t>) {
    if (value < usual) return simpler;
    if (value - usual > 2) simpler.push_back(usual + (value - usual) / 2);
    if (value - usual > 1) simpler.push_back(value - 1);
  } else if constexpr (std::is_same_v<T, Duration>) {
    using std::chrono::milliseconds;
    using std::chrono::seconds;
    constexpr std::array<milliseconds, 5> kRound{milliseconds(1), milliseconds(10),
                                                 milliseconds(100), seconds(1), seconds(10)};
    for (const milliseconds round : kRound) {
      if (round > usual && round < value) simpler.push_back(round);
    }
    if (value - usual > milliseconds(3)) simpler.push_back(usual + (value - usual) / 2);
  }
  return simpler;
}

// Calls `found` with the value for each simpler state of its member number `index`. False: there
// is no such member.
struct MemberVisitor {
  const MemberList& usual;
  std::size_t index;
  const std::function<void()>& found;
  std::size_t at = 0;

  template <class T>
  void operator()(const FieldInfo& info, T& member) {
    if (at++ != index) return;
    const T& usual_member = *static_cast<const T*>(usual.members[index]);
    const T before = member;
    for (const T& each : Simpler(before, usual_member)) {
      // An id or a plan is not made simpler by being nothing.
      if (info.required && each == usual_member && !std::is_same_v<T, Duration>) continue;
      member = each;
      found();
    }
    member = before;
  }
};

template <class T>
std::vector<T> SimplerValues(const T& value) {
  std::vector<T> simpler;
  const T usual{};
  MemberList members;
  T::Fields(usual, members);
  T changed = value;
  const std::function<void()> found = [&] { simpler.push_back(changed); };
  for (std::size_t i = 0; i < members.members.size(); ++i) {
    MemberVisitor visitor{.usual = members, .index = i, .found = found};
    T::Fields(changed, visitor);
  }
  return simpler;
}

struct ActionVisitor {
  std::vector<Action>& simpler;
  const Place& place;

  template <class T>
  void operator()(const T& value) {
    for (T& each : SimplerValues(value)) {
      // Any result stays any result: that a call returned OK is nobody's expectation.
      if constexpr (requires { each.terms; }) {
        if (each.terms.returns != value.terms.returns || each.terms.wait != value.terms.wait)
          continue;
      }
      // An event once more does not become one that never was.
      if constexpr (std::is_same_v<T, action::Emit>) {
        if (each.timestamp != value.timestamp) continue;
      }
      simpler.push_back({std::move(each), place});
    }
  }
  void operator()(const action::SetFaults& value) {
    for (std::string& plan : SimplerFaults(value.plan))
      simpler.push_back({action::SetFaults{std::move(plan)}, place});
  }
  void operator()(const action::WriteStdin&) {}  // to wait for it would be no less
  void operator()(const action::Parallel&) {}
  void operator()(const action::Later& value) {
    if (!value.after) return;
    for (const Duration& each : Simpler(*value.after, Duration(0))) {
      action::Later later = value;
      later.after = each;
      simpler.push_back({std::move(later), place});
    }
  }
};

}  // namespace

std::vector<Action> SimplerActions(const Action& action) {
  std::vector<Action> simpler;
  ActionVisitor visitor{simpler, action.place};
  std::visit(visitor, action.what);
  return simpler;
}

std::vector<Setup> SimplerSetups(const Setup& setup) {
  std::vector<Setup> simpler;
  for (Setup& each : SimplerValues(setup)) {
    // Who draws the schedule and what may be passed over is not part of what is shrunk here.
    if (each.seed == setup.seed && each.tolerant == setup.tolerant)
      simpler.push_back(std::move(each));
  }
  for (std::string& plan : SimplerFaults(setup.faults)) {
    simpler.push_back(setup);
    simpler.back().faults = std::move(plan);
  }
  return simpler;
}

std::vector<std::string> SimplerFaults(const std::string& plan) {
  std::vector<std::string> simpler;
  const auto parsed = FaultPlan::Parse(plan);
  if (!parsed) return simpler;
  const auto add = [&](std::vector<FaultRule> rules) {
    simpler.push_back(FaultPlan(std::move(rules)).ToString());
  };
  constexpr Duration kShortest = std::chrono::milliseconds(1);
  const std::vector<FaultRule>& rules = parsed->rules();
  for (std::size_t i = 0; i < rules.size(); ++i) {
    std::vector<FaultRule> fewer = rules;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    add(std::move(fewer));
  }
  for (std::size_t i = 0; i < rules.size(); ++i) {
    for (std::size_t j = 0; j < rules[i].terms.size(); ++j) {
      std::vector<FaultRule> changed = rules;
      std::vector<FaultTerm>& terms = changed[i].terms;
      if (terms.size() > 1) {
        terms.erase(terms.begin() + static_cast<std::ptrdiff_t>(j));
        add(changed);
        terms = rules[i].terms;
      }
      if (terms[j].probability) {
        terms[j].probability.reset();
        add(changed);
        terms = rules[i].terms;
      }
      if (terms[j].times != std::uint64_t{1}) {
        terms[j].times = 1;
        add(changed);
        terms = rules[i].terms;
      }
      if (terms[j].duration <= kShortest) continue;  // 0: for ever
      for (const Duration& each : Simpler(terms[j].duration, kShortest)) {
        terms[j].duration = each;
        add(changed);
      }
    }
  }
  return simpler;
}

}  // namespace scenarios
