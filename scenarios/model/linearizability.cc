#include "scenarios/model/linearizability.h"

#include <algorithm>
#include <compare>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scenarios/guarantees/symbol_map.h"
#include "scenarios/guarantees/words.h"

namespace scenarios {

using libcontainerd::ErrorCode;

namespace {

enum class Kind : std::uint8_t { kCreate, kRestore, kAdd, kPause, kResume, kNeedsRunning };

struct Call {
  Kind kind{};
  std::uint64_t begin = 0;
  std::uint64_t end = 0;  // 0: it has none
  ErrorCode code = ErrorCode::kOk;
  Symbol what{};
  Symbol process{};
  bool refused = false;  // "invalid container", or as already active, without a request
  bool ok() const { return end != 0 && code == ErrorCode::kOk; }
};

enum class Life : std::uint8_t {
  kNone,
  kHeld,       // by a create or restore under way
  kStarted,    // its create has been answered well, or its restore has begun to tell of it
  kRunning,    // and that call has returned
  kLingering,  // failed, or told of as ended: its id may still be in use, or not
};

// One way in which everything so far can have happened.
struct State {
  Life life = Life::kNone;
  bool restored = false;    // and may have execs that nobody knows of
  bool ending = false;      // its end may be known to the client
  bool just_ended = false;  // its exit callback has ended in this moment, and it lingers
  std::size_t holder = 0;   // the create or restore that it is from; 0: it has returned
  std::uint8_t pauses = 0;  // callbacks that released nobody yet
  std::uint8_t resumes = 0;
  std::vector<std::size_t> told{};  // calls under way whose container was told of, sorted
  std::vector<std::size_t> done{};  // … that have taken effect, sorted
  std::vector<Symbol> names{};      // taken, sorted
  std::vector<Symbol> lingering{};  // … that may still be taken, sorted
  std::vector<Symbol> just_told{};  // … that were until this moment, sorted

  bool Runs() const {
    return life == Life::kRunning || life == Life::kStarted || (life == Life::kHeld && restored);
  }
  // "invalid container" is an answer.
  bool MayRefuse() const { return life != Life::kRunning || ending; }

  auto operator<=>(const State&) const = default;
};

template <class T>
bool Has(const std::vector<T>& sorted, const T& value) {
  return std::ranges::binary_search(sorted, value);
}
template <class T>
void Insert(std::vector<T>& sorted, T value) {
  sorted.insert(std::ranges::upper_bound(sorted, value), value);
}
template <class T>
void Erase(std::vector<T>& sorted, const T& value) {
  const auto found = std::ranges::lower_bound(sorted, value);
  if (found != sorted.end() && *found == value) sorted.erase(found);
}

using States = std::set<State>;

// The calls on one container, and what happens to it.
class Search {
 public:
  Search(const Journal& journal, const Words& words, const LinearizabilityOptions& options)
      : journal_(journal), words_(words), options_(options) {
    states_.insert(State());
  }

  void Add(const Call& call) {
    calls_.push_back(call);
    open_.push_back(calls_.size());
  }
  bool judged() const { return judged_; }
  bool failed() const { return !unexplained_.empty(); }
  bool bounded() const { return bounded_; }
  std::vector<Violation> Take() { return std::move(unexplained_); }

  // The end of a call: it has taken effect by now.
  void End(std::uint64_t begin, const Entry& end) {
    const std::optional<std::size_t> index = Find(begin);
    if (!index || stopped()) return;
    Close();
    States left;
    States struck;
    while (!states_.empty()) {
      States::node_type node = states_.extract(states_.begin());
      State& state = node.value();
      if (!Has(state.done, *index)) {
        struck.insert(std::move(node));
        continue;
      }
      Erase(state.done, *index);
      (Returns(state, *index) ? left : struck).insert(std::move(node));
    }
    std::erase(open_, *index);
    judged_ = true;
    if (left.empty()) {
      states_ = std::move(struck);
      return Blame(*index, end);
    }
    states_ = std::move(left);
  }

  // Something that stands where it stands.
  template <class Change>
  void Happen(Change change) {
    if (stopped()) return;
    Close();
    States next;
    while (!states_.empty()) {
      States::node_type node = states_.extract(states_.begin());
      change(node.value());
      next.insert(std::move(node));
    }
    states_ = std::move(next);
  }

