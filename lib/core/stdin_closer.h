// StdinCloser: carries an engine's closing of stdin to the process, exactly once and only where it
// makes sense.
//
// Closing our end of the FIFO gives the process no end-of-file, because the daemon's shim holds a
// writer too: the daemon must be told (UpdateProcess closeStdin). It refuses that before the
// process started, and it is noise after the process ended. So the request goes out after a
// successful create or add-process reply, once, and not at all for a process that failed to start
// or is known to be gone.
//
// Threads: the executor's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "libcontainerd/containerd_api.h"
#include "libcontainerd/reference_behaviour.h"
#include "libcontainerd/stdio.h"

namespace libcontainerd {

class StdinCloser : public std::enable_shared_from_this<StdinCloser> {
 public:
  // The same for all of a client.
  struct Context {
    Runtime& runtime;
    std::shared_ptr<TaskScope> scope;  // runs the deferred closing
    ReferenceBehaviour reference;
    // Sends the closeStdin request; not called after Detach().
    std::function<Awaitable<Result<types::UpdateProcessResponse>>(types::UpdateProcessRequest)>
        tell_daemon;
  };
  StdinCloser(std::shared_ptr<const Context> context, std::string id, std::string process,
              std::unique_ptr<StdinWriter> local);

  // What the engine gets: writes go to the FIFO, closing (or destroying it, from any thread) comes
  // here.
  std::unique_ptr<StdinWriter> MakeWriter();

  // The process's fate, as the client learns it. Started() first, or Failed(); Gone() at any time.
  void Started();
  void Failed();
  void Gone();
  // The client is closing: from now on nothing is told to the daemon.
  void Detach();

 private:
  class Writer;
  enum class Fate : std::uint8_t { kPending, kStarted, kFailed, kGone };

  // Coroutines begin after the call that makes them: each keeps the object alive itself.
  using Self = std::shared_ptr<StdinCloser>;
  static Awaitable<Status> Write(Self self, std::string data);
  static Awaitable<Status> Close(Self self);
  static Awaitable<Status> CloseNow(Self self);
  static Awaitable<void> CloseDeferred(Self self);
  static Awaitable<Status> TellDaemon(Self self);
  bool MayTell() const;

  std::shared_ptr<const Context> context_;
  std::string id_;
  std::string process_;
  std::unique_ptr<StdinWriter> local_;
  Fate fate_ = Fate::kPending;
  bool closed_ = false;
  bool was_started_ = false;
  bool detached_ = false;
};

}  // namespace libcontainerd
