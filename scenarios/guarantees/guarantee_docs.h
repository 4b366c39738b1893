// docs/guarantees.md, made from the table of guarantees so that it cannot go stale; a test
// compares.
#pragma once

#include <string>

namespace scenarios {

std::string RenderGuaranteeDocs();

}  // namespace scenarios
