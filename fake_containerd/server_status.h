// How the services call the API behind them, and say what it answered.
#pragma once

#include <chrono>

#include <grpcpp/support/status.h>

#include "libcontainerd/error.h"
#include "libcontainerd/runtime.h"

namespace fake_containerd {

// The client's deadlines are the client's; the API answers when it answers.
inline constexpr libcontainerd::Duration kNoTimeout = std::chrono::hours(24 * 365);

// An error without a code of its own becomes UNKNOWN: it must not arrive as a success.
inline grpc::Status ToGrpc(const libcontainerd::Status& status) {
  using libcontainerd::ErrorCode;
  if (status) return grpc::Status::OK;
  const ErrorCode code =
      status.error().code == ErrorCode::kOk ? ErrorCode::kUnknown : status.error().code;
  return {static_cast<grpc::StatusCode>(code), status.error().message};
}

}  // namespace fake_containerd
