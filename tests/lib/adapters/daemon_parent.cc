// An engine that starts its daemon and then waits to be killed.
//
//   daemon_parent PID-FILE PROGRAM SOCKET
//
// The daemon's pid goes to stdout, as bytes; what the daemon says goes to stderr.
#include <unistd.h>

#include "libcontainerd/blocking_client.h"
#include "libcontainerd/process_daemon_launcher.h"
#include "libcontainerd/threaded_runtime.h"

int main(int count, char** arguments) {
  if (count != 4) return 2;
  libcontainerd::ThreadedRuntime runtime;
  libcontainerd::ProcessDaemonLauncher launcher(
      runtime, {.pid_file = arguments[1], .stdout_fd = STDERR_FILENO});
  libcontainerd::DaemonCommand command;
  command.program = arguments[2];
  command.socket = arguments[3];
  const auto started = libcontainerd::WaitFor(runtime, launcher.Start(command));
  if (!started) return 1;
  const pid_t pid = (*started).process->pid();
  if (::write(STDOUT_FILENO, &pid, sizeof pid) != sizeof pid) return 1;
  while (true) ::pause();
}
