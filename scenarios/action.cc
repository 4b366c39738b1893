#include "scenarios/action.h"

namespace scenarios {

std::string Place::text() const {
  if (line == 0) return "";
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

}  // namespace scenarios
