#include "fake_containerd/v0/error_text.h"

#include "fake_containerd/world/checkpoints.h"
#include "fake_containerd/world/runtime_text.h"

namespace fake_containerd::v0 {
namespace {

using libcontainerd::Error;
using libcontainerd::ErrorCode;

Error Unknown(std::string text) {
  return {ErrorCode::kUnknown, std::move(text)};
}

// Go's %q of what the runtime printed, after its exit status.
std::string ExitStatusOne(const std::string& quoted) {
  return "exit status 1: \"" + quoted + "\"";
}

// The directory that could not be made: a container's, or within it an exec's.
std::string MkdirSubject(const Failure& failure, const std::string& directory) {
  if (!failure.subject.empty()) return failure.subject;
  return failure.process.empty() ? directory : JoinPath(directory, failure.process);
}

std::string NoSuchInit(std::uint64_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/environ";
  return ExitStatusOne("container_linux.go:1161: reading " + path + " caused \\\"open " + path +
                       ": no such process\\\"\\n");
}

std::string MemoryBusy(const Failure& failure) {
  const std::string cgroup = failure.subject.empty() ? "/" + failure.container.id : failure.subject;
  return "failed to write " + std::to_string(failure.number) +
         " to memory.limit_in_bytes: write /sys/fs/cgroup/memory" + cgroup +
         "/memory.limit_in_bytes: device or resource busy\n";
}

// The runtime's message, with the API's prefixes. An exec's says so.
Error RuntimeError(const Failure& failure) {
  const bool is_exec = failure.process != kInitName;
  return Unknown(std::string("oci runtime error: ") + (is_exec ? "exec failed: " : "") +
                 RuntimeMessage(failure).value_or(""));
}

}  // namespace

Error ToError(const Failure& failure, const std::string& state_dir) {
  const std::string directory = JoinPath(state_dir, failure.container.id);
  switch (failure.kind) {
    case FailureKind::kContainerNotFound:
      return Unknown("containerd: container not found");
    case FailureKind::kProcessNotFound:
      return Unknown("containerd: process not found for container");
    case FailureKind::kContainerExists:
      return {ErrorCode::kAlreadyExists, "mkdir " + directory + ": file exists"};
    case FailureKind::kContainerDirectory:
      return {ErrorCode::kNotFound, "mkdir " + directory + ": no such file or directory"};
    case FailureKind::kProcessExists:
      return {ErrorCode::kAlreadyExists,
              "mkdir " + JoinPath(directory, failure.process) + ": file exists"};
    case FailureKind::kBundle:
      return failure.passed_on;
    case FailureKind::kStreamMissing:
      return {failure.passed_on.code == ErrorCode::kResourceExhausted
                  ? ErrorCode::kResourceExhausted
                  : ErrorCode::kUnknown,
              "shim error: " + failure.passed_on.message};
    case FailureKind::kRuntimeMissing:
      return Unknown("shim error: fork/exec " + failure.subject + ": no such file or directory");
    case FailureKind::kNotStarted:
      return Unknown("containerd: container not started");
    case FailureKind::kStartTimeout:
      return Unknown("containerd: container did not start before the specified timeout");
    case FailureKind::kBinaryMissing:
    case FailureKind::kNotInPath:
    case FailureKind::kNotExecutable:
    case FailureKind::kBadCwd:
    case FailureKind::kNoArgs:
    case FailureKind::kRuntimeMessage:
      return RuntimeError(failure);
    case FailureKind::kPausedAlready:
      return Unknown(ExitStatusOne("container not running or created: paused\\n"));
    case FailureKind::kNotPaused:
      return Unknown(ExitStatusOne("container not paused\\n"));
    case FailureKind::kInvalidSignal:
      return Unknown("invalid argument");
    case FailureKind::kNoSuchProcess:
      return Unknown("no such process");
    case FailureKind::kControlClosed:
      return Unknown("write " + JoinPath(directory, failure.process) +
                     "/control: file already closed");
    case FailureKind::kInitJustDied:
      return Unknown(NoSuchInit(failure.number));
    case FailureKind::kInitJustDiedPids:
      return {ErrorCode::kInternal, "get all pids for container: " + NoSuchInit(failure.number)};
    case FailureKind::kMemoryBusy:
      return Unknown(MemoryBusy(failure));
    case FailureKind::kCheckpointTool:
      return Unknown(ExitStatusOne("Unable to execute CRIU command: criu\\n"));
    case FailureKind::kCheckpointExists:
      return {ErrorCode::kAlreadyExists, "mkdir " + failure.subject + ": file exists"};
    case FailureKind::kCheckpointDirectory:
      return {ErrorCode::kNotFound, "open " + failure.subject + ": no such file or directory"};
    case FailureKind::kCheckpointMissing:
      return Unknown("shim error: open " + failure.subject + ": no such file or directory");
    case FailureKind::kTooManyContainers:
      return {ErrorCode::kResourceExhausted, "fake-containerd: the limit of " +
                                                 std::to_string(failure.number) +
                                                 " containers is reached"};
    case FailureKind::kDiskFull:
      return Unknown("mkdir " + MkdirSubject(failure, directory) + ": no space left on device");
    case FailureKind::kDiskReadOnly:
      return Unknown("mkdir " + MkdirSubject(failure, directory) + ": read-only file system");
    case FailureKind::kInjected:
      return failure.passed_on;
    case FailureKind::kDaemonGone:
      return {ErrorCode::kUnavailable, "transport is closing"};
  }
  return Unknown("unknown failure");
}

}  // namespace fake_containerd::v0
