// Requests as people write them: "CreateContainer web", "Signal web/init 9", "UpdateProcess
// web/init closeStdin", "UpdateContainer web paused".
//
// Threads: any.
#pragma once

#include <string>

#include "libcontainerd/containerd_api.h"

namespace scenarios {

std::string RequestText(libcontainerd::Method method, const google::protobuf::Message& request);
inline constexpr const char* kHealthText = "Health";  // of a health check

}  // namespace scenarios
