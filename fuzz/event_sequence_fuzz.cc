// The real client against the reference model, on arbitrary sequences of events and calls
// (scenarios/explore/event_sequence.h). They agree, whatever comes in whatever order; a difference
// is printed with the sequence and what happened.
//
// Not covered: the event stream and its reconnects, the stored log, restores, conclusions from
// State, data on streams, deadlines. An event whose life nobody could tell by its time is not made:
// the clock stands still while a create is on its way to the daemon. Nor is a second
// start-container during a create, which would make the first an earlier container's.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "scenarios/explore/event_sequence.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto sequence = scenarios::DecodeEventSequence({data, size});
  if (scenarios::RunEventSequence(sequence).differences.empty()) return 0;
  const auto told = scenarios::RunEventSequence(sequence, /*story=*/true);
  std::cerr << scenarios::EventSequenceText(sequence) << '\n' << told.story;
  for (const std::string& each : told.differences) std::cerr << "difference: " << each << '\n';
  std::abort();
}
