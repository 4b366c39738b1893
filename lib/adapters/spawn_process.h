// SpawnProcess: fork and exec as an owned daemon needs it. process_daemon_launcher.h says what the
// child gets.
//
// Threads: any; the child dies with the thread that called. All signals should be blocked in it, so
// that no handler runs in the child.
#pragma once

#include <string>

#include <sys/types.h>

#include "lib/adapters/unique_fd.h"
#include "libcontainerd/daemon_launcher.h"

namespace libcontainerd {

struct SpawnedProcess {
  pid_t pid = 0;
  UniqueFd pidfd;
  std::string warning{};
};

// Returns when the program runs. Errors name what failed: `exec: "x": executable file not found in
// $PATH`, `fork/exec /x: permission denied`, `write oom_score_adj 2000: invalid argument`.
Result<SpawnedProcess> SpawnProcess(const DaemonCommand& command, int stdout_fd, int stderr_fd);

// Where the program is: the name itself if it has a slash, else the first executable file of that
// name in PATH; empty if there is none.
std::string FindProgram(const std::string& name);

}  // namespace libcontainerd
