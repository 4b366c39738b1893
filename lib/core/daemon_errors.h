// What containerd 0.2 means by an error. It answers most of its failures with one code (UNKNOWN),
// so that only the text tells them apart; the texts matched here are the daemon's fixed ones.
#pragma once

#include "libcontainerd/error.h"

namespace libcontainerd {

inline bool SaysContainerNotFound(const Error& error) {
  return error.code == ErrorCode::kNotFound ||
         (error.code == ErrorCode::kUnknown && error.message == "containerd: container not found");
}

// State of a container that it knows, whose init has just died: "get all pids for container: …".
inline bool SaysInitDied(const Error& error) {
  return error.code == ErrorCode::kInternal && error.message.starts_with("get all pids for ");
}

inline bool SaysProcessNotFound(const Error& error) {
  return error.code == ErrorCode::kUnknown &&
         error.message == "containerd: process not found for container";
}

// UpdateProcess on a process that just died: "write …/control: file already closed", worded
// differently by build.
inline bool SaysControlFileClosed(const Error& error) {
  return error.code == ErrorCode::kUnknown && error.message.find("/control: ") != std::string::npos;
}

// The request may have been carried out although its answer is missing.
inline bool OutcomeUnknown(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kDeadlineExceeded ||
         error.code == ErrorCode::kCancelled;
}

}  // namespace libcontainerd
