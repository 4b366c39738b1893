#include "scenarios/model/compare_with_model.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "scenarios/guarantees/event_identity.h"
#include "scenarios/guarantees/incarnations.h"
#include "scenarios/guarantees/look_ahead.h"
#include "scenarios/guarantees/symbol_map.h"
#include "scenarios/guarantees/words.h"
#include "scenarios/model/container_model.h"

namespace scenarios {

using libcontainerd::ContainerState;
using libcontainerd::ErrorCode;

namespace {

struct Container {
  std::optional<ContainerModel> model;
  Symbol id{};
  std::uint32_t life = 0;     // creates that got as far as their request
  std::int64_t sent = 0;      // when the last one did, by the daemon's clock
  std::uint64_t request = 0;  // its number
  std::uint64_t start = 0;    // entry of its start-container; 0: none was emitted
  std::int64_t start_stamp = 0;
  bool created = false;                 // by the engine that runs
  bool heard_start = false;             // this engine has been delivered a start-container
  std::optional<std::int64_t> exit;     // the newest timestamp of an exit of init in this life
  std::optional<std::int64_t> earlier;  // … and in those before
};

struct Emission {
  std::uint32_t life = 0;
  bool before_start = false;  // before the start-container of that life
};

bool Failed(const Entry& end) {
  return end.failed || end.code != 0;
}
ErrorCode CodeOf(const Entry& end) {
  if (!Failed(end)) return ErrorCode::kOk;
  const ErrorCode code = libcontainerd::ErrorCodeFromNumber(static_cast<int>(end.code));
  return code == ErrorCode::kOk ? ErrorCode::kUnknown : code;
}

class Comparison {
 public:
  Comparison(const Journal& journal, const JudgeOptions& options)
      : journal_(journal), words_(journal), start_process_(journal.Find("start-process")) {
    model_options_.init = NameOf(words_.init);
    model_options_.exec_exit_grace = options.timing.exec_exit_grace;
    model_options_.gone_grace = options.timing.gone_grace;
    model_options_.stepped_clock = options.stepped_clock;
    ReadAhead();
  }

  Judgement Judge() {
    for (const Entry& entry : journal_.entries()) {
      Visit(entry);
      if (entry.id != Symbol{}) Collect(containers_[entry.id]);
    }
    if (!rested_) Rest();
    Judgement judgement;
    for (Container& container : containers_.values()) {
      observed_ |= container.model && container.model->compared();
    }
    if (!observed_) return judgement;
    judgement.verdict = violations_.empty() ? Verdict::kHeld : Verdict::kBroken;
    judgement.violations = std::move(violations_);
    return judgement;
  }

 private:
  static ModelName NameOf(Symbol symbol) { return static_cast<ModelName>(symbol); }
  static Moment At(const Entry& entry) { return {entry.t, entry.seq}; }

  void ReadAhead() {
    ReadCreates();
    for (const Entry& entry : journal_.entries()) {
      if (entry.kind == EntryKind::kNote && entry.text == words_.no_clean) {
        model_options_.keeps_bundles = true;
      }
      if (entry.kind == EntryKind::kEventDelivered && entry.flag) {
        if (entry.what == words_.start) last_starts_[ReadKey(entry)] = entry.seq;
        if (ShowsALife(entry)) last_signs_[ReadKey(entry)] = entry.seq;
      }
      if (entry.kind == EntryKind::kEventEmitted && entry.what == words_.start && !clock_offset_) {
        clock_offset_ = entry.stamp - entry.t.count();
      }
    }
  }

