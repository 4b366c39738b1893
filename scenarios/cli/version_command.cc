#include "scenarios/cli/version_command.h"

#include <iostream>

#include <CLI/CLI.hpp>

#include "scenarios/cli/exit_code.h"
#include "scenarios/reports/versions.h"

namespace scenarios {

int RunVersionCommand(std::ostream& out) {
  out << "drydock " << DrydockVersion() << '\n';
  for (const auto& [name, version] : Versions()) {
    if (name != "drydock") out << "  " << name << ' ' << version << '\n';
  }
  return kExitHeld;
}

void AddVersionCommand(CLI::App& app, int& exit_code) {
  CLI::App* version =
      app.add_subcommand("version", "Print the version, and what the program was built with");
  version->callback([&exit_code] { exit_code = RunVersionCommand(std::cout); });
}

}  // namespace scenarios
