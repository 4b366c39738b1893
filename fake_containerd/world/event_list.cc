#include "fake_containerd/world/event_list.h"

namespace fake_containerd {

EventList::EventList(std::vector<Event> events) {
  for (const Event& event : events) Append(event);
}

void EventList::CutTo(std::size_t keep) {
  if (size() <= keep) return;
  while (size() > keep) events_.Pop();
  places_by_id_.clear();
  indexed_ = 0;
}

std::vector<Event> EventList::TakeAll() {
  std::vector<Event> all(size());
  for (Event& event : all) events_.Pop(event);
  places_by_id_.clear();
  indexed_ = 0;
  return all;
}

std::vector<Event> EventList::Copy() const {
  std::vector<Event> copy;
  copy.reserve(size());
  for (std::size_t i = 0; i < size(); ++i) copy.push_back(events_.at(i));
  return copy;
}

void EventList::Index() const {
  for (; indexed_ < size(); ++indexed_) {
    places_by_id_[events_.at(indexed_).container.id].push_back(indexed_);
  }
}

}  // namespace fake_containerd
