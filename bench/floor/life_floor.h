// The least that a container's life costs: the system calls that client and daemon cannot do
// without — a directory, config.json, three FIFOs made, opened at both ends, six bytes written and
// read to the end, everything removed — and two unary calls, there and back. Nothing of
// libcontainerd and of the fake takes part; the calls of several lives are under way together.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "bench/floor/grpc_floor.h"
#include "bench/frame/scratch.h"

namespace bench {

class LifeFloor {
 public:
  static libcontainerd::Result<std::unique_ptr<LifeFloor>> Start();

  // Lives per second.
  libcontainerd::Result<double> Run(std::size_t lives, std::size_t at_once,
                                    const std::string& spec);

 private:
  LifeFloor(std::unique_ptr<GrpcFloor> wire, std::unique_ptr<Scratch> scratch)
      : wire_(std::move(wire)), scratch_(std::move(scratch)) {}

  std::unique_ptr<GrpcFloor> wire_;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace bench
