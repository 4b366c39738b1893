#include "fuzz/scenario_mutator.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "fuzz/action_input.h"
#include "fuzz/random_fields.h"
#include "scenarios/scenario_text.h"
#include "scenarios/text/words.h"

namespace fuzz {

using libcontainerd::Random;
using scenarios::Action;
using scenarios::Actions;
using scenarios::Scenario;
namespace action = scenarios::action;

namespace {

constexpr std::size_t kDeepest = 3;  // groups in each other

std::size_t Index(Random& random, std::size_t size) {
  return static_cast<std::size_t>(random.Below(size));
}

// --- One action ---------------------------------------------------------------------------------

// What the format does not let stand.
template <class T>
void MakeSensible(Random&, T&) {}
void MakeSensible(Random&, action::Create& create) {
  if (create.checkpoint.empty()) create.checkpoint_dir.clear();
  if (create.runtime.empty()) create.runtime_args.clear();
}
void MakeSensible(Random&, action::Release& release) {
  if (release.point.empty()) release.count.reset();
}
void MakeSensible(Random& random, action::WaitFor& wait) {
  wait.condition = RandomCondition(random);
}
void MakeSensible(Random&, action::Expect& expect) {
  if (expect == action::Expect()) expect.tracked.emplace();
}

// A call that is not waited for is a different thing, and often the more interesting one.
template <class T>
void DrawWaiting(Random& random, T& what) {
  if constexpr (requires { what.terms.wait; }) what.terms.wait = random.Chance(1, 2);
}

template <class T>
action::What Drawn(Random& random) {
  T what{};
  RandomFields draw(random, T::kWord);
  T::Fields(what, draw);
  DrawWaiting(random, what);
  MakeSensible(random, what);
  return what;
}

template <class T>
void EditField(Random& random, T& what) {
  std::size_t fields = 0;
  const auto count = [&](const scenarios::FieldInfo&, const auto&) { ++fields; };
  T::Fields(std::as_const(what), count);
  if (fields == 0) return;
  RandomFields draw(random, T::kWord, Index(random, fields));
  T::Fields(what, draw);
  MakeSensible(random, what);
}
void EditField(Random& random, action::Parallel& parallel) {
  random.Shuffle(parallel.branches);
}
void EditField(Random& random, action::Later& later) {
  using std::chrono::milliseconds;
  later.at.reset();
  later.after.reset();
  later.when.reset();
  const auto some = milliseconds(500 * random.Below(8));
  switch (random.Below(3)) {
    case 0:
      later.at = some;
      break;
    case 1:
      later.after = some;
      break;
    default:
      later.when = RandomCondition(random);
  }
}

using Draw = action::What (*)(Random&);

const std::vector<Draw>& AllDraws() {
  static const std::vector<Draw> draws = [] {
    std::vector<Draw> all;
    scenarios::ForEachActionType([&]<class T>(const T&) { all.push_back(&Drawn<T>); });
    return all;
  }();
  return draws;
}

// Without these hardly anything happens.
constexpr std::array<Draw, 22> kOften = {
    &Drawn<action::Create>,     &Drawn<action::Create>,      &Drawn<action::AddProcess>,
    &Drawn<action::AddProcess>, &Drawn<action::Signal>,      &Drawn<action::Exit>,
    &Drawn<action::Kill>,       &Drawn<action::Pause>,       &Drawn<action::Resume>,
    &Drawn<action::Restore>,    &Drawn<action::StopEngine>,  &Drawn<action::StartEngine>,
    &Drawn<action::StopDaemon>, &Drawn<action::StartDaemon>, &Drawn<action::SetFaults>,
    &Drawn<action::Hold>,       &Drawn<action::Release>,     &Drawn<action::Advance>,
    &Drawn<action::Advance>,    &Drawn<action::Settle>,      &Drawn<action::OomKill>,
    &Drawn<action::Behave>};

// --- Lists of actions ---------------------------------------------------------------------------

// The list itself and those in its groups.
void Lists(Actions& actions, std::size_t depth,
           std::vector<std::pair<Actions*, std::size_t>>& all) {
  all.emplace_back(&actions, depth);
  for (Action& each : actions) {
    if (auto* later = std::get_if<action::Later>(&each.what)) {
      Lists(later->actions, depth + 1, all);
    } else if (auto* parallel = std::get_if<action::Parallel>(&each.what)) {
      for (Actions& branch : parallel->branches) Lists(branch, depth + 1, all);
    }
  }
}

Actions::iterator At(Actions& actions, std::size_t index) {
  return actions.begin() + static_cast<Actions::difference_type>(index);
}

void Insert(Actions& actions, Random& random) {
  const std::size_t place = Index(random, actions.size() + 1);
  actions.insert(At(actions, place), RandomAction(random));
}

void Repeat(Actions& actions, Random& random) {
  Action copy = actions[Index(random, actions.size())];
  actions.insert(At(actions, Index(random, actions.size() + 1)), std::move(copy));
}

void Move(Actions& actions, Random& random) {
  const std::size_t from = Index(random, actions.size());
  Action moved = std::move(actions[from]);
  actions.erase(At(actions, from));
  actions.insert(At(actions, Index(random, actions.size() + 1)), std::move(moved));
}

void Edit(Actions& actions, Random& random) {
  Action& edited = actions[Index(random, actions.size())];
  std::visit([&](auto& what) { EditField(random, what); }, edited.what);
}

// Up to four actions in a row become a group.
void Group(Actions& actions, Random& random) {
  const std::size_t first = Index(random, actions.size());
  const std::size_t count = 1 + Index(random, std::min<std::size_t>(4, actions.size() - first));
  const auto begin = At(actions, first);
  const auto end = At(actions, first + count);
  Actions grouped(std::make_move_iterator(begin), std::make_move_iterator(end));
  actions.erase(begin, end);
  if (random.Chance(1, 2)) {
    action::Later later;
    later.actions = std::move(grouped);
    EditField(random, later);
    actions.insert(At(actions, first), Action{std::move(later)});
    return;
  }
  action::Parallel parallel;
  parallel.branches.resize(2);
  for (Action& each : grouped) {
    parallel.branches[Index(random, 2)].push_back(std::move(each));
  }
  actions.insert(At(actions, first), Action{std::move(parallel)});
}

// The actions of a group stand in its place, one after the other.
void Ungroup(Actions& actions, std::size_t index) {
  Actions freed;
  if (auto* later = std::get_if<action::Later>(&actions[index].what)) {
    freed = std::move(later->actions);
  } else if (auto* parallel = std::get_if<action::Parallel>(&actions[index].what)) {
    for (Actions& branch : parallel->branches) std::ranges::move(branch, std::back_inserter(freed));
  } else {
    return;
  }
  actions.erase(At(actions, index));
  actions.insert(At(actions, index), std::make_move_iterator(freed.begin()),
                 std::make_move_iterator(freed.end()));
}

void MutateList(Actions& actions, std::size_t depth, Random& random) {
  const std::uint64_t what = actions.empty() ? 0 : random.Below(20);
  if (what < 6) {
    Insert(actions, random);
  } else if (what < 8) {
    actions.erase(At(actions, Index(random, actions.size())));
  } else if (what < 9) {
    Repeat(actions, random);
  } else if (what < 11) {
    std::swap(actions[Index(random, actions.size())], actions[Index(random, actions.size())]);
  } else if (what < 13) {
    Move(actions, random);
  } else if (what < 18) {
    Edit(actions, random);
  } else if (what < 19 && depth < kDeepest) {
    Group(actions, random);
  } else {
    Ungroup(actions, Index(random, actions.size()));
  }
}

void MutateSetup(scenarios::Setup& setup, Random& random) {
  if (random.Chance(1, 8)) {
    setup = {};
    return;
  }
  std::size_t fields = 0;
  const auto count = [&](const scenarios::FieldInfo&, const auto&) { ++fields; };
  scenarios::Setup::Fields(std::as_const(setup), count);
  RandomFields draw(random, "setup", Index(random, fields));
  scenarios::Setup::Fields(setup, draw);
}

// --- Labels -------------------------------------------------------------------------------------

// Each label is that of one call, and only such are spoken of.
class Labels {
 public:
  explicit Labels(Random& random) : random_(random) {}

