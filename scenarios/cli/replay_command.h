// drydock replay FILE…
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "libcontainerd/error.h"

namespace CLI {
class App;
}

namespace scenarios {

struct ReplayCommand {
  std::vector<std::string> files;  // wire files; a companion NAME.client.jsonl is skipped, a
                                   // directory stands for its own
  std::string speed = "max";       // or "1x", "10x", "0.5x"
  std::string transport = "socket";
  std::uint64_t seed = 0;
  std::string out = "out";
};

// "max" is 0; "10x" is 10.
libcontainerd::Result<double> ParseSpeed(const std::string& text);

// Returns an ExitCode. The table goes to `out`, complaints about the input to `err`.
int RunReplayCommand(const ReplayCommand& command, std::ostream& out, std::ostream& err);
void AddReplayCommand(CLI::App& app, int& exit_code);

}  // namespace scenarios
