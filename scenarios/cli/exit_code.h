// Exit codes of the drydock command, the same for every subcommand.
#pragma once

#include <ostream>
#include <string_view>

namespace scenarios {

enum ExitCode : int {
  kExitHeld = 0,
  kExitBroken = 1,
  kExitUsage = 2,  // also bad input
  kExitCannotJudge = 3,
};

// Says what is wrong with the command or its input, and is kExitUsage.
inline int UsageError(std::string_view message, std::ostream& err) {
  err << "drydock: " << message << '\n';
  return kExitUsage;
}

}  // namespace scenarios
