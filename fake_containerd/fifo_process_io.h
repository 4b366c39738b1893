// FifoProcessIo: the daemon's side of process streams over real FIFOs, on the runtime's executor.
//
// Holds one descriptor for each output, opened for read and write as the shim does: no reader is needed to open it,
// and a reader that leaves gives no broken pipe. Stdin is a reading descriptor and a writing one. Nothing blocks: full
// and empty pipes are waited for. Needs an executor whose context has a reactor (ThreadedRuntime's).
//
// Threads: the executor's.
#pragma once

#include "fake_containerd/world/process_io.h"
#include "libcontainerd/runtime.h"

namespace fake_containerd {

class FifoProcessIo final : public ProcessIo {
 public:
  explicit FifoProcessIo(libcontainerd::Runtime& runtime) : runtime_(runtime) {}

  // Errors: the errno's kind (NOT_FOUND, PERMISSION_DENIED, …) and "open <path>: <reason>".
  libcontainerd::Result<std::unique_ptr<ProcessStreams>> Open(const IoPaths& paths,
                                                              bool terminal) override;

 private:
  libcontainerd::Runtime& runtime_;
};

}  // namespace fake_containerd
