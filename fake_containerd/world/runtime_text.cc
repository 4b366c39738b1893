#include "fake_containerd/world/runtime_text.h"

namespace fake_containerd {
namespace {

std::string StartingCaused(const std::string& cause) {
  return "container_linux.go:247: starting container process caused \"" + cause + "\"";
}

std::string ExecCaused(const std::string& binary, const std::string& cause) {
  return StartingCaused("exec: \\\"" + binary + "\\\": " + cause);
}

}  // namespace

std::optional<std::string> RuntimeMessage(const Failure& failure) {
  const std::string& subject = failure.subject;
  switch (failure.kind) {
    case FailureKind::kBinaryMissing:
      return ExecCaused(subject, "stat " + subject + ": no such file or directory") + "\n";
    case FailureKind::kNotInPath:
      return ExecCaused(subject, "executable file not found in $PATH") + "\n";
    case FailureKind::kNotExecutable:
      return ExecCaused(subject, "permission denied") + "\n";
    case FailureKind::kBadCwd:
      return StartingCaused("chdir to cwd (\\\"" + subject +
                            "\\\") set in config.json failed: no such file or directory") +
             "\n";
    case FailureKind::kNoArgs:
      return "args must not be empty\n";
    case FailureKind::kRuntimeMessage:
      return subject + (subject.ends_with('\n') ? "" : "\n");
    default:
      return std::nullopt;
  }
}

}  // namespace fake_containerd
