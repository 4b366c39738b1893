// When the daemon was not there, and when one engine ended and the next began.
#include <algorithm>

#include "scenarios/replay_inference.h"

namespace scenarios {
namespace {

class BoundaryFinder {
 public:
  explicit BoundaryFinder(const Inference& work) : work_(work), recording_(work.recording) {}

  std::vector<Boundary> Run() {
    for (std::size_t i = 0; i < recording_.connection_lines.size(); ++i) {
      const RecordedConnectionLine& line = recording_.connection_lines[i];
      if (!work_.BeforeCut(line.t)) break;
      connected_ |= line.change == ConnectionChange::kOpen && line.conn == work_.plan.conn;
      if (connected_) Look(i, line);
    }
    return std::move(found_);
  }

 private:
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
        if (!ours) return;
        if (!line.by_client) return Down(index, line);
        return ClosedByClient(index, line);
      case ConnectionChange::kReset:
      case ConnectionChange::kNote:
        return;
    }
  }

  void Down(std::size_t index, const RecordedConnectionLine& line) {
    if (!std::exchange(up_, false)) return;
    Add(StepKind::kDaemonDown, index, line.t, SourceLine{false, line.line});
  }
  void Up(std::size_t index, const RecordedConnectionLine& line) {
    if (std::exchange(up_, true)) return;
    Add(StepKind::kDaemonUp, index, line.t, SourceLine{false, line.line});
  }

  // The engine ended if another one began before the next connection; else it only let go of a
  // connection.
  void ClosedByClient(std::size_t index, const RecordedConnectionLine& line) {
    const RecordedConnectionLine* next = NextOpen(line.t);
    const std::optional<std::size_t> marker = NextReady(line.t);
    if (marker) {
      const RecordedMarker& ready = recording_.markers[*marker];
      const RecordedTime back = next == nullptr ? ready.t : std::min(ready.t, next->t);
      Add(StepKind::kClientGone, index, line.t, SourceLine{false, line.line});
      Add(StepKind::kClientBack, *marker, back, SourceLine{true, ready.line});
    } else if (next != nullptr) {
      Down(index, line);
    }
  }

  const RecordedConnectionLine* NextOpen(RecordedTime t) const {
    for (const RecordedConnectionLine& line : recording_.connection_lines) {
      const bool opens =
          line.change == ConnectionChange::kOpen && work_.plan.conns.contains(line.conn);
      if (opens && line.t > t) return &line;
    }
    return nullptr;
  }

  // The engine that began after `t`, each counted once.
  std::optional<std::size_t> NextReady(RecordedTime t) {
    for (std::size_t i = 0; i < recording_.markers.size(); ++i) {
      const RecordedMarker& marker = recording_.markers[i];
      if (!marker.ready || marker.lib <= engine_ || marker.t <= t) continue;
      engine_ = marker.lib;
      return i;
    }
    return std::nullopt;
  }

  void Add(StepKind kind, std::size_t index, RecordedTime t, SourceLine source) {
    found_.push_back(Boundary{.kind = kind, .index = index, .t = t, .source = source});
  }

  const Inference& work_;
  const Recording& recording_;
  std::vector<Boundary> found_;
  bool connected_ = false;  // what happened before the client was connected did not trouble it
  bool up_ = true;
  int engine_ = 1;
};

}  // namespace

std::vector<Boundary> FindBoundaries(const Inference& work) {
  std::vector<Boundary> found = BoundaryFinder(work).Run();
  std::stable_sort(found.begin(), found.end(),
                   [](const Boundary& a, const Boundary& b) { return a.t < b.t; });
  return found;
}

}  // namespace scenarios
