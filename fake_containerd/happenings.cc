#include "fake_containerd/happenings.h"

#include <algorithm>
#include <chrono>

namespace fake_containerd {
namespace {

std::string Subject(const std::string& id, const std::string& process) {
  if (process == kInitName) return "container " + id;
  return "process " + process + " of container " + id;
}

std::string Join(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) joined += (joined.empty() ? "" : ", ") + word;
  return joined.empty() ? "none" : joined;
}

// "event.exit@web/init", of what is held or fired.
template <class Item>
std::string AtPoint(const Item& item) {
  return item.subject.empty() ? item.point : item.point + "@" + item.subject;
}

// "1.5 s"
std::string InSeconds(Duration duration) {
  const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count() / 100;
  std::string text = std::to_string(tenths / 10);
  if (tenths % 10 != 0) text += "." + std::to_string(tenths % 10);
  return text + " s";
}

}  // namespace

void Happenings::OnEventEmitted(const Event& event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(event);
  if (event.kind == EventKind::kExit) {
    ++processes_[{event.container.id, event.process}].exits_told;
  }
  Forget();
  changed_.notify_all();
}

void Happenings::OnContainerAdded(const ContainerKey& container) {
  const std::lock_guard lock(mutex_);
  containers_[container.id] = true;
  changed_.notify_all();
}

void Happenings::OnContainerRemoved(const ContainerKey& container) {
  const std::lock_guard lock(mutex_);
  containers_[container.id] = false;
  changed_.notify_all();
}

void Happenings::OnProcessStarted(const ContainerKey& container, const std::string& process,
                                  std::uint32_t /*system_pid*/) {
  const std::lock_guard lock(mutex_);
  Process& entry = processes_[{container.id, process}];
  entry.running = true;
  ++entry.starts;
  entry.totals.clear();
  changed_.notify_all();
}

void Happenings::OnProcessEnded(const ContainerKey& container, const std::string& process,
                                std::uint32_t status) {
  const std::lock_guard lock(mutex_);
  Process& entry = processes_[{container.id, process}];
  entry.running = false;
  entry.status = status;
  changed_.notify_all();
}

void Happenings::OnStdioEnd(const ContainerKey& container, const std::string& process,
                            StdioStream stream, std::uint64_t total_bytes,
                            const std::string& sha256) {
  const std::lock_guard lock(mutex_);
  processes_[{container.id, process}].totals[stream] = {total_bytes, sha256};
  changed_.notify_all();
}

std::optional<StreamTotal> Happenings::TotalOf(const std::string& id, const std::string& process,
                                               StdioStream stream) const {
  const std::lock_guard lock(mutex_);
  const auto found = processes_.find({id, process});
  if (found == processes_.end()) return std::nullopt;
  const auto total = found->second.totals.find(stream);
  if (total == found->second.totals.end()) return std::nullopt;
  return total->second;
}

void Happenings::OnFaultFired(const FiredFault& fault) {
  const std::lock_guard lock(mutex_);
  fired_.push_back(fault);
  if (memory_ != kEverything && fired_.size() > 2 * memory_) {
    fired_.erase(fired_.begin(), fired_.end() - static_cast<std::ptrdiff_t>(memory_));
  }
  changed_.notify_all();
}

void Happenings::OnHeld(const HeldItem& item) {
  const std::lock_guard lock(mutex_);
  held_.push_back(item);
  changed_.notify_all();
}

void Happenings::OnReleased(const HeldItem& item) {
  const std::lock_guard lock(mutex_);
  std::erase(held_, item);
  changed_.notify_all();
}

void Happenings::OnDaemonStarted() {
  const std::lock_guard lock(mutex_);
  daemon_running_ = true;
  changed_.notify_all();
}

void Happenings::OnDaemonStopped() {
  const std::lock_guard lock(mutex_);
  daemon_running_ = false;
  changed_.notify_all();
}

void Happenings::SubscribersChanged(int difference) {
  const std::lock_guard lock(mutex_);
  subscribers_ +=
      static_cast<std::size_t>(difference);  // unsigned: a negative one wraps to a subtraction
  changed_.notify_all();
}

Outcome Happenings::WaitForProcess(const std::string& id, const std::string& process,
                                   Patience patience) {
  const auto running = [&] {
    const auto found = processes_.find({id, process});
    return found != processes_.end() && found->second.running;
  };
  return Wait(patience, running, [&] {
    return Subject(id, process) + " did not run within " + InSeconds(patience.timeout) + ": " +
           Describe(id, process);
  });
}

Outcome Happenings::WaitForExit(const std::string& id, const std::string& process,
                                Patience patience) {
  const auto told = [&] {
    const auto found = processes_.find({id, process});
    return found != processes_.end() && !found->second.running && found->second.exits_told > 0 &&
           found->second.exits_told >= found->second.starts;
  };
  return Wait(patience, told, [&] {
    return "no exit of " + Subject(id, process) + " was told within " +
           InSeconds(patience.timeout) + ": " + Describe(id, process);
  });
}