  // Which requests led to a container, and of which one each start-container is.
  void ReadCreates() {
    struct Requests {
      std::uint64_t latest = 0;
      std::uint64_t untold = 0;   // the latest, until its start or exit is told
      std::uint64_t earlier = 0;  // the one before it, if only its start may be told of first
    };
    const LookAhead ahead(journal_);
    SymbolMap<Requests> requests;
    std::unordered_map<std::uint64_t, std::uint64_t> by_number;  // of the RPC
    for (const Entry& entry : journal_.entries()) {
      const bool create = entry.what == words_.create_rpc;
      if (entry.kind == EntryKind::kRpcBegin && create) {
        Requests& of_id = requests[entry.id];
        of_id.earlier = ahead.StartsTwice(entry.seq) ? of_id.untold : 0;
        of_id.latest = of_id.untold = by_number[entry.number] = entry.seq;
      } else if (entry.kind == EntryKind::kRpcEnd && create) {
        const std::uint64_t answered = by_number[entry.number];
        // A journal of a daemon that is not ours has no emissions.
        if (!Failed(entry)) starts_.try_emplace(answered, 0);
        std::uint64_t& untold = requests[entry.id].untold;
        const Answer answer = AnswerOf(Failed(entry), CodeOf(entry));
        if (answer == Answer::kRefused && untold == answered) untold = 0;
      } else if (entry.kind == EntryKind::kEventEmitted &&
                 (words_.IsInitExit(entry) || entry.what == words_.start)) {
        Requests& of_id = requests[entry.id];
        const std::uint64_t earlier = std::exchange(of_id.earlier, 0);
        std::uint64_t told = earlier != 0 ? earlier : of_id.latest;
        // An exit may have overtaken it.
        if (entry.pid != 0)
          told = requests_.try_emplace(Incarnations::Key(entry), told).first->second;
        if (of_id.untold == told) of_id.untold = 0;
        if (entry.what != words_.start) continue;
        std::uint64_t& start = starts_[told];
        if (start == 0) start = entry.seq;
      }
    }
  }

  ContainerModel& Model(Symbol id) {
    Container& container = containers_[id];
    if (!container.model) {
      container.model.emplace(model_options_);
      container.id = id;
    }
    return *container.model;
  }

  void Collect(Container& container) {
    if (!container.model || !container.model->differs()) return;
    for (ModelDifference& each : container.model->Take()) {
      std::string what = journal_.Text(container.id);
      if (each.process) what += ", " + journal_.Text(static_cast<Symbol>(*each.process));
      violations_.push_back({what + ": " + each.what, std::move(each.marks)});
    }
  }

  void Visit(const Entry& entry) {
    switch (entry.kind) {
      case EntryKind::kCallBegin:
        return CallBegin(entry);
      case EntryKind::kCallEnd:
        return CallEnd(entry);
      case EntryKind::kRpcBegin:
        return RpcBegin(entry);
      case EntryKind::kRpcEnd:
        return RpcEnd(entry);
      case EntryKind::kEventEmitted:
        return Emitted(entry);
      case EntryKind::kEventDelivered:
        return Delivered(entry);
      case EntryKind::kCallbackBegin:
        return CallbackBegin(entry);
      case EntryKind::kCallbackEnd:
        return Model(entry.id).CallbackEnded(entry.number, entry.failed, At(entry));
      case EntryKind::kAttachEnd:
        return Model(entry.id).AttachEnded(NameOf(entry.process), entry.failed, At(entry));
      case EntryKind::kBundleCreated:
        return Model(entry.id).BundleMade(At(entry));
      case EntryKind::kBundleRemoved:
        return Model(entry.id).BundleRemoved();
      case EntryKind::kFifosCreated:
        return Model(entry.id).FifosMade(NameOf(entry.process), At(entry));
      case EntryKind::kFifosRemoved:
        return Model(entry.id).FifosRemoved(NameOf(entry.process));
      case EntryKind::kFaultFired:
        return FaultFired(entry);
      case EntryKind::kSnapshot:
        if (entry.what == words_.tracked && entry.text == words_.end) Rest(&entry);
        return;
      case EntryKind::kNote:
        if (words_.IsEngineGone(entry)) EngineGone();
        return;
      default:
        return;
    }
  }

