#include "scenarios/explore/shrinker.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "scenarios/explore/simpler.h"

namespace scenarios {

namespace {

using Clock = std::chrono::steady_clock;

// The lists of a scenario: its own, and those of its groups.
std::vector<Actions*> ListsOf(Actions& actions) {
  std::vector<Actions*> lists{&actions};
  for (Action& each : actions) {
    std::vector<Actions*> inner;
    if (auto* later = std::get_if<action::Later>(&each.what)) {
      inner = ListsOf(later->actions);
    } else if (auto* parallel = std::get_if<action::Parallel>(&each.what)) {
      for (Actions& branch : parallel->branches) {
        for (Actions* list : ListsOf(branch)) inner.push_back(list);
      }
    }
    lists.insert(lists.end(), inner.begin(), inner.end());
  }
  return lists;
}

// What is left of a group without its being one.
Actions Undone(const Action& group) {
  if (const auto* later = std::get_if<action::Later>(&group.what)) return later->actions;
  Actions all;
  if (const auto* parallel = std::get_if<action::Parallel>(&group.what)) {
    for (const Actions& branch : parallel->branches)
      all.insert(all.end(), branch.begin(), branch.end());
  }
  return all;
}

class Shrinking {
 public:
  Shrinking(Scenario scenario, const std::function<bool(const Scenario&)>& fails,
            const ShrinkLimits& limits)
      : best_(std::move(scenario)),
        fails_(fails),
        limits_(limits),
        until_(Clock::now() + limits.time) {}

  Shrunk Run() {
    bool smaller = true;
    while (smaller && !Over()) {
      smaller = FewerActions();
      smaller |= UndoGroups();
      smaller |= SimplerSetup();
      smaller |= SimplerEach();
      smaller |= FewerContainers();
      smaller |= JoinTimes();
      smaller |= PlainerOrder();
      smaller |= PlainerSchedule();
    }
    return {std::move(best_), tried_, !Over()};
  }

 private:
  bool Over() const { return tried_ >= limits_.tries || Clock::now() >= until_; }

  // Takes the candidate if it fails.
  bool Try(Scenario candidate) {
    if (Over() || candidate == best_) return false;
    ++tried_;
    if (!fails_(candidate)) return false;
    best_ = std::move(candidate);
    return true;
  }

  // The best one with the list of that number changed.
  template <class Change>
  bool TryList(std::size_t list, const Change& change) {
    Scenario candidate = best_;
    change(*ListsOf(candidate.actions)[list]);
    return Try(std::move(candidate));
  }
  std::size_t Lists() { return ListsOf(best_.actions).size(); }
  std::size_t Length(std::size_t list) { return ListsOf(best_.actions)[list]->size(); }

  // Halves first, then quarters, … single ones, from the end: what comes late depends on what comes
  // early.
  bool FewerActions() {
    bool smaller = false;
    for (std::size_t list = 0; list < Lists() && !Over(); ++list) {
      for (std::size_t size = std::max<std::size_t>(1, Length(list) / 2); size > 0; size /= 2) {
        std::size_t end = Length(list);
        while (end > 0 && !Over()) {
          const std::size_t begin = end > size ? end - size : 0;
          smaller |= TryList(list, [&](Actions& actions) {
            actions.erase(actions.begin() + static_cast<std::ptrdiff_t>(begin),
                          actions.begin() + static_cast<std::ptrdiff_t>(end));
          });
          end = begin;
        }
        if (list >= Lists()) break;  // it went away with its group
      }
    }
    return smaller;
  }

  bool UndoGroups() {
    bool smaller = DropEmptyBranches();
    for (std::size_t i = 0; i < best_.actions.size() && !Over(); ++i) {
      const Actions undone = Undone(best_.actions[i]);
      if (undone.empty()) continue;
      smaller |= TryList(0, [&](Actions& actions) {
        const auto at = actions.erase(actions.begin() + static_cast<std::ptrdiff_t>(i));
        actions.insert(at, undone.begin(), undone.end());
      });
    }
    return smaller;
  }

