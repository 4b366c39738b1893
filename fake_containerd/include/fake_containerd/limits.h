// Limits: how much a fake takes from its clients. Whatever would exceed one is refused with
// RESOURCE_EXHAUSTED and a sentence that names the limit; nobody else notices.
#pragma once

#include <cstddef>

namespace fake_containerd {

struct Limits {
  // Known to the daemon at a time.
  std::size_t containers = 200'000;
  // Event streams open at a time.
  std::size_t subscribers = 4'096;
  // Calls that are not answered yet.
  std::size_t calls = 10'000;
  // Of one request as it is on the wire. gRPC refuses longer ones.
  std::size_t message_bytes = std::size_t{16} << 20;
  // Requests that are not answered yet, all together.
  std::size_t request_bytes = std::size_t{256} << 20;
  // Events that wait to be read, all subscribers together. Whose next event does not fit in is cut
  // off.
  std::size_t event_bytes = std::size_t{256} << 20;
  // A container's id or a process's name; longer ones are INVALID_ARGUMENT. What a directory's name
  // may have.
  std::size_t id_bytes = 255;
  // Descriptors that streams of processes leave to everything else.
  std::size_t spare_descriptors = 64;
};

}  // namespace fake_containerd