  void CallBegin(const Entry& entry) {
    if (words_.IsClosing(entry)) {
      for (Container& each : containers_.values()) {
        if (each.model) each.model->Closing();
      }
      closing_ = true;
      return;
    }
    if (entry.what == words_.create) {
      Model(entry.id).CreateBegun(entry.number, At(entry));
    } else if (entry.what == words_.add_process) {
      Model(entry.id).AddBegun(entry.number, NameOf(entry.process), At(entry));
    } else if (entry.what == words_.pause || entry.what == words_.resume) {
      Model(entry.id).ChangeBegun(entry.number, ChangeOf(entry), At(entry));
    } else if (entry.what == words_.restore) {
      Model(entry.id).RestoreBegun(entry.number, entry.flag, At(entry));
    }
  }

  void CallEnd(const Entry& entry) {
    if (entry.what == words_.create) {
      Model(entry.id).CreateReturned(entry.number, CodeOf(entry), At(entry));
    } else if (entry.what == words_.add_process) {
      Model(entry.id).AddReturned(entry.number, NameOf(entry.process), CodeOf(entry), At(entry));
    } else if (entry.what == words_.pause || entry.what == words_.resume) {
      Model(entry.id).ChangeReturned(entry.number, CodeOf(entry), At(entry));
    } else if (entry.what == words_.restore) {
      Model(entry.id).RestoreReturned(entry.number, CodeOf(entry), At(entry));
    }
  }

  // What the file system would not remove is not the client's any more.
  void FaultFired(const Entry& entry) {
    if (words_.BundleStays(entry)) Model(entry.id).BundleRemoved();
    if (words_.FifosStay(entry)) Model(entry.id).AllFifosRemoved();
  }

  ContainerState ChangeOf(const Entry& entry) const {
    return entry.what == words_.pause ? ContainerState::kPause : ContainerState::kResume;
  }

  void RpcBegin(const Entry& entry) {
    if (entry.what == words_.create_rpc) {
      if (const auto start = starts_.find(entry.seq); start != starts_.end()) {
        BeginLife(containers_[entry.id], entry, start->second);
      }
      containers_[entry.id].request = entry.number;
      Model(entry.id).CreateSent(At(entry));
    } else if (entry.what == words_.add_process_rpc) {
      Model(entry.id).AddSent(NameOf(entry.process), At(entry));
    }
  }

  void BeginLife(Container& container, const Entry& request, std::uint64_t start) const {
    ++container.life;
    container.sent = DaemonClock(request);
    container.start = start;
    container.created = true;
    container.start_stamp = StampOf(start);
    if (container.exit) {
      container.earlier = std::max(container.earlier.value_or(*container.exit), *container.exit);
      container.exit.reset();
    }
  }

  void RpcEnd(const Entry& entry) {
    if (entry.what == words_.create_rpc) {
      if (entry.number != containers_[entry.id].request) return;  // of an engine that is gone
      Model(entry.id).CreateAnswered(AnswerOf(Failed(entry), CodeOf(entry)), At(entry));
    } else if (entry.what == words_.add_process_rpc) {
      const Answer answer = AnswerOf(Failed(entry), CodeOf(entry));
      Model(entry.id).AddAnswered(NameOf(entry.process), answer, At(entry));
    } else if (entry.what == words_.state_rpc && entry.id != Symbol{}) {
      const bool unknown =
          journal_.Text(entry.text).find("container not found") != std::string::npos;
      const StateSays no = unknown ? StateSays::kNotFound : StateSays::kNothing;
      Model(entry.id).StateAnswered(Failed(entry) ? no : StateSays::kKnown, At(entry));
    } else if (entry.what == words_.events_rpc) {
      const auto read = reads_.find(entry.number);
      if (read == reads_.end()) return;
      for (const Symbol id : read->second) {
        Model(id).ReadEnded(entry.number, !Failed(entry), At(entry));
      }
      reads_.erase(read);
    }
  }

  // What the daemon's clock shows then, as far as its events tell.
  std::int64_t DaemonClock(const Entry& entry) const {
    return clock_offset_ ? entry.t.count() + *clock_offset_ : 0;
  }

  std::optional<ModelEventType> TypeOf(const Entry& event) const {
    if (event.what == words_.exit) return ModelEventType::kExit;
    if (event.what == words_.oom) return ModelEventType::kOom;
    if (event.what == words_.pause) return ModelEventType::kPause;
    if (event.what == words_.resume) return ModelEventType::kResume;
    return std::nullopt;
  }

