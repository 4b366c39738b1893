// What an exception says, for assertions.
#pragma once

#include <exception>
#include <string>

namespace libcontainerd {

// "(none)" without an exception. Only for those of std::exception; others are thrown on.
inline std::string MessageOf(const std::exception_ptr& failure) {
  if (!failure) return "(none)";
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace libcontainerd