  // In the moment in which a callback ends the client may not know yet that it has.
  void ToldAt(libcontainerd::Duration t) { told_at_ = t; }
  void Reach(libcontainerd::Duration t) {
    if (!told_at_ || t <= *told_at_) return;
    told_at_.reset();
    Happen([](State& state) {
      if (state.just_ended && state.life == Life::kLingering) state.life = Life::kNone;
      state.just_ended = false;
      state.just_told.clear();
    });
  }

  bool UnderWay(Kind kind) const {
    return std::ranges::any_of(open_, [&](std::size_t i) { return calls_[i - 1].kind == kind; });
  }

  // What was under way never ends, and is forgotten.
  void EngineGone() {
    states_ = {State()};
    open_.clear();
  }

 private:
  bool stopped() const { return bounded_ || failed(); }

  std::optional<std::size_t> Find(std::uint64_t begin) const {
    for (const std::size_t index : open_) {
      if (calls_[index - 1].begin == begin) return index;
    }
    return std::nullopt;
  }

  // Every state that calls under way may have led to.
  void Close() {
    if (open_.empty()) return;
    std::vector<State> work(states_.begin(), states_.end());
    while (!work.empty() && !bounded_) {
      const State state = std::move(work.back());
      work.pop_back();
      for (const std::size_t index : open_) {
        if (Has(state.done, index)) continue;
        for (State& next : Effects(state, index)) {
          Insert(next.done, index);
          if (states_.insert(next).second) work.push_back(std::move(next));
        }
      }
      bounded_ = states_.size() > options_.most_states;
    }
  }

  // What may become of `state` when the call takes effect, with the result that it will have.
  std::vector<State> Effects(const State& state, std::size_t index) const {
    const Call& call = calls_[index - 1];
    switch (call.kind) {
      case Kind::kCreate:
      case Kind::kRestore:
        return Begun(state, index);
      case Kind::kAdd:
        return Added(state, call);
      case Kind::kPause:
      case Kind::kResume:
      case Kind::kNeedsRunning:
        break;
    }
    const bool explained = call.ok() ? state.Runs() : !call.refused || state.MayRefuse();
    return explained ? std::vector<State>{state} : std::vector<State>{};
  }

  std::vector<State> Begun(const State& state, std::size_t index) const {
    const Call& call = calls_[index - 1];
    std::vector<State> next;
    const bool free = state.life == Life::kNone || state.life == Life::kLingering;
    if (call.refused ? state.life != Life::kNone : !call.ok()) next.push_back(state);
    if (!free || call.refused) return next;
    State& held = next.emplace_back();
    held.life = Life::kHeld;
    held.restored = call.kind == Kind::kRestore;
    held.holder = index;
    held.told = state.told;
    held.done = state.done;
    return next;
  }

  std::vector<State> Added(const State& state, const Call& call) const {
    std::vector<State> next;
    const bool taken = Has(state.names, call.process);
    const bool may_be = taken || state.restored || Has(state.lingering, call.process) ||
                        Has(state.just_told, call.process) || call.process == words_.init;
    if (call.refused) {
      const bool busy = call.code == ErrorCode::kAlreadyExists;
      if (busy ? may_be : state.MayRefuse()) next.push_back(state);
      return next;
    }
    if (!call.ok()) next.push_back(state);
    if (!state.Runs() || taken) return next;
    State& named = next.emplace_back(state);
    Erase(named.lingering, call.process);
    Insert(named.names, call.process);
    return next;
  }

  // The call returns: false if it cannot with that result.
  bool Returns(State& state, std::size_t index) const {
    const Call& call = calls_[index - 1];
    switch (call.kind) {
      case Kind::kCreate:
      case Kind::kRestore:
        return call.refused || BegunReturns(state, index);
      case Kind::kAdd:
        if (!call.ok() && !call.refused && Has(state.names, call.process)) {
          Erase(state.names, call.process);
          if (!Has(state.lingering, call.process)) Insert(state.lingering, call.process);
        }
        return true;
      case Kind::kPause:
      case Kind::kResume: {
        if (!call.ok()) return true;
        std::uint8_t& left = call.kind == Kind::kPause ? state.pauses : state.resumes;
        if (left == 0) return false;
        --left;
        return true;
      }
      case Kind::kNeedsRunning:
        return true;
    }
    return true;
  }

  bool BegunReturns(State& state, std::size_t index) const {
    const Call& call = calls_[index - 1];
    const bool mine = state.holder == index;
    const bool told = Has(state.told, index);
    Erase(state.told, index);
    if (mine) state.holder = 0;
    if (call.ok()) {
      if (mine && state.life == Life::kStarted) state.life = Life::kRunning;
      return told;
    }
    if (told && call.kind == Kind::kCreate) return false;
    const bool held = state.life == Life::kHeld || state.life == Life::kStarted;
    if (mine && held) state.life = Life::kLingering;
    return true;
  }

