// The stored event log, `events.log`, as it may be found at a start of the daemon.
//
// What is read is written so that it is read again as the same, and a refusal says in which line.
// The events are then kept as a daemon keeps them: loaded, appended to, cut and loaded again; the
// newest are there, in their order, and the log never grows beyond about twice its bound.
//
// Not covered: the file system (disk full, permissions), and what a client makes of a replay:
// action_fuzz has the faults of a log.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "fake_containerd/world/event_log.h"
#include "fake_containerd/world/event_log_file.h"

namespace {

using fake_containerd::Event;

void Require(bool holds) {
  if (!holds) std::abort();
}

void RoundTrip(const std::vector<Event>& events) {
  std::stringstream written;
  for (const Event& event : events) written << fake_containerd::ToLogLine(event) << '\n';
  const auto again = fake_containerd::ReadEventLog(written, "written");
  Require(again && *again == events);
}

// Has those events, and takes all that is written.
class FullStore final : public fake_containerd::EventLogStore {
 public:
  explicit FullStore(std::vector<Event> events) : events_(std::move(events)) {}
  libcontainerd::Result<std::vector<Event>> Read() override { return events_; }
  libcontainerd::Status Rewrite(const std::vector<Event>& events) override {
    events_ = events;
    return {};
  }
  libcontainerd::Status Append(const Event& event) override {
    events_.push_back(event);
    return {};
  }

 private:
  std::vector<Event> events_;
};

void Keep(const std::vector<Event>& events, int retain_count) {
  fake_containerd::EventLog log(std::make_unique<FullStore>(events), retain_count);
  Require(log.Load().has_value());
  for (const Event& event : events) log.Append(event);
  Require(!log.store_failure());
  // The newest, in their order.
  const std::vector<Event> kept = log.events().Copy();
  if (events.empty()) return Require(kept.empty());
  const std::size_t tail = std::min(kept.size(), events.size());
  Require(std::equal(kept.end() - static_cast<std::ptrdiff_t>(tail), kept.end(),
                     events.end() - static_cast<std::ptrdiff_t>(tail)));
  if (retain_count <= 0) return Require(kept.size() == 2 * events.size());
  // What was found may be longer; whatever is appended beyond the bound cuts it.
  const auto bound = static_cast<std::size_t>(retain_count);
  if (events.size() > bound + 1) Require(kept.size() <= 2 * bound + 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  const auto events = fake_containerd::ReadEventLog(in, "events.log");
  if (!events) {
    Require(events.error().code == libcontainerd::ErrorCode::kDataLoss);
    Require(events.error().message.starts_with("events.log:"));
    return 0;
  }
  RoundTrip(*events);
  for (const int retain_count : {0, 1, 3, 500}) Keep(*events, retain_count);
  return 0;
}
