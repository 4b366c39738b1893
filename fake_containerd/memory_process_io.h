// MemoryProcessIo: the daemon's side of process streams over MemoryFifos, for worlds without a kernel.
//
// Threads: the executor's. The FIFOs outlive it and every stream opened through it.
#pragma once

#include "fake_containerd/world/process_io.h"
#include "libcontainerd/memory_fifos.h"

namespace fake_containerd {

class MemoryProcessIo final : public ProcessIo {
 public:
  explicit MemoryProcessIo(libcontainerd::MemoryFifos& fifos) : fifos_(fifos) {}

  libcontainerd::Result<std::unique_ptr<ProcessStreams>> Open(const IoPaths& paths,
                                                              bool terminal) override;

 private:
  libcontainerd::MemoryFifos& fifos_;
};

}  // namespace fake_containerd
