#include "scenarios/runner/independence.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <variant>

namespace scenarios {

namespace {

const Concern kEverything{.all = true};

Concern Of(const std::string& id) {
  return {.all = false, .ids = {id}};
}

// A call from a held callback is made by that callback's container, too.
Concern Of(const std::string& id, const action::CallTerms& terms) {
  Concern concern = Of(id);
  if (!terms.from_callback.empty()) concern.ids.insert(terms.from_callback);
  return concern;
}

// Containers may share a directory of checkpoints.
Concern Of(const std::string& id, const action::CallTerms& terms, const std::string& directory) {
  return directory.empty() ? Of(id, terms) : kEverything;
}

// "callback.exit@web/init" is web's. Points of streams, log and disk stop whoever comes, whatever
// is behind the "@".
Concern OfPoint(std::string_view point) {
  constexpr std::array<std::string_view, 6> kOfContainers = {"rpc.",      "event.",  "process.",
                                                             "callback.", "bundle.", "fifos."};
  const auto at = point.find('@');
  const bool of_container = std::ranges::any_of(
      kOfContainers, [&](std::string_view prefix) { return point.starts_with(prefix); });
  if (at == std::string_view::npos || !of_container) return kEverything;
  const std::string_view subject = point.substr(at + 1);
  return Of(std::string(subject.substr(0, subject.find('/'))));
}

// One function for each word: an action that is added has to be thought about.
struct ConcernOfWord {
  Concern operator()(const action::Create& create) const {
    return Of(create.id, create.terms, create.checkpoint_dir);
  }
  Concern operator()(const action::AddProcess& add) const { return Of(add.id, add.terms); }
  Concern operator()(const action::Signal& signal) const { return Of(signal.id, signal.terms); }
  Concern operator()(const action::Resize& resize) const { return Of(resize.id, resize.terms); }
  Concern operator()(const action::Pause& pause) const { return Of(pause.id, pause.terms); }
  Concern operator()(const action::Resume& resume) const { return Of(resume.id, resume.terms); }
  Concern operator()(const action::Stats& stats) const { return Of(stats.id, stats.terms); }
  Concern operator()(const action::Pids& pids) const { return Of(pids.id, pids.terms); }
  Concern operator()(const action::Summary& summary) const { return Of(summary.id, summary.terms); }
  Concern operator()(const action::Update& update) const { return Of(update.id, update.terms); }
  Concern operator()(const action::CreateCheckpoint& create) const {
    return Of(create.id, create.terms, create.checkpoint_dir);
  }
  Concern operator()(const action::DeleteCheckpoint& remove) const {
    return Of(remove.id, remove.terms, remove.checkpoint_dir);
  }
  Concern operator()(const action::ListCheckpoints& list) const {
    return Of(list.id, list.terms, list.checkpoint_dir);
  }
  Concern operator()(const action::Version&) const { return kEverything; }
  Concern operator()(const action::Restore& restore) const { return Of(restore.id, restore.terms); }
  Concern operator()(const action::Await&) const { return kEverything; }

  Concern operator()(const action::StopEngine&) const { return kEverything; }
  Concern operator()(const action::StartEngine&) const { return kEverything; }
  Concern operator()(const action::Close&) const { return kEverything; }
  Concern operator()(const action::WriteStdin& write) const { return Of(write.id); }
  Concern operator()(const action::CloseStdin& close) const { return Of(close.id); }
  Concern operator()(const action::CloseStdinAtAttach&) const { return kEverything; }
  Concern operator()(const action::Fail& fail) const { return OfPoint(fail.point); }
  Concern operator()(const action::ReplaceCursor&) const { return kEverything; }

  Concern operator()(const action::Behave& behave) const { return Of(behave.id); }
  Concern operator()(const action::Exit& exit) const { return Of(exit.id); }
  Concern operator()(const action::Kill& kill) const { return Of(kill.id); }
  Concern operator()(const action::Oom& oom) const { return Of(oom.id); }
  Concern operator()(const action::OomKill& kill) const { return Of(kill.id); }
  Concern operator()(const action::KillShim& kill) const { return Of(kill.id); }
  Concern operator()(const action::Write& write) const { return Of(write.id); }
  Concern operator()(const action::Cue& cue) const { return Of(cue.id); }
  Concern operator()(const action::Emit& emit) const { return Of(emit.id); }
  Concern operator()(const action::SetChoices&) const { return kEverything; }
  Concern operator()(const action::Hold& hold) const { return OfPoint(hold.point); }
  Concern operator()(const action::Release& release) const { return OfPoint(release.point); }
  Concern operator()(const action::SetFaults&) const { return kEverything; }
  Concern operator()(const action::StopDaemon&) const { return kEverything; }
  Concern operator()(const action::StartDaemon&) const { return kEverything; }
  Concern operator()(const action::HangDaemon&) const { return kEverything; }

  Concern operator()(const action::Advance&) const { return kEverything; }
  Concern operator()(const action::Steps&) const { return kEverything; }
  Concern operator()(const action::Settle&) const { return kEverything; }
  Concern operator()(const action::WaitFor&) const { return kEverything; }
  Concern operator()(const action::Expect&) const { return kEverything; }
  Concern operator()(const action::Note&) const { return kEverything; }

  // What is in there happens later, or in an order that is drawn.
  Concern operator()(const action::Parallel&) const { return kEverything; }
  Concern operator()(const action::Later&) const { return kEverything; }
};

}  // namespace

Concern ConcernOf(const Action& action) {
  return std::visit(ConcernOfWord{}, action.what);
}

bool Independent(const Concern& a, const Concern& b) {
  if (a.all || b.all) return false;
  return std::ranges::none_of(a.ids, [&](const std::string& id) { return b.ids.contains(id); });
}

}  // namespace scenarios
