// What an earlier daemon's event log says was running when it ended. Our processes live in the
// daemon's own process: they are gone with it, and are reported as containerd reports those whose
// shim is dead too.
#pragma once

#include <vector>

#include "fake_containerd/model.h"

namespace fake_containerd {

// An exit with status 255 for each process that was started and has no exit, by container, execs
// before init. Without times.
std::vector<Event> LostExits(const std::vector<Event>& log);

}  // namespace fake_containerd
