#include "scenarios/journaling_world.h"

#include <algorithm>
#include <utility>

namespace scenarios {

void JournalingWorldObserver::RecordEvent(EntryKind kind, const fake_containerd::Event& event,
                                          std::string_view text) {
  Entry entry = recorder_.About(kind, event.container.id, event.process, EventKindName(event.kind));
  entry.code = event.status;
  if (kind == EntryKind::kEventEmitted) entry.pid = event.init_pid;
  entry.stamp = event.time.time_since_epoch().count();
  entry.text = recorder_.journal().Intern(text);
  recorder_.Record(entry);
}

void JournalingWorldObserver::OnEventEmitted(const fake_containerd::Event& event) {
  RecordEvent(EntryKind::kEventEmitted, event, {});
}

void JournalingWorldObserver::OnEventDropped(const fake_containerd::Event& event,
                                             std::uint64_t subscriber) {
  RecordEvent(EntryKind::kEventDropped, event,
              subscriber == 0 ? "the log's queue is full" : "a subscriber's queue is full");
}

void JournalingWorldObserver::OnEventLost(const fake_containerd::Event& event, std::string_view why,
                                          bool emitted) {
  if (emitted) RecordEvent(EntryKind::kEventEmitted, event, {});
  RecordEvent(EntryKind::kEventDropped, event, why);
}

Entry JournalingWorldObserver::AtPoint(EntryKind kind, const std::string& point,
                                       const std::string& subject) {
  const auto [id, process] = fake_containerd::InjectionSubject::FromText(subject);
  return recorder_.About(kind, id, process, point);
}

void JournalingWorldObserver::OnFaultFired(const fake_containerd::FiredFault& fault) {
  Entry entry = AtPoint(EntryKind::kFaultFired, fault.point, fault.subject);
  entry.number = fault.count;
  entry.text = recorder_.journal().Intern(fault.term);
  recorder_.Record(entry);
}

void JournalingWorldObserver::RecordHeld(EntryKind kind, const fake_containerd::HeldItem& item) {
  Entry entry = AtPoint(kind, item.point, item.subject);
  entry.number = item.ticket;
  entry.flag = item.stepped;
  recorder_.Record(entry);
}

void JournalingWorldObserver::OnHeld(const fake_containerd::HeldItem& item) {
  RecordHeld(EntryKind::kHeld, item);
}

void JournalingWorldObserver::OnReleased(const fake_containerd::HeldItem& item) {
  RecordHeld(EntryKind::kReleased, item);
}

void JournalingWorldObserver::OnStdioBytes(const fake_containerd::ContainerKey& container,
                                           const std::string& process,
                                           fake_containerd::StdioStream stream,
                                           std::string_view data) {
  if (stream == fake_containerd::StdioStream::kStdin) return;  // the engine's writes are recorded
  Entry entry =
      recorder_.About(EntryKind::kStdioWritten, container.id, process, StdioStreamName(stream));
  entry.number = data.size();
  recorder_.Record(entry);
}

void JournalingWorldObserver::OnStdioEnd(const fake_containerd::ContainerKey& container,
                                         const std::string& process,
                                         fake_containerd::StdioStream stream,
                                         std::uint64_t total_bytes, const std::string& sha256) {
  if (stream == fake_containerd::StdioStream::kStdin) return;
  Entry entry =
      recorder_.About(EntryKind::kStdioSourceEof, container.id, process, StdioStreamName(stream));
  entry.number = total_bytes;
  entry.text = recorder_.journal().Intern(sha256);
  recorder_.Record(entry);
}

void RecordRunning(Recorder& recorder, const fake_containerd::World& world,
                   std::vector<std::string> ids) {
  std::ranges::sort(ids);
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::vector<std::pair<std::string, std::string>> running;
  for (const std::string& id : ids) {
    const auto info = world.Inspect({.id = id});
    if (!info) continue;
    for (const auto& process : info->processes) {
      if (world.Lives({.id = id}, process.name)) running.emplace_back(id, process.name);
    }
  }
  recorder.RecordCount("running", running.size(), kEnd);
  for (const auto& [id, process] : running) {
    Entry entry = recorder.About(EntryKind::kRunning, id, process);
    entry.text = recorder.journal().Intern(kEnd);
    recorder.Record(entry);
  }
}

}  // namespace scenarios
