// docs/mutants.md, made from the tables of both sides' mutants.
#pragma once

#include <string>

namespace fake_containerd {

std::string RenderMutantDocs();

}  // namespace fake_containerd
