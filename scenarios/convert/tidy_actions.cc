#include "scenarios/convert/tidy_actions.h"

#include <utility>
#include <vector>

namespace scenarios {
namespace {

// Of a call; null for other actions.
action::CallTerms* TermsOf(Action& made) {
  return std::visit(
      [](auto& what) -> action::CallTerms* {
        if constexpr (requires { what.terms; }) {
          return &what.terms;
        } else {
          return nullptr;
        }
      },
      made.what);
}

template <class T>
T* As(Action& made) {
  return std::get_if<T>(&made.what);
}

class Tidier {
 public:
  explicit Tidier(Actions actions) : actions_(std::move(actions)) {}

  Actions Run() {
    while (Pass()) {
    }
    return std::move(actions_);
  }

 private:
  // True if it changed something.
  bool Pass() {
    Actions done;
    bool changed = false;
    while (at_ < actions_.size()) {
      const bool shorter = JoinAwait(done) || DropHeldReply(done) || DropHeldExit(done) ||
                           JoinWrites(done) || DropSettle();
      changed |= shorter;
      if (!shorter) done.push_back(std::move(actions_[at_++]));
    }
    actions_ = std::move(done);
    at_ = 0;
    return changed;
  }

  Action* Next(std::size_t ahead) {
    return at_ + ahead < actions_.size() ? &actions_[at_ + ahead] : nullptr;
  }
  template <class T>
  T* NextAs(std::size_t ahead) {
    Action* next = Next(ahead);
    return next == nullptr ? nullptr : As<T>(*next);
  }
  action::CallTerms* NextTerms(std::size_t ahead) {
    Action* next = Next(ahead);
    return next == nullptr ? nullptr : TermsOf(*next);
  }

  // call, await; with or without a settle in between.
  bool JoinAwait(Actions& done) {
    action::CallTerms* terms = NextTerms(0);
    if (terms == nullptr || terms->wait) return false;
    const std::size_t settled = NextAs<action::Settle>(1) != nullptr ? 1 : 0;
    const auto* await = NextAs<action::Await>(1 + settled);
    if (await == nullptr || await->call != terms->call) return false;
    terms->wait = true;
    terms->call.clear();
    done.push_back(std::move(actions_[at_]));
    if (settled > 0) done.push_back(std::move(actions_[at_ + 1]));
    at_ += 2 + settled;
    return true;
  }

  // hold, call, wait for what is held, release.
  bool DropHeldReply(Actions& done) {
    const auto* hold = NextAs<action::Hold>(0);
    const auto* wait = NextAs<action::WaitFor>(2);
    const auto* release = NextAs<action::Release>(3);
    if (hold == nullptr || NextTerms(1) == nullptr || wait == nullptr || release == nullptr)
      return false;
    if (wait->condition.held != hold->point || release->point != hold->point) return false;
    done.push_back(std::move(actions_[at_ + 1]));
    at_ += 4;
    return true;
  }

  // hold, the signal that kills, release.
  bool DropHeldExit(Actions& done) {
    const auto* hold = NextAs<action::Hold>(0);
    const auto* release = NextAs<action::Release>(2);
    if (hold == nullptr || NextAs<action::Signal>(1) == nullptr || release == nullptr) return false;
    if (release->point != hold->point) return false;
    done.push_back(std::move(actions_[at_ + 1]));
    at_ += 3;
    return true;
  }

  bool JoinWrites(Actions& done) {
    const auto* write = NextAs<action::Write>(0);
    auto* before = done.empty() ? nullptr : As<action::Write>(done.back());
    if (write == nullptr || before == nullptr) return false;
    if (write->id != before->id || write->process != before->process ||
        write->stream != before->stream)
      return false;
    before->text += write->text;
    ++at_;
    return true;
  }

  // What follows settles itself.
  bool DropSettle() {
    if (NextAs<action::Settle>(0) == nullptr) return false;
    if (NextAs<action::Settle>(1) == nullptr && NextAs<action::Advance>(1) == nullptr) return false;
    ++at_;
    return true;
  }

  Actions actions_;
  std::size_t at_ = 0;
};

}  // namespace

Actions TidyActions(Actions actions) {
  return Tidier(std::move(actions)).Run();
}

}  // namespace scenarios
