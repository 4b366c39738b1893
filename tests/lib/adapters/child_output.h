// Helpers for tests with real child processes: a pipe for their output, scripts to run, and waits
// for a process's end. Every wait is bounded and says by its result that it was in vain.
#pragma once

#include <cerrno>
#include <fstream>
#include <functional>
#include <future>
#include <string>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <asio/post.hpp>

#include "lib/adapters/pidfd.h"
#include "lib/adapters/unique_fd.h"
#include "libcontainerd/threaded_runtime.h"

namespace libcontainerd::test {

inline constexpr int kPatienceMs = 20000;

// What children write into it, until all of them are gone.
class ChildOutput {
 public:
  ChildOutput() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    read_ = UniqueFd(ends[0]);
    write_ = UniqueFd(ends[1]);
  }
  int fd() const { return write_.get(); }
  const std::string& text() const { return text_; }

  // Reads until `marker` was seen once more than before.
  bool WaitFor(const std::string& marker) {
    std::size_t found = text_.find(marker, seen_);
    while (found == std::string::npos) {
      pollfd waited{.fd = read_.get(), .events = POLLIN, .revents = 0};
      if (::poll(&waited, 1, kPatienceMs) <= 0) return false;
      char buffer[4096];
      const ssize_t count = ::read(read_.get(), buffer, sizeof buffer);
      if (count <= 0) return false;
      text_.append(buffer, static_cast<std::size_t>(count));
      found = text_.find(marker, seen_);
    }
    seen_ = found + marker.size();
    return true;
  }

 private:
  UniqueFd read_;
  UniqueFd write_;
  std::string text_;
  std::size_t seen_ = 0;
};

inline void WriteScript(const std::string& path, const std::string& body) {
  std::ofstream(path) << "#!/bin/sh\n" << body;
  ::chmod(path.c_str(), 0700);
}

// A process by its number, from now on.
class Watched {
 public:
  explicit Watched(pid_t pid) : pidfd_(OpenPidfd(pid)) {}
  bool Ended(int timeout_ms = 0) const {
    if (!pidfd_) return true;
    pollfd waited{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
    return ::poll(&waited, 1, timeout_ms) > 0;
  }
  bool WaitForEnd() const { return Ended(kPatienceMs); }

 private:
  UniqueFd pidfd_;
};

// Runs `step` on the executor and waits for it.
inline void OnExecutor(ThreadedRuntime& runtime, const std::function<void()>& step) {
  std::promise<void> promise;
  std::future<void> done = promise.get_future();
  asio::post(runtime.executor(), [&step, promise = std::move(promise)]() mutable {
    step();
    promise.set_value();
  });
  done.get();
}

}  // namespace libcontainerd::test
