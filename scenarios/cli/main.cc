// The drydock command.

#include <exception>
#include <iostream>

#include <CLI/CLI.hpp>

#include "scenarios/cli/app.h"
#include "scenarios/cli/exit_code.h"

int main(int argc, char** argv) {
  int exit_code = scenarios::kExitHeld;
  try {
    const auto app = scenarios::MakeApp(exit_code);
    try {
      app->parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app->exit(error) == 0 ? scenarios::kExitHeld : scenarios::kExitUsage;
    }
  } catch (const std::exception& error) {
    std::cerr << "drydock: " << error.what() << '\n';
    return scenarios::kExitCannotJudge;
  }
  return exit_code;
}
