// EventLoad: a closed loop of events through a BenchWorld. At most 2048 are under way, which is
// what a subscriber's queue in the daemon holds; so none may get lost. The kinds alternate on each
// container — pause, resume, an exec's exit, oom: loads.h — and so the backend sees whether each
// container's came in order.
//
// Threads: main's; as BenchWorld.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "bench/rigs/bench_world.h"

namespace bench {

class EventLoad {
 public:
  static constexpr std::size_t kMostUnderWay = 2048;

  struct Options {
    BenchWorldOptions world{};
    std::size_t containers = 1;
  };
  // The world, with its containers.
  static Result<std::unique_ptr<EventLoad>> Make(Options options);
  ~EventLoad();
  EventLoad(const EventLoad&) = delete;
  EventLoad& operator=(const EventLoad&) = delete;

  // Injects so many and returns once the callback of the last one was called. An error when one
  // came out of order. Events per second: of the wall, in the simulated world of this thread's
  // time.
  Result<double> Run(std::size_t events);

  // One event at a time, from its injection to its callback, in nanoseconds each.
  Result<std::vector<double>> Latencies(std::size_t events);

  // So many, each injected when it is due by the period, whether or not the one before was called
  // back: how long after that its callback was called, in nanoseconds.
  Result<std::vector<double>> PacedLatencies(std::size_t events, std::chrono::nanoseconds period);

  // The stream is broken while so many happen, a millisecond apart; then the client reconnects, and
  // hears of all that the log has kept. Simulated and gated worlds only. Events per second of this
  // thread's time, from the stream's opening to the last callback.
  Result<double> CatchUp(std::size_t events);
  // The engine is away and comes back: containers picked up again per second.
  Result<double> Restore();

  BenchWorld& world();

  // The same events as messages, for a floor: as many as there are containers times kinds, at most
  // 4096.
  static std::vector<types::Event> Messages(std::size_t containers);

 private:
  class Loop;
  explicit EventLoad(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace bench
