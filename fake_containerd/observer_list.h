// ObserverList: tells several observers, in the order in which they were added.
//
// Threads: the executor's of the world that it observes. The observers outlive it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fake_containerd/world/observer.h"

namespace fake_containerd {

class ObserverList final : public WorldObserver {
 public:
  // Null is nobody.
  void Add(WorldObserver* observer) {
    if (observer != nullptr) observers_.push_back(observer);
  }

  void OnEventEmitted(const Event& event) override {
    for (WorldObserver* each : observers_) each->OnEventEmitted(event);
  }
  void OnEventDropped(const Event& event, std::uint64_t subscriber) override {
    for (WorldObserver* each : observers_) each->OnEventDropped(event, subscriber);
  }
  void OnContainerAdded(const ContainerKey& container) override {
    for (WorldObserver* each : observers_) each->OnContainerAdded(container);
  }
  void OnContainerRemoved(const ContainerKey& container) override {
    for (WorldObserver* each : observers_) each->OnContainerRemoved(container);
  }
  void OnProcessStarted(const ContainerKey& container, const std::string& process,
                        std::uint32_t system_pid) override {
    for (WorldObserver* each : observers_) each->OnProcessStarted(container, process, system_pid);
  }
  void OnProcessEnded(const ContainerKey& container, const std::string& process,
                      std::uint32_t status) override {
    for (WorldObserver* each : observers_) each->OnProcessEnded(container, process, status);
  }
  void OnTerminalResized(const ContainerKey& container, const std::string& process,
                         std::uint32_t width, std::uint32_t height, std::uint64_t count) override {
    for (WorldObserver* each : observers_) {
      each->OnTerminalResized(container, process, width, height, count);
    }
  }
  void OnStdioBytes(const ContainerKey& container, const std::string& process, StdioStream stream,
                    std::string_view data) override {
    for (WorldObserver* each : observers_) each->OnStdioBytes(container, process, stream, data);
  }
  void OnStdioEnd(const ContainerKey& container, const std::string& process, StdioStream stream,
                  std::uint64_t total_bytes, const std::string& sha256) override {
    for (WorldObserver* each : observers_) {
      each->OnStdioEnd(container, process, stream, total_bytes, sha256);
    }
  }
  void OnEventLost(const Event& event, std::string_view why, bool emitted) override {
    for (WorldObserver* each : observers_) each->OnEventLost(event, why, emitted);
  }
  void OnFaultFired(const FiredFault& fault) override {
    for (WorldObserver* each : observers_) each->OnFaultFired(fault);
  }
  void OnHeld(const HeldItem& item) override {
    for (WorldObserver* each : observers_) each->OnHeld(item);
  }
  void OnReleased(const HeldItem& item) override {
    for (WorldObserver* each : observers_) each->OnReleased(item);
  }
  void OnDaemonStarted() override {
    for (WorldObserver* each : observers_) each->OnDaemonStarted();
  }
  void OnDaemonStopped() override {
    for (WorldObserver* each : observers_) each->OnDaemonStopped();
  }
  void OnDaemonPanicked() override {
    for (WorldObserver* each : observers_) each->OnDaemonPanicked();
  }

 private:
  std::vector<WorldObserver*> observers_;
};

}  // namespace fake_containerd
