// Events over gRPC's in-process channel: as events-socket, without a socket.
#include "bench/rigs/event_cases.h"

int main(int argc, char** argv) {
  return bench::Main("events-in-process", argc, argv, [](bench::Suite& suite) {
    for (const std::size_t containers : {1U, 100U, 10'000U, 100'000U}) {
      bench::EventCase wanted{.transport = bench::Transport::kInProcess, .containers = containers};
      if (containers <= 10'000) {
        wanted.reach = {.plain = bench::AtLeast(0.6), .batched = bench::AtLeast(0.6)};
      }
      suite.Add(
          std::to_string(containers),
          [wanted](const bench::Settings& settings) { return EventsOverWire(settings, wanted); },
          bench::InRuns(containers));
    }
  });
}
