// When the daemon was not there, and when one engine ended and the next began.
#include <algorithm>
#include <utility>

#include "scenarios/replay_inference.h"

namespace scenarios {
namespace {

class BoundaryFinder {
 public:
  explicit BoundaryFinder(const Inference& work) : work_(work), recording_(work.recording) {}

  std::vector<Boundary> Run() {
    AddEngines();
    for (std::size_t i = 0; i < recording_.connection_lines.size(); ++i) {
      const RecordedConnectionLine& line = recording_.connection_lines[i];
      if (!work_.BeforeCut(line.t)) break;
      connected_ |= line.change == ConnectionChange::kOpen && line.conn == work_.plan.conn;
      if (connected_) Look(i, line);
    }
    std::ranges::stable_sort(found_, {}, &Boundary::t);
    return std::move(found_);
  }

 private:
  // Each further engine: the one before it ended with the last connection that it closed itself,
  // or, if the daemon had closed that, when the new one began.
  void AddEngines() {
    for (std::size_t m = 0; m < recording_.markers.size(); ++m) {
      const RecordedMarker& ready = recording_.markers[m];
      if (!ready.ready || ready.lib <= 1 || !work_.BeforeCut(ready.t)) continue;
      const RecordedTime back = EngineBegan(work_, ready.t);
      RecordedTime gone = back;
      std::size_t index = 0;
      SourceLine source{true, ready.line};
      for (std::size_t i = 0; i < recording_.connection_lines.size(); ++i) {
        const RecordedConnectionLine& line = recording_.connection_lines[i];
        if (!ClosedByEngine(line) || line.t >= back) continue;
        gone = line.t;
        index = i;
        source = SourceLine{false, line.line};
      }
      last_closes_.insert(index);
      Add(StepKind::kClientGone, index, gone, source);
      Add(StepKind::kClientBack, m, back, SourceLine{true, ready.line});
    }
  }

  bool ClosedByEngine(const RecordedConnectionLine& line) const {
    return line.change == ConnectionChange::kClose && line.by_client &&
           work_.plan.conns.contains(line.conn);
  }

  void Look(std::size_t index, const RecordedConnectionLine& line) {
    const bool ours = work_.plan.conns.contains(line.conn);
    switch (line.change) {
      case ConnectionChange::kListenerDown:
      case ConnectionChange::kDialError:
        return Down(index, line);
      case ConnectionChange::kListenerUp:
        return Up(index, line);
      case ConnectionChange::kOpen:
        if (ours && line.conn != work_.plan.conn) Up(index, line);
        return;
      case ConnectionChange::kClose:
        // The engine let go of its connection, and made another one.
        if (ours && !last_closes_.contains(index) && (!line.by_client || Reconnects(line.t))) {
          Down(index, line);
        }
        return;
      case ConnectionChange::kReset:
        if (ours && !line.by_client && IsStream(line)) {
          Add(StepKind::kStreamReset, index, line.t, SourceLine{false, line.line});
        }
        return;
      case ConnectionChange::kNote:
        return;
    }
  }

  bool IsStream(const RecordedConnectionLine& line) const {
    const auto found = work_.rpc_by_call.find({line.conn, line.call});
    return found != work_.rpc_by_call.end() && IsEventStream(recording_.rpcs[found->second]);
  }

  bool Reconnects(RecordedTime t) const {
    return std::ranges::any_of(recording_.connection_lines,
                               [&](const RecordedConnectionLine& line) {
                                 return line.change == ConnectionChange::kOpen && line.t > t &&
                                        work_.plan.conns.contains(line.conn);
                               });
  }

  void Down(std::size_t index, const RecordedConnectionLine& line) {
    if (!std::exchange(up_, false)) return;
    Add(StepKind::kDaemonDown, index, line.t, SourceLine{false, line.line});
  }
  void Up(std::size_t index, const RecordedConnectionLine& line) {
    if (std::exchange(up_, true)) return;
    Add(StepKind::kDaemonUp, index, line.t, SourceLine{false, line.line});
  }

  void Add(StepKind kind, std::size_t index, RecordedTime t, SourceLine source) {
    found_.push_back(Boundary{.kind = kind, .index = index, .t = t, .source = source});
  }

  const Inference& work_;
  const Recording& recording_;
  std::vector<Boundary> found_;
  std::set<std::size_t> last_closes_;  // connection lines with which an engine ended
  bool connected_ = false;  // what happened before the client was connected did not trouble it
  bool up_ = true;
};

}  // namespace

RecordedTime EngineBegan(const Inference& work, RecordedTime ready) {
  RecordedTime nearest = kReadySlack;
  RecordedTime began = ready;
  for (const RecordedConnectionLine& line : work.recording.connection_lines) {
    const bool opens =
        line.change == ConnectionChange::kOpen && work.plan.conns.contains(line.conn);
    const RecordedTime apart = line.t > ready ? line.t - ready : ready - line.t;
    if (!opens || apart >= nearest) continue;
    nearest = apart;
    began = std::min(ready, line.t);
  }
  return began;
}

std::vector<Boundary> FindBoundaries(const Inference& work) {
  return BoundaryFinder(work).Run();
}

}  // namespace scenarios
