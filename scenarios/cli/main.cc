// The drydock command.

#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include "scenarios/cli/exit_code.h"
#include "scenarios/cli/replay_command.h"

namespace {

void AddReplay(CLI::App& app, scenarios::ReplayCommand& command, int& exit_code) {
  CLI::App* replay = app.add_subcommand(
      "replay", "Replay recorded traces through the real client and judge what it does");
  replay
      ->add_option("FILE", command.files,
                   "traces (NAME.jsonl, with NAME.client.jsonl beside it) or directories")
      ->required();
  replay->add_option("--speed", command.speed, "max, or a factor of the recorded pace: 1x, 10x")
      ->capture_default_str();
  replay->add_option("--transport", command.transport, "socket, inprocess or loopback")
      ->capture_default_str();
  replay->add_option("--seed", command.seed, "orders what is ready together (loopback)")
      ->capture_default_str();
  replay
      ->add_option("--out", command.out,
                   "directory of the results, replaced when they are complete")
      ->capture_default_str();
  replay->callback([&] { exit_code = scenarios::RunReplayCommand(command, std::cout, std::cerr); });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Drydock: simulation and test fixtures for container engines", "drydock");
  app.require_subcommand(1);
  app.set_version_flag("--version", DRYDOCK_VERSION);
  app.footer(
      "Exit codes: 0 all held, 1 something broken, 2 usage or bad input, 3 could not judge.");
  int exit_code = scenarios::kExitHeld;
  scenarios::ReplayCommand replay;
  try {
    AddReplay(app, replay, exit_code);
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? scenarios::kExitHeld : scenarios::kExitUsage;
  } catch (const std::exception& error) {
    std::cerr << "drydock: " << error.what() << '\n';
    return scenarios::kExitCannotJudge;
  }
  return exit_code;
}
