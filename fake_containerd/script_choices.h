// The choices of a script: an object with a field for each of choices.h.
#pragma once

#include <string>

#include "fake_containerd/choices.h"
#include "fake_containerd/json_node.h"
#include "libcontainerd/error.h"

namespace fake_containerd {

// Throws JsonError.
Choices ReadChoices(const JsonNode& node);
// Of a text that is nothing else. INVALID_ARGUMENT: "choices:LINE:COLUMN: what is wrong".
libcontainerd::Result<Choices> ParseChoices(const std::string& text);

}  // namespace fake_containerd
