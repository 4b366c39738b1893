// drydock explain WHAT
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>

namespace CLI {
class App;
}

namespace scenarios {

struct ExplainCommand {
  std::string what;        // a journal, a guarantee, a scenario: its file or its name
  std::size_t around = 3;  // entries told around a violation
};

// A journal's story ends with the ExitCode of its guarantees; what has a name is told, and that is
// all.
int RunExplainCommand(const ExplainCommand& command, std::ostream& out, std::ostream& err);
void AddExplainCommand(CLI::App& app, int& exit_code);

}  // namespace scenarios
