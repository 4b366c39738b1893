// drydock merge: the reports of a run's shards become one.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace scenarios {

struct MergeCommand {
  std::vector<std::string> directories{};
  std::string report_dir = "out";
};

// Returns an ExitCode: that of the whole run, or kExitCannotJudge if a shard is missing.
int RunMergeCommand(const MergeCommand& command, std::ostream& out, std::ostream& err);
void AddMergeCommand(CLI::App& app, int& exit_code);

}  // namespace scenarios
