// drydock convert FILE…
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace scenarios {

struct ConvertCommand {
  std::vector<std::string> files;  // as of ReplayCommand
  std::string out = "recorded";    // directory
};

// Writes NAME.json for each trace. A trace that cannot be said by actions is told of, the others
// are written all the same; kExitCannotJudge then.
int RunConvertCommand(const ConvertCommand& command, std::ostream& out, std::ostream& err);
void AddConvertCommand(CLI::App& app, int& exit_code);

}  // namespace scenarios
