// Errors as values. Every fallible call of this library returns Result<T> (or Status for no value);
// nothing throws across the public interface.
//
// The codes are gRPC's, number for number, so that what containerd sent reaches the caller
// unchanged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace libcontainerd {

enum class ErrorCode : std::uint8_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// The code's name as gRPC spells it ("DEADLINE_EXCEEDED"). Never null; "UNKNOWN" for a value out of
// range.
std::string_view ErrorCodeName(ErrorCode code);

// Maps a number from the wire; anything that gRPC does not define becomes kUnknown.
ErrorCode ErrorCodeFromNumber(int number);

struct Error {
  ErrorCode code = ErrorCode::kUnknown;
  std::string message;

  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

// return Fail(ErrorCode::kNotFound, "…") from any function that returns a Result.
inline tl::unexpected<Error> Fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}
inline tl::unexpected<Error> Fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace libcontainerd
