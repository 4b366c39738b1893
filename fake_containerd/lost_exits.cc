#include "fake_containerd/lost_exits.h"

#include <map>
#include <set>
#include <string>

namespace fake_containerd {
namespace {

constexpr std::uint32_t kLostStatus = 255;

// What was started and has no exit in the log: by container, its processes.
std::map<ContainerKey, std::set<std::string>> RunningByLog(const std::vector<Event>& events) {
  std::map<ContainerKey, std::set<std::string>> running;
  for (const Event& event : events) {
    switch (event.kind) {
      case EventKind::kStartContainer:
        running[event.container].insert(kInitName);
        break;
      case EventKind::kStartProcess:
        running[event.container].insert(event.process);
        break;
      case EventKind::kExit:
        running[event.container].erase(event.process);
        break;
      default:
        break;
    }
  }
  return running;
}

}  // namespace

std::vector<Event> LostExits(const std::vector<Event>& events) {
  std::vector<Event> lost;
  for (const auto& [container, processes] : RunningByLog(events)) {
    const auto add = [&lost, &key = container](const std::string& process) {
      lost.push_back(
          {.kind = EventKind::kExit, .container = key, .process = process, .status = kLostStatus});
    };
    for (const std::string& process : processes) {
      if (process != kInitName) add(process);
    }
    if (processes.contains(kInitName)) add(kInitName);
  }
  return lost;
}

}  // namespace fake_containerd
