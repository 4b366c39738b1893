// TidyActions: the same actions with less to read. A call that is awaited at once waits itself, a
// hold that held nothing up is gone, what a process writes in one go is one write.
//
// Threads: a function of its argument.
#pragma once

#include "scenarios/action.h"

namespace scenarios {

Actions TidyActions(Actions actions);

}  // namespace scenarios
