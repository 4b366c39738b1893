// The command line in words: what completions and the man page are made of.
//
// Threads: values.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace scenarios {

// What an option or argument takes.
enum class Takes : unsigned char {
  kNothing,
  kText,
  kWord,
  kFile,
  kDirectory,
  kScenario,  // the name of one that comes with the program, or a file
};

struct OptionWords {
  std::vector<std::string> names{};  // "--seed", "-s"; none for an argument
  std::string argument{};            // "FILE", of an argument or of what the option takes
  std::string description{};
  std::string fallback{};  // its value if it is not given
  Takes takes = Takes::kNothing;
  std::vector<std::string> words{};  // of kWord
  bool required = false;
  bool many = false;
};

struct CommandWords {
  std::string name{};
  std::string description{};
  std::vector<OptionWords> options{};
  std::vector<OptionWords> arguments{};
};

struct AppWords {
  CommandWords program{};                // its own options
  std::vector<CommandWords> commands{};  // in their order; hidden ones are left out
};

AppWords WordsOf(const CLI::App& app);

}  // namespace scenarios
