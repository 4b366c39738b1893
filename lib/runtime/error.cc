#include "libcontainerd/error.h"

#include <array>

namespace libcontainerd {
namespace {

constexpr std::array<std::string_view, 17> kNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

}  // namespace

std::string_view ErrorCodeName(ErrorCode code) {
  const auto index = static_cast<std::size_t>(code);
  return index < kNames.size() ? kNames.at(index) : "UNKNOWN";
}

ErrorCode ErrorCodeFromNumber(int number) {
  const bool known = number >= 0 && static_cast<std::size_t>(number) < kNames.size();
  return known ? static_cast<ErrorCode>(number) : ErrorCode::kUnknown;
}

}  // namespace libcontainerd
