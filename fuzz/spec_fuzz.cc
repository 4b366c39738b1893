// What the client reads of an OCI spec, which an engine's user wrote.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/core/spec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto process = libcontainerd::ReadProcessOfSpec(text);
  if (!process && process.error().code != libcontainerd::ErrorCode::kInvalidArgument) std::abort();
  const auto root = libcontainerd::ReadRootOfSpec(text);
  if (!root && root.error().code != libcontainerd::ErrorCode::kInvalidArgument) std::abort();
  return 0;
}
