// Exit codes of the drydock command, the same for every subcommand.
#pragma once

namespace scenarios {

enum ExitCode : int {
  kExitHeld = 0,
  kExitBroken = 1,
  kExitUsage = 2,  // also bad input
  kExitCannotJudge = 3,
};

}  // namespace scenarios