Outcome Happenings::WaitForEvent(EventKind kind, const std::string& id, const std::string& process,
                                 std::size_t count, Patience patience) {
  const auto enough = [&] { return CountEvents(kind, id, process) >= count; };
  return Wait(patience, enough, [&] {
    std::vector<std::string> told;
    for (const Event& event : events_) {
      if (event.container.id != id) continue;
      std::string word(EventKindName(event.kind));
      if (!event.process.empty()) word += " " + event.process;
      if (event.kind == EventKind::kExit) word += " " + std::to_string(event.status);
      told.push_back(std::move(word));
    }
    const std::string whose =
        process.empty() ? "container " + id : "process " + process + " of container " + id;
    return std::to_string(CountEvents(kind, id, process)) + " of " + std::to_string(count) + " " +
           std::string(EventKindName(kind)) + " events of " + whose + " were told within " +
           InSeconds(patience.timeout) + "; told of the container: " + Join(told);
  });
}

Outcome Happenings::WaitForSubscribers(std::size_t count, Patience patience) {
  const auto enough = [&] { return subscribers_ >= count; };
  return Wait(patience, enough, [&] {
    return std::to_string(subscribers_) + " of " + std::to_string(count) +
           " event streams were open after " + InSeconds(patience.timeout);
  });
}

Outcome Happenings::WaitForHeld(const std::string& point, std::size_t count, Patience patience) {
  const auto waiting = [&] {
    return static_cast<std::size_t>(std::ranges::count_if(held_, [&](const HeldItem& item) {
      return PointMatches(point, item.point, item.subject);
    }));
  };
  return Wait(
      patience, [&] { return waiting() >= count; },
      [&] {
        std::vector<std::string> held;
        for (const HeldItem& item : held_) held.push_back(AtPoint(item));
        return std::to_string(waiting()) + " of " + std::to_string(count) + " waited at " + point +
               " within " + InSeconds(patience.timeout) + "; held: " + Join(held);
      });
}

Outcome Happenings::WaitForFired(const std::string& point, std::size_t count, Patience patience) {
  const auto matching = [&] {
    return static_cast<std::size_t>(std::ranges::count_if(fired_, [&](const FiredFault& fault) {
      return PointMatches(point, fault.point, fault.subject);
    }));
  };
  return Wait(
      patience, [&] { return matching() >= count; },
      [&] {
        std::vector<std::string> fired;
        for (const FiredFault& fault : fired_) fired.push_back(AtPoint(fault));
        return std::to_string(matching()) + " of " + std::to_string(count) + " faults fired at " +
               point + " within " + InSeconds(patience.timeout) + "; fired: " + Join(fired);
      });
}

Outcome Happenings::WaitForDaemon(bool running, Patience patience) {
  return Wait(
      patience, [&] { return daemon_running_ == running; },
      [&] {
        return std::string(running ? "the daemon did not start" : "the daemon did not stop") +
               " within " + InSeconds(patience.timeout);
      });
}

std::vector<Event> Happenings::events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

Outcome Happenings::Wait(const Patience& patience, const std::function<bool()>& holds,
                         const std::function<std::string()>& missing) {
  // Made before the lock is taken and gone after it is: it takes the lock itself.
  const std::stop_callback wake(patience.stop, [this] {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
  std::unique_lock lock(mutex_);
  const auto deadline = std::chrono::steady_clock::now() + patience.timeout;
  const auto given_up = [&] { return interrupted_ || patience.stop.stop_requested(); };
  const bool over = changed_.wait_until(lock, deadline, [&] { return given_up() || holds(); });
  if (interrupted_) return Outcome::Failed("the fake containerd stops");
  if (patience.stop.stop_requested()) return Outcome::Failed("nobody waits any more");
  return over ? Outcome() : Outcome::Failed(missing());
}

void Happenings::Interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  changed_.notify_all();
}

// Twice as much before it is worth the work.
void Happenings::Forget() {
  if (memory_ == kEverything) return;
  if (events_.size() > 2 * memory_) {
    events_.erase(events_.begin(), events_.end() - static_cast<std::ptrdiff_t>(memory_));
  }
  if (processes_.size() > 2 * memory_) {
    std::erase_if(processes_, [](const auto& entry) {
      return !entry.second.running && entry.second.exits_told >= entry.second.starts;
    });
  }
  if (containers_.size() > 2 * memory_) {
    std::erase_if(containers_, [](const auto& entry) { return !entry.second; });
  }
}

std::size_t Happenings::subscribers() const {
  const std::lock_guard lock(mutex_);
  return subscribers_;
}

std::string Happenings::Describe(const std::string& id, const std::string& process) const {
  const auto found = processes_.find({id, process});
  if (found != processes_.end() && found->second.running) return "it runs";
  if (found != processes_.end() && found->second.starts > 0) {
    return "it ran and ended with " + std::to_string(found->second.status);
  }
  const auto container = containers_.find(id);
  if (container != containers_.end() && container->second) {
    if (process == kInitName) return "its create has not started it yet";
    std::vector<std::string> others;
    for (const auto& [key, entry] : processes_) {
      if (key.first == id && entry.running) others.push_back(key.second);
    }
    return "no such process was added; running: " + Join(others);
  }
  std::vector<std::string> others;
  for (const auto& [other, known] : containers_) {
    if (known) others.push_back(other);
  }
  const bool known_once = container != containers_.end();
  return std::string(known_once ? "the daemon does not know it any more"
                                : "nobody created such a container") +
         "; there are: " + Join(others);
}

std::size_t Happenings::CountEvents(EventKind kind, const std::string& id,
                                    const std::string& process) const {
  return static_cast<std::size_t>(std::ranges::count_if(events_, [&](const Event& event) {
    return event.kind == kind && event.container.id == id &&
           (process.empty() || event.process == process);
  }));
}

}  // namespace fake_containerd
