// How a Result or Status reads, for assertions.
#pragma once

#include <string>

#include "libcontainerd/error.h"

namespace libcontainerd {

// "OK", or the code's name and the message.
std::string TextOf(const auto& result) {
  if (result) return "OK";
  return std::string(ErrorCodeName(result.error().code)) + " " + result.error().message;
}

}  // namespace libcontainerd
