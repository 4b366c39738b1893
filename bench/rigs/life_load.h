// LifeLoad: whole lives through a BenchWorld — create, attach, start, six bytes of output, exit,
// clean-up — so many at once. Each process writes "hello\n" and exits; the engine reads both
// outputs to their end, and begins the next life when the exit was called back.
//
// Threads: main's; as BenchWorld.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "bench/rigs/bench_world.h"

namespace bench {

class LifeLoad {
 public:
  static Result<std::unique_ptr<LifeLoad>> Make(BenchWorldOptions options);
  ~LifeLoad();
  LifeLoad(const LifeLoad&) = delete;
  LifeLoad& operator=(const LifeLoad&) = delete;

  // An error when a life failed, or its output was not what was written. Lives per second: of the
  // wall, in the simulated world of this thread's time.
  Result<double> Run(std::size_t lives, std::size_t at_once, const std::string& spec);

  BenchWorld& world();

 private:
  class Engine;
  explicit LifeLoad(std::unique_ptr<Engine> engine);
  std::unique_ptr<Engine> engine_;
};

}  // namespace bench
