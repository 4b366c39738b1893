// The least that anybody pays for gRPC: a bare server and a bare client of the 0.2 API's own
// messages, over a unix socket or an in-process channel, both with the callback API. The server
// writes events that were made beforehand, the client counts them; the unary call answers at once.
// Nothing of libcontainerd and of the fake takes part.
//
// Threads: the owner's. gRPC's own threads do the work.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "containerd_v0.pb.h"
#include "libcontainerd/error.h"

namespace bench {

enum class Wire : std::uint8_t { kSocket, kInProcess };

enum class Writing : std::uint8_t {
  kPlain,    // each event is a write of its own
  kBatched,  // as many as the socket takes at a time: all but the last of a batch are hinted
};

class GrpcFloor {
 public:
  static constexpr std::size_t kBatch = 64;

  static libcontainerd::Result<std::unique_ptr<GrpcFloor>> Start(Wire wire,
                                                                 std::vector<types::Event> events);
  ~GrpcFloor();
  GrpcFloor(const GrpcFloor&) = delete;
  GrpcFloor& operator=(const GrpcFloor&) = delete;

  // Streams so many events, over and over the ones given. Events per second, from the first that
  // arrived to the last.
  libcontainerd::Result<double> Stream(std::size_t count, Writing writing);

  // One unary call, there and back.
  libcontainerd::Result<std::chrono::nanoseconds> Ping();
  // So many, each begun when it is due by the period, whether or not the one before was answered:
  // how long after that its answer came, in nanoseconds.
  libcontainerd::Result<std::vector<double>> PacedPings(std::size_t count,
                                                        std::chrono::nanoseconds period);
  // So many at once; returns when all are answered.
  libcontainerd::Status Calls(std::size_t count);
  // So many streams at once, each of so many events, plain. Seconds from the first event's writing,
  // when all are open, until the last stream ended.
  libcontainerd::Result<double> FanOut(std::size_t streams, std::size_t events);

 private:
  class Impl;
  explicit GrpcFloor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bench
