// Remote: one connection to one containerd — its event stream, kept open, the clients that are fed
// from it, and the cursor that says how far they have handled it.
//
//   Remote remote({.runtime = runtime, .api = api, .cursor = cursor});
//   remote.Add(client);
//   Status started = co_await remote.Start();
//   …
//   co_await remote.Close();  // then the clients
//
//   events     Every client gets every event, and keeps those of the containers that it tracks.
//   stream     It begins at the cursor; without one, now. When it ends it is opened again, with
//              pauses that grow from Timing::reconnect_first to reconnect_longest, until Close():
//              from the resume position less Timing::reconcile_overlap. The clients drop what they
//              have seen.
//   reconcile  Events get lost in a stream that is up, too. After every opening, and every
//              Timing::reconcile_interval while a container is tracked, the daemon's stored log is
//              read once more from there on. A container that the daemon then still does not know,
//              and whose exit does not come for Timing::gone_grace, is called back as exited with
//              255. Its execs go first, as with any exit; that an exec ended is never concluded.
//              Failed rounds are repeated as the stream is.
//   cursor     The timestamp of the newest event such that it and all older ones that were
//              delivered are handled: their callbacks have ended. It never goes back. It is
//              written at most once per Timing::cursor_interval; what an engine that dies has not
//              written is delivered again to the next one.
//
// Threads: the executor's thread.
#pragma once

#include <memory>
#include <optional>

#include "libcontainerd/client.h"
#include "libcontainerd/cursor_store.h"

namespace libcontainerd {

struct RemoteOptions {
  Timing timing{};
  ReferenceBehaviour reference{};  // tests only
};

class Remote {
 public:
  // All of them outlive the Remote.
  struct Ports {
    Runtime& runtime;
    ContainerdApi& api;
    CursorStore& cursor;
  };
  using Options = RemoteOptions;

  explicit Remote(Ports ports, Options options = {});
  ~Remote();  // Close() must have returned
  Remote(const Remote&) = delete;
  Remote& operator=(const Remote&) = delete;

  // From now on the client is fed. Added before Start() it misses nothing that the stream begins
  // with. Neither from inside a Backend's function.
  void Add(Client& client);
  void Remove(Client& client);

  // Reads the cursor and opens the event stream; the server may become reachable later. An error,
  // after which nothing runs, when the cursor cannot be read; one that is not a time means a replay
  // from the beginning. Once.
  Awaitable<Status> Start();
  // Stops the cursor where it is, writes it, and returns when nothing of the remote runs any more.
  // Call it before the clients' Close(): what they leave undone is then delivered again to the next
  // engine. Not while Start() is under way.
  Awaitable<void> Close();

  // How often the stream was opened.
  std::uint64_t subscriptions() const;
  // How often the stored log was read to its end, and the clients' containers were asked about.
  std::uint64_t reconciled() const;
  // The newest timestamp that was delivered, or where the stream began.
  WallTime resume_position() const;
  WallTime cursor() const;
  // Why the store does not have the cursor; nothing once a write succeeded.
  std::optional<Error> cursor_failure() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;  // shared with Start() and Close()
};

}  // namespace libcontainerd
