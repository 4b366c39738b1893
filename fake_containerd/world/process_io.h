// ProcessIo: the daemon's side of a process's three streams, as containerd-shim holds them.
//
// Implementations: FIFOs on the executor's descriptors (fifo_process_io), memory
// (memory_process_io). Threads: the executor's thread; nothing blocks it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "fake_containerd/model.h"
#include "libcontainerd/async.h"
#include "libcontainerd/error.h"

namespace fake_containerd {

// One process's streams, opened as the shim does: outputs for read and write, stdin for reading
// beside a writer of its own that only CloseStdin() closes, so that the client closing its end
// alone gives no end-of-file.
class ProcessStreams {
 public:
  virtual ~ProcessStreams() = default;  // closes everything
  // Writes all of it, waiting while the client does not read. CANCELLED when closed meanwhile.
  virtual libcontainerd::Awaitable<libcontainerd::Status> Write(OutputStream stream,
                                                                std::string data) = 0;
  // Both outputs reach end-of-file once what was written has been read. Idempotent.
  virtual void CloseOutputs() = 0;
  virtual void CloseOutput(OutputStream stream) = 0;
  // The shim's own writer of stdin. Idempotent.
  virtual void CloseStdin() = 0;
  // Bytes from stdin, at least one; empty at end-of-file; CANCELLED when closed meanwhile. One read
  // at a time.
  virtual libcontainerd::Awaitable<libcontainerd::Result<std::string>> ReadStdin(
      std::size_t max_bytes) = 0;
};

class ProcessIo {
 public:
  virtual ~ProcessIo() = default;
  // Empty paths are /dev/null. With `terminal` stderr is not opened. An error's text names the
  // path.
  virtual libcontainerd::Result<std::unique_ptr<ProcessStreams>> Open(const IoPaths& paths,
                                                                      bool terminal) = 0;
};

}  // namespace fake_containerd
