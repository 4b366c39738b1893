#include "scenarios/action.h"

namespace scenarios {

std::string Place::text() const {
  if (line == 0) return "";
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::uint64_t CountActions(const Actions& actions) {
  std::uint64_t count = 0;
  for (const Action& action : actions) {
    if (const auto* parallel = std::get_if<action::Parallel>(&action.what)) {
      for (const Actions& branch : parallel->branches) count += CountActions(branch);
    } else if (const auto* later = std::get_if<action::Later>(&action.what)) {
      count += CountActions(later->actions);
    } else {
      ++count;
    }
  }
  return count;
}

}  // namespace scenarios