  void Emitted(const Entry& entry) {
    if (entry.what == words_.start) Started(entry);
    if (!TypeOf(entry)) return;
    const Container& container = containers_[entry.id];
    const std::uint32_t life = BearerOf(entry, container);
    // Before the start-container of the life that is being created it may be of one before that.
    const bool before_start = life == container.life && entry.seq < container.start;
    emitted_.try_emplace(IdentityOf(entry), Emission{life, before_start});
    const bool present = LifeOf(entry, container) == EventLife::kPresent;
    if (!words_.IsInitExit(entry)) return;
    NoteExit(containers_[entry.id], entry, present);
    if (present) Model(entry.id).InitEnded(At(entry));
  }

  // The pid of init tells the lives of an id apart: the first of its events says whose it is.
  // Behind the start-container of the next one nobody can tell that who is told of them.
  std::uint32_t BearerOf(const Entry& emitted, const Container& container) {
    if (emitted.pid == 0) return container.life;
    const auto bearer = bearers_.try_emplace(Incarnations::Key(emitted), container.life).first;
    const bool started = container.start != 0 && emitted.seq > container.start;
    return started ? container.life : bearer->second;
  }

  void Started(const Entry& entry) {
    Container& container = containers_[entry.id];
    if (entry.stamp < container.start_stamp) return;          // an earlier life's, late
    if (bearers_.contains(Incarnations::Key(entry))) return;  // its exit has overtaken it
    Model(entry.id).InitStarted();
    if (container.start != entry.seq) {
      // Of a create whose request the journal does not have: by an engine that is gone, or a
      // stranger.
      BeginLife(container, entry, entry.seq);
      container.created = false;
    }
    BearerOf(entry, container);
  }

  static void NoteExit(Container& container, const Entry& entry, bool present) {
    if (present) container.exit = std::max(container.exit.value_or(entry.stamp), entry.stamp);
  }

  // Only a container that lives causes these.
  bool ShowsALife(const Entry& event) const {
    return event.what == words_.start || event.what == start_process_ ||
           event.what == words_.pause || event.what == words_.resume;
  }

  // In the stored log: something that lives comes behind it.
  bool IsLivedOn(const Entry& exit) const {
    const auto sign = exit.flag ? last_signs_.find(ReadKey(exit)) : last_signs_.end();
    return sign != last_signs_.end() && exit.seq < sign->second;
  }

  // To an engine that knows of a container by the stored log alone. A log that lacks the present
  // life's start-container, or begins with an oom, which may come before it, does not tell.
  bool MayLookPresent(const Entry& event, const Container& container) const {
    if (container.created) return false;
    if (event.what == words_.oom && !container.heard_start) return true;
    if (!event.flag) return false;
    const auto start = last_starts_.find(ReadKey(event));
    return start == last_starts_.end() || StampOf(start->second) != container.start_stamp;
  }

  std::int64_t StampOf(std::uint64_t seq) const {
    return seq == 0 ? 0 : journal_.entries()[seq - 1].stamp;
  }

  EventLife LifeOf(const Entry& event, const Container& container) const {
    const auto emitted = emitted_.find(IdentityOf(event));
    if (emitted != emitted_.end() && emitted->second.life != container.life) {
      return MayLookPresent(event, container) ? EventLife::kUnclear : EventLife::kEarlier;
    }
    if (container.earlier && event.stamp < *container.earlier) return EventLife::kEarlier;
    if (emitted == emitted_.end() && event.flag) {
      const auto start = last_starts_.find(ReadKey(event));
      if (start != last_starts_.end() && event.seq < start->second) return EventLife::kEarlier;
    }
    const bool odd = (container.sent != 0 && event.stamp < container.sent) ||
                     event.stamp < container.start_stamp ||
                     (words_.IsInitExit(event) && IsLivedOn(event)) ||
                     (emitted != emitted_.end() && emitted->second.before_start);
    return odd ? EventLife::kUnclear : EventLife::kPresent;
  }

