// FifoProcessIo: the daemon's side of process streams over real FIFOs, on the runtime's executor.
//
// Holds one descriptor for each output, opened for read and write as the shim does: no reader is
// needed to open it, and a reader that leaves gives no broken pipe. Stdin is a reading descriptor
// and a writing one. Nothing blocks: full and empty pipes are waited for. Needs an executor whose
// context has a reactor (ThreadedRuntime's).
//
// Nothing but FIFOs is opened, for what a process writes would end up in whatever file a request
// names. The last `spare` descriptors that the process may open are left to everything else:
// without one the server could accept nobody.
//
// Threads: the executor's.
#pragma once

#include <cstddef>

#include "fake_containerd/world/process_io.h"
#include "libcontainerd/runtime.h"

namespace fake_containerd {

class FifoProcessIo final : public ProcessIo {
 public:
  explicit FifoProcessIo(libcontainerd::Runtime& runtime, std::size_t spare = 0)
      : runtime_(runtime), spare_(spare) {}

  // Errors: the errno's kind (NOT_FOUND, PERMISSION_DENIED, …) and "open <path>: <reason>";
  // INVALID_ARGUMENT for what is no FIFO, RESOURCE_EXHAUSTED at the limit of descriptors.
  libcontainerd::Result<std::unique_ptr<ProcessStreams>> Open(const IoPaths& paths,
                                                              bool terminal) override;

 private:
  libcontainerd::Runtime& runtime_;
  const std::size_t spare_;
};

}  // namespace fake_containerd
