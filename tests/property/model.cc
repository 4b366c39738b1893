#include "tests/property/model.h"

#include <algorithm>
#include <type_traits>
#include <variant>

#include <rapidcheck.h>

#include "scenarios/scenario_text.h"

namespace scenarios::property {

namespace {

template <class T>
concept CallOfContainer = requires(const T& call) {
  call.id;
  call.terms;
};
template <class T>
concept NamesAProcess = requires(const T& step) {
  step.id;
  step.process;
};
bool Runs(const Model& model, const std::string& id, const std::string& process) {
  const auto found = model.containers.find(id);
  if (found == model.containers.end()) return false;
  return process == "init" || found->second.contains(process);
}

// What can be done at any time: to those who are not there yet, or to nobody.
template <class T>
constexpr bool kAlways = std::is_same_v<T, action::Behave> || std::is_same_v<T, action::Emit> ||
                         std::is_same_v<T, action::Create>;

struct Possible {
  const Model& model;

  bool operator()(const action::StopEngine&) const { return model.engine_runs; }
  bool operator()(const action::StartEngine&) const { return !model.engine_runs; }
  bool operator()(const action::Close&) const { return CallsGoOn(); }
  bool operator()(const action::StopDaemon&) const { return model.daemon_runs; }
  bool operator()(const action::StartDaemon&) const { return !model.daemon_runs; }
  bool operator()(const action::Oom& oom) const { return Runs(model, oom.id, "init"); }
  bool operator()(const action::Restore& restore) const {
    return CallsGoOn() && !model.served.contains(restore.id);
  }
  bool operator()(const action::Version&) const { return CallsGoOn(); }
  bool operator()(const action::Release& release) const {
    return release.point.empty() || model.held.contains(release.point);
  }
  bool operator()(const action::Parallel& parallel) const {
    return std::ranges::all_of(parallel.branches,
                               [&](const Actions& branch) { return AllPossible(branch); });
  }
  bool operator()(const action::Later& later) const { return AllPossible(later.actions); }
  template <class T>
  bool operator()(const T& step) const {
    if constexpr (CallOfContainer<T>) {
      if (!CallsGoOn()) return false;
    }
    if constexpr (kAlways<T>) {
      return true;
    } else if constexpr (std::is_same_v<T, action::AddProcess>) {
      return Runs(model, step.id, "init");
    } else if constexpr (NamesAProcess<T>) {
      return Runs(model, step.id, step.process);
    } else if constexpr (CallOfContainer<T>) {
      return Runs(model, step.id, "init");
    } else {
      return true;
    }
  }

 private:
  bool CallsGoOn() const { return model.engine_runs && !model.closed; }
  bool AllPossible(const Actions& actions) const {
    Model then = model;
    return std::ranges::all_of(actions, [&](const Action& each) {
      const bool possible = IsPossible(each, then);
      Apply(each, then);
      return possible;
    });
  }
};

struct Effect {
  Model& model;

  void operator()(const action::Create& create) const {
    model.containers.try_emplace(create.id);
    model.known.insert(create.id);
    model.served.insert(create.id);
  }
  void operator()(const action::Restore& restore) const {
    model.known.insert(restore.id);
    model.served.insert(restore.id);
  }
  void operator()(const action::AddProcess& add) const {
    const auto found = model.containers.find(add.id);
    if (found != model.containers.end()) found->second.insert(add.process);
  }
  void operator()(const action::Exit& exit) const { Ended(exit.id, exit.process); }
  void operator()(const action::Kill& kill) const { Ended(kill.id, kill.process); }
  void operator()(const action::OomKill& kill) const { Ended(kill.id, kill.process); }
  void operator()(const action::StopEngine&) const {
    model.engine_runs = false;
    model.served.clear();
  }
  void operator()(const action::StartEngine&) const {
    model.engine_runs = true;
    model.restarted = true;
  }
  void operator()(const action::Close&) const { model.closed = true; }
  void operator()(const action::StopDaemon&) const { model.daemon_runs = false; }
  void operator()(const action::StartDaemon&) const { model.daemon_runs = true; }
  void operator()(const action::Hold& hold) const { model.held.insert(hold.point); }
  void operator()(const action::Release& release) const {
    if (release.point.empty()) model.held.clear();
    if (!release.count) model.held.erase(release.point);
  }
  void operator()(const action::Parallel& parallel) const {
    for (const Actions& branch : parallel.branches) ApplyAll(branch);
  }
  void operator()(const action::Later& later) const { ApplyAll(later.actions); }
  template <class T>
  void operator()(const T&) const {}

 private:
  void ApplyAll(const Actions& actions) const {
    for (const Action& each : actions) Apply(each, model);
  }
  void Ended(const std::string& id, const std::string& process) const {
    const auto found = model.containers.find(id);
    if (found == model.containers.end()) return;
    if (process == "init") {
      model.containers.erase(found);
    } else {
      found->second.erase(process);
    }
  }
};

}  // namespace

bool IsPossible(const Action& action, const Model& model) {
  return std::visit(Possible{model}, action.what);
}

void Apply(const Action& action, Model& model) {
  std::visit(Effect{model}, action.what);
}

void Command::checkPreconditions(const Model& before) const {
  Model then = before;
  for (const Action& each : actions_) {
    RC_PRE(IsPossible(each, then));
    Apply(each, then);
  }
  // Simpler sequences, too, have an engine restore all that it ever had when it starts.
  const bool starts = std::ranges::any_of(actions_, [](const Action& each) {
    return std::holds_alternative<action::StartEngine>(each.what);
  });
  if (starts) RC_PRE(then.served == then.known);
}

void Command::apply(Model& model) const {
  for (const Action& each : actions_) Apply(each, model);
}

void Command::run(const Model&, Actions& scenario) const {
  scenario.insert(scenario.end(), actions_.begin(), actions_.end());
}

void Command::show(std::ostream& out) const {
  for (const Action& each : actions_) out << PrintAction(each) << ' ';
}

}  // namespace scenarios::property
