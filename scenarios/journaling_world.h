// Writes what happens in the fake's world into the journal: events emitted and lost, outputs and
// their ends.
//
// Threads: the world's executor.
#pragma once

#include <string>
#include <vector>

#include "fake_containerd/world/observer.h"
#include "fake_containerd/world/world.h"
#include "scenarios/recorder.h"

namespace scenarios {

class JournalingWorldObserver final : public fake_containerd::WorldObserver {
 public:
  explicit JournalingWorldObserver(Recorder& recorder) : recorder_(recorder) {}

  void OnEventEmitted(const fake_containerd::Event& event) override;
  void OnEventDropped(const fake_containerd::Event& event, std::uint64_t subscriber) override;
  void OnEventLost(const fake_containerd::Event& event, std::string_view why,
                   bool emitted) override;
  void OnFaultFired(const fake_containerd::FiredFault& fault) override;
  void OnHeld(const fake_containerd::HeldItem& item) override;
  void OnReleased(const fake_containerd::HeldItem& item) override;
  void OnStdioBytes(const fake_containerd::ContainerKey& container, const std::string& process,
                    fake_containerd::StdioStream stream, std::string_view data) override;
  void OnStdioEnd(const fake_containerd::ContainerKey& container, const std::string& process,
                  fake_containerd::StdioStream stream, std::uint64_t total_bytes,
                  const std::string& sha256) override;

 private:
  void RecordEvent(EntryKind kind, const fake_containerd::Event& event, std::string_view text);
  // About a subject, which is written "id" or "id/process".
  Entry AtPoint(EntryKind kind, const std::string& point, const std::string& subject);
  void RecordHeld(EntryKind kind, const fake_containerd::HeldItem& item);

  Recorder& recorder_;
};

// Which processes of these containers run there, name by name.
void RecordRunning(Recorder& recorder, const fake_containerd::World& world,
                   std::vector<std::string> ids);

}  // namespace scenarios
