// Start-up: the drydock command, from its start to its end when it only says its version; and a
// fake in this process, from nothing to the answer of its first call. Milliseconds.
#include <cerrno>
#include <memory>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include "bench/frame/stopwatch.h"
#include "bench/frame/suite.h"
#include "fake_containerd/fake_containerd.h"
#include "libcontainerd/blocking_client.h"
#include "libcontainerd/grpc_containerd_api.h"
#include "libcontainerd/threaded_runtime.h"

extern char** environ;

namespace {

using bench::Case;
using bench::Result;
using bench::Settings;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;

constexpr double kMilliseconds = 1e3;

// Milliseconds from the start of a program to its end.
Result<double> RunProgram(const char* program, const char* argument) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  char* const arguments[] = {const_cast<char*>(program), const_cast<char*>(argument), nullptr};
  const bench::Stopwatch watch;
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, program, &actions, nullptr, arguments, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return Fail(ErrorCode::kNotFound, std::string(program) + " cannot be started");
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const double taken = watch.seconds() * kMilliseconds;
  if (status != 0) return Fail(ErrorCode::kUnknown, std::string(program) + " failed");
  return taken;
}

Result<double> StartFake() {
  const bench::Stopwatch watch;
  fake_containerd::FakeContainerd fake;
  fake_containerd::FakeContainerdOptions options;
  options.relay = false;
  if (const auto started = fake.Start(std::move(options)); !started) return Fail(started.error());
  libcontainerd::ThreadedRuntime runtime;
  auto api = libcontainerd::ConnectUnixSocket(runtime, fake.socket_path());
  if (!api) return Fail(std::move(api).error());
  const auto version = WaitFor(runtime, libcontainerd::Call(**api, types::GetServerVersionRequest(),
                                                            std::chrono::seconds(10)));
  if (!version) return Fail(version.error());
  return watch.seconds() * kMilliseconds;
}

}  // namespace

int main(int argc, char** argv) {
  return bench::Main("start-up", argc, argv, [](bench::Suite& suite) {
    suite.Add("drydock", [](const Settings&) -> Result<Case> {
      return Case{
          .unit = "ms",
          .better = bench::Better::kLower,
          .subject = [] { return RunProgram(DRYDOCK_PROGRAM, "version"); },
          .floors = {{.name = "true", .measure = [] { return RunProgram("/bin/true", nullptr); }}},
          .reach = bench::AtMost(50)};
    });
    suite.Add("fake", [](const Settings&) -> Result<Case> {
      return Case{.unit = "ms",
                  .better = bench::Better::kLower,
                  .subject = [] { return StartFake(); },
                  .reach = bench::AtMost(5)};
    });
  });
}