  void Settle(Actions& actions) {
    Collect(actions);
    Repair(actions);
  }

 private:
  void Collect(Actions& actions) {
    for (Action& each : actions) {
      std::visit([this](auto& what) { Collect(what); }, each.what);
    }
  }
  template <class T>
  void Collect(T& what) {
    if constexpr (requires { what.terms.call; }) {
      std::string& label = what.terms.call;
      // What is not waited for can be spoken of.
      if (label.empty() && !what.terms.wait) label = "c" + std::to_string(set_.size());
      if (label.empty()) return;
      while (!set_.insert(label).second) label += "x";
    }
  }
  void Collect(action::Later& later) { Collect(later.actions); }
  void Collect(action::Parallel& parallel) {
    for (Actions& branch : parallel.branches) Collect(branch);
  }

  void Repair(Actions& actions) {
    for (Action& each : actions) {
      std::visit([this](auto& what) { Repair(what); }, each.what);
    }
    std::erase_if(actions, [this](const Action& each) {
      if (const auto* later = std::get_if<action::Later>(&each.what)) return later->actions.empty();
      return std::holds_alternative<action::Await>(each.what) && set_.empty();
    });
  }
  template <class T>
  void Repair(T&) {}
  void Repair(action::Await& await) { Repair(await.call); }
  void Repair(action::WaitFor& wait) { Repair(wait.condition); }
  void Repair(action::Expect& expect) {
    std::erase_if(expect.results, [this](const auto& each) { return !set_.contains(each.first); });
    MakeSensible(random_, expect);
  }
  void Repair(action::Later& later) {
    if (later.when) Repair(*later.when);
    Repair(later.actions);
  }
  void Repair(action::Parallel& parallel) {
    for (Actions& branch : parallel.branches) Repair(branch);
  }
  void Repair(action::Condition& condition) {
    if (condition.call.empty()) return;
    Repair(condition.call);
    if (!set_.contains(condition.call)) condition = RandomCondition(random_);
  }
  void Repair(std::string& label) {
    if (set_.contains(label) || set_.empty()) return;
    label = *std::next(set_.begin(), static_cast<std::ptrdiff_t>(Index(random_, set_.size())));
  }

