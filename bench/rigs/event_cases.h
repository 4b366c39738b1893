// The cases of the suites that send events over gRPC: the same over a socket and over the
// in-process channel.
#pragma once

#include "bench/frame/suite.h"
#include "bench/rigs/event_load.h"

namespace bench {

// What the ratios to the two floors must reach.
struct EventReach {
  std::optional<Reach> plain{};
  std::optional<Reach> batched{};
};

struct EventCase {
  Transport transport = Transport::kSocket;
  std::size_t containers = 1;
  Cursor cursor = Cursor::kOnTmpfs;
  bool journal = false;
  EventReach reach{};
};

// So many containers are there only in runs that have time for them.
constexpr Suite::In InRuns(std::size_t containers) {
  return containers > 10'000 ? Suite::In::kAllButQuick : Suite::In::kAllRuns;
}

// Against two bare streams of the same messages: one write for each, and batched.
Result<Case> EventsOverWire(const Settings& settings, const EventCase& wanted);

// The rate with many containers, whose floor is the rate with one.
Result<Case> LossByContainers(const Settings& settings, Transport transport, std::size_t containers,
                              double least);

}  // namespace bench
