// What the steps of a script do to a world.
//
// Threads: the executor's of the world.
#pragma once

#include <string>

#include "fake_containerd/script.h"
#include "fake_containerd/world/world.h"

namespace fake_containerd {

// False when there is no such container or process, or when the daemon does not start.
bool TakeStep(World& world, const ScriptStep& step);
// Why, of one that was not taken: "exit of init of web: there is none".
std::string NotTaken(const World& world, const ScriptStep& step);

}  // namespace fake_containerd
