// Happenings: what went on in a world, kept so that threads of a test can wait for it.
//
// Threads: any. The observer's functions are called on the world's executor.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "fake_containerd/outcome.h"
#include "fake_containerd/world/observer.h"

namespace fake_containerd {

class Happenings final : public WorldObserver {
 public:
  static constexpr std::size_t kEverything = static_cast<std::size_t>(-1);

  // Keeps so many events and processes at least, and forgets the oldest of those that are over.
  explicit Happenings(std::size_t memory = kEverything) : memory_(memory) {}

  void OnEventEmitted(const Event& event) override;
  void OnContainerAdded(const ContainerKey& container) override;
  void OnContainerRemoved(const ContainerKey& container) override;
  void OnProcessStarted(const ContainerKey& container, const std::string& process,
                        std::uint32_t system_pid) override;
  void OnProcessEnded(const ContainerKey& container, const std::string& process,
                      std::uint32_t status) override;
  void OnStdioEnd(const ContainerKey& container, const std::string& process, StdioStream stream,
                  std::uint64_t total_bytes, const std::string& sha256) override;
  void OnFaultFired(const FiredFault& fault) override;
  void OnHeld(const HeldItem& item) override;
  void OnReleased(const HeldItem& item) override;
  void OnDaemonStarted() override;
  void OnDaemonStopped() override;
  void SubscribersChanged(int difference);

  // How long to wait, in real time, and who may end it before that.
  struct Patience {
    Patience(Duration its_timeout, std::stop_token its_stop = {})  // NOLINT(*-explicit-*)
        : timeout(its_timeout), stop(std::move(its_stop)) {}
    Duration timeout;
    std::stop_token stop;
  };
  Outcome WaitForProcess(const std::string& id, const std::string& process, Patience patience);
  Outcome WaitForExit(const std::string& id, const std::string& process, Patience patience);
  Outcome WaitForEvent(EventKind kind, const std::string& id, const std::string& process,
                       std::size_t count, Patience patience);
  Outcome WaitForSubscribers(std::size_t count, Patience patience);
  Outcome WaitForHeld(const std::string& point, std::size_t count, Patience patience);
  Outcome WaitForFired(const std::string& point, std::size_t count, Patience patience);
  Outcome WaitForDaemon(bool running, Patience patience);
  // Every wait, now and later, fails at once.
  void Interrupt();

  std::vector<Event> events() const;
  std::size_t subscribers() const;
  // What went through a stream of the process's last life, once it ended.
  std::optional<StreamTotal> TotalOf(const std::string& id, const std::string& process,
                                     StdioStream stream) const;

 private:
  struct Process {
    bool running = false;
    std::uint32_t status = 0;    // of its last end
    std::size_t starts = 0;      // lives begun
    std::size_t exits_told = 0;  // exit events
    std::map<StdioStream, StreamTotal> totals{};
  };
  using ProcessKey = std::pair<std::string, std::string>;  // container id, name

  // Empty when `holds` came to be true, which is asked under the lock, as all that follow.
  Outcome Wait(const Patience& patience, const std::function<bool()>& holds,
               const std::function<std::string()>& missing);
  // "container c1 is not there (there are: c2, c3)" and the like.
  std::string Describe(const std::string& id, const std::string& process) const;
  void Forget();
  std::size_t CountEvents(EventKind kind, const std::string& id, const std::string& process) const;

  const std::size_t memory_;
  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  std::vector<Event> events_;
  std::map<std::string, bool> containers_;  // true: known to the daemon now
  std::map<ProcessKey, Process> processes_;
  std::size_t subscribers_ = 0;
  bool daemon_running_ = false;
  bool interrupted_ = false;
  std::vector<HeldItem> held_;
  std::vector<FiredFault> fired_;
};

}  // namespace fake_containerd
