// Stdio over FIFOs in the bundle directory, mode 0700.
//
//   stdin   is opened for reading and writing, which never fails for want of a reader; once the
//   daemon's reply shows
//           a reader it is opened again for writing only, so that the reader's leaving is seen.
//           Closing before that waits for the reply: what was written would be lost with the last
//           open end.
//   outputs are opened for reading. A FIFO that no writer has opened yet reads as end-of-file, so
//   the first read waits
//           until it is readable.
//
// FIFOs belong to whom their directory belongs: a container's root that is mapped to another user
// can use them.
//
// Needs a ThreadedRuntime. Making and removing files runs off the executor.
#pragma once

#include "libcontainerd/file_ownership.h"
#include "libcontainerd/stdio.h"

namespace libcontainerd {

class DiskGate;

class FifoStdio final : public Stdio {
 public:
  // Both outlive it; without an ownership, the system's.
  explicit FifoStdio(Runtime& runtime, FileOwnership* ownership = nullptr);
  FifoStdio(const FifoStdio&) = delete;
  FifoStdio& operator=(const FifoStdio&) = delete;

  Awaitable<Result<std::unique_ptr<ProcessStdio>>> Open(StdioPaths paths, bool terminal) override;
  Awaitable<Status> Remove(StdioPaths paths) override;

 private:
  Runtime& runtime_;
  SystemFileOwnership system_;
  FileOwnership* ownership_;
  std::shared_ptr<DiskGate> disk_;
};

}  // namespace libcontainerd