  static std::uint64_t ReadKey(const Entry& entry) {
    return entry.number << 32 | static_cast<std::uint32_t>(entry.id);
  }

  void Delivered(const Entry& entry) {
    if (entry.what == words_.start) containers_[entry.id].heard_start = true;
    const auto type = TypeOf(entry);
    if (!type) return;
    ContainerModel& model = Model(entry.id);
    Container& container = containers_[entry.id];
    const EventLife life = LifeOf(entry, container);
    if (words_.IsInitExit(entry)) NoteExit(container, entry, life == EventLife::kPresent);
    if (entry.flag) reads_[entry.number].insert(entry.id);
    ModelEvent event;
    event.type = *type;
    event.process = NameOf(entry.process);
    event.status = entry.code;
    event.stamp = entry.stamp;
    event.stamped = entry.stamp != 0;
    model.Delivered(event, life, entry.flag ? entry.number : 0, At(entry));
  }

  std::optional<ContainerState> StateOf(Symbol word) const {
    if (word == words_.start) return ContainerState::kStart;
    if (word == words_.restore) return ContainerState::kRestore;
    if (word == words_.exit) return ContainerState::kExit;
    if (word == words_.exit_process) return ContainerState::kExitProcess;
    if (word == words_.pause) return ContainerState::kPause;
    if (word == words_.resume) return ContainerState::kResume;
    if (word == words_.oom) return ContainerState::kOom;
    return std::nullopt;
  }

  void CallbackBegin(const Entry& entry) {
    const auto state = StateOf(entry.what);
    if (!state) return;
    const ModelCallback callback{*state, NameOf(entry.process), entry.code, entry.flag};
    Model(entry.id).CallbackBegun(entry.number, callback, At(entry));
  }

  void EngineGone() {
    for (Container& each : containers_.values()) {
      if (each.model) each.model->EngineGone();
      each.created = each.heard_start = false;
    }
    reads_.clear();
    closing_ = false;
  }

  // `tracked`: the snapshot; what it counts follows it.
  void Rest(const Entry* tracked = nullptr) {
    rested_ = true;
    if (closing_ || journal_.entries().empty()) return;
    std::unordered_set<Symbol> ids;
    if (tracked != nullptr) {
      for (std::size_t i = tracked->seq; i < journal_.entries().size(); ++i) {
        const Entry& entry = journal_.entries()[i];
        if (entry.kind == EntryKind::kTracked) ids.insert(entry.id);
      }
    }
    const Entry& now = tracked != nullptr ? *tracked : journal_.entries().back();
    for (Container& each : containers_.values()) {
      if (!each.model) continue;
      std::optional<bool> is_tracked;
      if (tracked != nullptr) is_tracked = ids.contains(each.id);
      each.model->Rest(is_tracked, At(now));
      Collect(each);
    }
  }

  const Journal& journal_;
  const Words words_;
  const Symbol start_process_;
  ModelOptions model_options_;
  SymbolMap<Container> containers_;
  std::unordered_map<EventIdentity, Emission, EventIdentityHash> emitted_;
  std::unordered_map<std::uint64_t, std::uint32_t> bearers_;   // lives, by Incarnations::Key()
  std::unordered_map<std::uint64_t, std::uint64_t> requests_;  // of these, likewise
  std::unordered_map<std::uint64_t, std::unordered_set<Symbol>> reads_;  // under way: of whom
  // The entry of a create's start-container, or 0, by that of its request; those that started.
  std::unordered_map<std::uint64_t, std::uint64_t> starts_;
  std::unordered_map<std::uint64_t, std::uint64_t> last_starts_;  // in the log, by id and read
  std::unordered_map<std::uint64_t, std::uint64_t> last_signs_;   // likewise, of life
  std::optional<std::int64_t> clock_offset_;
  bool closing_ = false;
  bool rested_ = false;
  bool observed_ = false;
  std::vector<Violation> violations_;
};

}  // namespace

Judgement CompareWithModel(const Journal& journal, const JudgeOptions& options) {
  return Comparison(journal, options).Judge();
}

}  // namespace scenarios
