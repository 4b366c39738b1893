// drydock version
#pragma once

#include <iosfwd>

namespace CLI {
class App;
}

namespace scenarios {

// What the program is, and what it was built with, a line each.
int RunVersionCommand(std::ostream& out);
void AddVersionCommand(CLI::App& app, int& exit_code);

}  // namespace scenarios
