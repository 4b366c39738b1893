#include "scenarios/cli/app_words.h"

#include <algorithm>

#include <CLI/CLI.hpp>

namespace scenarios {
namespace {

// CLI11 tells the words that are allowed behind the type: "TEXT:{bash,fish,zsh}".
std::vector<std::string> AllowedWords(const std::string& type) {
  const std::size_t begin = type.find('{');
  const std::size_t end = type.find('}');
  if (begin == std::string::npos || end == std::string::npos) return {};
  std::vector<std::string> words = CLI::detail::split(type.substr(begin + 1, end - begin - 1), ',');
  std::ranges::sort(words);
  return words;
}

Takes TakesOf(const CLI::Option& option, const OptionWords& words) {
  if (option.get_items_expected_max() == 0) return Takes::kNothing;
  if (!words.words.empty()) return Takes::kWord;
  const std::string& type = words.argument;
  if (type == "SCENARIO" || type == "FILE|NAME") return Takes::kScenario;
  if (type.find("DIR") != std::string::npos) return Takes::kDirectory;
  return type.find("FILE") != std::string::npos ? Takes::kFile : Takes::kText;
}

OptionWords Describe(const CLI::Option& option) {
  OptionWords words;
  for (const std::string& name : option.get_lnames()) words.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) words.names.push_back("-" + name);
  const std::string type = option.get_type_name();
  words.words = AllowedWords(type);
  words.argument = option.get_positional() ? option.get_name(true) : type.substr(0, type.find(':'));
  words.description = option.get_description();
  words.fallback = option.get_default_str();
  words.takes = TakesOf(option, words);
  // An argument is named for what it means; its type says what it takes.
  if (option.get_positional() && words.takes == Takes::kText) {
    OptionWords typed = words;
    typed.argument = type;
    words.takes = TakesOf(option, typed);
  }
  words.required = option.get_required();
  words.many = option.get_expected_max() > 1;
  return words;
}

CommandWords Describe(const CLI::App& app) {
  CommandWords words;
  words.name = app.get_name();
  words.description = app.get_description();
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    (option->get_positional() ? words.arguments : words.options).push_back(Describe(*option));
  }
  return words;
}

}  // namespace

AppWords WordsOf(const CLI::App& app) {
  AppWords words;
  words.program = Describe(app);
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_group().empty()) words.commands.push_back(Describe(*command));
  }
  return words;
}

}  // namespace scenarios
