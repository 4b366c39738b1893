// docs/faults.md, made from the tables of points and actions.
#pragma once

#include <string>

namespace fake_containerd {

std::string RenderFaultDocs();

}  // namespace fake_containerd
