// The choices of a script: an object with a field for each of choices.h.
#pragma once

#include <string>

#include "fake_containerd/choices.h"
#include "fake_containerd/json_node.h"
#include "libcontainerd/error.h"

namespace fake_containerd {

// Throws JsonError. The seed is for what is drawn, unless the choices say their own.
Choices ReadChoices(const JsonNode& node, std::uint64_t seed = 1);
// Of a text that is nothing else. INVALID_ARGUMENT: "choices:LINE:COLUMN: what is wrong".
libcontainerd::Result<Choices> ParseChoices(const std::string& text, std::uint64_t seed = 1);

}  // namespace fake_containerd
