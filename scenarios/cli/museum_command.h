// drydock museum, drydock mutants
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "scenarios/cli/scenario_options.h"

namespace scenarios {

struct MuseumCommand {
  bool list = false;
  bool reference = false;
  bool markdown = false;  // docs/museum.md
  std::string run{};      // one entry, both ways
  ScenarioOptions options{};
};
int RunMuseumCommand(const MuseumCommand& command, const Environment& environment,
                     std::ostream& out, std::ostream& err);
void AddMuseumCommand(CLI::App& app, int& exit_code);

struct MutantsCommand {
  bool list = false;
  std::vector<std::string> names{};  // none: all of them
  std::uint64_t seeds = 2;
  std::uint64_t random = 0;  // so many random scenarios instead of library and museum
  ScenarioOptions options{};
};
int RunMutantsCommand(const MutantsCommand& command, std::ostream& out, std::ostream& err);
void AddMutantsCommand(CLI::App& app, int& exit_code);

}  // namespace scenarios
