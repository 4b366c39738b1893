// The system calls of pidfds. glibc 2.36 has functions for them, whose header C++ cannot link with.
#pragma once

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace libcontainerd {

// -1 and errno, as of pidfd_open(2). The descriptor is closed by an exec.
inline int OpenPidfd(pid_t pid) {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

// As pidfd_send_signal(2).
inline int SignalPidfd(int pidfd, int signal) {
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

}  // namespace libcontainerd
