// The drydock command line: all subcommands, as a CLI11 app. Help, completion and man page are made
// from the app, so they know whatever it knows.
//
// Each subcommand has files of its own with
//   struct XCommand            what its options say
//   int RunXCommand(…)         does it; tests call this
//   void AddXCommand(app, …)   its options; the parsed command runs within App::parse
#pragma once

#include <memory>

namespace CLI {
class App;
}

namespace scenarios {

// A command that runs writes its ExitCode into `exit_code`, which outlives the app.
std::unique_ptr<CLI::App> MakeApp(int& exit_code);

}  // namespace scenarios