  Random& random_;
  std::set<std::string> set_;
};

// --- Texts --------------------------------------------------------------------------------------

Scenario ReadOrSmall(const std::string& text) {
  auto scenario = Admit(text);
  return scenario ? std::move(*scenario) : SmallScenario();
}

// What `change` makes of it, if that can be admitted and is not too long. Else it is tried again,
// and at last the small scenario that is left.
template <class Change>
std::string Changed(const Scenario& scenario, std::size_t most_bytes, Random& random,
                    const Change& change) {
  constexpr int kTries = 12;
  for (int i = 0; i < kTries; ++i) {
    Scenario changed = scenario;
    change(changed);
    Labels(random).Settle(changed.actions);
    Neutralise(changed);
    std::string text = PrintScenario(changed);
    if (text.size() <= most_bytes && Admit(text)) return text;
  }
  std::string small = PrintScenario(SmallScenario());
  return small.size() <= most_bytes ? small : std::string();
}

}  // namespace

Scenario SmallScenario() {
  Scenario scenario;
  scenario.actions.push_back({action::Create{.id = "w0"}});
  scenario.actions.push_back({action::Exit{.id = "w0", .code = 3}});
  scenario.actions.push_back({action::Settle{}});
  Neutralise(scenario);
  return scenario;
}

Action RandomAction(Random& random) {
  const bool often = random.Chance(1, 2);
  const auto& all = AllDraws();
  const Draw draw = often ? kOften[Index(random, kOften.size())] : all[Index(random, all.size())];
  return {draw(random)};
}

void Mutate(Scenario& scenario, Random& random) {
  for (std::uint64_t changes = 1 + random.Below(4); changes > 0; --changes) {
    if (random.Chance(1, 8)) {
      MutateSetup(scenario.setup, random);
      continue;
    }
    std::vector<std::pair<Actions*, std::size_t>> lists;
    Lists(scenario.actions, 0, lists);
    const auto& [actions, depth] = lists[Index(random, lists.size())];
    MutateList(*actions, depth, random);
  }
}

void Splice(Scenario& scenario, const Scenario& other, Random& random) {
  if (random.Chance(1, 4)) scenario.setup = other.setup;
  const Actions& source = other.actions;
  Actions& target = scenario.actions;
  const std::size_t first = Index(random, source.size() + 1);
  const std::size_t count = Index(random, source.size() - first + 1);
  const std::size_t place = Index(random, target.size() + 1);
  if (random.Chance(1, 2)) target.erase(At(target, place), target.end());
  const auto begin = source.begin() + static_cast<std::ptrdiff_t>(first);
  target.insert(At(target, place), begin, begin + static_cast<std::ptrdiff_t>(count));
}

std::string MutateText(const std::string& text, std::size_t most_bytes, std::uint64_t seed) {
  Random random(seed);
  return Changed(ReadOrSmall(text), most_bytes, random,
                 [&](Scenario& scenario) { Mutate(scenario, random); });
}

std::string SpliceTexts(const std::string& text, const std::string& other, std::size_t most_bytes,
                        std::uint64_t seed) {
  Random random(seed);
  const Scenario donor = ReadOrSmall(other);
  return Changed(ReadOrSmall(text), most_bytes, random,
                 [&](Scenario& scenario) { Splice(scenario, donor, random); });
}

}  // namespace fuzz
