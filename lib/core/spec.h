// What the client reads of an OCI runtime spec. The document itself stays the engine's text, passed
// on untouched.
#pragma once

#include <string>
#include <string_view>

#include "containerd_v0.pb.h"
#include "libcontainerd/error.h"
#include "libcontainerd/file_ownership.h"

namespace libcontainerd {

struct ContainerSpec {
  // The spec's process, in the wire's words: terminal, args, env, cwd, user, capabilities, rlimits,
  // labels.
  types::Process process;
  // Who the container's root is on the host, by linux.uidMappings and linux.gidMappings; the host's
  // root where nothing maps it.
  FileOwner root;
};

// INVALID_ARGUMENT names the field and what was expected: `OCI spec: process.terminal: expected a
// boolean, got "yes"`, or the place of a mapping that is malformed, goes beyond the last id or
// overlaps another: `OCI spec: linux.uidMappings[1]: hostID overlaps linux.uidMappings[0]`. Unknown
// fields are none of our business; a document without a `process` or `linux` section is fine.
Result<ContainerSpec> ReadSpec(std::string_view spec_json);

}  // namespace libcontainerd
