#include "scenarios/cli/convert_command.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include "scenarios/cli/exit_code.h"
#include "scenarios/cli/traces.h"
#include "scenarios/convert/trace_scenario.h"
#include "scenarios/scenario_text.h"

namespace scenarios {

int RunConvertCommand(const ConvertCommand& command, std::ostream& out, std::ostream& err) {
  const auto recordings = ReadTraces(command.files);
  if (!recordings) {
    err << "drydock: " << recordings.error().message << '\n';
    return kExitUsage;
  }
  std::error_code error;
  std::filesystem::create_directories(command.out, error);
  int exit_code = kExitHeld;
  for (const NamedRecording& named : *recordings) {
    const auto scenario = ScenarioOfRecording(named.name, named.recording);
    if (!scenario) {
      err << "drydock: " << named.name << ": " << scenario.error().message << '\n';
      exit_code = kExitCannotJudge;
      continue;
    }
    const std::string path = command.out + "/" + named.name + ".json";
    std::ofstream file(path);
    file << PrintScenario(*scenario);
    if (!file.flush()) {
      err << "drydock: cannot write " << path << '\n';
      return kExitUsage;
    }
    out << path << '\n';
  }
  return exit_code;
}

void AddConvertCommand(CLI::App& app, int& exit_code) {
  const auto command = std::make_shared<ConvertCommand>();
  CLI::App* convert = app.add_subcommand(
      "convert", "Write recorded traces as scenarios, which can be run, changed and committed");
  convert
      ->add_option("FILE", command->files,
                   "traces (NAME.jsonl, with NAME.client.jsonl beside it) or directories")
      ->required();
  convert->add_option("--out", command->out, "directory of the scenarios, NAME.json each")
      ->type_name("DIR")
      ->capture_default_str();
  convert->callback(
      [command, &exit_code] { exit_code = RunConvertCommand(*command, std::cout, std::cerr); });
}

}  // namespace scenarios
