// drydock explore: random scenarios until one fails, and what is made of it.
//
// Threads: the caller's; it starts its own.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "scenarios/cli/shard.h"

namespace CLI {
class App;
}

namespace scenarios {

struct ExploreCommand {
  std::string seed{};  // a number, or a commit's hash; empty: drawn
  std::uint64_t runs = 10'000;
  std::string time{};  // instead of a number of runs
  std::size_t jobs = 0;
  std::string shard{};
  std::vector<std::string> focus{};
  std::vector<std::string> skip{};
  bool keep_going = false;
  bool check_determinism = false;
  bool fingerprints = false;  // nothing but the seeds and their fingerprints
  std::string shrink_for = "30s";
  std::string report_dir = "out";
  std::vector<std::string> deviations_off{};
  std::vector<std::string> mutants{};
};

// Returns an ExitCode. `self`: the program, for what --check-determinism runs in another process.
int RunExploreCommand(const ExploreCommand& command, const Environment& environment,
                      const std::string& self, std::ostream& out, std::ostream& err);
void AddExploreCommand(CLI::App& app, int& exit_code);

}  // namespace scenarios
