#include "scenarios/replay_unheard.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "libcontainerd/wire_time.h"
#include "scenarios/replay_inference.h"

namespace scenarios {

libcontainerd::WallTime WallTimeOf(const types::Event& event) {
  return libcontainerd::ToWallTime(event.timestamp());
}

std::vector<types::Event> EventsNobodyHeard(const Recording& recording, const ReplayPlan& plan) {
  std::set<std::string> live;
  std::map<std::string, const types::Event*> others;
  std::map<std::pair<int, int>, RecordedTime> opened;  // the clients' event streams
  for (const RecordedRpc& rpc : recording.rpcs) {
    if (IsEventStream(rpc) && plan.conns.contains(rpc.conn)) opened[{rpc.conn, rpc.call}] = rpc.t;
  }
  for (const RecordedEvent& event : recording.events) {
    const auto stream = opened.find({event.conn, event.call});
    const bool heard =
        stream != opened.end() &&
        WallTimeOf(event.event) >= libcontainerd::WallTime(plan.wall_offset + stream->second);
    if (heard) live.insert(event.event.SerializeAsString());
    others.emplace(event.event.SerializeAsString(), &event.event);
  }
  std::vector<types::Event> unheard;
  for (const auto& [text, event] : others) {
    if (!live.contains(text)) unheard.push_back(*event);
  }
  std::ranges::stable_sort(unheard, {}, WallTimeOf);
  return unheard;
}

}  // namespace scenarios
