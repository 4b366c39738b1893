// What the fault grammar offers: every action, every point, and which goes where. docs/faults.md is
// made from these tables.

#include <algorithm>
#include <array>

#include "fake_containerd/fault_plan.h"
#include "fake_containerd/nearest_word.h"

namespace fake_containerd {
namespace {

using enum FaultAction;

constexpr std::array<FaultActionInfo, 24> kActions{{
    {kOff, "off", FaultArgument::kNone, "nothing happens: `5*off` skips the first five"},
    {kError, "error", FaultArgument::kError,
     "it fails with this text, and this code if one is given"},
    {kDelay, "delay", FaultArgument::kDuration, "it takes so much longer"},
    {kDrop, "drop", FaultArgument::kNone, "it is lost"},
    {kPanic, "panic", FaultArgument::kNone, "the daemon crashes here, and stays away"},
    {kRestart, "restart", FaultArgument::kDuration,
     "the daemon crashes here, and is started again after so long"},
    {kHang, "hang", FaultArgument::kDuration, "the daemon's main loop stands still for so long"},
    {kDuplicate, "duplicate", FaultArgument::kNone, "it happens twice"},
    {kReorder, "reorder", FaultArgument::kCount, "it comes after the next so many events"},
    {kChange, "change", FaultArgument::kField,
     "one field (type, id, pid, status or timestamp) gets another value"},
    {kBreak, "break", FaultArgument::kNone, "the stream ends with UNAVAILABLE"},
    {kStall, "stall", FaultArgument::kOptionalDuration, "nothing moves for so long, or for ever"},
    {kHalfOpen, "halfopen", FaultArgument::kNone,
     "nothing comes from the daemon any more, and nobody is told"},
    {kRefuse, "refuse", FaultArgument::kOptionalDuration,
     "nobody listens for so long, or for ever"},
    {kReset, "reset", FaultArgument::kNone,
     "the connection ends at once, with what it still carried"},
    {kLostLog, "lostlog", FaultArgument::kNone, "the event log is empty"},
    {kTruncateLog, "truncatelog", FaultArgument::kNone, "the newer half of the event log is gone"},
    {kCorruptLog, "corruptlog", FaultArgument::kNone,
     "the event log holds a line that is no event, which stops the start"},
    {kNeverOpen, "neveropen", FaultArgument::kNone, "the FIFOs are never opened"},
    {kHoldOpen, "holdopen", FaultArgument::kOptionalDuration,
     "the FIFOs stay open for so much longer, or for ever"},
    {kCloseEarly, "closeearly", FaultArgument::kNone,
     "the outputs are closed while the process runs on"},
    {kFull, "full", FaultArgument::kNone, "no space is left on the device"},
    {kReadOnly, "readonly", FaultArgument::kNone, "the file system is read-only"},
    {kDeadlock, "deadlock", FaultArgument::kNone,
     "as after a replay of more events than a queue holds: nobody is told of events any more, and "
     "the next event stops the main loop for ever; only a restart helps"},
}};

constexpr std::array<std::string_view, 12> kMethods{
    "GetServerVersion", "CreateContainer", "UpdateContainer",  "Signal",
    "UpdateProcess",    "AddProcess",      "CreateCheckpoint", "DeleteCheckpoint",
    "ListCheckpoint",   "State",           "Events",           "Stats"};

using Actions = std::vector<FaultAction>;

Actions With(Actions actions, const Actions& more) {
  actions.insert(actions.end(), more.begin(), more.end());
  return actions;
}

std::vector<InjectionPoint> MakePoints() {
  const Actions crashes{kPanic, kRestart, kHang};
  const Actions call = With({kError, kDelay, kDrop}, crashes);
  std::vector<InjectionPoint> points;
  for (const std::string_view method : kMethods) {
    const std::string name = "rpc." + std::string(method);
    const bool stream = method == "Events";
    points.push_back({name + ".received",
                      stream ? "the request for an event stream arrived; nothing was looked at"
                             : "a " + std::string(method) + " request arrived; nothing is done yet",
                      true, call});
    points.push_back({name + ".executed",
                      stream ? "the event stream is subscribed; nothing was sent on it"
                             : std::string(method) + " is done; its reply is not on its way yet",
                      true, call});
  }
  points.push_back({"rpc.Health.received",
                    "a health check (grpc.health.v1) arrived; nothing was looked at", true, call});
  points.push_back({"rpc.Health.executed",
                    "a health check found the daemon well; its reply is not on its way yet", true,
                    call});
  for (const EventKind kind :
       {EventKind::kStartContainer, EventKind::kStartProcess, EventKind::kExit, EventKind::kOom,
        EventKind::kPause, EventKind::kResume, EventKind::kLive}) {
    const std::string name(EventKindName(kind));
    points.push_back({"event." + name,
                      "an event " + name + " is about to go to the subscribers and the log", true,
                      With({kDrop, kDuplicate, kReorder, kDelay, kChange}, crashes)});
  }
  points.push_back({"stream.open", "an event stream is about to subscribe and to read the log",
                    true, With({kError, kDelay, kBreak, kHalfOpen, kDeadlock}, crashes)});
  points.push_back({"stream.send", "an event is about to be sent on one stream", false,
                    With({kDrop, kBreak, kStall, kHalfOpen}, crashes)});
  points.push_back({"process.start", "everything is ready for a process to start", true,
                    With({kError, kDelay}, crashes)});
  points.push_back({"process.exit", "a process is dead; the daemon has not noticed", true,
                    With({kDrop, kDelay}, crashes)});
  points.push_back({"daemon.start",
                    "the daemon is about to read its event log and to serve",
                    true,
                    {kError, kDelay, kLostLog, kTruncateLog, kCorruptLog}});
  points.push_back(
      {"daemon.call", "the daemon takes up a call of any method of its own API", false, crashes});
  points.push_back({"fifo.open",
                    "the FIFOs of a process are about to be opened",
                    false,
                    {kError, kDelay, kNeverOpen}});
  points.push_back({"fifo.write",
                    "a process is about to write to an output",
                    false,
                    {kDelay, kDrop, kCloseEarly}});
  points.push_back(
      {"fifo.close", "the outputs of a process are about to be closed", false, {kHoldOpen}});
  points.push_back(
      {"disk.log", "an event is about to be written to the log's file", false, {kFull, kReadOnly}});
  points.push_back({"disk.state",
                    "the directory of a container or an exec is about to be made",
                    false,
                    {kFull, kReadOnly}});
  points.push_back({"disk.checkpoint",
                    "the directory of a checkpoint is about to be made",
                    false,
                    {kFull, kReadOnly}});
  points.push_back(
      {"connection.listen", "the socket is free for the next connection", false, {kRefuse}});
  points.push_back({"connection.accept",
                    "a connection was accepted",
                    false,
                    {kDrop, kReset, kStall, kHalfOpen, kDelay}});
  points.push_back({"connection.data",
                    "bytes arrived on a connection, from either side",
                    false,
                    {kDrop, kReset, kStall, kHalfOpen, kDelay}});
  return points;
}

}  // namespace

std::span<const FaultActionInfo> FaultActions() {
  return kActions;
}

std::string_view FaultActionName(FaultAction action) {
  return kActions.at(static_cast<std::size_t>(action)).name;
}

const std::vector<InjectionPoint>& InjectionPoints() {
  static const std::vector<InjectionPoint> points = MakePoints();
  return points;
}

const InjectionPoint* FindInjectionPoint(std::string_view name) {
  const auto found = std::ranges::find(InjectionPoints(), name, &InjectionPoint::name);
  return found == InjectionPoints().end() ? nullptr : &*found;
}

std::string_view NearestInjectionPoint(std::string_view name) {
  return std::ranges::min_element(
             InjectionPoints(), {},
             [name](const InjectionPoint& point) { return WordDistance(name, point.name); })
      ->name;
}

}  // namespace fake_containerd
