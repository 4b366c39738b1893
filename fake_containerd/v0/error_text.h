// The 0.2 API's words for the world's failures: code and full text as the real daemon gave them.
#pragma once

#include <string>

#include "fake_containerd/world/model.h"
#include "libcontainerd/error.h"

namespace fake_containerd::v0 {

// `state_dir` is the daemon's, as it appears in "mkdir DIR/ID: file exists".
libcontainerd::Error ToError(const Failure& failure, const std::string& state_dir);

}  // namespace fake_containerd::v0