  void Blame(std::size_t index, const Entry& end) {
    const Call& call = calls_[index - 1];
    std::string what =
        journal_.Text(end.id) + ": no order of the calls explains that " + journal_.Text(call.what);
    if (call.process != Symbol{}) what += " " + journal_.Text(call.process);
    what += call.ok() ? " succeeded"
                      : " failed with " + std::string(libcontainerd::ErrorCodeName(call.code));
    std::vector<std::uint64_t> entries{call.begin, end.seq};
    for (const std::size_t other : open_) {
      what += entries.size() == 2 ? ", while under way: " : ", ";
      what += journal_.Text(calls_[other - 1].what);
      entries.push_back(calls_[other - 1].begin);
    }
    what += "; before it the container " + Lives();
    std::ranges::sort(entries);
    unexplained_.push_back({std::move(what), std::move(entries)});
  }

  // What it may have been, in words.
  std::string Lives() const {
    std::set<Life> lives;
    for (const State& state : states_) lives.insert(state.life);
    std::string text;
    for (const Life life : lives) text += (text.empty() ? "" : " or ") + Word(life);
    return text;
  }
  static std::string Word(Life life) {
    switch (life) {
      case Life::kNone:
        return "was not there";
      case Life::kHeld:
        return "was being made";
      case Life::kStarted:
        return "had just been started";
      case Life::kRunning:
        return "was running";
      case Life::kLingering:
        return "was being got rid of";
    }
    return "";
  }

  const Journal& journal_;
  const Words& words_;
  const LinearizabilityOptions& options_;
  std::vector<Call> calls_;        // by index - 1
  std::vector<std::size_t> open_;  // under way
  States states_;
  std::optional<libcontainerd::Duration> told_at_;
  std::vector<Violation> unexplained_;
  bool judged_ = false;
  bool bounded_ = false;
};

class Check {
 public:
  Check(const Journal& journal, const LinearizabilityOptions& options)
      : journal_(journal),
        words_(journal),
        create_checkpoint_(journal.Find("create-checkpoint")),
        list_checkpoints_(journal.Find("list-checkpoints")),
        delete_checkpoint_(journal.Find("delete-checkpoint")),
        options_(options) {
    for (const Entry& entry : journal.entries()) {
      if (entry.kind == EntryKind::kCallEnd) ends_.emplace(entry.number, entry.seq);
    }
  }

  Linearizability Judge() {
    for (const Entry& entry : journal_.entries()) {
      if (words_.IsClosing(entry)) break;  // from here on calls are cut off
      Visit(entry);
    }
    Linearizability result;
    bool observed = false;
    for (auto& [id, search] : searches_) {
      observed |= search.judged();
      for (Violation& each : search.Take()) result.judgement.violations.push_back(std::move(each));
      if (!search.bounded()) continue;
      result.bound = journal_.Text(id) + ": more than " + std::to_string(options_.most_states) +
                     " states at once";
    }
    if (!result.judgement.violations.empty()) {
      result.judgement.verdict = Verdict::kBroken;
    } else if (observed && result.bound.empty()) {
      result.judgement.verdict = Verdict::kHeld;
    }
    return result;
  }

 private:
  Search& Of(Symbol id) {
    return searches_.try_emplace(id, journal_, words_, options_).first->second;
  }

  std::optional<Kind> KindOf(Symbol what) const {
    if (what == words_.create) return Kind::kCreate;
    if (what == words_.restore) return Kind::kRestore;
    if (what == words_.add_process) return Kind::kAdd;
    if (what == words_.pause) return Kind::kPause;
    if (what == words_.resume) return Kind::kResume;
    const bool tracked = what == words_.resize || what == words_.update ||
                         what == create_checkpoint_ || what == list_checkpoints_ ||
                         what == delete_checkpoint_;
    return tracked ? std::optional(Kind::kNeedsRunning) : std::nullopt;
  }

  Call CallOf(const Entry& begin, Kind kind) const {
    Call call;
    call.kind = kind;
    call.begin = begin.seq;
    call.what = begin.what;
    call.process = begin.process;
    const auto end = ends_.find(begin.number);
    if (end == ends_.end()) return call;
    const Entry& returned = journal_.entries()[end->second - 1];
    call.end = returned.seq;
    const bool failed = returned.failed || returned.code != 0;
    call.code = failed ? libcontainerd::ErrorCodeFromNumber(static_cast<int>(returned.code))
                       : ErrorCode::kOk;
    if (failed && call.code == ErrorCode::kOk) call.code = ErrorCode::kUnknown;
    const std::string& text = journal_.Text(returned.text);
    call.refused = failed && (text.find("is already active") != std::string::npos ||
                              text.starts_with("invalid container: "));
    return call;
  }

