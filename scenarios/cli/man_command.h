// drydock man, which is not told of: writes docs/man/drydock.1.
#pragma once

#include <string>

#include "scenarios/cli/app_words.h"

namespace scenarios {

// In the man macros.
std::string ManPage(const AppWords& words);
// Tells of `app` as it is when the command runs.
void AddManCommand(CLI::App& app, int& exit_code);

}  // namespace scenarios