  bool DropEmptyBranches() {
    Scenario candidate = best_;
    for (Action& each : candidate.actions) {
      if (auto* parallel = std::get_if<action::Parallel>(&each.what))
        std::erase_if(parallel->branches, [](const Actions& branch) { return branch.empty(); });
    }
    std::erase_if(candidate.actions, [](const Action& each) {
      const auto* parallel = std::get_if<action::Parallel>(&each.what);
      return parallel != nullptr && parallel->branches.empty();
    });
    return Try(std::move(candidate));
  }

  bool SimplerSetup() {
    bool smaller = false;
    bool again = true;
    while (again && !Over()) {
      again = false;
      for (Setup& setup : SimplerSetups(best_.setup)) {
        Scenario candidate = best_;
        candidate.setup = std::move(setup);
        again = Try(std::move(candidate));
        if (again) break;  // the others were simpler than what it was before
      }
      smaller |= again;
    }
    return smaller;
  }

  bool SimplerEach() {
    bool smaller = false;
    for (std::size_t list = 0; list < Lists(); ++list) {
      for (std::size_t i = 0; i < Length(list) && !Over();) {
        const bool simpler = SimplerOne(list, i);
        smaller |= simpler;
        if (!simpler) ++i;
      }
    }
    return smaller;
  }

  bool SimplerOne(std::size_t list, std::size_t index) {
    for (Action& action : SimplerActions((*ListsOf(best_.actions)[list])[index])) {
      if (TryList(list, [&](Actions& actions) { actions[index] = std::move(action); })) return true;
    }
    return false;
  }

  // All that is about the second container is about the first.
  bool FewerContainers() {
    bool smaller = false;
    for (const char* other : {"w2", "w3"}) {
      Scenario candidate = best_;
      for (Actions* list : ListsOf(candidate.actions)) {
        for (Action& each : *list) Rename(each, other);
      }
      smaller |= Try(std::move(candidate));
    }
    return smaller;
  }

  static void Rename(Action& action, const std::string& other) {
    std::visit(
        [&](auto& what) {
          if constexpr (requires { what.id; }) {
            if (what.id == other) what.id = "w1";
          }
        },
        action.what);
  }

  // Two waits in a row are one.
  bool JoinTimes() {
    bool smaller = false;
    for (std::size_t i = 1; i < best_.actions.size() && !Over(); ++i) {
      const auto* first = std::get_if<action::Advance>(&best_.actions[i - 1].what);
      const auto* second = std::get_if<action::Advance>(&best_.actions[i].what);
      if (first == nullptr || second == nullptr) continue;
      const Duration both = first->by + second->by;
      smaller |= TryList(0, [&](Actions& actions) {
        std::get<action::Advance>(actions[i - 1].what).by = both;
        actions.erase(actions.begin() + static_cast<std::ptrdiff_t>(i));
      });
    }
    return smaller;
  }

  // Neighbours in the order in which the vocabulary has them, where that makes no difference: two
  // failures of one kind look alike then.
  bool PlainerOrder() {
    bool plainer = false;
    for (std::size_t i = 1; i < best_.actions.size() && !Over(); ++i) {
      if (best_.actions[i].what.index() >= best_.actions[i - 1].what.index()) continue;
      plainer |= TryList(0, [&](Actions& actions) { std::swap(actions[i - 1], actions[i]); });
    }
    return plainer;
  }

  bool PlainerSchedule() {
    constexpr std::uint64_t kPlain = 4;
    for (std::uint64_t seed = 0; seed < kPlain && !Over(); ++seed) {
      if (best_.setup.seed && *best_.setup.seed <= seed) return false;
      Scenario candidate = best_;
      candidate.setup.seed = seed;
      if (Try(std::move(candidate))) return true;
    }
    return false;
  }

  Scenario best_;
  const std::function<bool(const Scenario&)>& fails_;
  const ShrinkLimits limits_;
  const Clock::time_point until_;
  std::uint64_t tried_ = 0;
};

}  // namespace

Shrunk Shrink(Scenario scenario, const std::function<bool(const Scenario&)>& fails,
              const ShrinkLimits& limits) {
  return Shrinking(std::move(scenario), fails, limits).Run();
}

}  // namespace scenarios
