// Identity of events, and a memory of those already handled.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "containerd_v0.pb.h"
#include "libcontainerd/runtime.h"

namespace libcontainerd {

// What the wire calls things. Kinds that the client does not handle are not listed.
inline constexpr std::string_view kExitEvent = "exit";
inline constexpr std::string_view kOomEvent = "oom";
inline constexpr std::string_view kPauseEvent = "pause";
inline constexpr std::string_view kResumeEvent = "resume";
inline constexpr std::string_view kStartContainerEvent = "start-container";
inline constexpr std::string_view kStartProcessEvent = "start-process";

// A time beyond the years 1678 to 2261, which is nonsense, becomes the nearest in them.
WallTime TimestampOf(const types::Event& event);
void SetTimestamp(WallTime time, google::protobuf::Timestamp& timestamp);

// Remembers the last events by (id, type, pid, timestamp). An event without a timestamp has no
// identity and is never taken for a repetition.
class SeenEvents {
 public:
  explicit SeenEvents(std::size_t capacity = 65536) : capacity_(capacity) {}

  // True when `event` was not seen before; it is from now on.
  bool Insert(const types::Event& event);
  std::size_t size() const { return seen_.size(); }

 private:
  struct Identity {
    std::uint64_t name_hash;
    std::int64_t seconds;
    std::int32_t nanos;
    friend bool operator==(const Identity&, const Identity&) = default;
  };
  struct Hash {
    std::size_t operator()(const Identity& identity) const {
      return static_cast<std::size_t>(identity.name_hash ^
                                      static_cast<std::uint64_t>(identity.seconds) ^
                                      (static_cast<std::uint64_t>(identity.nanos) << 20U));
    }
  };

  std::size_t capacity_;
  std::unordered_set<Identity, Hash> seen_;
  std::deque<Identity> order_;
};

// The last events of containers that nobody tracked: a restore that comes to a container a moment
// later must know of them, since the log may not have them yet.
class UnclaimedEvents {
 public:
  explicit UnclaimedEvents(std::size_t capacity = 4096) : capacity_(capacity) {}

  void Add(types::Event event);
  // Those of that container, in the order of their arrival; they are kept no longer.
  std::vector<types::Event> Take(const std::string& id);
  std::size_t size() const { return events_.size(); }

 private:
  std::size_t capacity_;
  std::deque<types::Event> events_;
};

}  // namespace libcontainerd
