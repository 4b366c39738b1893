// The fake-containerd daemon.

#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include <pthread.h>
#include <unistd.h>

#include "fake_containerd/daemon.h"
#include "fake_containerd/server.h"

namespace {

constexpr int kCannotServe = 1;
constexpr int kBadFlags = 2;
constexpr int kPanicked = 2;  // as a Go program's

int Complain(const libcontainerd::Status& status, int exit_code) {
  std::cerr << "fake-containerd: " << status.error().message << '\n';
  return exit_code;
}

// Blocked before any thread begins, so that they all leave these to Wait().
class EndingSignals {
 public:
  EndingSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }
  void Wait() const {
    int received = 0;
    sigwait(&signals_, &received);
  }

 private:
  sigset_t signals_{};
};

int Run(int argc, char** argv) {
  const auto line =
      fake_containerd::ParseCommandLine(std::vector<std::string>(argv + 1, argv + argc));
  if (!line) return Complain(libcontainerd::Fail(line.error()), kBadFlags);
  if (!line->text.empty()) {
    std::cout << line->text;
    return 0;
  }
  const EndingSignals signals;
  static_cast<void>(fake_containerd::RaiseDescriptorLimit());  // it does with what it has
  // At once: nothing is tidied up by a daemon that panicked.
  fake_containerd::Daemon daemon([](const std::string& why) {
    std::cerr << "fake-containerd: panic: " + why + "\n" << std::flush;
    ::_exit(kPanicked);
  });
  if (const auto started = daemon.Start(line->options); !started) {
    return Complain(started, kCannotServe);
  }
  signals.Wait();
  if (const auto stopped = daemon.Stop(); !stopped) return Complain(stopped, kCannotServe);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "fake-containerd: " << error.what() << '\n';
    return kCannotServe;
  }
}
