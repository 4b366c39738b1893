// drydock completion bash|zsh|fish
#pragma once

#include <string>

#include "scenarios/cli/app_words.h"

namespace scenarios {

// Scripts for the shells, which need nothing but themselves.
std::string BashCompletion(const AppWords& words);
std::string ZshCompletion(const AppWords& words);
std::string FishCompletion(const AppWords& words);

// Tells of `app` as it is when the command runs: with all other commands.
void AddCompletionCommand(CLI::App& app, int& exit_code);

}  // namespace scenarios
