// Identity of events, and a memory of those already handled.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
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

// The exit of a container, not of one of its execs.
bool IsInitExit(const types::Event& event);

// A time beyond the years 1678 to 2261, which is nonsense, becomes the nearest in them.
WallTime TimestampOf(const types::Event& event);
void SetTimestamp(WallTime time, google::protobuf::Timestamp& timestamp);

// Remembers the last events by (id, type, pid, timestamp). An event without a timestamp has no
// identity and is never taken for a repetition.
//
// A ring of identities, and a table of places in it, found by hash: nothing is allocated for an
// event once the memory is as large as it gets.
class SeenEvents {
 public:
  explicit SeenEvents(std::size_t capacity = 65536, std::size_t most = std::size_t{1} << 21U)
      : capacity_(capacity), most_(most) {}

  // True when `event` was not seen before; it is from now on.
  bool Insert(const types::Event& event);
  // While `all`, nothing is forgotten before there are `most`. Then the oldest beyond the capacity
  // are.
  void RememberAll(bool all);
  std::size_t size() const { return ring_.size(); }

 private:
  struct Identity {
    std::uint64_t name_hash;
    std::int64_t seconds;
    std::int32_t nanos;
    friend bool operator==(const Identity&, const Identity&) = default;
  };
  static constexpr std::uint32_t kNowhere = 0xffffffff;

  static std::size_t HashOf(const Identity& identity);
  // Where `identity` is in the table, or the empty place where it would be.
  std::size_t PlaceOf(const Identity& identity) const;
  void Erase(std::size_t place);
  void Grow();
  void OldestFirst();
  void MakeTable(std::size_t places);

  std::size_t limit() const { return all_ ? most_ : capacity_; }

  std::size_t capacity_;
  std::size_t most_;
  bool all_ = false;
  std::vector<Identity> ring_;         // grows to the limit, then the oldest is overwritten
  std::size_t oldest_ = 0;             // in a full ring
  std::vector<std::uint32_t> places_;  // indices into ring_; a power of two, at least half empty
};

// The last events of containers that nobody tracked: a restore that comes to a container a moment
// later must know of them, since the log may not have them yet.
class UnclaimedEvents {
 public:
  explicit UnclaimedEvents(std::size_t capacity = 4096) : capacity_(capacity) {}

  void Add(types::Event event);
  // Those of that container, in the order of their times, as far as they have any: a stream begins
  // later than the stored log that is read beside it. They are kept no longer.
  std::vector<types::Event> Take(const std::string& id);
  std::size_t size() const { return events_.size(); }

 private:
  std::size_t capacity_;
  std::deque<types::Event> events_;
};

}  // namespace libcontainerd
