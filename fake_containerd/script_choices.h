// The choices of a script: an object with a field for each of choices.h.
#pragma once

#include "fake_containerd/choices.h"
#include "fake_containerd/script_node.h"

namespace fake_containerd {

// Throws ScriptError.
Choices ReadChoices(const ScriptNode& node, std::uint64_t seed);

}  // namespace fake_containerd