  void Visit(const Entry& entry) {
    switch (entry.kind) {
      case EntryKind::kCallBegin:
        if (const auto kind = KindOf(entry.what)) {
          Of(entry.id).Reach(entry.t);
          Of(entry.id).Add(CallOf(entry, *kind));
          begins_.emplace(entry.number, entry.seq);
        }
        return;
      case EntryKind::kCallEnd: {
        const auto begin = begins_.find(entry.number);
        if (begin != begins_.end()) Of(entry.id).End(begin->second, entry);
        return;
      }
      case EntryKind::kEventDelivered:
        if (entry.what != words_.exit) return;
        if (entry.process == words_.init) return MayEnd(entry.id);
        return ExecEnds(entry);
      case EntryKind::kRpcEnd:
        if (entry.what == words_.create_rpc && !entry.failed && entry.code == 0) Started(entry);
        // A container that is gone without a word ends then.
        if (entry.what == words_.state_rpc && entry.failed && entry.id != Symbol{}) {
          MayEnd(entry.id);
        }
        return;
      case EntryKind::kCallbackBegin:
        if (entry.what == words_.start || entry.what == words_.restore) Started(entry);
        return;
      case EntryKind::kCallbackEnd:
        return CallbackEnd(entry);
      case EntryKind::kNote:
        if (!words_.IsEngineGone(entry)) return;
        for (auto& [id, search] : searches_) search.EngineGone();
        return;
      default:
        return;
    }
  }

  void MayEnd(Symbol id) {
    Of(id).Happen([](State& state) { state.ending = state.life != Life::kNone; });
  }

  // If somebody else added it, its name is taken until that has been told.
  void ExecEnds(const Entry& entry) {
    Of(entry.id).Happen([&](State& state) {
      const bool known = Has(state.names, entry.process) || Has(state.lingering, entry.process);
      if (state.life != Life::kNone && !known) Insert(state.lingering, entry.process);
    });
  }

  void Started(const Entry& entry) {
    Of(entry.id).Happen([](State& state) {
      if (state.life == Life::kHeld) state.life = Life::kStarted;
    });
  }

  void CallbackEnd(const Entry& entry) {
    Search& search = Of(entry.id);
    if (entry.what == words_.start || entry.what == words_.restore) {
      search.Happen([&](State& state) {
        if (entry.failed) {
          if (state.life == Life::kStarted) state.life = Life::kHeld;
        } else if (state.holder != 0 && !Has(state.told, state.holder)) {
          Insert(state.told, state.holder);
        }
      });
    } else if (entry.what == words_.exit) {
      search.Happen([](State& state) {
        if (state.restored && state.holder != 0 && !Has(state.told, state.holder)) {
          Insert(state.told, state.holder);
        }
        state.life = Life::kLingering;
        state.just_ended = !state.restored;
        state.ending = false;
        state.names.clear();
        state.lingering.clear();
      });
      search.ToldAt(entry.t);
    } else if (entry.what == words_.exit_process) {
      search.Happen([&](State& state) {
        Erase(state.names, entry.process);
        Erase(state.lingering, entry.process);
        if (!Has(state.just_told, entry.process)) Insert(state.just_told, entry.process);
      });
      search.ToldAt(entry.t);
    } else if (entry.what == words_.pause && search.UnderWay(Kind::kPause)) {
      search.Happen([](State& state) { ++state.pauses; });
    } else if (entry.what == words_.resume && search.UnderWay(Kind::kResume)) {
      search.Happen([](State& state) { ++state.resumes; });
    }
  }

  const Journal& journal_;
  const Words words_;
  const Symbol create_checkpoint_;
  const Symbol list_checkpoints_;
  const Symbol delete_checkpoint_;
  const LinearizabilityOptions& options_;
  std::map<Symbol, Search> searches_;
  std::unordered_map<std::uint64_t, std::uint64_t> ends_;    // by call
  std::unordered_map<std::uint64_t, std::uint64_t> begins_;  // likewise
};

}  // namespace

Linearizability CheckLinearizable(const Journal& journal, const LinearizabilityOptions& options) {
  return Check(journal, options).Judge();
}

}  // namespace scenarios
