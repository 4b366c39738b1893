// What the client reads of an OCI runtime spec. The document itself stays the engine's text, passed
// on untouched.
#pragma once

#include <string>
#include <string_view>

#include "containerd_v0.pb.h"
#include "libcontainerd/error.h"

namespace libcontainerd {

// The spec's process, in the wire's words: terminal, args, env, cwd, user, capabilities, rlimits,
// labels. INVALID_ARGUMENT names the field and what was expected: `OCI spec: process.terminal:
// expected a boolean, got "yes"`. Unknown fields are none of our business; a document without a
// `linux` section is fine.
Result<types::Process> ReadProcessOfSpec(std::string_view spec_json);

}  // namespace libcontainerd
