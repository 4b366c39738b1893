// Stdio: the port for a process's three streams. Real: FIFOs in the bundle directory. Simulated:
// memory.
//
// Threads: the executor's thread. Nothing here ever blocks it.
#pragma once

#include <memory>
#include <string>

#include "libcontainerd/async.h"
#include "libcontainerd/error.h"

namespace libcontainerd {

// The write end of a process's stdin. At most one Write at a time.
class StdinWriter {
 public:
  virtual ~StdinWriter() = default;  // closes, if still open
  // Writes all of `data`. Waits while the process does not read; ends with CANCELLED when the
  // stream is closed or the process is known to be gone, with UNAVAILABLE when nobody has the other
  // end any more. Data written before the process opened its end is not lost.
  virtual Awaitable<Status> Write(std::string data) = 0;
  // What was written is still read, also by a process that comes later; a write that still waits
  // for room ends with CANCELLED. Closing again does nothing.
  virtual Awaitable<Status> Close() = 0;
};

// The read end of stdout or stderr. At most one Read at a time.
class OutputReader {
 public:
  virtual ~OutputReader() = default;  // closes, if still open
  // Up to `max_bytes`, at least one; empty at end-of-file, which comes only after a writer was
  // there and every writer closed. CANCELLED when closed meanwhile.
  virtual Awaitable<Result<std::string>> Read(std::size_t max_bytes) = 0;
  virtual void Close() = 0;
};

// What AttachStreams hands to the engine, which owns it from then on. Never null members; with a
// terminal `err` is at end-of-file from the start. Both outputs have to be read to their end: the
// daemon reports the exit only after that.
struct IoPipe {
  std::unique_ptr<StdinWriter> in;
  std::unique_ptr<OutputReader> out;
  std::unique_ptr<OutputReader> err;
  bool terminal = false;
};

// The wire's three paths.
struct StdioPaths {
  std::string in;
  std::string out;
  std::string err;

  // <bundle>/<name>-stdin, -stdout, -stderr.
  static StdioPaths In(const std::string& bundle, const std::string& name);
};

// One process's streams, opened. Outlives neither the Stdio that made it nor its Runtime; the
// IoPipe parts share what they need and may outlive it.
class ProcessStdio {
 public:
  virtual ~ProcessStdio() = default;  // as ProcessGone()
  // Once only.
  virtual IoPipe TakePipe() = 0;
  // The daemon's reply shows that the process has its ends open: stdin becomes write-only.
  virtual void PeerOpened() = 0;
  // Nobody will read stdin any more: pending writes end with CANCELLED. Outputs stay readable to
  // their end.
  virtual void ProcessGone() = 0;
  // Create, add-process or attach failed: a pending write ends with CANCELLED. What a process wrote
  // before it failed stays readable, then comes end-of-file, at once where no writer ever was.
  virtual void Abandon() = 0;
};

class Stdio {
 public:
  virtual ~Stdio() = default;
  // Makes what is absent (mode 0700) and opens this side's ends without waiting for the other side.
  virtual Awaitable<Result<std::unique_ptr<ProcessStdio>>> Open(StdioPaths paths,
                                                                bool terminal) = 0;
  // Removes the FIFOs; missing ones are fine.
  virtual Awaitable<Status> Remove(StdioPaths paths) = 0;
};

}  // namespace libcontainerd
