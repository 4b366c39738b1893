// drydock run [FILE|DIR|NAME…], drydock list [FILE|DIR|NAME…]
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "scenarios/cli/scenario_options.h"

namespace scenarios {

struct RunCommand {
  std::vector<std::string> words{};  // none: the whole library
  ScenarioOptions options{};
  std::vector<std::string> deviations_off{};  // for all of them: the reference's behaviour
  std::vector<std::string> mutants{};         // for all of them
};
// Returns an ExitCode. What went wrong with the input goes to `err`.
int RunRunCommand(const RunCommand& command, const Environment& environment, std::ostream& out,
                  std::ostream& err);
void AddRunCommand(CLI::App& app, int& exit_code);

struct ListCommand {
  std::vector<std::string> words{};
  bool names_only = false;  // one a line, for scripts
};
int RunListCommand(const ListCommand& command, std::ostream& out, std::ostream& err);
void AddListCommand(CLI::App& app, int& exit_code);

}  // namespace scenarios
