// drydock recheck DIR
#pragma once

#include <iosfwd>
#include <string>

namespace CLI {
class App;
}

namespace scenarios {

struct RecheckCommand {
  std::string directory;
};

// Judges every *.journal.jsonl below the directory again. Returns an ExitCode: broken, else cannot
// judge if one could not be read, else held; bad usage if there is none.
int RunRecheckCommand(const RecheckCommand& command, std::ostream& out, std::ostream& err);
void AddRecheckCommand(CLI::App& app, int& exit_code);

}  // namespace scenarios
