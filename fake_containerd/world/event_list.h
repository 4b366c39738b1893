// EventList: events in their order, cut at the front now and then. The places of those that were
// cut off are used again with the memory of their strings. Those of one container are found without
// looking at all the others.
//
// Threads: the executor's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fake_containerd/world/event_queue.h"
#include "fake_containerd/world/model.h"

namespace fake_containerd {

class EventList {
 public:
  EventList() = default;
  explicit EventList(std::vector<Event> events);

  bool empty() const { return events_.empty(); }
  std::size_t size() const { return events_.size(); }
  const Event& operator[](std::size_t index) const { return events_.at(index); }
  const Event& front() const { return events_.front(); }
  const Event& back() const { return events_.at(size() - 1); }

  void Append(const Event& event) { events_.Push(event); }
  // All but the last `keep`.
  void CutTo(std::size_t keep);
  // They leave it.
  std::vector<Event> TakeAll();
  std::vector<Event> Copy() const;

  // Calls `visit` with each event whose container has that id, in whatever namespace; with an empty
  // id for every event. Looks at each event once for all ids together, until the list is cut.
  template <class Visit>
  void ForEachOf(const std::string& id, Visit visit) const {
    if (id.empty()) {
      for (std::size_t i = 0; i < size(); ++i) visit(events_.at(i));
      return;
    }
    Index();
    const auto found = places_by_id_.find(id);
    if (found == places_by_id_.end()) return;
    for (const std::size_t place : found->second) visit(events_.at(place));
  }

 private:
  void Index() const;

  EventQueue events_;
  // Of the first so many events.
  mutable std::unordered_map<std::string, std::vector<std::size_t>> places_by_id_;
  mutable std::size_t indexed_ = 0;
};

}  // namespace fake_containerd
