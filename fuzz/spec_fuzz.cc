// What the client reads of an OCI spec, which an engine's user wrote.
//
// A refusal says what is wrong with the spec; the process that was read can be sent, and is read by
// the other side as it was.
//
// Not covered: whether the fields are the right ones, and the rest of the spec, which the client
// passes on as it is. There is no printer to compare with.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/core/spec.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckRefusal(const libcontainerd::Error& error) {
  Require(error.code == libcontainerd::ErrorCode::kInvalidArgument);
  Require(error.message.starts_with("OCI spec: "));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto spec = libcontainerd::ReadSpec(text);
  if (!spec) {
    CheckRefusal(spec.error());
    return 0;
  }
  const std::string sent = spec->process.SerializeAsString();
  types::Process received;
  Require(received.ParseFromString(sent));
  Require(received.SerializeAsString() == sent);
  return 0;
}
