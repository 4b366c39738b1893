// Something to count the instructions of: the main path in the simulated world.
//
//   bench_instructions events|lives COUNT
//
// bench/tools/instructions.py runs it under callgrind with two counts; what both need cancels.
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "bench/rigs/event_load.h"
#include "bench/rigs/life_load.h"

namespace {

libcontainerd::Result<double> Events(std::size_t count) {
  constexpr std::size_t kContainers = 20;
  auto load = bench::EventLoad::Make({.world = {}, .containers = kContainers});
  if (!load) return libcontainerd::Fail(std::move(load).error());
  return (*load)->Run(count);
}

libcontainerd::Result<double> Lives(std::size_t count) {
  auto load = bench::LifeLoad::Make({});
  if (!load) return libcontainerd::Fail(std::move(load).error());
  return (*load)->Run(count, 1, bench::BenchWorld::SmallSpec());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::size_t count = std::strtoull(argv[2], nullptr, 10);
  const auto ran = std::string_view(argv[1]) == "lives" ? Lives(count) : Events(count);
  if (ran) return 0;
  std::cerr << ran.error().message << '\n';
  return 1;
}
