#include "scenarios/cli/shell_quoted.h"

namespace scenarios {

std::string ShellQuoted(const std::string& text) {
  std::string quoted = "'";
  for (const char each : text) quoted += each == '\'' ? std::string("'\\''") : std::string(1, each);
  return quoted + "'";
}

}  // namespace scenarios
