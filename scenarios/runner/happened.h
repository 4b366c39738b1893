// Happened: what a scenario may ask of the daemon's side: which events were told, what processes
// read from their stdin, which faults fired. Kept as the world tells it.
//
// Threads: the executor's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "fake_containerd/world/observer.h"

namespace scenarios {

class Happened final : public fake_containerd::WorldObserver {
 public:
  // Runs when the daemon has died, inside the world: it may only post.
  std::function<void()> on_daemon_stopped{};

  // How often; an empty process or id means any.
  std::uint32_t Emitted(const std::string& type, const std::string& id,
                        const std::string& process) const;
  // The latest such event, as far as there was one; an empty process means any.
  std::optional<fake_containerd::Event> Latest(const std::string& type, const std::string& id,
                                               const std::string& process) const;
  // At a point, or point@subject.
  std::uint32_t Fired(const std::string& point) const;
  // How many event streams a fault has left open on one side only.
  std::uint32_t half_open() const { return half_open_; }
  // How often a fault, or the daemon's end, has broken some.
  std::uint32_t broken() const { return broken_; }
  // "web/init": what it took.
  std::string StdinOf(const std::string& id, const std::string& process) const;

  void OnEventEmitted(const fake_containerd::Event& event) override;
  void OnStdioBytes(const fake_containerd::ContainerKey& container, const std::string& process,
                    fake_containerd::StdioStream stream, std::string_view data) override;
  void OnFaultFired(const fake_containerd::FiredFault& fault) override;
  void OnDaemonStopped() override {
    ++broken_;
    if (on_daemon_stopped) on_daemon_stopped();
  }

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // type, id, process
  std::map<Key, std::uint32_t> emitted_;
  std::map<Key, fake_containerd::Event> latest_;
  std::map<std::string, std::uint32_t> fired_;
  std::map<std::pair<std::string, std::string>, std::string> stdins_;
  std::uint32_t half_open_ = 0;
  std::uint32_t broken_ = 0;
};

}  // namespace scenarios
