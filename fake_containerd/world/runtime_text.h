// What runc says when a start fails: its own words, which reach the container's stderr and, with a prefix, the API.
#pragma once

#include <optional>
#include <string>

#include "fake_containerd/world/model.h"

namespace fake_containerd {

// Ends with a newline. Nothing for failures that runc has no part in.
std::optional<std::string> RuntimeMessage(const Failure& failure);

}  // namespace fake_containerd
